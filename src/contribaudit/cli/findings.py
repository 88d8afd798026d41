"""`contribaudit findings`: lists the findings of a run, filtered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from contribaudit.cli.arguments import check_ids, past_moment
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import format_option, organization_option, output_options, policy_option, store_option
from contribaudit.core.model.finding import Finding, Outcome, Severity
from contribaudit.core.model.phrases import counted, some
from contribaudit.core.model.subject import Kind
from contribaudit.errors import UsageError, meant

if TYPE_CHECKING:
    from contribaudit.core.advise.report import Report
    from contribaudit.core.resolve.state import State

_LISTED = 12
"""How many known values an error names."""


@click.command()
@click.option("--check", "patterns", multiple=True, metavar="CHECK", help="Only this check: ID, slug or wildcard.")
@click.option("--site", "sites", multiple=True, metavar="HOST", help="Only this site and its apps; wildcards work.")
@click.option("--outcome", "outcomes", multiple=True, metavar="OUTCOME", help="Only this outcome: fail, unknown ...")
@click.option(
    "--location", "--realm", "locations", multiple=True, metavar="LOCATION", help="Only apps in this location."
)
@click.option("--severity", "severities", multiple=True, metavar="SEVERITY", help="Only this severity.")
@click.option("--run", metavar="RUN|DATE", help="As of that run, or of the end of that day (UTC); default: the last.")
@click.option("--all", "everything", is_flag=True, help="List passes in the table too.")
@organization_option(multiple=True)
@policy_option
@format_option()
@output_options
@store_option
@pass_console
def command(
    console: Console,
    *,
    patterns: tuple[str, ...],
    sites: tuple[str, ...],
    outcomes: tuple[str, ...],
    locations: tuple[str, ...],
    severities: tuple[str, ...],
    run: str | None,
    everything: bool,
) -> None:
    """List the findings of the last saved run, judged as of now, most severe first; nothing is read.

    Each filter can be repeated: a finding must match every filter, and any one of its values. The table leaves out
    findings that pass or have no setting, unless --outcome or --all asks for them. The exit code is always 0.
    """
    console.check_output()
    from contribaudit.audit.replay import judge_last

    wanted_checks = check_ids(patterns)
    words = {one.words: one.value for one in Outcome}
    spoken = {one.value.replace("_", " "): one.words for one in Outcome}
    named = [re.sub("[-_ ]+", " ", one).casefold() for one in outcomes]
    wanted_outcomes = {words[_known_spelling("outcome", spoken.get(one, one), words)] for one in named}
    wanted_severities = {_known_spelling("severity", one, [level.value for level in Severity]) for one in severities}
    with console.job() as job:
        report = judge_last(job, past_moment(job, run))
        fits = _fitting(report, sites, locations)
        chosen = [
            one
            for one in report.findings
            if (not wanted_checks or one.check in wanted_checks)
            and (not wanted_outcomes or one.outcome.value in wanted_outcomes)
            and (not wanted_severities or one.severity.value in wanted_severities)
            and fits(one)
        ]
        quiet = 0
        if console.output_format == "table" and not everything and not wanted_outcomes:
            shown = [one for one in chosen if one.outcome not in (Outcome.PASS, Outcome.NO_SUCH_SETTING)]
            chosen, quiet = shown, len(chosen) - len(shown)
        _write_findings(console, report, chosen)
    _conclude(console, len(chosen), quiet)


def _known_spelling(noun: str, value: str, spellings: Iterable[str]) -> str:
    """The known value that was meant, in its own spelling. Raises UsageError when it is unknown."""
    by_folded = {one.casefold(): one for one in spellings}
    if value.strip().casefold() in by_folded:
        return by_folded[value.strip().casefold()]
    listed = some(sorted(set(by_folded.values())), _LISTED)
    raise UsageError(
        f"No {noun} is called {value[:60]!r}", hint=f"{meant(value, by_folded.values())}Known: {listed or 'none'}"
    )


def _fitting(report: Report, sites: tuple[str, ...], locations: tuple[str, ...]) -> Callable[[Finding], bool]:
    """A filter for findings about one of the sites and one of the locations; without names it accepts all."""
    from contribaudit.core.resolve.inventory import sites_of

    state = report.state
    hosts = {site.host for place in state.looked_at for site in sites_of(state, place.id) if site.host}
    hosts |= {state.place(one.subject).site for one in report.findings} - {""}
    globs = [one.strip().casefold() for one in sites]
    for one in globs:
        if not any(fnmatchcase(host.casefold(), one) for host in hosts):
            _known_spelling("site", one, hosts)
    codes = {code for one in locations for code in _codes(state, one)}

    def fits(finding: Finding) -> bool:
        subject = finding.subject
        if globs:
            host = subject.id if subject.kind is Kind.SITE else state.place(subject).site
            if not any(fnmatchcase(host.casefold(), one) for one in globs):
                return False
        return not locations or _location(state, finding) in codes

    return fits


def _codes(state: State, word: str) -> frozenset[str]:
    """The locations, in lower case, for a code, a synonym or a group (EEA). Raises UsageError when it is unknown."""
    codes = state.rulebook.realm_codes((word.strip(),))
    if codes:
        return frozenset(one.casefold() for one in codes)
    seen = {state.location(app) for app in state.subjects(Kind.APP)} - {None}
    names = [*(one.code for one in state.rulebook.realms), *state.rulebook.realm_groups, *(one for one in seen if one)]
    return frozenset((_known_spelling("location", word, names).casefold(),))


def _location(state: State, finding: Finding) -> str | None:
    """The location of the finding's app, or of its space's app, in lower case; None when it is unknown."""
    from contribaudit.core.resolve.aliases import space_of

    subject = finding.subject
    if subject.kind is Kind.SPACE:
        space = space_of(state, subject)
        subject = space.space.app if space is not None else subject
    location = state.location(subject) if subject.kind is Kind.APP else None
    return location.casefold() if location is not None else None


def _write_findings(console: Console, report: Report, findings: list[Finding]) -> None:
    from contribaudit.cli.render import spooled
    from contribaudit.exporters import csv_evidence, json_v1
    from contribaudit.exporters.terminal import capture
    from contribaudit.exporters.text_table import findings_table

    if console.output_format == "csv":
        shown = json_v1.lean_document(replace(report, findings=tuple(findings)))
        console.write(spooled(lambda out: csv_evidence.write(shown, out)))
        return
    rows = [json_v1.finding_row(report.state, one) for one in sorted(findings, key=lambda finding: finding.id)]
    if console.output_format == "json":
        console.write(f"{json_v1.indented(rows)}\n")
    elif rows:
        terminal = console.on_terminal
        table = findings_table(rows)
        color = terminal and console.colored_output
        console.write(capture(table, terminal=terminal, color=color))


def _conclude(console: Console, number: int, quiet: int) -> None:
    left_out = "1 that passes or has no setting is" if quiet == 1 else f"{quiet} that pass or have no setting are"
    passing = f"; {left_out} left out: --all" if quiet else ""
    console.diagnostics.conclusion(f"{counted(number, 'finding') if number else 'No finding'}{passing}.")
