"""Reads the rulebook: the shipped files, each replaced by a file of the same name in the user's folder, if any.

Every file must fit the shapes of this version, which refuse what they do not know; screens and sub-processors must
also fit the plans and apps of the same rulebook. `words` reads the texts about checks of any version, since nothing
is judged by them: it takes each check by itself, and leaves out one that it does not understand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from contribaudit import files
from contribaudit.core.model.rulebook import Rulebook, RulebookFile, Words
from contribaudit.errors import RulebookError, invalid
from contribaudit.files import NotToml, Unreadable
from contribaudit.rulebook import decoders, shapes, values

SHAPES: dict[str, type[shapes.Dated]] = {
    "rulebook.toml": shapes.MetaFile,
    "plans.toml": shapes.PlansFile,
    "exemptions.toml": shapes.ExemptionsFile,
    "realms.toml": shapes.RealmsFile,
    "moves.toml": shapes.MovesFile,
    "apps.toml": shapes.AppsFile,
    "signals.toml": shapes.SignalsFile,
    "screens.toml": shapes.ScreensFile,
    "decoders.toml": shapes.DecodersFile,
    "clocks.toml": shapes.ClocksFile,
    "events.toml": shapes.EventsFile,
    "dates.toml": shapes.DatesFile,
    "statements.toml": shapes.StatementsFile,
    "terms.toml": shapes.TermsFile,
    "subprocessors.toml": shapes.SubprocessorsFile,
    "subprocessors_shipped.toml": shapes.ShippedListFile,
    "checks/data_contribution.toml": shapes.ChecksFile,
    "checks/ai_access.toml": shapes.ChecksFile,
    "checks/data_residency.toml": shapes.ChecksFile,
    "checks/sub_processors.toml": shapes.ChecksFile,
    "checks/governance.toml": shapes.ChecksFile,
}
_Shape = TypeVar("_Shape", bound=shapes.Dated)


def load(folder: Path | None = None) -> Rulebook:
    """The rulebook, with `folder`'s files in place of the shipped ones of the same name.

    Raises RulebookError for a file that cannot be read or has the wrong shape, and for a file in `folder` that
    replaces nothing (a misspelt name would silently leave the shipped rule in force).
    """
    if folder is not None:
        _refuse_strangers(folder)
    return _of_texts(tuple(_read(name, folder) for name in SHAPES))


@lru_cache(maxsize=4)
def _of_texts(texts: tuple[tuple[str, bool], ...]) -> Rulebook:
    """The rulebook of these texts, given in the order of `SHAPES`, each with True if it is the shipped one."""
    read = _Files(texts)
    meta, clocks = read.the(shapes.MetaFile), read.the(shapes.ClocksFile)
    plans, realms = read.the(shapes.PlansFile), read.the(shapes.RealmsFile)
    ranked, apps = values.plans(plans), values.apps(read.the(shapes.AppsFile))
    return Rulebook(
        version=meta.version,
        effective=meta.effective,
        review_within_days=meta.review_within_days,
        scope_review_within_days=meta.scope_review_within_days,
        files=tuple(read.files),
        plans=ranked,
        may_not_count=values.folded(plans.may_not_count),
        realms=values.realms(realms),
        realm_groups={name: tuple(members) for name, members in realms.groups.items()},
        moves=values.moves(read.the(shapes.MovesFile)),
        apps=apps,
        words=read.words,
        clocks=clocks.clocks,
        limits=clocks.limits,
        log=values.log_rules(read.the(shapes.EventsFile)),
        ai_processing=read.the(shapes.StatementsFile).ai_processing,
        exemptions=values.exemptions(read.the(shapes.ExemptionsFile)),
        signals=values.signals(read.the(shapes.SignalsFile)),
        candidates=values.candidates(read.the(shapes.SignalsFile)),
        screens=values.screens(read.the(shapes.ScreensFile), ranked, apps),
        console=read.the(shapes.ScreensFile).console,
        decoders=decoders.of_file(read.the(shapes.DecodersFile), "decoders.toml", read.digest("decoders.toml")),
        announced=values.announced(read.the(shapes.DatesFile)),
        terms=values.terms_rules(read.the(shapes.TermsFile), frozenset(SHAPES), read.words),
        subprocessors=values.subprocessor_rules(
            read.the(shapes.SubprocessorsFile),
            read.the(shapes.ShippedListFile),
            apps,
            read.digest("subprocessors_shipped.toml"),
        ),
        sha256=sha256("".join(f"{file.sha256}  {file.name}\n" for file in read.files).encode()).hexdigest(),
    )


class _Files:
    """All parsed files of the rulebook. Raises RulebookError as `load` does."""

    def __init__(self, texts: tuple[tuple[str, bool], ...]) -> None:
        self.files: list[RulebookFile] = []
        self.words: dict[str, Words] = {}
        self._parsed: list[shapes.Dated] = []
        for (name, shape), (text, shipped) in zip(SHAPES.items(), texts, strict=True):
            file = _parse(shape, name, text)
            if isinstance(file, shapes.ChecksFile):
                if not shipped:
                    _same_checks(file, name)
                self.words |= file.checks
            self._parsed.append(file)
            self.files.append(RulebookFile(name, sha256(text.encode()).hexdigest(), file.reviewed, shipped))

    def the(self, shape: type[_Shape]) -> _Shape:
        """The first file of a shape; all but `ChecksFile` have only one."""
        return next(file for file in self._parsed if isinstance(file, shape))

    def digest(self, name: str) -> str:
        """SHA-256 of a file's text."""
        return next(file.sha256 for file in self.files if file.name == name)


def sources(folder: Path | None = None) -> Iterator[tuple[str, str]]:
    """Name and text of every file that `load` reads, in its order. Raises RulebookError."""
    for name in SHAPES:
        yield name, _read(name, folder)[0]


def _refuse_strangers(folder: Path) -> None:
    if not folder.is_dir():
        raise RulebookError(f"The rulebook folder {folder} does not exist", hint="Check `rulebook` in config.toml.")
    for path in sorted(folder.rglob("*.toml")):
        name = path.relative_to(folder).as_posix()
        if name not in SHAPES:
            raise RulebookError(f"{path}: no rulebook file has this name", hint=f"Known names: {', '.join(SHAPES)}.")


def _read(name: str, folder: Path | None) -> tuple[str, bool]:
    own = folder / name if folder is not None else None
    try:
        if own is not None and own.exists():
            return files.read_text(own), False
        return resources.files("contribaudit.rulebook").joinpath("data", name).read_text(encoding="utf-8"), True
    except Unreadable as error:
        raise RulebookError(
            f"The rulebook file {own or name} cannot be read: {error.reason}", hint=error.hint
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RulebookError(f"The rulebook file {own or name} cannot be read: {error}") from error


def _parse(shape: type[_Shape], name: str, text: str) -> _Shape:
    try:
        return shape.of(files.toml(text))
    except NotToml as error:
        raise RulebookError(f"{name}:{error.line}: not valid TOML: {error.what}", hint="Correct that line.") from None
    except ValidationError as error:
        raise RulebookError(f"{name}, {invalid(error)}", hint="Compare it with the shipped file.") from None


def _same_checks(file: shapes.ChecksFile, name: str) -> None:
    """Raises RulebookError unless a user's file describes the same checks as the shipped one."""
    shipped = _parse(shapes.ChecksFile, name, _read(name, None)[0])
    for check in shipped.checks.keys() ^ file.checks.keys():
        what = "is missing" if check in shipped.checks else "is not a check of this file"
        raise RulebookError(f"{name}, key `{check}`: {what}", hint="Compare it with the shipped file.")


@cache
def app_titles() -> Mapping[str, str]:
    """The shipped rulebook's title of each app, by its type key or another word for it, in lower case."""
    shipped, _ = _read("apps.toml", None)
    return {word: app.title for word, app in values.apps(_parse(shapes.AppsFile, "apps.toml", shipped)).items()}


_BLANK = {"question": "", "trap": "", "remediation": "", "console_path": "", "controls": ()}
_WORDS = TypeAdapter(Words)


def words(files: Iterable[bytes]) -> dict[str, Words]:
    """What files of checks, from whatever version, say about each check, by its ID.

    `source` is left empty: it is an address that people open, and files from elsewhere must not choose it.
    """
    by_check: dict[str, Words] = {}
    for file in files:
        for check, table in _tables(file).items():
            try:
                by_check[check] = _WORDS.validate_python({**_BLANK, **table, "source": ""})
            except ValidationError:
                continue
    return by_check


def _tables(file: bytes) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(file.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return {}
    return {name: table for name, table in document.items() if isinstance(table, dict)}
