"""Settings: what the catalogue knows about one, and when two of its values are the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from contribaudit.core.model.observation import Grade, SettingId, Value
from contribaudit.core.model.subject import Kind


class Family(StrEnum):
    """The groups of settings in the catalogue, and of checks. Some of them hold settings alone.

    A signal anchors a whole family, so a setting that no signal follows never shares a family with one that it does.
    """

    ORGANIZATION = "organization"
    DATA_CONTRIBUTION = "data_contribution"
    HIPAA = "hipaa"
    AI_ACCESS = "ai_access"
    AI_TOOLS = "ai_tools"
    CONNECTORS = "connectors"
    DATA_RESIDENCY = "data_residency"
    SUB_PROCESSORS = "sub_processors"
    GOVERNANCE = "governance"


@dataclass(frozen=True, slots=True)
class Setting:
    """A catalogue entry: everything about a setting that is not its value."""

    id: SettingId
    family: Family
    kinds: tuple[Kind, ...]
    title: str
    grade: Grade
    """The best grade that its values can have today."""
    documented_at: str
    """Where Atlassian describes the setting; "" when no such page is known."""
    unit: str = ""
    words: tuple[str, ...] = ()
    """The known values; empty when any text can be one."""
    ignores_case: bool = False
    unordered: bool = False
    folded_words: frozenset[str] = field(init=False, repr=False, compare=False)
    """`words` without case."""
    null_is_empty: bool = False
    """True where the source uses null and the empty list for the same thing. Never for contribution lists."""
    is_list: bool = False
    """True where a value is a list of texts: written with commas, the empty one as `none`."""
    attestable: bool = False
    """True where only a person can read it, in the administration console, and may record what it shows."""
    volatile: bool = False
    """True where the value moves although nobody changes a setting; changes of it are not worth reporting."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded_words", frozenset(word.casefold() for word in self.words))


def comparable(setting: Setting, value: Value) -> Value:
    """The form in which values of this setting are compared: equal forms mean equal values.

    Only where the catalogue says so does a list lose its order and repetitions, is case dropped, and does null equal
    the empty list.
    """
    if value is None and setting.null_is_empty:
        return ()
    if isinstance(value, tuple):
        texts = tuple(text.casefold() for text in value) if setting.ignores_case else value
        return tuple(sorted(set(texts))) if setting.unordered else texts
    if isinstance(value, str) and setting.ignores_case:
        return value.casefold()
    return value


def same_value(setting: Setting, left: Value, right: Value) -> bool:
    """True when both values mean the same for this setting. A number never equals a truth value."""
    one, other = comparable(setting, left), comparable(setting, right)
    return type(one) is type(other) and one == other
