"""Which sub-processors touch which apps, from the vendor's list, the inventory and the apps that AI reaches.

Whether AI reaches an app is its effective answer. Where that is unknown, a processor may touch the app and is never
left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.rulebook import App
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.model.subprocessors import Place, Processor, Purpose, Scope, SubprocessorList
from contribaudit.core.resolve.effective_ai import EXPOSED, NOT_EXPOSED, app_known, why_app_not_known
from contribaudit.core.resolve.state import State
from contribaudit.core.resolve.subprocessors import understood


class Touches(StrEnum):
    """Whether a processor processes the data of an app."""

    YES = "yes"
    MAY = "may"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Exposure:
    """Whether and why one processor touches one app."""

    app: Subject
    processor: Processor
    touches: Touches
    because: tuple[str, ...]
    """The reasons, a clause each, without a full stop; never empty."""
    purposes: tuple[Purpose, ...]
    """The purposes that apply to this app; empty where it is not touched."""
    places: tuple[Place, ...]
    """Where the processor processes; empty where the app is not touched."""


def list_in_force(state: State) -> SubprocessorList | None:
    """The newest list imported by the state's moment, else the one that the rulebook ships; None without either."""
    return state.subprocessors.newest or state.rulebook.subprocessors.baseline


def processors(state: State, listed: SubprocessorList | None = None) -> tuple[Processor, ...]:
    """The rows of a list as the rulebook reads them; of the list in force when none is given."""
    chosen = listed if listed is not None else list_in_force(state)
    if chosen is None:
        return ()
    key = ("sub-processors", chosen.sha256, chosen.effective, len(chosen.rows))
    return state.once(key, lambda: understood(chosen, state.rulebook.subprocessors))


def exposures(state: State, rows: Sequence[Processor], apps: Iterable[Subject] | None = None) -> Iterator[Exposure]:
    """Every app with every processor, in the order of the inventory, then of the list; all apps when none are given."""
    joined = _ExposureJoin(state)
    made: dict[tuple[int, App | str, Touches, str], tuple[Touches, tuple[str, ...], tuple[Purpose, ...]]] = {}
    for app in state.subjects(Kind.APP) if apps is None else apps:
        entry = app_known(state, app) or why_app_not_known(state, app)[1]
        ai, why = joined.ai_of(app, entry)
        for number, processor in enumerate(rows):
            key = number, entry, ai, why
            if key not in made:
                made[key] = joined.touches(processor, entry, ai, why)
            touches, because, purposes = made[key]
            places = processor.places if touches is not Touches.NO else ()
            yield Exposure(app, processor, touches, because, purposes, places)


class _ExposureJoin:
    """Joins apps and processors, with what the rulebook says about AI features."""

    def __init__(self, state: State) -> None:
        self.state = state
        products = state.rulebook.subprocessors.products
        self._titles = state.rulebook.subprocessors.feature_titles
        self._own = {one.ai: frozenset(one.apps) for one in products if one.ai and not one.with_ai}
        """Features of single apps: Loom AI."""
        self._everywhere = frozenset(app for one in products if one.with_ai for app in one.apps)
        """Apps that are AI: Rovo."""

    def ai_of(self, app: Subject, entry: App | str) -> tuple[Touches, str]:
        """Whether AI reaches the app's data, and why, as a clause. `entry` is the app's entry, or why it has none."""
        seen = self.state.read(app, names.EFFECTIVE_AI)
        if isinstance(seen, Observed):
            exposed = seen.value == EXPOSED
            return (Touches.YES, "AI reaches the app") if exposed else (Touches.NO, "AI is blocked for the app")
        if seen.code != Outcome.NO_SUCH_SETTING.value:
            return Touches.MAY, f"whether AI reaches the app is unknown: {seen.reason}"
        if isinstance(entry, str) or entry.rovo_block != "none":
            return Touches.NO, f"the app has no AI: {seen.reason}"
        overall = self.state.read(organization_subject(app.organization), names.EFFECTIVE_AI)
        if not isinstance(overall, Observed):
            return Touches.MAY, f"whether AI reaches any app of the organization is unknown: {overall.reason}"
        if overall.value == NOT_EXPOSED:
            return Touches.NO, "AI is blocked for every app of the organization"
        if entry.type_key in self._everywhere:
            return Touches.YES, "AI reaches apps of the organization"
        return Touches.MAY, f"{entry.title} shows what other apps hold, and AI reaches some of them"

    def touches(
        self, processor: Processor, entry: App | str, ai: Touches, why: str
    ) -> tuple[Touches, tuple[str, ...], tuple[Purpose, ...]]:
        """Whether the processor touches the app, why, and for which purposes, by the item that says the most."""
        answers = [self._by_scope(scope, entry, ai, why) for scope in processor.scopes]
        for word in (Touches.YES, Touches.MAY):
            because = tuple(dict.fromkeys(one[1] for one in answers if one[0] is word))
            if because:
                pursued = tuple(one for one in processor.purposes if not one.only_with or ai is not Touches.NO)
                return word, because, pursued
        because = tuple(dict.fromkeys(one[1] for one in answers if one[1]))
        title = "this app" if isinstance(entry, str) else entry.title
        return Touches.NO, because or (f"the list does not name {title} for it",), ()

    def _by_scope(self, scope: Scope, entry: App | str, ai: Touches, why: str) -> tuple[Touches, str]:
        """What one item says about one app; the clause is empty where the item is about other products."""
        named = f"listed for {scope.in_words(self._titles)}"
        if not scope.understood:
            return Touches.MAY, f"the list names {scope.name or 'no product'!r}, which is not understood"
        if isinstance(entry, str):
            if scope.everything and not scope.excluding:
                return self._under_ai(scope, None, ai, Touches.YES, named, why)
            return self._under_ai(scope, None, ai, Touches.MAY, f"{named}, and {entry}", why)
        if entry.type_key in scope.excluded_apps:
            return Touches.NO, f"{named}, which leaves out {entry.title}"
        if scope.everything or entry.type_key in scope.apps:
            return self._under_ai(scope, entry, ai, Touches.YES, named, why)
        if entry.type_key in scope.may:
            return self._under_ai(scope, entry, ai, Touches.MAY, f"{named}, which may take in {entry.title}", why)
        if scope.with_ai:
            if ai is Touches.NO:
                return Touches.NO, f"{named}, and {why}"
            return Touches.MAY, f"{named}, which works on what other apps hold, and {why}"
        return Touches.NO, ""

    def _under_ai(
        self, scope: Scope, entry: App | None, ai: Touches, word: Touches, named: str, why: str
    ) -> tuple[Touches, str]:
        """The answer for an item that may depend on AI features, any of which is enough."""
        if not scope.only_with:
            return word, named
        if ai is Touches.NO:
            return Touches.NO, f"{named}, and {why}"
        if entry is not None:
            own = [one for one, apps in self._own.items() if entry.type_key in apps]
            if all(one in self._own and one not in own for one in scope.only_with):
                return Touches.NO, f"{named}, which is a feature of another app"
            if own and not set(own) & set(scope.only_with):
                titles = " or ".join(self._titles[one] for one in own)
                return Touches.MAY, f"{named}; it does not name {titles}, and {why}"
        return (word if ai is Touches.YES else Touches.MAY), f"{named}, and {why}"
