"""The last line of an audit: one sentence that a person can act on."""

from __future__ import annotations

from contribaudit import exit_codes
from contribaudit.core.advise.report import Report
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.aliases import called


def conclusion(report: Report, *, shown: bool = False) -> str:
    """The headline, what to do about it, and under which digest the evidence is exported.

    Without the headline where it is `shown` right above, in the last line of a table on the same terminal.
    """
    anchor = f" Evidence {report.manifest_sha256}." if report.manifest_sha256 else ""
    todo = _what_to_do(report)
    if shown and todo:
        return f"{todo[:1].upper()}{todo[1:]}{anchor}"
    return f"{report.headline}{f'; {todo}' if todo else '.'}{anchor}"


def _what_to_do(report: Report) -> str:
    """The first thing to do, with its full stop; "" after a PASS."""
    grave = [finding for finding in report.findings if finding.severity.at_least(report.run.fail_on)]
    match report.run.exit_code:
        case exit_codes.OK:
            return ""
        case exit_codes.USAGE:
            of = _whose(report, "organization_not_found")
            return f"compare {f'the ID of {of}' if of else 'its ID'} with admin.atlassian.com/o/ID."
        case exit_codes.KEY:
            of = _whose(report, "key_refused", "forbidden")
            what = f"give {of} a new key" if of else "put a new one in its place"
            return f"{what}, with the scopes that contribaudit doctor names."
        case exit_codes.FINDINGS:
            failing = _gravest([finding for finding in grave if finding.outcome.violates])
            return f"begin with {_first(report, failing)}"
        case _:
            cause = _unread(report)
            if cause:
                return f"not everything was read: {cause}"
            first = _gravest([finding for finding in grave if finding.outcome.unproven])[0]
            return f"begin with {_name(report, first)}: {first.reason}."


def _gravest(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.severity.rank)


def _first(report: Report, findings: list[Finding]) -> str:
    first = findings[0]
    return f"{_name(report, first)}: {first.remediation or first.reason}"


def _name(report: Report, finding: Finding) -> str:
    title = f"{finding.title} ({finding.check})"
    return f"{title} on {called(report.state, finding.subject)}" if finding.subject.kind is Kind.APP else title


def _whose(report: Report, *codes: str) -> str:
    """Of several organizations, those of which nothing was read for this cause; "" where there is one alone."""
    if len(report.state.organizations) < 2:
        return ""
    runs = {one.id: [each for each in one.collections.values() if not each.optional] for one in report.state.looked_at}
    its = [one for one, ran in runs.items() if ran and all(each.code in codes for each in ran)]
    return ", ".join(report.state.organization_name(one) for one in its)


def _unread(report: Report) -> str:
    """The first thing that could not be read, with what would help; "" when everything was."""
    for place in report.state.looked_at:
        if not place.collections:
            return f"{report.state.organization_name(place.id)}: {place.unread_reason}."
    for one in report.collections:
        if one.status is not CollectionStatus.OK and not one.optional:
            return f"{one.collector}: {one.reason}. contribaudit doctor shows more."
    return ""
