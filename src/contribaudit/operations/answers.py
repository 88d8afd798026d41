"""The answers that `init` has so far: from flags and the environment, and later from questions."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contribaudit import files
from contribaudit.errors import CredentialError, UsageError
from contribaudit.settings import file

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contribaudit.settings.model import AppSettings


NO_SCHEDULE = "none"

CONTRIBUTION = (
    ("none", "Nothing: neither metadata nor in-app data (pages, work items, comments)."),
    ("metadata-only", "Metadata (scores, patterns of searches and prompts), but no in-app data."),
    ("any", "Anything. Contribution is not audited."),
)
AI = (
    ("blocked", "Nobody: Rovo and other AI are off in every app, for agents, tools and portal customers too."),
    ("groups", "Only members of groups that you name. Atlassian offers this on Enterprise."),
    ("allowed", "Anybody. Rovo access is not audited."),
)


@dataclass(slots=True)
class Answers:
    """The answers so far: from flags, the environment, and questions. `setup` writes them."""

    organization: str = ""
    key: SecretStr | None = None
    key_file: Path | None = None
    key_env: str = ""
    key_typed: bool = False
    """Whether a person typed the key, so that it is not saved anywhere yet."""
    statements: dict[str, Any] = field(default_factory=dict)
    packs: tuple[str, ...] = ()
    plan: str = ""
    site_email: str = ""
    site_token: SecretStr | None = None
    """A token that a person typed."""
    site_token_file: Path | None = None
    site_token_env: str = ""
    by: str = ""
    schedule: str = ""
    other_flags: tuple[str, ...] = ()
    """Words of the command line that answer no question: where to write, what to leave out."""

    @property
    def reads_sites(self) -> bool:
        """Whether there is a token for the sites."""
        return self.site_token is not None or self.site_token_file is not None or bool(self.site_token_env)

    def flags(self) -> list[str]:
        """The flags that repeat these answers, without a typed key or token, which `init` asks for again."""
        statements = self.statements
        ai = statements.get("ai", "")
        words: list[tuple[str, Iterable[object]]] = [
            ("--org", [self.organization]),
            ("--key-file", [self.key_file]),
            ("--key-env", [self.key_env]),
            ("--contribution", [statements.get("contribution")]),
            ("--ai", [f"groups:{','.join(ai['groups'])}" if isinstance(ai, dict) else ai]),
            ("--ai-allowed-on", statements.get("ai_allowed_on", ())),
            ("--location", statements.get("location", ())),
            ("--location-except", statements.get("location_except", ())),
            ("--reason", [statements.get("reason")]),
            ("--pack", self.packs),
            ("--site-email", [self.site_email]),
            ("--site-token-file", [self.site_token_file]),
            ("--site-token-env", [self.site_token_env]),
            ("--by", [self.by]),
            ("--schedule", [self.schedule]),
        ]
        answers = [word for flag, values in words for value in values if value for word in (flag, str(value))]
        return [*answers, *self.other_flags]


def listed(text: str) -> tuple[str, ...]:
    """The words of a comma-separated list."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def keep(answers: Answers) -> str:
    """Save the answers for the next `init`, and say how to continue, which a closed window does not show.

    They are saved as the flags that repeat them, which contain no key.
    """
    words = answers.flags()
    if len(words) > len(answers.other_flags):
        with suppress(OSError):
            files.write_whole(_words_file(), json.dumps(words))
    return f"\n\nNothing was written. {how_to_continue(answers)}\n"


def kept() -> list[str]:
    """The flags that `keep` saved; [] if nothing is saved, or if it cannot be read."""
    try:
        flags = json.loads(files.read_text(_words_file()))
    except (files.Unreadable, ValueError):
        return []
    return flags if isinstance(flags, list) and all(isinstance(one, str) for one in flags) else []


def discard_kept() -> None:
    """Remove what `keep` saved."""
    _words_file().unlink(missing_ok=True)


def _words_file() -> Path:
    return file.data_dir() / "drafts" / "init.words"


def how_to_continue(answers: Answers) -> str:
    """The command line that repeats the answers given so far."""
    return f"To continue from here: contribaudit init {shlex.join(answers.flags())}".rstrip()


def ai_statement(text: str | None) -> str | dict[str, list[str]] | None:
    """The policy's `ai` statement for the value of --ai; None without the flag. Raises UsageError."""
    if text is None:
        return None
    word, colon, names = text.partition(":")
    if word.strip().casefold() == "groups":
        if not listed(names):
            raise UsageError(
                "--ai groups needs the names of the groups", hint="Write --ai groups:NAME, with commas between several"
            )
        return {"groups": list(listed(names))}
    if colon or word.strip().casefold() not in ("blocked", "allowed"):
        raise UsageError(f"--ai does not take {text[:40]!r}", hint="It takes blocked, allowed, or groups:NAME,NAME")
    return word.strip().casefold()


def given_key(settings: AppSettings, answers: Answers, key_fd: int | None) -> SecretStr | None:
    """The key given by flags or the environment; None if neither gives one. Raises UsageError, CredentialError."""
    from contribaudit.settings import credentials

    named = sum((answers.key_file is not None, bool(answers.key_env), key_fd is not None))
    if named > 1:
        raise UsageError(
            "The API key is given more than once", hint="Give one of --key-file, --key-env and --api-key-fd"
        )
    if answers.key_env:
        return from_variable(answers.key_env)
    if named or settings.api_key is not None:
        return credentials.find_key(settings, answers.organization, credentials.NamedKey(answers.key_file, key_fd)).key
    return None


def from_variable(name: str) -> SecretStr:
    """The key or token in an environment variable. Raises UsageError if `name` cannot be a name, CredentialError."""
    from contribaudit.settings import credentials

    if not name.replace("_", "a").isalnum() or name[:1].isdigit():
        raise UsageError("Give the NAME of an environment variable, never the key", hint="For example: --key-env KEY")
    value = os.environ.get(name)
    if not value:
        raise CredentialError(f"The environment variable {name} is not set", hint="Export it in this shell first")
    return credentials.checked_key(value, name)


def check_token(answers: Answers, hide: Callable[[SecretStr], None]) -> None:
    """Check before any question that the token can be read. `hide` gets the token, to keep it off the screen."""
    if answers.site_token_file is not None and answers.site_token_env:
        raise UsageError("The site token is given more than once", hint="Give --site-token-file or --site-token-env")
    if answers.reads_sites:
        hide(token_of(answers))


def refuse_missing(answers: Answers) -> None:
    """Raise a UsageError that names every missing flag that is required where no terminal allows questions."""
    missing = [
        flag
        for flag, given in (
            ("--org ID", bool(answers.organization)),
            ("--key-file FILE (or --key-env NAME, --api-key-fd N)", answers.key is not None),
            ("--contribution, --ai or --location (or --pack NAME)", bool(answers.statements or answers.packs)),
            ("--site-token-file FILE", not answers.site_email or answers.reads_sites),
        )
        if not given
    ]
    if missing:
        raise UsageError(
            f"There is no terminal for questions; missing: {', '.join(missing)}",
            hint="Give these flags; all others (`contribaudit init --help`) are optional",
        )


def token_of(answers: Answers) -> SecretStr:
    """The token of the sites: as typed, else from its file, else from its variable."""
    from contribaudit.settings import credentials

    if answers.site_token is not None:
        return answers.site_token
    if answers.site_token_file is not None:
        return credentials.read_key_file(answers.site_token_file)
    return from_variable(answers.site_token_env)
