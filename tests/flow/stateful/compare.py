"""What the tool says, held against the model."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from contribaudit.audit.changes import Span, explained_changes
from contribaudit.core.advise.gaps import gaps
from contribaudit.core.advise.report import Report
from contribaudit.core.model.change import CauseKind, Change, Match
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import Observation, Observed
from tests.flow.audits import RULEBOOK

from .model import ABSENT, HIGHEST, OK, ORG, Deed, Difference, Key, Model
from .world import World

EXPECTED_HOURS = 25.0
OF_PEOPLE = ("contribution.", "ai.access")
"""What people attest: that is told apart."""
WHY_NOT = (
    "could not be read",
    "was never read",
    "never shown an event",
    "was not read from",
    "a late event may still arrive",
    "no run saw how it was before",
)
"""How a cause says that the log was no good for it."""


class Digests:
    """Which digest stands for which object of a signal: one for each, and always the same."""

    def __init__(self) -> None:
        self._of: dict[str, object] = {}
        self._text: dict[object, str] = {}

    def same(self, setting: str, said: object, real: object) -> bool:
        if not setting.startswith("signal."):
            return said == real
        text = f"{setting} {real}"
        return self._of.setdefault(text, said) == said and self._text.setdefault((setting, said), text) == text


def place(change: Change, model: Model) -> Key:
    """The value that a change is about, as the model calls it."""
    setting = str(change.setting)
    if setting == HIGHEST[2]:
        return HIGHEST
    if setting.startswith("space."):
        apps = {key[0] for run in model.runs for key in run.known if key[1] == change.subject.id}
        (collector,) = apps
        return collector, change.subject.id, setting
    return change.collector, change.subject.id, setting


def observed(seen: Observation) -> object:
    return seen.value if isinstance(seen, Observed) else f"unread: {seen.code}"


class Comparison:
    """All of it, after an audit."""

    def __init__(self, world: World, digests: Digests) -> None:
        self.world, self.model, self.store, self.digests = world, world.model, world.bench.store, digests

    # Values

    def state_as_of(self, number: int) -> None:
        """What the run saw, and what was known after it."""
        run = self.model.run(number)
        for collector, seen in self.store.snapshot(ORG, number).by_collector.items():
            if run.came.get(collector) == OK:
                said = {(collector, one.subject.id, str(one.setting)): observed(one) for one in seen}
                self._same({key: held for key, held in said.items() if _lasting(key)}, _of(run.real, collector))
        facts = self.store.known(ORG, before=number + 1).facts
        known = {(one.collector, one.observation.subject.id, str(one.observation.setting)): one for one in facts}
        said = {key: observed(one.observation) for key, one in known.items() if _lasting(key)}
        self._same(said, {key: held for key, held in run.known.items() if not key[0].startswith(("spaces ", "plans"))})

    def _same(self, said: dict[Key, Any], real: dict[Key, Any]) -> None:
        assert said.keys() - _shapes(said) == real.keys() - _shapes(real)
        for key in said.keys() - _shapes(said):
            assert self.digests.same(key[2], said[key], real[key]), (key, said[key], real[key])

    # Changes

    def changes(self, since: int, until: int) -> list[Change]:
        """Everything that is told between two kept runs is real, and everything real is told, once."""
        told = explained_changes(self.store, RULEBOOK, [Span(ORG, since, until)])
        wanted = {
            key: one
            for key, one in self.model.differences(since, until).items()
            if not self._listed_first(one, since, until)
        }
        found: Counter[Key] = Counter()
        for change in told:
            if str(change.setting).startswith(OF_PEOPLE) and not change.collector:
                continue
            key = place(change, self.model)
            assert key in wanted, f"invented: {key} {change.before!r} -> {change.after!r}"
            found[key] += 1
            self._values(change, wanted[key])
            self._cause(change, key)
        assert dict(found) == dict.fromkeys(wanted, 1), f"missed or told twice: {wanted.keys() ^ found.keys()}"
        return told

    def steps(self, since: int, until: int) -> None:
        """The same of every change on the way."""
        told = self.store.changes(ORG, since, until, steps=True)
        wanted = [
            one for one in self.model.steps(since, until) if one.key[0].partition(" ")[0] not in ("spaces", "plans")
        ]
        assert Counter(place(one, self.model) for one in told) == Counter(one.key for one in wanted)

    def _listed_first(self, one: Difference, since: int, until: int) -> bool:
        """True for a space that the first whole listing of its app shows: nobody can tell since when it is there."""
        collector, subject, _ = one.key
        if not collector.startswith("spaces "):
            return False
        before = self.model.run(since).known
        if any(key[:2] == (collector, subject) for key in before):
            return False
        whole = next((run.id for run in self.model.kept if run.came.get(collector) == OK), until)
        first = next(
            run.id for run in self.model.kept if run.id > since and (collector, subject, "space.key") in run.known
        )
        return first <= whole

    def _values(self, change: Change, real: Difference) -> None:
        for said, exists, held in (
            (change.before, change.existed_before, real.before),
            (change.after, change.exists_after, real.after),
        ):
            assert exists == (held is not ABSENT), (real, change)
            assert not exists or self.digests.same(str(change.setting), said, held), (real, change)
        assert change.last_seen is None or change.last_seen < change.first_seen

    # Causes

    def _cause(self, change: Change, key: Key) -> None:
        why = change.why
        assert why is not None, key
        if change.setting.startswith("shapes.") or change.setting == "organization.event_actions":
            return
        after = why.interval[0] if why.interval is not None else None
        keys = self._plans() if key == HIGHEST else [key]
        deeds = [one for each in keys for one in self.model.wrote_between(each, after, change.first_seen)]
        assert deeds or after is None, f"nothing was done about {key} from {after} to {change.first_seen}"
        read = [one for one in deeds if one.event in self.model.read_events]
        named = [one for one in (*why.others, why.event_id) if one]
        by_event = why.kind in (CauseKind.EVENT, CauseKind.SEVERAL_EVENTS) or (
            why.kind is CauseKind.PLAN_CHANGE and why.event_id is not None
        )
        if by_event:
            self._named(change, key, [self.model.by_event(one) for one in named], deeds, why.match)
        elif read and after is not None:
            raise AssertionError(f"an event told of {key} and was read: {read}; said: {change.cause}")
        if why.kind is CauseKind.NO_EVENT_FOUND:
            unread = [one for one in deeds if one.event]
            says = any(words in why.sentence for words in WHY_NOT)
            assert says or not unread, f"{unread} left events; said: {why.sentence}"
            assert says or why.covered, why.sentence
        if why.kind in (CauseKind.NEW_SUBJECT, CauseKind.GONE_SUBJECT):
            assert change.existed_before != change.exists_after
        if why.kind is CauseKind.VENDOR:
            assert not [one for one in deeds if one.event], f"somebody did it: {deeds}; said: {why.sentence}"
        if why.covered:
            assert after is not None
            self._covered(after, change.first_seen)

    def _plans(self) -> list[Key]:
        return list({key for deed in self.model.deeds for key in deed.keys if key[2] == "plan"})

    def _named(self, change: Change, key: Key, named: list[Deed], deeds: list[Deed], match: Match | None) -> None:
        """An event that is named wrote this value; or another one of the subject that it names; or, where the cause
        says that it names only what the subject belongs to, one of the organization."""
        subjects = {key[1]} | {each[1] for deed in deeds for each in deed.keys}
        for one in named:
            near = any(map(one.about, subjects)) if match is Match.EXACT else one.about(ORG)
            assert one in deeds or near, f"{one} is named as the cause of {key}; done: {deeds}; said: {change.cause}"

    def _covered(self, after: datetime, until: datetime) -> None:
        """Where the log is said to be read, every event that it had taken in by the last reading is there."""
        last = max(run.at for run in self.model.runs if run.came["events"] == OK)
        for deed in self.model.deeds:
            if deed.event and after < deed.at <= until and deed.processed_at is not None and deed.processed_at <= last:
                assert deed.event in self.model.read_events, f"{deed} was never read, and the log is called covered"

    # Gaps, and passes

    def gaps(self) -> None:
        told = gaps(ORG, self.store.runs_seen(ORG), None, self.world.now, expected_every_hours=EXPECTED_HOURS)
        assert [(one.since, one.until, one.open) for one in told] == self.model.gaps(self.world.now, EXPECTED_HOURS)

    def passes(self, report: Report) -> None:
        """No pass is untrue now; one that no signal holds was true when somebody looked."""
        for one in report.findings:
            if one.outcome is Outcome.PASS:
                attested = [each for each in one.evidence if each.attested_by]
                if not attested or any(each.anchored for each in attested) or _inferred(one):
                    assert self._true(one), (
                        f"{one.check} of {one.subject.id} passes untruly: {one.reason}, {one.evidence}"
                    )

    def _true(self, one: Finding) -> bool:
        world, app = self.world, self.world.apps.get(one.subject.id)
        match one.check:
            case "DC-01":
                return not world.metadata
            case "DC-03":
                return not world.in_app
            case "DC-04":
                return not world.included
            case "GV-03":
                return True  # causes are compared one by one
            case "DR-04" if app is None:
                return not any(one.pinned for one in world.apps.values())
        assert app is not None, one
        match one.check:
            case "AI-01":
                return not app.rovo
            case "AI-03":
                return True
            case "DR-01":
                return app.realm == "EU"
            case "DR-02":
                return app.pinned == app.realm and app.move == "applied"
            case "DR-04":
                return app.move != "scheduled"
        raise AssertionError(f"nobody says when {one.check} is true")


def _inferred(one: Finding) -> bool:
    return any(each.grade.value == "inferred" for each in one.evidence)


def _lasting(key: Key) -> bool:
    return not key[2].startswith(("revision.", "settled."))


def _shapes(held: dict[Key, Any]) -> set[Key]:
    return {key for key in held if key[2].startswith("shapes.")}


def _of(real: Any, collector: str) -> dict[Key, Any]:
    return {key: held for key, held in real.items() if key[0] == collector}
