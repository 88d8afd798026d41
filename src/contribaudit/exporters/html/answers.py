"""The answers per check that an auditor reads without unfolding anything; waivers, attestations and locations."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter

from contribaudit.core.advise import site_map
from contribaudit.core.advise.site_map import NO_FINDING
from contribaudit.core.model import names
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.phrases import grouped
from contribaudit.exporters.changed import CountedChange
from contribaudit.exporters.report_v1 import FindingV1, ReportV1
from contribaudit.exporters.summary import FAMILIES, QUESTIONS
from contribaudit.exporters.tally import Tally
from contribaudit.exporters.text import called, group, safe_text, value_text, words

NAMED = 5
"""How many subjects, values or sources are named before the rest is only counted."""
_NO_ID = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(slots=True)
class Proof:
    """The evidence of one grade from one source."""

    grade: str
    source: str
    findings: int = 0
    first: str = ""
    last: str = ""

    def add(self, observed_at: str) -> None:
        """Count one more piece of evidence."""
        self.findings += 1
        self.first = min(self.first or observed_at, observed_at)
        self.last = max(self.last, observed_at)


@dataclass(slots=True)
class Trouble:
    """Findings of one check that are open for the same reason."""

    outcome: str
    reason: str
    findings: int = 0
    first: list[FindingV1] = field(default_factory=list)

    def add(self, finding: FindingV1) -> None:
        """Count one more finding."""
        self.findings += 1
        if len(self.first) < NAMED:
            self.first.append(finding)


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
    proofs: dict[tuple[str, str], Proof] = field(default_factory=dict)
    unproven: int = 0
    """How many findings have no evidence."""
    troubles: dict[tuple[str, str], Trouble] = field(default_factory=dict)
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
            origin = seen["grade"], seen["source"]
            self.proofs.setdefault(origin, Proof(*origin)).add(seen["observed_at"])
        self.unproven += not finding["evidence"]
        if group(finding["outcome"]) < 2:
            why = finding["outcome"], finding["reason"]
            self.troubles.setdefault(why, Trouble(*why)).add(finding)


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

    reason: str
    approved_by: str
    ticket: str
    expires: str
    days_left: int
    """Negative when the waiver has expired."""
    findings: tuple[FindingV1, ...]

    @property
    def without(self) -> Counter[str]:
        """The outcomes that the waived findings would have without the waiver."""
        return Counter(one["underlying_outcome"] for one in self.findings)

    @property
    def checks(self) -> list[str]:
        """The checks of the waived findings."""
        return sorted({one["check"] for one in self.findings})


def waivers(document: ReportV1) -> list[Waived]:
    """Every waiver that covers a finding; the first to expire comes first."""
    today = datetime.fromisoformat(document["as_of"]).date()
    findings_by_waiver: dict[tuple[str, str, str, str], list[FindingV1]] = defaultdict(list)
    for finding in document["findings"]:
        if (waiver := finding["waiver"]) is not None:
            key = waiver["expires"], waiver["reason"], waiver["approved_by"], waiver["ticket"]
            findings_by_waiver[key].append(finding)
    return [
        Waived(reason, by, ticket, expires, (date.fromisoformat(expires) - today).days, tuple(findings))
        for (expires, reason, by, ticket), findings in sorted(findings_by_waiver.items(), key=itemgetter(0))
    ]


@dataclass(frozen=True, slots=True)
class Vouched:
    """What one person recorded at one time, and the findings that rest on it."""

    by: str
    confirmed_by: str
    """ "" when nobody confirmed it."""
    observed_at: str
    days_old: int
    grade: str
    source: str
    findings: tuple[FindingV1, ...]

    @property
    def checks(self) -> list[str]:
        """The checks whose findings rest on the record."""
        return sorted({one["check"] for one in self.findings})


def attestations(document: ReportV1) -> list[Vouched]:
    """What people attested and findings rest on, oldest first."""
    as_of = datetime.fromisoformat(document["as_of"])
    findings_by_evidence: dict[tuple[str, str, str, str, str], list[FindingV1]] = defaultdict(list)
    for finding in document["findings"]:
        keys = {
            (seen["observed_at"], seen["attested_by"], seen["confirmed_by"] or "", seen["grade"], seen["source"])
            for seen in finding["evidence"]
            if seen["attested_by"]
        }
        for key in keys:
            findings_by_evidence[key].append(finding)
    return [
        Vouched(by, confirmed, at, (as_of - datetime.fromisoformat(at)).days, grade, source, tuple(findings))
        for (at, by, confirmed, grade, source), findings in sorted(findings_by_evidence.items(), key=itemgetter(0))
    ]


def known(proof: Proof | Vouched) -> str:
    """Grade and source of evidence: "documented: POST /v2/…". A source that begins with the grade is shown alone."""
    source = safe_text(proof.source)
    return source if source.startswith(proof.grade) else f"{proof.grade}: {source}"


@dataclass(frozen=True, slots=True)
class LocationCount:
    """The apps at one location."""

    name: str
    title: str
    apps: int
    pinned: int
    outcome: str
    """ "" when the policy has no rule about it."""
    named: tuple[str, ...]
    """The apps that a finding names, under the names that people use."""
    findings: tuple[FindingV1, ...]


def apps_by_location(document: ReportV1) -> list[LocationCount]:
    """Locations with the apps that findings name, most apps first."""
    by_value: dict[str, dict[str, FindingV1]] = defaultdict(dict)
    for finding in document["findings"]:
        if finding["setting"] == names.REALM and finding["subject"]["kind"] == "app":
            value = "unknown" if finding["observed"] is None else value_text(finding["observed"])
            by_value[value.casefold()].setdefault(finding["subject"]["id"], finding)
    locations = []
    for place in document["map"]["locations"]:
        findings = by_value.get(place["name"].casefold(), {})
        locations.append(
            LocationCount(
                place["name"], place["title"], place["apps"], place["pinned"], place["outcome"] or "",
                tuple(sorted(called(finding["subject"]) for finding in findings.values())), tuple(findings.values()),
            )
        )  # fmt: skip
    return locations


def by_deed(changes: Iterable[CountedChange]) -> list[list[CountedChange]]:
    """Changes grouped by subject, cause and time; groups with an unknown cause first."""
    groups = grouped(changes, lambda one: (one.about, one.cause, one.when)).values()
    return sorted(groups, key=lambda members: all(one.explained for one in members))


def some(values: Iterable[str], most: int = NAMED) -> tuple[Sequence[str], int]:
    """The first values, safe to show, and the number of further ones."""
    texts = [safe_text(one) for one in values]
    return texts[:most], max(0, len(texts) - most)
