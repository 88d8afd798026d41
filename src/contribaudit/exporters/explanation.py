"""Writes effective answers and their chains of reasons: as a tree for people, as JSON and as rows for programs.

Rows: one for each link of each chain, then one for each plain setting.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from contribaudit import catalogue
from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observation, Observed, SettingId
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import alias_of, called
from contribaudit.core.resolve.effective import RISKS
from contribaudit.core.resolve.exposure import ExposureWindow, exposure_window
from contribaudit.core.resolve.reasons import NOBODY, Effective, Reason
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import Cell, display, rfc3339, safe_text

SCHEMA = "contribaudit.explain/1"
_DIGEST_SHOWN = 12


def explained(
    state: State, subject: Subject, answers: Sequence[Effective], observations: Sequence[Observation] = ()
) -> Tree:
    """The explanation as a tree: each answer with its reasons and their evidence below it, then plain settings."""
    place = state.place(subject)
    name, alias = safe_text(called(state, subject)), safe_text(alias_of(state, subject))
    head = Text(name, "bold")
    head.append(f"  {alias}" if alias != name else "", "not bold")
    if place.name not in (subject.id, name, alias):
        head.append(f"  {safe_text(place.name)}", "not bold")
    head.append(f"  as of {rfc3339(state.as_of)}", "dim")
    tree = Tree(head, guide_style="dim")
    for answer in answers:
        branch = tree.add(_headline(answer))
        if answer.predicted is not None:
            default = answer.predicted.replace("_", " ")
            branch.add(Text(f"predicted: {default}, the plan's default; a prediction is not evidence", "yellow"))
        if answer.fragile:
            branch.add(Text(f"fragile: {safe_text(answer.fragile_because)}", "yellow"))
        if answer.grade is not None:
            branch.add(Text(f"grade {answer.grade}, as of {rfc3339(answer.observed_at)}: its weakest and oldest link"))
        window = _window(state, answer)
        if window is not None:
            branch.add(Text(safe_text(window.sentence)))
        why = branch.add(Text("because"))
        for reason in answer.chain:
            why.add(_reason(reason))
    for one in observations:
        tree.add(_setting(one))
    return tree


def document(
    state: State, subject: Subject, answers: Sequence[Effective], observations: Sequence[Observation] = ()
) -> str:
    """The explanation as JSON, schema `contribaudit.explain/1`."""
    place = state.place(subject)
    return (
        json.dumps(
            {
                "schema": SCHEMA,
                "as_of": rfc3339(state.as_of),
                "rulebook": state.rulebook.version,
                "organization": subject.organization,
                "subject": {
                    "kind": subject.kind.value,
                    "id": subject.id,
                    "alias": alias_of(state, subject),
                    "name": place.name,
                },
                "effective": [{**_answer_row(one), "exposure": _window_row(_window(state, one))} for one in answers],
                "settings": [_observation_row(one) for one in observations],
            },
            indent=2,
        )
        + "\n"
    )


def _window(state: State, answer: Effective) -> ExposureWindow | None:
    """The exposure window of the organization's own contribution; None for any other answer."""
    contribution = {names.EFFECTIVE_METADATA: names.METADATA, names.EFFECTIVE_IN_APP: names.IN_APP}.get(answer.setting)
    if answer.subject.kind is not Kind.ORGANIZATION or contribution is None:
        return None
    return next(one for one in exposure_window(state, answer.subject.id) if one.setting == contribution)


def _window_row(window: ExposureWindow | None) -> dict[str, object] | None:
    if window is None:
        return None
    return {
        "span": window.span.value,
        "begins": window.begins.isoformat(),
        "ends": rfc3339(window.ends),
        "days": window.days,
        "sentence": window.sentence,
    }


def _headline(answer: Effective) -> Text:
    settled = answer.outcome in (Outcome.EXEMPT, Outcome.NO_SUCH_SETTING, Outcome.NOT_YET_EFFECTIVE)
    style = "cyan" if settled else "yellow"
    if answer.value is not None:
        style = "red" if answer.value in RISKS else "green"
    text = Text.assemble(*_titled(answer.setting), (answer.in_words, style))
    if answer.value is not None and answer.changeable is False:
        text.append("  (the plan does not let anybody change it)", "dim")
    if answer.fragile:
        text.append("  fragile", "yellow")
    return text


def _titled(setting: SettingId) -> tuple[tuple[str, str], str]:
    """The title of a setting, then the ID that people type."""
    return (safe_text(catalogue.find(setting).title), "bold"), f" ({safe_text(setting)})  "


def _reason(reason: Reason) -> Group:
    """A reason's sentence, with its evidence below."""
    style = "" if reason.decisive else "dim"
    return Group(Text(safe_text(reason.sentence), style), Text(_evidence(reason.observation, reason.source), "dim"))


def _setting(observation: Observation) -> Group:
    text = Text.assemble(*_titled(observation.setting), value_or_reason(observation))
    return Group(text, Text(_evidence(observation, observation.source), "dim"))


def value_or_reason(observation: Observation) -> Text:
    """The value as people read it, or why it is not known."""
    if isinstance(observation, Observed):
        return Text(display(observation.value))
    scope = f"; the key needs the scope {observation.missing_scope} to read it" if observation.missing_scope else ""
    return Text(f"not known: {safe_text(observation.reason)}{safe_text(scope)}", "yellow")


def _evidence(observation: Observation | None, source: str) -> str:
    """Grade, source, time, digest and witness, as far as known."""
    if observation is None:
        return safe_text(source)
    if not isinstance(observation, Observed):
        parts = [observation.code.replace("_", " "), source if source != NOBODY else ""]
        return ", ".join(safe_text(part) for part in (*parts, rfc3339(observation.attempted_at) or "") if part)
    grade, witness = observation.grade.value, observation.witness
    told = witness is not None and witness.by in source
    parts = ["" if told and grade in source else grade, source, rfc3339(observation.observed_at) or ""]
    if observation.response:
        parts.append(f"sha256 {observation.response[:_DIGEST_SHOWN]}")
    if witness is not None:
        parts.append("" if told else f"by {witness.by}")
        parts.append(f"confirmed by {witness.confirmed_by}" if witness.confirmed_by else "")
        parts.append("with a screenshot" if witness.screenshot else "")
        parts.append("anchored by signals" if witness.anchored else "")
    return ", ".join(safe_text(part) for part in parts if part)


def _answer_row(answer: Effective) -> dict[str, object]:
    return {
        "setting": answer.setting,
        "outcome": str(answer.outcome),
        "value": answer.value,
        "code": answer.code,
        "predicted": answer.predicted,
        "changeable": answer.changeable,
        "grade": answer.grade.value if answer.grade else None,
        "observed_at": rfc3339(answer.observed_at),
        "fragile": answer.fragile,
        "fragile_because": answer.fragile_because,
        "reasons": [
            {
                "sentence": reason.sentence,
                "source": reason.source,
                "decisive": reason.decisive,
                "observation": _observation_row(reason.observation) if reason.observation is not None else None,
            }
            for reason in answer.chain
        ],
    }


def _observation_row(observation: Observation) -> dict[str, object]:
    common: dict[str, object] = {
        "setting": observation.setting,
        "subject": {"kind": observation.subject.kind.value, "id": observation.subject.id},
        "source": observation.source,
    }
    if not isinstance(observation, Observed):
        return {
            **common,
            "read": False,
            "code": observation.code,
            "reason": observation.reason,
            "attempted_at": rfc3339(observation.attempted_at),
            "missing_scope": observation.missing_scope,
        }
    witness = observation.witness
    return {
        **common,
        "read": True,
        "value": list(observation.value) if isinstance(observation.value, tuple) else observation.value,
        "grade": observation.grade.value,
        "observed_at": rfc3339(observation.observed_at),
        "sha256": observation.response,
        "attested_by": witness.by if witness else None,
        "confirmed_by": witness.confirmed_by if witness else None,
        "screenshot": witness.screenshot if witness else None,
        "anchored": witness.anchored if witness else None,
    }


COLUMNS = (
    "organization_id", "subject", "setting", "outcome", "value", "predicted", "fragile", "step", "decisive", "reason",
    "source", "grade", "observed_at", "sha256", "attested_by",
)  # fmt: skip
SHOWN = ("setting", "outcome", "value", "step", "reason", "grade", "observed_at")
"""Columns of the table, which has less room."""


def rows(
    state: State, subject: Subject, answers: Sequence[Effective], observations: Sequence[Observation] = ()
) -> Iterator[tuple[Cell, ...]]:
    """Rows in the order of the answers, each chain from its first link; `step` counts from 1."""
    about = (subject.organization, alias_of(state, subject))
    for answer in answers:
        answer_cells = (answer.setting, str(answer.outcome), answer.value, answer.predicted, answer.fragile)
        for step, reason in enumerate(answer.chain, 1):
            yield (
                *about,
                *answer_cells,
                step,
                reason.decisive,
                reason.sentence,
                reason.source,
                *_evidence_cells(reason.observation),
            )
    for seen in observations:
        read = isinstance(seen, Observed)
        value = seen.value if isinstance(seen, Observed) else None
        reason_text = None if isinstance(seen, Observed) else seen.reason
        answer_row = (seen.setting, "value" if read else "unknown", value, None, False)
        yield (*about, *answer_row, 1, True, reason_text, seen.source, *_evidence_cells(seen))


def _evidence_cells(observation: Observation | None) -> tuple[Cell, Cell, Cell, Cell]:
    if not isinstance(observation, Observed):
        return None, None, None, None
    return (
        observation.grade.value,
        observation.observed_at,
        observation.response,
        observation.witness.by if observation.witness else None,
    )
