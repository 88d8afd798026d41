"""The answers per check that an auditor reads without unfolding anything; waivers, attestations and locations."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from contribaudit.core.advise import site_map
from contribaudit.core.advise.site_map import NO_FINDING
from contribaudit.core.model import names
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.phrases import grouped
from contribaudit.exporters.changed import CountedChange
from contribaudit.exporters.report_v1 import EvidenceV1, FindingV1, LocationV1, ReportV1, WaiverV1
from contribaudit.exporters.summary import FAMILIES, QUESTIONS
from contribaudit.exporters.tally import Tally
from contribaudit.exporters.text import called, group, safe_text, value_text, words

NAMED = 5
"""How many subjects, values or sources are named before the rest is only counted."""
_NO_ID = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(slots=True)
class Answer:
    """One check: what is required, what was seen, and from what evidence."""

    check: str
    title: str
    severity: Severity
    """The highest severity of the check's findings."""
    tally: Tally = field(default_factory=Tally)
    expected: Counter[str] = field(default_factory=Counter)
    observed: Counter[str] = field(default_factory=Counter)
    controls: dict[str, None] = field(default_factory=dict)
    rules: dict[str, None] = field(default_factory=dict)
    remedies: dict[str, None] = field(default_factory=dict)
    console_paths: dict[str, None] = field(default_factory=dict)
    proofs: defaultdict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    """By grade and source of evidence, when each piece was observed."""
    unproven: int = 0
    """How many findings have no evidence."""
    troubles: defaultdict[tuple[str, str], list[FindingV1]] = field(default_factory=lambda: defaultdict(list))
    """Findings that fail or are unverified, by outcome and reason, worst first."""

    @property
    def anchor(self) -> str:
        """The HTML ID of the check's section."""
        return "check-" + _NO_ID.sub("-", self.check).strip("-")

    def add(self, finding: FindingV1) -> None:
        """Count a finding. The worst findings must come first."""
        self.severity = min(self.severity, Severity(finding["severity"]), key=lambda severity: severity.rank)
        self.tally.by_outcome[finding["outcome"]] += 1
        self.expected[value_text(finding["expected"]) if finding["expected"] is not None else "not a single value"] += 1
        self.observed[value_text(finding["observed"]) if finding["observed"] is not None else "not observed"] += 1
        for key, texts in (("rule", self.rules), ("remediation", self.remedies), ("console_path", self.console_paths)):
            if finding[key]:  # type: ignore[literal-required]
                texts[finding[key]] = None  # type: ignore[literal-required]
        self.controls.update(dict.fromkeys(finding["controls"]))
        for seen in finding["evidence"]:
            self.proofs[seen["grade"], seen["source"]].append(seen["observed_at"])
        self.unproven += not finding["evidence"]
        if group(finding["outcome"]) < 2:
            self.troubles[finding["outcome"], finding["reason"]].append(finding)


@dataclass(frozen=True, slots=True)
class Section:
    """The checks of one question, or of a family outside the three questions; worst first."""

    family: str
    title: str
    answers: tuple[Answer, ...]

    @property
    def tally(self) -> Tally:
        """The outcomes of all checks together."""
        return Tally(sum((one.tally.by_outcome for one in self.answers), Counter()))


def sections(ordered: Iterable[FindingV1], chapter: Callable[[str], str]) -> list[Section]:
    """Every check under the question that it answers, in reading order; `ordered` has the worst findings first."""
    answers: dict[str, Answer] = {}
    for one in ordered:
        check = one["check"]
        if check not in answers:
            answers[check] = Answer(check, one["title"], Severity(one["severity"]))
        answers[check].add(one)
    by_family = grouped(answers.values(), lambda answer: chapter(answer.check))
    families = [one for one in FAMILIES if one in by_family]
    return [
        Section(family, safe_text(QUESTIONS.get(family) or FAMILIES.get(family, family)), tuple(by_family[family]))
        for family in [*families, *sorted(by_family.keys() - FAMILIES.keys())]
    ]


GROUPS = {
    name: tuple(one.value for one in outcomes) for name, outcomes in site_map.GROUPS.items() if name != NO_FINDING
}
"""Outcomes that bars show as one segment. "No setting" is left out, because it does not apply."""
_TOGETHER = {name: GROUPS[name] for name in ("fail", "not achievable", "unverified")}
_ALONE = ("waived", "pending", "exempt", "not_yet_effective", "pass", "no_such_setting")


def parts(tally: Tally) -> list[tuple[str, str, int]]:
    """The counts of a tally, worst first: outcomes as the list's address takes them, their title, and the number."""
    alone = {words(one): (one,) for one in _ALONE}
    counted = [
        (",".join(its), title, sum(tally.by_outcome[one] for one in its)) for title, its in (_TOGETHER | alone).items()
    ]
    return [one for one in counted if one[2]]


@dataclass(frozen=True, slots=True)
class Waived:
    """A waiver and the findings that it covers."""

    waiver: WaiverV1
    days_left: int
    """Negative when the waiver has expired."""
    findings: list[FindingV1] = field(default_factory=list)


def waivers(document: ReportV1) -> list[Waived]:
    """Every waiver that covers a finding; the first to expire comes first."""
    today = datetime.fromisoformat(document["as_of"]).date()
    covered: dict[tuple[str, ...], Waived] = {}
    for finding in document["findings"]:
        if (waiver := finding["waiver"]) is not None:
            key = waiver["expires"], waiver["reason"], waiver["approved_by"], waiver["ticket"]
            days_left = (date.fromisoformat(waiver["expires"]) - today).days
            covered.setdefault(key, Waived(waiver, days_left)).findings.append(finding)
    return [covered[key] for key in sorted(covered)]


@dataclass(frozen=True, slots=True)
class Vouched:
    """What one person recorded at one time, and the findings that rest on it."""

    evidence: EvidenceV1
    days_old: int
    findings: list[FindingV1] = field(default_factory=list)


def attestations(document: ReportV1) -> list[Vouched]:
    """What people attested and findings rest on, oldest first."""
    as_of = datetime.fromisoformat(document["as_of"])
    vouched: dict[tuple[str, ...], Vouched] = {}
    for finding in document["findings"]:
        attested = {
            (seen["observed_at"], by, seen["confirmed_by"] or "", seen["grade"], seen["source"]): seen
            for seen in finding["evidence"]
            if (by := seen["attested_by"])
        }
        for key, seen in attested.items():
            days_old = (as_of - datetime.fromisoformat(seen["observed_at"])).days
            vouched.setdefault(key, Vouched(seen, days_old)).findings.append(finding)
    return [vouched[key] for key in sorted(vouched)]


def known(grade: str, source: str) -> str:
    """Grade and source of evidence: "documented: POST /v2/…". A source that begins with the grade is shown alone."""
    safe_source = safe_text(source)
    return safe_source if safe_source.startswith(grade) else f"{grade}: {safe_source}"


def apps_by_location(document: ReportV1) -> list[tuple[LocationV1, list[str], list[FindingV1]]]:
    """Locations, most apps first, with the apps that findings name, under the names that people use."""
    by_value: dict[str, dict[str, FindingV1]] = defaultdict(dict)
    for finding in document["findings"]:
        if finding["setting"] == names.REALM and finding["subject"]["kind"] == "app":
            value = "unknown" if finding["observed"] is None else value_text(finding["observed"])
            by_value[value.casefold()].setdefault(finding["subject"]["id"], finding)
    located = []
    for place in document["map"]["locations"]:
        findings = list(by_value.get(place["name"].casefold(), {}).values())
        located.append((place, sorted(called(one["subject"]) for one in findings), findings))
    return located


def by_deed(changes: Iterable[CountedChange]) -> list[list[CountedChange]]:
    """Changes grouped by subject, cause and time; groups with an unknown cause first."""
    groups = grouped(changes, lambda one: (one.about, one.cause, one.when)).values()
    return sorted(groups, key=lambda members: all(one.explained for one in members))


def some(values: Iterable[str], most: int = NAMED) -> tuple[Sequence[str], int]:
    """The first values, safe to show, and the number of further ones."""
    texts = [safe_text(one) for one in values]
    return texts[:most], max(0, len(texts) - most)
