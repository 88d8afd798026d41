"""Words that a shell offers after TAB: checks, sites, subjects, settings, organizations, packs, screens, locations.

Sites and subjects come from the runs in the history; nothing is read from the API, and no history is created.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem
from click.types import StringParamType

from contribaudit.errors import ContribauditError

if TYPE_CHECKING:
    from contribaudit.settings.model import AppSettings

Source = Callable[["AppSettings"], Iterable[tuple[str, str]]]
"""Yields words, each with its meaning."""


class Offered(StringParamType):
    """A text parameter with words that a shell can offer. Any other text is accepted too."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words that begin with the typed text; none if the configuration or the history cannot be read."""
        from contribaudit.settings.model import AppSettings

        del param
        begun = incomplete.casefold()
        try:
            config = getattr(ctx.find_root().obj, "config_path", None)  # --config, if it precedes the command
            words = list(self._source(AppSettings.load(config)))
        except (ContribauditError, OSError):  # a shell expects words and cannot show errors
            return []
        return [CompletionItem(word, help=means) for word, means in words if word.casefold().startswith(begun)]


def offer(command: click.Command) -> None:
    """Let a shell offer words for the command's parameters, by their names."""
    for parameter in command.params:
        names = parameter.opts if isinstance(parameter, click.Option) else [parameter.name or ""]
        source = _OF_METAVAR.get((parameter.metavar or "").strip("[]")) or next(
            (SOURCES[name] for name in names if name in SOURCES), None
        )
        if source is not None and type(parameter.type) is StringParamType:
            parameter.type = Offered(source)


def _checks(settings: AppSettings) -> Iterator[tuple[str, str]]:
    from contribaudit import checks, wiring

    words = wiring.load_rulebook(settings).words
    for check in checks.ALL:
        yield check.id, words[check.id].title
    for check in checks.ALL:
        yield check.slug, words[check.id].title


def _aliases(settings: AppSettings) -> Iterator[str]:
    """Aliases of everything that was ever seen in the configured organizations."""
    from contribaudit import wiring

    with wiring.open_store(settings, reading=True) as store:
        for organization in settings.organizations():
            yield from sorted(store.alias_holders(organization.id))


def _subjects(settings: AppSettings) -> Iterator[tuple[str, str]]:
    yield "organization", ""
    yield from ((f"site:{host}", "") for host, _ in _sites(settings))
    yield from ((alias, "") for alias in _aliases(settings))


def _sites_or_all(settings: AppSettings) -> Iterator[tuple[str, str]]:
    yield "all", "the token of all sites"
    yield from _sites(settings)


def _sites(settings: AppSettings) -> Iterator[tuple[str, str]]:
    hosts = (alias.partition(":")[2].partition("/")[0] for alias in _aliases(settings) if alias.startswith("app:"))
    yield from ((host, "") for host in sorted({host for host in hosts if "." in host}))


def _setting_ids(_settings: AppSettings) -> Iterator[tuple[str, str]]:
    from contribaudit import catalogue

    yield from ((setting.id, setting.title) for setting in catalogue.ALL)


def _organizations(settings: AppSettings) -> Iterator[tuple[str, str]]:
    yield from ((one.id, one.name) for one in settings.organizations())


def _packs(_settings: AppSettings) -> Iterator[tuple[str, str]]:
    from contribaudit import policy_file

    yield from ((pack.name, pack.title) for pack in policy_file.packs())


def _screens(settings: AppSettings) -> Iterator[tuple[str, str]]:
    from contribaudit import wiring

    yield from ((screen.id, screen.title) for screen in wiring.load_rulebook(settings).screens)


def _plans(settings: AppSettings) -> Iterator[tuple[str, str]]:
    from contribaudit import wiring

    yield from ((plan.name.casefold(), "") for plan in wiring.load_rulebook(settings).plans)


def _outcomes(_settings: AppSettings) -> Iterator[tuple[str, str]]:
    from contribaudit.core.model.finding import Outcome

    yield from ((outcome.value, "") for outcome in Outcome)


def _severities(_settings: AppSettings) -> Iterator[tuple[str, str]]:
    from contribaudit.core.model.finding import Severity

    yield from ((severity.value, "") for severity in Severity)


SOURCES: Mapping[str, Source] = {
    "--only": _checks,
    "--skip": _checks,
    "--check": _checks,
    "check": _checks,
    "--subject": _subjects,
    "subject": _subjects,
    "--site": _sites,
    "setting": _setting_ids,
    "--setting": _setting_ids,
    "--pack": _packs,
    "--screen": _screens,
    "--plan": _plans,
    "--outcome": _outcomes,
    "--severity": _severities,
}
"""By the name of an option or argument."""
_OF_METAVAR: Mapping[str, Source] = {
    "HOST|all": _sites_or_all,
    "ID|SLUG": _checks,
    "CHECK|FINDING": _checks,
    "PACK": _packs,
}
ORGANIZATIONS = Offered(_organizations)
