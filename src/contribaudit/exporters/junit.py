"""JUnit XML for a pipeline: a suite for each organization and family, a test case for each finding.

A violation is a failure, an unverified finding an error. A finding that is settled by a waiver, an exemption, a date or
a running window is skipped, with the reason. Every finding is included, with severity and ID as properties, so that a
pipeline can apply its own threshold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from contribaudit.core.model.phrases import grouped
from contribaudit.exporters.report_v1 import FindingV1, ReportV1
from contribaudit.exporters.summary import FAMILIES, Overview
from contribaudit.exporters.text import UNPROVEN, VIOLATED, attribute, element_text, label, safe_text, value_text, words

FAILURE, ERROR, SKIPPED, PASSED = "failure", "error", "skipped", ""


def element_of(outcome: str) -> str:
    """The element for a test case's outcome; "" for a pass, which has none."""
    if outcome in VIOLATED:
        return FAILURE
    if outcome in UNPROVEN:
        return ERROR
    return PASSED if outcome == "pass" else SKIPPED


def pieces(document: ReportV1) -> Iterator[str]:
    """The report as JUnit XML, one piece per finding."""
    run = document["run"]
    suites = grouped(document["findings"], lambda one: (one["organization"], one["check"].partition("-")[0]))
    seconds = (datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])).total_seconds()
    total = _count_attributes(document["findings"])
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="contribaudit"{total} time="{seconds:.3f}">\n'
    called = {one["id"]: one["name"] for one in document["organizations"]}
    about = _about(document)
    for (organization, family), findings in sorted(suites.items()):
        name = f"{called.get(organization) or organization or 'all organizations'}: {FAMILIES.get(family, family)}"
        # The schemas that pipelines use allow no time zone here; the time is UTC.
        stamp = run["started_at"].removesuffix("Z")
        yield f'  <testsuite name={attribute(name)}{_count_attributes(findings)} timestamp="{stamp}" time="0">\n'
        yield "    <properties>\n"
        for key, value in (("organization", organization), *about):
            yield f"      {_property(key, value)}\n"
        yield "    </properties>\n"
        names = Counter(_test_name(one) for one in findings)
        yield from (_case(one, _test_name(one, whole=names[_test_name(one)] > 1)) for one in findings)
        yield "  </testsuite>\n"
    yield "</testsuites>\n"


def _count_attributes(findings: list[FindingV1]) -> str:
    counted = Counter(element_of(one["outcome"]) for one in findings)
    return (
        f' tests="{len(findings)}" failures="{counted[FAILURE]}" errors="{counted[ERROR]}" skipped="{counted[SKIPPED]}"'
    )


def _about(document: ReportV1) -> list[tuple[str, str]]:
    """The properties of every suite: run, verdict, and what judged the run."""
    run, policy = document["run"], document["policy"]
    return [
        ("run", str(run["id"])),
        ("run_finished_at", run["finished_at"]),
        ("run_complete", "true" if run["complete"] else "false"),
        ("verdict", Overview(document).headline),
        ("exit_code", str(run["exit_code"])),
        ("policy", policy["name"]),
        ("policy_sha256", policy["sha256"]),
        ("rulebook", document["rulebook"]["version"]),
        ("contribaudit", document["tool"]["version"]),
    ]


def _property(name: str, value: str) -> str:
    return f"<property name={attribute(name)} value={attribute(value)}/>"


def _test_name(finding: FindingV1, *, whole: bool = False) -> str:
    """The test case's name; with `whole`, the subject's ID is added to tell subjects of the same name apart."""
    subject = finding["subject"]
    identity = f" ({safe_text(subject['id'])})" if whole else ""
    return f"{finding['check']} {label(subject)}{identity}"


def _case(finding: FindingV1, name: str) -> str:
    lines = [
        f'    <testcase name={attribute(name)} classname={attribute("contribaudit." + finding["check"])} time="0">'
    ]
    lines.append("      <properties>")
    about = {
        "finding_id": finding["id"],
        "severity": finding["severity"],
        "outcome": finding["outcome"],
        "subject_kind": finding["subject"]["kind"],
        "subject_id": finding["subject"]["id"],
        "fragile": "true" if finding["fragile"] else "false",
    }
    lines += [f"        {_property(key, value)}" for key, value in about.items()]
    lines.append("      </properties>")
    kind = element_of(finding["outcome"])
    if kind == SKIPPED:
        lines.append(f"      <skipped message={attribute(_message(finding))}/>")
    elif kind:
        start = f"<{kind} message={attribute(_message(finding))} type={attribute(finding['outcome'])}>"
        lines.append(f"      {start}{element_text(_detail(finding))}</{kind}>")
    lines.append("    </testcase>\n")
    return "\n".join(lines)


def _message(finding: FindingV1) -> str:
    waiver = finding["waiver"]
    waived = f"; waived until {waiver['expires']} by {waiver['approved_by']}: {waiver['reason']}" if waiver else ""
    due = f"; due {finding['due_at']}" if finding["due_at"] else ""
    return f"{finding['severity']} {words(finding['outcome'])}: {finding['reason']}{due}{waived}"


def _detail(finding: FindingV1) -> str:
    first = finding["evidence"][0] if finding["evidence"] else None
    lines = [
        finding["title"],
        f"Subject: {finding['subject']['name']} ({finding['subject']['id']})",
        f"Expected: {value_text(finding['expected'])}",
        f"Observed: {value_text(finding['observed'])}",
        f"Evidence: {first['grade']}, {first['source']}, {first['observed_at']}" if first else "Evidence: none",
        f"What to do: {finding['remediation']}",
        f"Where: {finding['console_path']}",
    ]
    return "\n".join(lines)
