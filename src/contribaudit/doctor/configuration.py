"""config.toml, the environment, the organizations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contribaudit import paths
from contribaudit.doctor.line import Line
from contribaudit.errors import ConfigurationError
from contribaudit.settings.model import AppSettings, Organization


def file(settings: AppSettings) -> Line:
    """Which file is in force."""
    if settings.source is None:
        usual = paths.usual_config() or "home folder to look for config.toml in"
        what = f"there is no {usual}; defaults and the environment are in force"
        return Line.ok("config", what, "contribaudit init writes one")
    return Line.ok("config", str(settings.source))


def environment(settings: AppSettings) -> Iterator[Line]:
    """Names that configure nothing; they are usually misspelt."""
    strange = settings.unmatched_environment()
    for name in strange:
        yield Line.warning("environment", f"{name} configures nothing", "Correct its spelling, or unset it")
    if not strange:
        yield Line.ok("environment", "every CONTRIBAUDIT_ variable is a known one")


def chosen(settings: AppSettings, named: Sequence[str]) -> tuple[Organization, ...]:
    """The organizations to look at: the named ones, else every configured one."""
    configured = settings.organizations()
    if not named:
        return configured
    by_id = {one.id: one for one in configured}
    return tuple(by_id.get(one) or Organization(id=one) for one in named)


def organizations(found: Sequence[Organization]) -> Line:
    """Whether there is something to audit."""
    if found:
        return Line.ok("organization", ", ".join(f"{one.name} ({one.id})" if one.name else one.id for one in found))
    hint = (
        "Run contribaudit init, or set CONTRIBAUDIT_ORG_ID: the ID is in the address of admin.atlassian.com, after /o/"
    )
    return Line.failed("organization", ConfigurationError("no organization is configured", hint=hint))
