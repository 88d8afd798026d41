"""Reads the rulebook: the shipped files, each replaced by the file of the same name in a user's folder.

Every file is held against the shapes of this version, which refuse what they do not know; screens and signals also
against the plans and apps of the same rulebook. The sentences about checks can be shown whatever version wrote them,
since nothing is judged by them: each check is taken by itself, and one that cannot be understood is left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from contribaudit import files
from contribaudit.core.model.audit_log import LogRules
from contribaudit.core.model.canonical import canonical_json, parts
from contribaudit.core.model.decoder import Candidate
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.rulebook import (
    AnnouncedDate,
    App,
    AskedIf,
    Exemption,
    Move,
    Plan,
    Realm,
    Rulebook,
    RulebookFile,
    Screen,
    SignalRule,
    Statements,
    Words,
)
from contribaudit.core.model.subject import Kind
from contribaudit.errors import RulebookError, invalid
from contribaudit.files import NotToml, Unreadable
from contribaudit.rulebook import decoders, shapes
from contribaudit.rulebook.subprocessors import subprocessor_rules
from contribaudit.rulebook.terms import terms_rules


def candidates(file: shapes.SignalsFile) -> tuple[Candidate, ...]:
    """Likely readings of signals, in the file's order. Raises RulebookError for one of an object that is no signal."""
    known = {(entry.signal, kind) for entry in file.signal for kind in entry.kinds}
    for entry in file.candidate:
        if (entry.signal, Kind(entry.owner)) not in known:
            raise RulebookError(
                f"signals.toml: {entry.signal} is not a signal of an {entry.owner}, so nothing reads it"
            )
        try:
            parts(entry.pointer)
        except ValueError as error:
            raise RulebookError(f"signals.toml: {entry.pointer!r} is not a pointer: {error}") from None
    return tuple(
        Candidate(
            signal=SettingId(entry.signal),
            owner=Kind(entry.owner),
            pointer=entry.pointer,
            setting=SettingId(entry.setting),
            called=entry.called,
            reads=tuple((canonical_json(one.holds), one.means) for one in entry.reads),
            otherwise=entry.otherwise,
            absent=entry.absent,
            why=entry.why,
            source=entry.source,
            grade=entry.grade,
        )
        for entry in file.candidate
    )


def signals(file: shapes.SignalsFile) -> tuple[SignalRule, ...]:
    """The signals, in the file's order. Raises RulebookError for one that stands there twice for a family."""
    _no_two("signals.toml", "signal", [f"{entry.signal} of {entry.family}" for entry in file.signal])
    return tuple(file.signal)


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
        for setting in sorted({*entry.asked_if, *(one.setting for one in entry.asked_if.values())}):
            if setting not in entry.settings:
                raise RulebookError(f"{where}: `asked_if` names `{setting}`, which the screen does not show")
    return tuple(
        Screen(
            id=entry.id,
            title=entry.title,
            kind=entry.kind,
            settings=tuple(SettingId(setting) for setting in entry.settings),
            apps=tuple(entry.apps),
            paths=dict(entry.paths),
            look_seconds=entry.seconds.look,
            value_seconds=entry.seconds.value,
            plans=tuple(entry.plans),
            source=entry.source,
            grade=entry.grade,
            note=entry.note,
            asked_if={
                SettingId(setting): AskedIf(SettingId(one.setting), frozenset(map(str.casefold, one.words)))
                for setting, one in entry.asked_if.items()
            },
        )
        for entry in file.screen
    )


def _no_two(where: str, what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise RulebookError(f"{where}: the {what} `{name}` stands there twice")


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
    """The rulebook of these texts, in the order of `SHAPES`, each with whether it is the shipped one."""
    read = _Files(texts)
    meta, clocks = read.the(shapes.MetaFile), read.the(shapes.ClocksFile)
    plans, realms = read.the(shapes.PlansFile), read.the(shapes.RealmsFile)
    ranked, apps = _plans(plans), _apps(read.the(shapes.AppsFile))
    _unambiguous("realms.toml", "realms", [_folded([entry.code, *entry.words]) for entry in realms.realm])
    return Rulebook(
        version=meta.version,
        effective=meta.effective,
        review_within_days=meta.review_within_days,
        scope_review_within_days=meta.scope_review_within_days,
        files=tuple(read.files),
        plans=ranked,
        may_not_count=_folded(plans.may_not_count),
        realms=tuple(
            Realm(entry.code, entry.title, _folded([entry.code, *entry.words]), entry.held, _folded(entry.regions))
            for entry in realms.realm
        ),
        realm_groups={name: tuple(members) for name, members in realms.groups.items()},
        moves=_moves(read.the(shapes.MovesFile)),
        apps=apps,
        words=read.words,
        clocks=clocks.clocks,
        limits=clocks.limits,
        log=_log_rules(read.the(shapes.EventsFile)),
        statements=Statements(read.the(shapes.StatementsFile).ai_processing),
        exemptions=_exemptions(read.the(shapes.ExemptionsFile)),
        signals=signals(read.the(shapes.SignalsFile)),
        candidates=candidates(read.the(shapes.SignalsFile)),
        screens=screens(read.the(shapes.ScreensFile), ranked, apps),
        console=read.the(shapes.ScreensFile).console,
        decoders=decoders.of_file(read.the(shapes.DecodersFile), "decoders.toml", read.digest("decoders.toml")),
        announced=_announced(read.the(shapes.DatesFile)),
        terms=terms_rules(read.the(shapes.TermsFile), frozenset(SHAPES), read.words),
        subprocessors=subprocessor_rules(
            read.the(shapes.SubprocessorsFile),
            read.the(shapes.ShippedListFile),
            apps,
            read.digest("subprocessors_shipped.toml"),
        ),
        sha256=sha256("".join(f"{file.sha256}  {file.name}\n" for file in read.files).encode()).hexdigest(),
    )


class _Files:
    """Every file, parsed. Raises RulebookError as `load` does."""

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
        """The one file of a shape."""
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
    """A user's file has words for the same checks as the shipped one: none is left without, none is made up."""
    known = _parse(shapes.ChecksFile, name, _read(name, None)[0])
    for check in known.checks.keys() ^ file.checks.keys():
        what = "is missing" if check in known.checks else "is not a check of this file"
        raise RulebookError(f"{name}, key `{check}`: {what}", hint="Compare it with the shipped file.")


def _unambiguous(name: str, kind: str, words: Iterable[frozenset[str]]) -> None:
    """Raises RulebookError for a word that stands for two things: which of them counts, nobody could tell."""
    seen: set[str] = set()
    for one in words:
        for word in sorted(one & seen):
            raise RulebookError(f"{name}: the word `{word}` stands for two {kind}")
        seen |= one


def _folded(words: list[str]) -> frozenset[str]:
    return frozenset(word.strip().casefold() for word in words)


def _plans(file: shapes.PlansFile) -> tuple[Plan, ...]:
    _unambiguous("plans.toml", "plans", [_folded(entry.words) for entry in file.plan])
    return tuple(
        Plan(
            name=entry.name,
            rank=rank,
            words=_folded(entry.words),
            residency=entry.residency,
            rovo=entry.rovo,
            rovo_by_group=entry.rovo_by_group,
            audit_log=entry.audit_log,
            metadata_default=entry.metadata.default,
            metadata_changeable=entry.metadata.changeable,
            in_app_default=entry.in_app.default,
            in_app_changeable=entry.in_app.changeable,
        )
        for rank, entry in enumerate(file.plan)
    )


def _moves(file: shapes.MovesFile) -> dict[str, Move]:
    moves = [replace(one, word=one.word.casefold()) for one in file.move]
    _unambiguous("moves.toml", "states", [_folded([one.word]) for one in moves])
    return {one.word: one for one in moves}


def _exemptions(file: shapes.ExemptionsFile) -> tuple[Exemption, ...]:
    return tuple(
        replace(
            one,
            word=one.word.casefold(),
            setting=one.setting or None,
            value=one.value.casefold(),
            without=one.without.casefold(),
        )
        for one in file.exemption
    )


def _apps(file: shapes.AppsFile) -> dict[str, App]:
    _unambiguous("apps.toml", "apps", [frozenset(entry.project_types) for entry in file.app])
    apps: dict[str, App] = {}
    for entry in file.app:
        words = _folded([entry.type_key, *entry.words])
        app = App(
            type_key=entry.type_key,
            title=entry.title,
            words=words,
            contribution=entry.contribution,
            residency=entry.residency,
            rovo_block=entry.rovo_block,
            jira_family=entry.jira_family,
            own_workspaces=_own_workspaces(entry),
            pseudo=entry.pseudo,
            spaces=entry.spaces,
            project_types=tuple(entry.project_types),
            gateway_ai=entry.gateway_ai,
            gateway_region=entry.gateway_region,
            product_keys=tuple(entry.product_keys),
        )
        for word in words:
            if word in apps:
                raise RulebookError(f"apps.toml: the word `{word}` stands for two apps")
            apps[word] = app
    return apps


@cache
def app_titles() -> Mapping[str, str]:
    """What the shipped rulebook calls each app, by its type key or another word for it, without case."""
    shipped, _ = _read("apps.toml", None)
    return {word: app.title for word, app in _apps(_parse(shapes.AppsFile, "apps.toml", shipped)).items()}


def _own_workspaces(entry: shapes.AppEntry) -> bool:
    """Where a file says nothing, as older ones do, an app with switches of its own counts: it must not be left out."""
    return entry.rovo_block == "elsewhere" if entry.own_workspaces is None else entry.own_workspaces


def _announced(file: shapes.DatesFile) -> tuple[AnnouncedDate, ...]:
    known = {
        one.id: AnnouncedDate(one.id, one.date, one.title, one.what, one.source, one.grade) for one in file.announced
    }
    if len(known) < len(file.announced):
        raise RulebookError("dates.toml: an `id` stands there twice")
    return tuple(sorted(known.values(), key=lambda one: (one.day, one.id)))


def _log_rules(file: shapes.EventsFile) -> LogRules:
    known = {entry.name for entry in file.family}
    for entry in file.date:
        for name in set(entry.families) - known:
            raise RulebookError(f"events.toml: {entry.on} is about `{name}`, which is not a family of this file")
    return LogRules(
        retention_days=file.retention_days.amount,
        latency_hours=file.latency_hours.amount,
        rollout_subjects=file.rollout_subjects.amount,
        review_days=file.review_days.amount,
        ignored=tuple(file.ignored),
        families=tuple(file.family),
        dates=tuple(file.date),
    )


_BLANK = {"question": "", "trap": "", "remediation": "", "console_path": "", "controls": ()}
_WORDS = TypeAdapter(Words)


def words(files: Iterable[bytes]) -> dict[str, Words]:
    """What they say about each check, by its ID.

    Without the address of a page: it is for opening, and files from elsewhere are not to choose what is opened.
    """
    found: dict[str, Words] = {}
    for file in files:
        for check, told in _tables(file).items():
            try:
                found[check] = _WORDS.validate_python({**_BLANK, **told, "source": ""})
            except ValidationError:
                continue
    return found


def _tables(file: bytes) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(file.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return {}
    return {name: told for name, told in document.items() if isinstance(told, dict)}
