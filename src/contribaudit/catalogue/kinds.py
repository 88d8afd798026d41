"""Makes the settings of a family in a few forms: those that a source gives, and those that only a person can read."""

from __future__ import annotations

from typing import Any

from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind


class FamilyCatalogue:
    """Makes the settings of a family, and lists them in the order in which they are made.

    `page` is where Atlassian describes the setting, "" if no such page is known; `form` is other fields of `Setting`.
    """

    def __init__(self, family: Family) -> None:
        self._family = family
        self._made: list[Setting] = []

    @property
    def all(self) -> tuple[Setting, ...]:
        """Every setting made so far."""
        return tuple(self._made)

    def observed(
        self,
        setting: str,
        kinds: tuple[Kind, ...],
        title: str,
        page: str,
        *,
        grade: Grade = Grade.DOCUMENTED,
        family: Family | None = None,
        **form: Any,
    ) -> Setting:
        """A setting that a source provides or that is computed; `family` if it belongs to another family."""
        made = Setting(SettingId(setting), family or self._family, kinds, title, grade, page, **form)
        self._made.append(made)
        return made

    def observed_list(self, setting: str, kinds: tuple[Kind, ...], title: str, page: str, **form: Any) -> Setting:
        """A setting that a source gives as a list whose order means nothing."""
        return self.observed(setting, kinds, title, page, unordered=True, is_list=True, **form)

    def text(self, setting: str, kinds: tuple[Kind, ...], title: str, page: str, **form: Any) -> Setting:
        """A setting that a person reads as a text: a date, a number, a place."""
        return self.observed(setting, kinds, title, page, grade=Grade.ATTESTED, attestable=True, **form)

    def choice(self, setting: str, kinds: tuple[Kind, ...], title: str, page: str, words: tuple[str, ...]) -> Setting:
        """A setting that a person reads as one of a few words."""
        return self.text(setting, kinds, title, page, words=words, ignores_case=True)

    def listed(self, setting: str, kinds: tuple[Kind, ...], title: str, page: str, **form: Any) -> Setting:
        """A setting that a person reads as a list whose order means nothing."""
        return self.text(setting, kinds, title, page, unordered=True, is_list=True, **form)
