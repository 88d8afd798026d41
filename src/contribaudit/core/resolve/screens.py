"""Which console screen shows a setting."""

from __future__ import annotations

from contribaudit.core.model import names
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.rulebook import Screen
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
