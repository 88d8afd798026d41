"""The last line of an audit: one sentence that a person can act on."""

from __future__ import annotations

from contribaudit.cli import exit_codes
from contribaudit.core.alias import alias_of
from contribaudit.core.finding import Finding, Severity
from contribaudit.core.report import Report
from contribaudit.core.snapshot import CollectionStatus


def conclusion(report: Report, fail_on: Severity) -> str:
    """What the exit code means here, where to begin, and under which digest the evidence is exported."""
    anchor = f" Evidence {report.manifest_sha256}." if report.manifest_sha256 else ""
    return _meaning(report, fail_on) + anchor


def _meaning(report: Report, fail_on: Severity) -> str:
    grave = [finding for finding in report.findings if finding.severity.at_least(fail_on)]
    match report.run.exit_code:
        case exit_codes.USAGE:
            return "The API knows no such organization for this key: compare the ID with admin.atlassian.com/o/ID."
        case exit_codes.KEY:
            return "The API refused the key: save a new one with contribaudit login, with the scopes that doctor names."
        case exit_codes.FINDINGS:
            violated = _gravest([finding for finding in grave if finding.outcome.violates])
            return f"{_count(violated)} at or above {fail_on}; begin with {_first(report, violated)}"
        case exit_codes.UNVERIFIED:
            unproven = _gravest([finding for finding in grave if finding.outcome.unproven])
            count = f"{_count(unproven)} could not be verified"
            cause = _unread(report)
            if cause:
                return f"Nothing that was read violates the policy, but {count}, since not everything was read: {cause}"
            first = unproven[0]
            return f"Nothing violates the policy, but {count}; begin with {_name(report, first)}: {first.reason}."
        case _:
            return f"Everything that the policy requires at or above {fail_on} was verified."


def _gravest(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.severity.rank)


def _count(findings: list[Finding]) -> str:
    return "1 finding" if len(findings) == 1 else f"{len(findings)} findings"


def _first(report: Report, findings: list[Finding]) -> str:
    first = findings[0]
    return f"{_name(report, first)}: {first.remediation or first.reason}"


def _name(report: Report, finding: Finding) -> str:
    return f"{finding.check} on {alias_of(report.state, finding.subject)}"


def _unread(report: Report) -> str:
    """The first thing that could not be read, with what would help; "" when everything was."""
    for place in report.state.looked_at:
        if not place.collections:
            return f"{report.state.organization_name(place.id)}: {place.unread_reason}."
    for one in report.collections:
        if one.status is not CollectionStatus.OK:
            return f"{one.collector}: {one.reason}. contribaudit doctor tells more."
    return ""
