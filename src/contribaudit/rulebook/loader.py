"""Reads the rulebook: the shipped files, each replaced by the file of the same name in a user's folder.

Every file is held against the shapes of this version, which refuse what they do not know; screens and signals also
against the plans and apps of the same rulebook. The sentences about checks can be shown whatever version wrote them,
since nothing is judged by them: each check is taken by itself, and one that cannot be understood is left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from contribaudit import files
from contribaudit.core.model.audit_log import ActionFamily, LogRules, VendorDate
from contribaudit.core.model.candidate import Candidate
from contribaudit.core.model.canonical import canonical_json, parts
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.rulebook import (
    AnnouncedDate,
    App,
    AskedIf,
    Clocks,
    Console,
    Exemption,
    Figure,
    Limits,
    Move,
    Plan,
    Realm,
    Rulebook,
    RulebookFile,
    Screen,
    SignalRule,
    Statement,
    Statements,
    Words,
)
from contribaudit.core.model.subject import Kind
from contribaudit.errors import RulebookError
from contribaudit.files import NotToml, Unreadable
from contribaudit.rulebook import decoders, shapes
from contribaudit.rulebook.subprocessors import subprocessor_rules
from contribaudit.rulebook.terms import terms_rules


def candidates(file: shapes.SignalsFile) -> tuple[Candidate, ...]:
    """Likely readings of signals, in the file's order. Raises RulebookError for one of an object that is no signal."""
    known = {(entry.signal, kind) for entry in file.signal for kind in entry.kinds}
    for entry in file.candidate:
        if (entry.signal, Kind(entry.owner)) not in known:
            raise RulebookError(f"signals.toml: {entry.signal} is no signal of an {entry.owner}, so nothing reads it")
        try:
            parts(entry.pointer)
        except ValueError as error:
            raise RulebookError(f"signals.toml: {entry.pointer!r} is no pointer: {error}") from None
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
    return tuple(
        SignalRule(
            signal=SettingId(entry.signal),
            family=entry.family.value,
            collector=entry.collector,
            kinds=tuple(entry.kinds),
            why=entry.why,
            source=entry.source,
            grade=entry.grade,
        )
        for entry in file.signal
    )


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


def start(entry: shapes.ConsoleEntry | None) -> Console | None:
    """Where menu paths begin; None for a file that does not say, as older ones do not."""
    if entry is None:
        return None
    return Console(entry.name, entry.address, entry.source, entry.reviewed, entry.grade, entry.note)


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
    parsed: dict[str, shapes.Dated] = {}
    files: list[RulebookFile] = []
    for name, shape in SHAPES.items():
        text, shipped = _read(name, folder)
        parsed[name] = _parse(shape, name, text)
        if not shipped:
            _same_checks(parsed[name], name)
        files.append(RulebookFile(name, sha256(text.encode()).hexdigest(), parsed[name].reviewed, shipped))

    def part(shape: type[_Shape], name: str) -> _Shape:
        file = parsed[name]
        assert isinstance(file, shape)  # by SHAPES
        return file

    meta = part(shapes.MetaFile, "rulebook.toml")
    realms = part(shapes.RealmsFile, "realms.toml")
    moves = part(shapes.MovesFile, "moves.toml")
    clocks = part(shapes.ClocksFile, "clocks.toml")
    statements = part(shapes.StatementsFile, "statements.toml")
    plans = _plans(part(shapes.PlansFile, "plans.toml"))
    apps = _apps(part(shapes.AppsFile, "apps.toml"))
    _unambiguous(
        "apps.toml",
        "apps",
        [frozenset(one.project_types) for one in {app.type_key: app for app in apps.values()}.values()],
    )
    _unambiguous("plans.toml", "plans", [_folded(entry.words) for entry in part(shapes.PlansFile, "plans.toml").plan])
    _unambiguous("realms.toml", "realms", [_folded([entry.code, *entry.words]) for entry in realms.realm])
    _unambiguous("moves.toml", "states", [_folded([entry.word]) for entry in moves.move])
    known_checks = frozenset(
        check
        for name, shape in SHAPES.items()
        if shape is shapes.ChecksFile
        for check in part(shapes.ChecksFile, name).checks
    )
    return Rulebook(
        version=meta.version,
        effective=meta.effective,
        review_within_days=meta.review_within_days,
        scope_review_within_days=meta.scope_review_within_days,
        files=tuple(files),
        plans=plans,
        may_not_count=_folded(part(shapes.PlansFile, "plans.toml").may_not_count),
        realms=tuple(
            Realm(entry.code, entry.title, _folded([entry.code, *entry.words]), entry.held) for entry in realms.realm
        ),
        realm_groups={name: tuple(members) for name, members in realms.groups.items()},
        moves={entry.word.casefold(): Move(entry.word.casefold(), entry.meaning, entry.pinned) for entry in moves.move},
        apps=apps,
        words={
            check: words_of(entry)
            for name, shape in SHAPES.items()
            if shape is shapes.ChecksFile
            for check, entry in part(shapes.ChecksFile, name).checks.items()
        },
        clocks=Clocks(**{name: _figure(entry) for name, entry in clocks.clocks}),
        limits=Limits(**{name: _figure(entry) for name, entry in clocks.limits}),
        log=_log_rules(part(shapes.EventsFile, "events.toml")),
        statements=Statements(ai_processing=_statement(statements.ai_processing)),
        exemptions=_exemptions(part(shapes.ExemptionsFile, "exemptions.toml")),
        signals=signals(part(shapes.SignalsFile, "signals.toml")),
        candidates=candidates(part(shapes.SignalsFile, "signals.toml")),
        screens=screens(part(shapes.ScreensFile, "screens.toml"), plans, apps),
        console=start(part(shapes.ScreensFile, "screens.toml").console),
        decoders=decoders.of_file(
            part(shapes.DecodersFile, "decoders.toml"),
            "decoders.toml",
            next(file.sha256 for file in files if file.name == "decoders.toml"),
        ),
        announced=_announced(part(shapes.DatesFile, "dates.toml")),
        terms=terms_rules(part(shapes.TermsFile, "terms.toml"), frozenset(SHAPES), known_checks),
        subprocessors=subprocessor_rules(
            part(shapes.SubprocessorsFile, "subprocessors.toml"),
            part(shapes.ShippedListFile, "subprocessors_shipped.toml"),
            apps,
            next(file.sha256 for file in files if file.name == "subprocessors_shipped.toml"),
        ),
        sha256=sha256("".join(f"{file.sha256}  {file.name}\n" for file in files).encode()).hexdigest(),
    )


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
        return shape.model_validate(files.toml(text))
    except NotToml as error:
        raise RulebookError(f"{name}:{error.line}: not valid TOML: {error.what}", hint="Correct that line.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise RulebookError(f"{name}, key `{key}`: {first['msg']}", hint="Compare it with the shipped file.") from None


def _same_checks(file: shapes.Dated, name: str) -> None:
    """A user's file has words for the same checks as the shipped one: none is left without, none is made up."""
    if not isinstance(file, shapes.ChecksFile):
        return
    known = _parse(shapes.ChecksFile, name, _read(name, None)[0])
    assert isinstance(known, shapes.ChecksFile)
    for check in known.checks.keys() ^ file.checks.keys():
        what = "is missing" if check in known.checks else "is no check of this file"
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


def _exemptions(file: shapes.ExemptionsFile) -> tuple[Exemption, ...]:
    return tuple(
        Exemption(
            word=entry.word.casefold(),
            title=entry.title,
            plans=tuple(entry.plans),
            trial=entry.trial,
            setting=SettingId(entry.setting) if entry.setting else None,
            value=entry.value.casefold(),
            without=entry.without.casefold(),
            apps=tuple(entry.apps),
        )
        for entry in file.exemption
    )


def _apps(file: shapes.AppsFile) -> dict[str, App]:
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
            raise RulebookError(f"events.toml: {entry.on} is about `{name}`, which is no family of this file")
    return LogRules(
        retention_days=file.retention_days.amount,
        latency_hours=file.latency_hours.amount,
        rollout_subjects=file.rollout_subjects.amount,
        review_days=file.review_days.amount,
        ignored=tuple(file.ignored),
        families=tuple(
            ActionFamily(
                entry.name,
                tuple(entry.words),
                tuple(entry.settings),
                tuple(entry.kinds),
                entry.follows_plan,
                entry.audited,
            )
            for entry in file.family
        ),
        dates=tuple(VendorDate(one.on, tuple(one.families), one.what, one.source, one.grade) for one in file.date),
    )


def _statement(entry: shapes.StatementEntry) -> Statement:
    return Statement(entry.text, entry.source, entry.source_date, entry.grade)


def _figure(entry: shapes.FigureEntry) -> Figure:
    return Figure(entry.amount, entry.source, entry.grade)


def words_of(entry: shapes.WordsEntry) -> Words:
    """What people read about a check."""
    return Words(
        title=entry.title,
        question=entry.question,
        trap=entry.trap,
        severity=entry.severity,
        remediation=entry.remediation,
        console_path=entry.console_path,
        source=entry.source,
        controls=tuple(entry.controls),
    )


class _Words(shapes.WordsEntry):
    """A table that may say more, or less."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    question: str = ""
    trap: str = ""
    remediation: str = ""
    console_path: str = ""
    source: str = ""
    controls: list[str] = Field(default_factory=list)


def words(files: Iterable[bytes]) -> dict[str, Words]:
    """What they say about each check, by its ID.

    Without the address of a page: it is for opening, and files from elsewhere are not to choose what is opened.
    """
    found: dict[str, Words] = {}
    for file in files:
        for check, told in _tables(file).items():
            try:
                found[check] = words_of(_Words.model_validate({**told, "source": ""}))
            except ValidationError:
                continue
    return found


def _tables(file: bytes) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(file.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return {}
    return {name: told for name, told in document.items() if isinstance(told, dict)}
