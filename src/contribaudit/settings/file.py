"""Finds and parses config.toml, makes its paths absolute, and reports mistakes by file, line and key.

Nothing here creates a folder; the code that writes a file does.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from contribaudit import files
from contribaudit.errors import ConfigurationError, or_meant
from contribaudit.files import NotToml, Unreadable

if TYPE_CHECKING:
    # The dashboard needs a folder before its first paint, which must not wait for a library to load.
    from pydantic_core import ErrorDetails

APP = "contribaudit"
CONFIG_VARIABLE = "CONTRIBAUDIT_CONFIG"
STORE_VARIABLE = "CONTRIBAUDIT_STORE"
LOCAL_CONFIG = "contribaudit.toml"


def expanded(path: str | Path) -> Path:
    """The path with ~ and ~name replaced. Raises ConfigurationError if that home folder is not known."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigurationError(
            f"The home folder in {path} is not known", hint="Set HOME, or use an absolute path"
        ) from None


def config_dir() -> Path:
    """The folder of config.toml and policy.toml: ~/.config/contribaudit on Linux. Raises ConfigurationError."""
    from platformdirs import user_config_path

    return _at_home(user_config_path, f"Set HOME, or name the file with {CONFIG_VARIABLE}")


def data_dir() -> Path:
    """The folder of the history and of drafts: ~/.local/share/contribaudit on Linux. Raises ConfigurationError."""
    from platformdirs import user_data_path

    return _at_home(user_data_path, f"Set {STORE_VARIABLE} to a file, or HOME to a folder")


def log_dir() -> Path:
    """The folder of log files: ~/.local/state/contribaudit/log on Linux. Raises ConfigurationError."""
    from platformdirs import user_log_path

    return _at_home(user_log_path, "Set HOME, or name the file on the command line")


def _at_home(find: Callable[[str, Literal[False]], Path], hint: str) -> Path:
    """The folder that platformdirs finds. Raises ConfigurationError without a home folder, or for a relative HOME."""
    with contextlib.suppress(RuntimeError):
        path = find(APP, False)
        if path.is_absolute():
            return path
    raise ConfigurationError("This account has no home folder", hint=hint)


def config_file() -> Path:
    """The path where `init` writes the configuration, and the last place where it is searched for."""
    return config_dir() / "config.toml"


def store_default() -> Path:
    """The path of the history when the configuration names no store."""
    return data_dir() / "history.sqlite"


def find_config(named: Path | None) -> Path | None:
    """The configuration file to read: `named` (--config), $CONTRIBAUDIT_CONFIG, ./contribaudit.toml, config_file().

    The first two are returned even if they do not exist: a user who names a file wants that one. None if none is found.
    """
    if named is not None:
        return named
    if variable := os.environ.get(CONFIG_VARIABLE):
        return expanded(variable)
    if _is_file(Path(LOCAL_CONFIG)):
        return Path(LOCAL_CONFIG)
    usual = usual_config()
    return usual if usual is not None and _is_file(usual) else None


def in_present_folder(path: Path) -> bool:
    """Whether this file was found in the current folder without being named; that folder may be anybody's clone."""
    return path == Path(LOCAL_CONFIG) and not os.environ.get(CONFIG_VARIABLE)


def usual_config() -> Path | None:
    """The path of `config_file`; None for an account without a home folder."""
    try:
        return config_file()
    except ConfigurationError:
        return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # this account may not enter a folder on the way
        return False


PREFIX = "CONTRIBAUDIT_"

_KEY_HINT = "Save it with `contribaudit login`, or name a file in api_key_file, or set CONTRIBAUDIT_API_KEY"
_SITE_HINT = "Save it with `contribaudit login --site`, or name a file in token_file or a variable in token_env"
_SECRETS = {"api_key": ("an API key", _KEY_HINT), "token": ("an API token", _SITE_HINT)}
_ONCE = (("organization", "id", "organization ID"), ("sites.site", "host", "host"))


def read(path: Path) -> str:
    """The file's text. Raises ConfigurationError."""
    try:
        return files.read_text(path)
    except Unreadable as error:
        hint = "Check --config and CONTRIBAUDIT_CONFIG; to write a new file, run `contribaudit init` without them"
        raise ConfigurationError(
            f"The configuration {path} cannot be read: {error.reason}", hint=hint if error.missing else error.hint
        ) from None


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The text of a configuration file; "" without one, when only the environment configures."""

    path: Path | None
    text: str

    def parsed(self, tables: Mapping[str, Collection[str]]) -> dict[str, Any]:
        """The file's content. `tables` are the known keys of each table, as in "sites.site"; "" is the file itself.

        Raises ConfigurationError for broken TOML, an unknown key, a secret, and an ID or host that appears twice.
        """
        try:
            document = files.toml(self.text)
        except NotToml as error:
            where = f"{self.path}:{error.line}"
            raise ConfigurationError(f"{where}: not valid TOML: {error.what}", hint="Correct that line") from None
        for name, known in tables.items():
            for place, entry in _tables(document, name):
                for key in entry:
                    if key in _SECRETS:
                        what, hint = _SECRETS[key]
                        raise self._error((*place, key), f"{what} must not be written into this file", hint)
                    if key not in known:
                        message = f"unknown key `{_printable(key)}`{or_meant(key, known)}"
                        raise self._error((*place, key), message, f"Known keys here: {', '.join(known)}")
        for name, key, what in _ONCE:
            seen: set[str] = set()
            for place, entry in _tables(document, name):
                if isinstance(identity := entry.get(key), str):
                    if identity.casefold() in seen:
                        message = f"the same {what} appears twice"
                        raise self._error((*place, key), message, "Keep one of the two tables")
                    seen.add(identity.casefold())
        return document

    def refuse_places(self, document: Mapping[str, Any]) -> None:
        """Raise ConfigurationError if the file sets where keys or data go: nobody named it, so it may be anybody's."""
        for place in (("api_url",), ("store",), ("evidence", "folder"), ("network", "ca_file"), ("sites", "site")):
            inner: Any = document
            for key in place:
                inner = inner.get(key) if isinstance(inner, dict) else None
            if place[-1] == "site":  # a token is sent to a site's own host only if `direct` is set
                sites = inner if isinstance(inner, list) else []
                inner = next((True for one in sites if isinstance(one, dict) and one.get("direct")), None)
            if inner is not None:
                raise self._error(
                    place,
                    f"key `{'.'.join(place)}` decides where keys or data go; "
                    "a file that was not named explicitly must not set it",
                    f"If you trust this file, name it: --config {self.path}, or set {CONFIG_VARIABLE}={self.path}",
                )

    def absolute(self, document: dict[str, Any], keys: Container[str]) -> dict[str, Any]:
        """The document with the relative paths under these keys made absolute, starting at the folder of the file."""
        if self.path is None:
            return document
        folder = expanded(self.path).absolute().parent

        def resolved(key: str, value: Any) -> Any:
            if isinstance(value, dict):
                return {name: resolved(name, inner) for name, inner in value.items()}
            if isinstance(value, list):
                return [resolved("", inner) for inner in value]
            if key in keys and isinstance(value, str) and value and "://" not in value:
                with contextlib.suppress(RuntimeError):  # unknown home folder: validation reports it
                    return str(folder / Path(value).expanduser())
            return value

        return {key: resolved(key, value) for key, value in document.items()}

    def explained(self, detail: ErrorDetails) -> ConfigurationError:
        """pydantic's error as ours: it names the variable, or file, line and key, and what is expected."""
        place = detail["loc"]
        variable = _variable_of(place)
        what = _reason(detail, place)
        if variable is not None:
            return ConfigurationError(f"The environment variable {variable}: {what}", hint="Correct or unset it")
        name = ".".join(str(part) for part in place if isinstance(part, str))
        return self._error(place, f"key `{name}`: {what}", "Correct that line")

    def _error(self, place: tuple[str | int, ...], message: str, hint: str) -> ConfigurationError:
        """An error about a place in the file."""
        from contribaudit.policy_file.problems import line_of, locate

        return ConfigurationError(f"{self.path}:{line_of(locate(self.text), place)}: {message}", hint=hint)


def _tables(document: Mapping[str, Any], name: str) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """Every table of this name ("sites.site", "" for the file) with its place; a list of tables yields each entry."""
    tables: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    for part in name.split(".") if name else ():
        inner = [((*place, part), value.get(part)) for place, value in tables if isinstance(value, dict)]
        tables = []
        for place, value in inner:
            tables += (
                [((*place, index), entry) for index, entry in enumerate(value)]
                if isinstance(value, list)
                else [(place, value)]
            )
    yield from ((place, value) for place, value in tables if isinstance(value, dict))


def _variable_of(place: tuple[int | str, ...]) -> str | None:
    """The variable that set this value: CONTRIBAUDIT_A__B or else CONTRIBAUDIT_A; None if the file set it."""
    by_upper = {name.upper(): name for name, value in os.environ.items() if value}
    for end in range(len(place), 0, -1):
        name = PREFIX + "__".join(str(part) for part in place[:end]).upper()
        if name in by_upper:
            return by_upper[name]
    return None


def _reason(detail: ErrorDetails, place: tuple[int | str, ...]) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return f"there is no key `{_printable(str(place[-1]))}`"
        case "missing":
            return "is required and missing"
        case "string_type":
            return "expected text in quotes"
        case "path_type":
            return "expected a path in quotes"
        case "tuple_type":
            return f"write [[{'.'.join(str(part) for part in place)}]], in double brackets"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "expected a table"
        case "bool_type" | "bool_parsing":
            return "expected true or false"
        case "float_type" | "float_parsing":
            return "expected a number"
        case "enum":
            from contribaudit.core.model.finding import Severity

            return f"expected one of {', '.join(Severity)}"
    return detail["msg"]


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text[:60])
