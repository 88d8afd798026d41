"""Recipes for audits that need no person, terminal or keyring: systemd units, a crontab line, Kubernetes, GitHub
Actions, Docker or Podman, and macOS' launchd.

systemd gets two similar services, one for the timer and one for people, because a service cannot tell whether its
timer started it: systemd keeps the oldest value of TRIGGER_UNIT. Only the timer's service, which cannot be started by
hand, names the planned time. `newest` gives the moment at which such a run was meant to begin.
"""

from __future__ import annotations

import json
import os
import plistlib
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from importlib import resources
from pathlib import Path

from contribaudit.errors import UsageError
from contribaudit.settings import file

_ANYWHERE = ("CONTRIBAUDIT_API_URL", "CONTRIBAUDIT_FAIL_ON", "CONTRIBAUDIT_API_KEY_LABEL")


@dataclass(frozen=True, slots=True)
class Recipe:
    """An audit to be run by a scheduler.

    `command` calls this installation by absolute paths. `config` is the configuration file, None for the platform's
    usual path; `organization` is "" if the configuration names it. `environment` holds the settings that come from
    variables of this shell, which a scheduler does not have.
    """

    command: tuple[str, ...]
    key_file: Path | None
    """None if the configuration says for each organization where its key is."""
    hour: int
    minute: int
    config: Path | None = None
    organization: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    store: Path | None = None
    """The history's file, whose folder must be writable; None for a database URL, which the configuration holds."""
    evidence: Path | None = None
    """The folder into which every audit exports its evidence; None if none does."""

    @property
    def writable(self) -> tuple[Path, ...]:
        """The folders that an audit writes into."""
        folders = (self.store.parent if self.store is not None else None, self.evidence)
        return tuple(dict.fromkeys(folder for folder in folders if folder is not None))

    @property
    def audit(self) -> tuple[str, ...]:
        """The audit's command without its key; it prints one line, which suits a log or an email."""
        return (*self.command, "audit", "--format", "line", *self.where)

    @property
    def where(self) -> tuple[str, ...]:
        """The options that name the configuration and the organization."""
        config = ("--config", str(self.config)) if self.config is not None else ()
        organization = ("--org", self.organization) if self.organization else ()
        return (*config, *organization)

    @property
    def key(self) -> tuple[str, ...]:
        """The option that names the key file, for a scheduler that passes no key itself."""
        return ("--api-key-file", str(self.key_file)) if self.key_file is not None else ()

    @property
    def planned(self) -> tuple[str, ...]:
        """The option that records when the run was meant to begin."""
        return ("--planned", f"{self.hour:02}:{self.minute:02}")

    # Platforms that bring their own account give the audit a key that nobody else can read, a place for its history,
    # and a read-only file system. Kubernetes and containers may run the audit under any user ID.

    @property
    def portable(self) -> list[tuple[str, str]]:
        """The variables whose values are also valid on another machine; the others hold paths."""
        return [(name, value) for name, value in self.environment if name in _ANYWHERE]

    def in_container(self, key_file: str) -> list[str]:
        """The arguments of contribaudit in a container; a single key is in `key_file`."""
        key = ["--api-key-file", key_file] if self.key else []
        organization = ["--org", self.organization] if self.organization else []
        return ["audit", "--format", "line", *key, *organization]


def here() -> tuple[str, ...]:
    """The command that calls this installation, with absolute paths, since a scheduler has another PATH."""
    script = Path(sys.executable).with_name("contribaudit.exe" if os.name == "nt" else "contribaudit")
    if script.is_file():
        return (str(script),)
    if found := shutil.which("contribaudit"):
        return (str(Path(found).absolute()),)
    return (sys.executable, "-m", "contribaudit")


def at(text: str) -> tuple[int, int]:
    """Hour and minute of "6:15". Raises UsageError."""
    hour, _, minute = text.partition(":")
    if hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60:
        return int(hour), int(minute)
    raise UsageError(f"{text!r} is not a time of day", hint="Write it as 06:15")


SERVICE, BY_HAND, TIMER = "contribaudit.service", "contribaudit-now.service", "contribaudit.timer"


def units(recipe: Recipe) -> Mapping[str, str]:
    """The text of each unit file, by file name."""

    def service(words: Sequence[str], *, by_hand: bool) -> str:
        return written("systemd.service", recipe, words=words, by_hand=by_hand, started_by_hand=BY_HAND)

    return {
        SERVICE: service((*recipe.audit, *recipe.planned), by_hand=False),
        BY_HAND: service(recipe.audit, by_hand=True),
        TIMER: written("systemd.timer", recipe, time=recipe.planned[1], service=SERVICE),
    }


def folder() -> Path:
    """The folder of a user's own systemd units."""
    return file.expanded("~/.config/systemd/user")


def install(recipe: Recipe) -> tuple[Path, ...]:
    """Write the unit files; returns their paths. Raises UsageError, before writing any, if one already exists."""
    unit_files = {folder() / name: content for name, content in units(recipe).items()}
    for path in unit_files:
        if path.exists():
            raise UsageError(f"{path} already exists; it was left unchanged", hint="Remove it first, or edit it")
    try:
        folder().mkdir(parents=True, exist_ok=True)
        for path, content in unit_files.items():
            with path.open("x", encoding="utf-8") as unit:
                unit.write(content)
    except OSError as error:
        raise UsageError(
            f"{folder()} cannot be written: {error.strerror}", hint="Check its owner and permissions"
        ) from None
    return tuple(unit_files)


def steps(recipe: Recipe) -> tuple[str, ...]:
    """The commands to run once the units are in place."""
    return (
        *_preparations(recipe, recipe.writable),
        "systemctl --user daemon-reload",
        f"systemctl --user start {BY_HAND}    # once, to see that it works; the timer starts {SERVICE}",
        f"journalctl --user -u {BY_HAND}",
        f"systemctl --user enable --now {TIMER}",
        'sudo loginctl enable-linger "$USER"                # so that it also runs while you are logged out',
    )


def _preparations(recipe: Recipe, folders: Sequence[Path]) -> list[str]:
    """The commands that create the folders and the key file."""
    own = [recipe.key_file.parent] if recipe.key_file is not None else []
    key = shlex.quote(str(recipe.key_file))
    return [
        f"mkdir -p {' '.join(shlex.quote(str(folder)) for folder in (*own, *folders))}",
        *(
            [f"touch {key} && chmod 600 {key}   # then put the API key into the file, unless it is there"]
            if own
            else []
        ),
    ]


def written(template: str, recipe: Recipe, **values: object) -> str:
    """The recipe as text, rendered from the template of this name in `recipes/`."""
    from jinja2 import Environment, StrictUndefined

    # GitHub workflows use {{ }} themselves.
    environment = Environment(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<< ",
        variable_end_string=" >>",
        comment_start_string="<%#",
        comment_end_string="%>",
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  no HTML: each value is quoted as its place wants it
    )
    environment.filters |= {"quoted": shlex.quote, "json": json.dumps, "unit_word": _quoted}
    text = resources.files(__package__).joinpath("recipes", f"{template}.jinja").read_text(encoding="utf-8")
    return environment.from_string(text).render(recipe=recipe, **values)


def _quoted(word: str) -> str:
    """The word as a unit file writes it: quoted if necessary, with `%` and `$` escaped."""
    literal = word.replace("%", "%%").replace("$", "$$")
    if any(char in literal for char in " \t\"'\\;"):
        return '"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return literal


def crontab(recipe: Recipe, *, mail_to: str, log_file: Path) -> str:
    """The lines to add with `crontab -e`.

    cron mails the result, one line; stderr goes to the log. The history's lock keeps two audits from running at once.
    """
    words = [*recipe.audit, *recipe.planned, *recipe.key]
    # In a crontab a bare % ends the command.
    line = shlex.join(words).replace("%", r"\%")
    log = shlex.quote(str(log_file)).replace("%", r"\%")
    return written(
        "crontab", recipe, steps=_preparations(recipe, [log_file.parent]), mail_to=mail_to, line=line, log=log
    )


_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


def newest(hour: int, minute: int, start: datetime, zone: tzinfo | None = None) -> datetime:
    """The latest moment up to `start`, in UTC, at which clocks in the zone showed this time of day.

    `zone` is None for this machine's. A time that occurs twice because clocks went back counts both times. A time
    that clocks skipped counts at the moment of the skip: cron runs the job then, and systemd leaves that day out. Of
    several missed days only the last one counts, since cron and systemd make up for no other.
    """
    today = start.astimezone(zone).date()
    walls = (datetime.combine(today - days * _DAY, time(hour, minute)) for days in range(3))
    return max(moment for wall in walls for moment in _moments(wall, zone) if moment <= start)


def _moments(wall: datetime, zone: tzinfo | None) -> tuple[datetime, ...]:
    """The moments at which clocks show this time; if they skip it, the moment at which they jump."""
    # Within a jump, this machine's zone and a named zone assign the two offsets to opposite folds.
    first, last = sorted(wall.replace(fold=fold, tzinfo=zone).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return first, last
    after = last.astimezone(zone).utcoffset()
    while first.astimezone(zone).utcoffset() != after:
        first += _MINUTE
    return (first,)


def launchd(recipe: Recipe, *, log_file: str) -> str:
    """The property list of a launchd agent for this user."""
    words = [*recipe.audit, *recipe.planned, *recipe.key]
    agent = {
        "Label": "contribaudit.audit",
        "ProgramArguments": words,
        "EnvironmentVariables": {**dict(recipe.environment), "CONTRIBAUDIT_TRIGGER": "schedule", "LANG": "en_US.UTF-8"},
        "StartCalendarInterval": {"Hour": recipe.hour, "Minute": recipe.minute},
        "StandardOutPath": log_file,
        "StandardErrorPath": log_file,
        "ProcessType": "Background",
        "Umask": 0o077,
    }
    return plistlib.dumps(agent, sort_keys=False).decode()
