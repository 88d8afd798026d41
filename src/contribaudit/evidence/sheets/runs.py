"""Which runs there were and what they asked: runs.csv, population.csv, ledger.csv."""

from __future__ import annotations

from collections.abc import Iterator

from contribaudit import collectors
from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.snapshot import Snapshot
from contribaudit.core.resolve.plans import WORKSPACES
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet


def _runs(dossier: Dossier) -> Iterator[Row]:
    for one in dossier.runs:
        yield (
            one.id,
            one.started_at,
            one.finished_at,
            one.trigger,
            one.account,
            one.host,
            tuple(organization for organization in one.organizations if organization in dossier.organizations),
            one.complete,
            one.exit_code,
            one.tool_version,
            one.policy_name,
            one.policy_sha256,
            one.rulebook_sha256,
            one.selection,
            one.planned_at,
            one.late_minutes,
        )


def _population(dossier: Dossier) -> Iterator[Row]:
    calls = {collector.name: collector for collector in collectors.ALL}
    for run in dossier.runs:
        for organization in run.organizations:
            if organization not in dossier.organizations:
                continue
            snapshot = dossier.store.snapshot(organization, run.id)
            for one in snapshot.collections:
                known = calls.get(one.collector)
                call = (
                    known.call if known else next((c.call for c in collectors.SPACES if c.name == one.collector), None)
                )
                excluded = _pseudo(dossier, snapshot) if one.collector == WORKSPACES else []
                yield (
                    run.id,
                    one.collector,
                    call.title if call else None,
                    call.scope if call else None,
                    one.status.value,
                    one.requests,
                    one.announced,
                    one.read,
                    one.code,
                    one.reason,
                    known.proves if known else None,
                    len(excluded),
                    f"not apps by the rulebook: {', '.join(sorted(set(excluded)))}" if excluded else None,
                    None,
                    None,
                    organization,
                    None,
                )
            for listed in dossier.store.spaces(organization, run.id).lists().values():
                type_key = dossier.report.state.place(listed.app).app
                yield (
                    run.id,
                    "spaces",
                    None,
                    None,
                    listed.status.value,
                    listed.requests,
                    listed.announced,
                    listed.read,
                    listed.code,
                    listed.reason,
                    f"the spaces of one {type_key or 'app'} that the token's owner may see",
                    0,
                    None,
                    "app",
                    listed.visible_to,
                    organization,
                    listed.app.id,
                )


def _pseudo(dossier: Dossier, snapshot: Snapshot) -> list[str]:
    """Type keys of the entries of the workspace list that are no apps."""
    rulebook = dossier.report.state.rulebook
    keys = [
        one.value
        for one in snapshot.observations
        if one.setting == names.APP_TYPE_KEY and isinstance(one, Observed) and isinstance(one.value, str)
    ]
    return [key for key in keys if (app := rulebook.app(key)) is not None and app.pseudo]


def _ledger(dossier: Dossier) -> Iterator[Row]:
    for run in dossier.runs:
        for organization in run.organizations:
            kept = dossier.store.ledger(run.id, organization) if organization in dossier.organizations else None
            for one in kept.entries if kept is not None else ():
                yield (
                    run.id,
                    one.at,
                    one.method,
                    one.path,
                    one.status,
                    one.bytes,
                    one.seconds,
                    one.waited_seconds,
                    one.call,
                    organization,
                    one.sha256,
                )


RUNS = Sheet(
    "runs.csv",
    (
        "run_id", "started_at", "finished_at", "trigger", "account", "host", "organizations", "complete", "exit_code",
        "tool_version", "policy_name", "policy_sha256", "rulebook_sha256", "selection",
        "planned_at", "late_minutes",
    ),
    _runs,
    frozenset(("account", "host")),
)  # fmt: skip
POPULATION = Sheet(
    "population.csv",
    (
        "run_id", "collector", "endpoint", "scope", "status", "requests", "announced", "read", "reason_code", "reason",
        "proves", "excluded", "excluded_why", "subject_kind", "visible_to", "organization_id", "subject_id",
    ),
    _population,
    frozenset(("visible_to",)),
)  # fmt: skip
LEDGER = Sheet(
    "ledger.csv",
    (
        "run_id", "at", "method", "path", "status", "bytes", "seconds", "waited_seconds", "call", "organization_id",
        "sha256",
    ),
    _ledger,
)  # fmt: skip
