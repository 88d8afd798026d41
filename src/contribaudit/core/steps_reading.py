"""Steps that get something read: a source that was not, a token for spaces, one more audit, one more export."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from contribaudit.core.advise.remedies import Way
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.resolve.state import State
from contribaudit.core.sources import SPACES_PREFIX, UnreadSource, unread_sources, unread_spaces
from contribaudit.core.step import NextStep, StepKind, checks_of, gravest, organization_of, subjects_of

_MINUTES = 5
_AUDIT = 1
_EXPORT = 2
_LOGIN = frozenset(("key_refused", "token_refused", "key_missing", "keyring_unusable", "no_token"))
"""Codes of a source that waits for another key or token."""


def sources(state: State, waiting: Iterable[tuple[Way, Finding]]) -> Iterator[NextStep]:
    """One step for each cause: one key, one scope or one retry settles all that it stopped.

    A finding that waits for several sources is settled by the first of them and lends its severity to each.
    """
    mended: dict[tuple[str, str, str | None], dict[str, UnreadSource]] = defaultdict(dict)
    stopped: dict[tuple[str, str, str | None], list[Finding]] = defaultdict(list)
    settled: dict[tuple[str, str, str | None], list[Finding]] = defaultdict(list)
    sourceless: dict[tuple[str, Way, str], list[Finding]] = defaultdict(list)
    for way, finding in waiting:
        organization = finding.subject.organization
        found = unread_sources(state, finding) if way is Way.SOURCE else unread_spaces(state, organization)
        for one in found:
            mended[one.cause].setdefault(one.collection.collector if one.collection else "", one)
            stopped[one.cause].append(finding)
        if found:
            settled[found[0].cause].append(finding)
        else:
            sourceless[organization, way, finding.reason_code].append(finding)
    for cause, its in mended.items():
        yield _source(state, list(its.values()), stopped[cause], settled[cause])
    for (organization, way, _), findings in sourceless.items():
        name = state.organization_name(organization)
        yield NextStep(
            StepKind.FIX,
            gravest(findings),
            _MINUTES,
            f"{name}: {checks_of(findings)}: {findings[0].reason}",
            "contribaudit login --site all" if way is Way.SPACES else "contribaudit doctor",
            organization,
            subjects_of(findings),
            findings=tuple(findings),
        )


def _source(
    state: State, its: Sequence[UnreadSource], stopped: Sequence[Finding], settled: Sequence[Finding]
) -> NextStep:
    """The step for one cause, which may have stopped several collectors."""
    first = its[0]
    organization, code, _ = first.cause
    name = state.organization_name(organization)
    if first.collection is None:
        text = f"{name} was not read: {first.place.unread_reason.rstrip('.')}"
    else:
        collectors = [one.collection.collector for one in its if one.collection is not None]
        verb = "was" if len(collectors) == 1 else "were"
        text = f"{name}: {', '.join(collectors)} {verb} not read whole: {first.collection.reason.rstrip('.')}"
    login = code in _LOGIN
    spaces = first.collection is not None and first.collection.collector.startswith(SPACES_PREFIX)
    whose = "--site all" if spaces else f"--org {organization}"
    return NextStep(
        StepKind.RENEW if login else StepKind.FIX,
        gravest(stopped),
        _MINUTES,
        text,
        f"contribaudit login {whose}" if login else "contribaudit doctor",
        organization,
        (organization_subject(organization),),
        findings=tuple(settled),
    )


def readings(state: State, findings: Iterable[Finding]) -> Iterator[NextStep]:
    """One audit for each organization, or one of all for what is about all."""
    for organization, its in _by_organization(findings).items():
        name = f"{state.organization_name(organization)}: " if organization else ""
        yield NextStep(
            StepKind.RENEW,
            gravest(its),
            _AUDIT,
            f"{name}read it once more: {checks_of(its)}: {its[0].reason}",
            f"contribaudit audit --org {organization}" if organization else "contribaudit audit",
            organization,
            subjects_of(its),
            findings=tuple(its),
        )


def exports(state: State, findings: Iterable[Finding]) -> Iterator[NextStep]:
    """One export of evidence for each organization."""
    for organization, its in _by_organization(findings).items():
        yield NextStep(
            StepKind.RENEW,
            gravest(its),
            _EXPORT,
            f"{state.organization_name(organization)}: export the evidence: {its[0].reason}",
            f"contribaudit evidence export DIR --org {organization}",
            organization_of(its),
            subjects_of(its),
            findings=tuple(its),
        )


def _by_organization(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        found[one.subject.organization].append(one)
    return found
