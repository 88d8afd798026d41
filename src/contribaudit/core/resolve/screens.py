"""Which console screen shows a setting, and beside which values of another."""

from __future__ import annotations

from collections.abc import Mapping

from contribaudit.core.model import names
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.rulebook import AskedIf, Screen
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.state import State


def shown_on(state: State, setting: SettingId | None) -> tuple[Screen, ...]:
    """Every screen that shows the setting, in the rulebook's order."""
    screens = state.rulebook.screens
    return state.once(("screens", setting), lambda: tuple(one for one in screens if setting in one.settings))


def screen_for(state: State, subject: Subject, setting: SettingId | None) -> Screen | None:
    """The first screen that shows the setting of this subject; None where no screen does, or none lists this app."""
    shown = shown_on(state, setting)
    if subject.kind is Kind.APP:
        written = state.recall(subject, names.APP_TYPE_KEY)
        known = state.rulebook.app(written)
        type_key = known.type_key if known is not None else written.casefold()
        shown = tuple(one for one in shown if not one.apps or type_key in one.apps)
    return next(iter(shown), None)


def conditions(state: State) -> Mapping[SettingId, AskedIf]:
    """What the console shows only beside some values of another setting."""
    return state.once(
        "asked if", lambda: {one: each for screen in state.rulebook.screens for one, each in screen.asked_if.items()}
    )
