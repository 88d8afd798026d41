"""The list of findings for the page's script: links that filter it, and JSON rows.

A link's filter is part of the page's address, so that people can share and save it. A text that occurs in several rows
is written once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlencode

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.exporters.report_v1 import FindingV1, ReportV1
from contribaudit.exporters.text import group, label, safe_text, value_text, words

LIST = "#findings"
SEVERITIES = [one.value for one in Severity]
OUTCOMES = [one.value for one in Outcome]
_CHUNK = 500
_UNSAFE = re.compile("[<>&]")


def chosen(**choices: str) -> str:
    """The address of the list with this filter; empty values are left out."""
    filters = {key: safe_text(value, keep_lines=True) for key, value in choices.items() if value}
    return f"{LIST}?{urlencode(filters)}" if filters else LIST


class FindingSets:
    """Named sets of findings that no filter selects, such as those of a step or a waiver."""

    def __init__(self) -> None:
        self.made: dict[str, tuple[str, tuple[str, ...]]] = {}
        """By name of each set, its title and the IDs of its findings."""

    def link(self, name: str, called: str, findings: Iterable[str]) -> str:
        """The address of the list with only these findings."""
        self.made[name] = (safe_text(called), tuple(findings))
        return chosen(set=name)


class Texts:
    """Numbers for texts, in the order in which the texts were first needed."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __call__(self, text: str | None) -> int:
        """The number of the text; None counts as ""."""
        return self.numbers.setdefault(text or "", len(self.numbers))


def chunks(findings: Sequence[FindingV1], document: ReportV1, sets: FindingSets) -> Iterator[str]:
    """The text of the JSON block, piece by piece; `<`, `>` and `&` are escaped for use inside a script element.

    `sets` is read when the first piece is requested: by then the page above has named its sets.
    """
    texts, new = Texts(), frozenset(document["newly"])
    called = {one["id"]: one["name"] for one in document["organizations"]}
    places = {one["id"]: number for number, one in enumerate(findings)} if sets.made else {}
    head = {
        "severities": SEVERITIES,
        "outcomes": [words(one) for one in OUTCOMES],
        "keys": OUTCOMES,
        "groups": [group(one) for one in OUTCOMES],
        "sets": {
            name: [title, [places[one] for one in ids if one in places]] for name, (title, ids) in sets.made.items()
        },
    }
    yield safe(json.dumps(head, separators=(",", ":")))[:-1] + ', "rows": ['
    rows: list[str] = []
    before = "\n"
    for one in findings:
        rows.append(safe(json.dumps(_row(one, texts, called, one["id"] in new), separators=(",", ":"))))
        if len(rows) == _CHUNK:
            yield before + ",\n".join(rows)
            rows, before = [], ",\n"
    yield (before + ",\n".join(rows) if rows else "") + '\n], "texts": '
    yield safe(json.dumps([safe_text(text, keep_lines=True) for text in texts.numbers])) + "}"


def safe(text: str) -> str:
    """The JSON text with the characters that are special in HTML escaped."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _row(finding: FindingV1, texts: Texts, called: dict[str, str], new: bool) -> list[object]:
    """A finding in the order of COLUMNS in report.js."""
    subject, waiver = finding["subject"], finding["waiver"]
    return [
        finding["id"],
        texts(safe_text(finding["check"])),
        texts(finding["title"]),
        SEVERITIES.index(finding["severity"]),
        OUTCOMES.index(finding["outcome"]),
        OUTCOMES.index(finding["underlying_outcome"]),
        int(finding["fragile"]) + 2 * int(new),
        texts(called.get(finding["organization"]) or finding["organization"] or "company"),
        label(subject),
        safe_text(subject["name"]),
        safe_text(subject["id"]),
        texts(subject["kind"]),
        texts(subject["site"]),
        texts(subject["app"]),
        texts(finding["setting"]),
        texts(None if finding["expected"] is None else value_text(finding["expected"])),
        texts(None if finding["observed"] is None else value_text(finding["observed"])),
        texts(finding["reason"]),
        texts(finding["reason_code"]),
        texts(finding["due_at"]),
        texts(finding["remediation"]),
        texts(finding["console_path"]),
        texts(", ".join(finding["controls"])),
        [
            [
                texts(seen["grade"]),
                texts(seen["source"]),
                texts(seen["observed_at"]),
                texts(seen["attested_by"]),
                texts(seen["confirmed_by"]),
                seen["sha256"],
            ]
            for seen in finding["evidence"]
        ],
        None
        if waiver is None
        else [texts(waiver["reason"]), texts(waiver["approved_by"]), texts(waiver["ticket"]), texts(waiver["expires"])],
        texts(finding["rule"]),
    ]
