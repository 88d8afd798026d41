"""The console's start and screens, and the API's signals, held against the plans and apps of the same rulebook."""

from __future__ import annotations

from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.rulebook import App, Console, Plan, Screen, SignalRule
from contribaudit.errors import RulebookError
from contribaudit.rulebook import shapes


def signals(file: shapes.SignalsFile) -> tuple[SignalRule, ...]:
    """The signals, in the file's order. Raises RulebookError for one that stands there twice for a family."""
    _no_two("signals.toml", "signal", [f"{entry.signal} of {entry.family}" for entry in file.signal])
    return tuple(
        SignalRule(
            signal=SettingId(entry.signal),
            family=entry.family.value,
            collector=entry.collector,
            kinds=tuple(entry.kinds),
            why=entry.why,
            source=entry.source,
            grade=entry.grade,
        )
        for entry in file.signal
    )


def screens(file: shapes.ScreensFile, plans: tuple[Plan, ...], apps: dict[str, App]) -> tuple[Screen, ...]:
    """The screens, in the file's order. Whether a setting on them exists, only the catalogue could say.

    Raises RulebookError for a screen or a setting that stands there twice, and for a plan or app that is unknown.
    """
    _no_two("screens.toml", "screen", [entry.id for entry in file.screen])
    plan_names = {plan.name for plan in plans}
    type_keys = {app.type_key for app in apps.values()}
    for entry in file.screen:
        where = f"screens.toml, screen `{entry.id}`"
        _no_two(where, "setting", entry.settings)
        for plan in sorted(set(entry.plans) - plan_names):
            raise RulebookError(f"{where}: plans.toml has no plan `{plan}`")
        for app in sorted(set(entry.apps) - type_keys):
            raise RulebookError(f"{where}: apps.toml has no type key `{app}`")
    return tuple(
        Screen(
            id=entry.id,
            title=entry.title,
            kind=entry.kind,
            settings=tuple(SettingId(setting) for setting in entry.settings),
            apps=tuple(entry.apps),
            paths=dict(entry.paths),
            minutes=entry.minutes,
            plans=tuple(entry.plans),
            source=entry.source,
            grade=entry.grade,
            note=entry.note,
        )
        for entry in file.screen
    )


def start(entry: shapes.ConsoleEntry | None) -> Console | None:
    """Where menu paths begin; None for a file that does not say, as older ones do not."""
    if entry is None:
        return None
    return Console(entry.name, entry.address, entry.source, entry.reviewed, entry.grade, entry.note)


def _no_two(where: str, what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise RulebookError(f"{where}: the {what} `{name}` stands there twice")
