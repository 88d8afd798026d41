"""What a recorded value cannot be: it is kept as it was told, and whoever tells it is warned."""

from __future__ import annotations

from collections.abc import Iterable

from contribaudit.core.model import names
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.resolve.plans import possible_plans
from contribaudit.core.resolve.state import State


def doubt(state: State, organization: str, setting: SettingId, value: Value) -> str:
    """Why the organization's plan cannot have the value, in one or two sentences; "" where nothing speaks against it.

    Where the highest plan is not known, only what none of the possible plans can have is doubted.
    """
    possible = possible_plans(state, organization)
    word = value.strip().casefold() if isinstance(value, str) else ""
    plans = " or ".join(plan.name for plan in possible)
    if not possible or not word:
        return ""
    if setting == names.METADATA and word == "off":
        if any(plan.metadata_changeable for plan in possible):
            return ""
        return (
            f"Metadata is always contributed on the {plans} plan: {setting} cannot be off there, and an audit calls it"
            " a conflict. Where the console shows no switch, record always."
        )
    if setting == names.METADATA and word == "always":
        if not all(plan.metadata_changeable for plan in possible):
            return ""
        return f"The {plans} plan has a switch for metadata: look whether the console shows it as on or off."
    if setting == names.EXEMPTION:
        able = next((one.plans for one in state.rulebook.exemptions if one.word == word), ())
        if able and not {name.casefold() for name in able} & {plan.name.casefold() for plan in possible}:
            return (
                f"The exemption {word} exists on {', '.join(able)} only, and the highest plan is {plans}: it will not"
                " count. Record what the Data contribution screen itself shows."
            )
    return ""


def doubts(state: State, told: Iterable[tuple[str, SettingId, Value]]) -> list[str]:
    """The doubts about values, by organization and setting, each once."""
    return [one for one in dict.fromkeys(doubt(state, *entry) for entry in told) if one]
