"""Turns the parsed files of the rulebook into values of `core`: words in one spelling, and every name resolved.

The functions raise RulebookError for a word or an ID that means two things, and for a name that is defined nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from pydantic import BaseModel

from contribaudit.core.model.audit_log import LogRules
from contribaudit.core.model.canonical import canonical_json, parts
from contribaudit.core.model.decoder import Candidate
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.provisions import TermsRules, Watched
from contribaudit.core.model.rulebook import (
    AnnouncedDate,
    App,
    AskedIf,
    Exemption,
    Move,
    Plan,
    Realm,
    Screen,
    SignalRule,
)
from contribaudit.core.model.subject import Kind
from contribaudit.core.model.subprocessors import Column, Product, Row, SubprocessorList, SubprocessorRules, Words
from contribaudit.errors import RulebookError
from contribaudit.rulebook import shapes

_TERMS = "terms.toml"
_SUBPROCESSORS = "subprocessors.toml"


def plans(file: shapes.PlansFile) -> tuple[Plan, ...]:
    """The plans, lowest first."""
    _refuse_ambiguous("plans.toml", "plans", [folded(entry.words) for entry in file.plan])
    return tuple(
        Plan(**{**_fields(entry), "rank": rank, "words": folded(entry.words)}) for rank, entry in enumerate(file.plan)
    )


def moves(file: shapes.MovesFile) -> dict[str, Move]:
    """The states of a move by the API's word, in lower case."""
    entries = [replace(one, word=one.word.casefold()) for one in file.move]
    _refuse_ambiguous("moves.toml", "states", [folded([one.word]) for one in entries])
    return {one.word: one for one in entries}


def exemptions(file: shapes.ExemptionsFile) -> tuple[Exemption, ...]:
    """The exemptions from contribution, in the file's order, with their words in lower case."""
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


def apps(file: shapes.AppsFile) -> dict[str, App]:
    """Each app by every word for it, in lower case."""
    _refuse_ambiguous("apps.toml", "apps", [frozenset(entry.project_types) for entry in file.app])
    by_word: dict[str, App] = {}
    for entry in file.app:
        words = folded([entry.type_key, *entry.words])
        app = App(**{**_fields(entry), "words": words, "own_workspaces": _own_workspaces(entry)})
        for word in words:
            if word in by_word:
                raise RulebookError(f"apps.toml: the word `{word}` stands for two apps")
            by_word[word] = app
    return by_word


def _own_workspaces(entry: shapes.AppEntry) -> bool:
    """The file's answer; without one, as in older files, True for an app with its own AI switch, to leave none out."""
    return entry.rovo_block == "elsewhere" if entry.own_workspaces is None else entry.own_workspaces


def announced(file: shapes.DatesFile) -> tuple[AnnouncedDate, ...]:
    """The announced dates, earliest first."""
    _no_two("dates.toml", "date", [one.id for one in file.announced])
    dates = [AnnouncedDate(one.id, one.date, one.title, one.what, one.source, one.grade) for one in file.announced]
    return tuple(sorted(dates, key=lambda one: (one.day, one.id)))


def log_rules(file: shapes.EventsFile) -> LogRules:
    """The rules for reading the audit log."""
    family_names = {entry.name for entry in file.family}
    for entry in file.date:
        for name in set(entry.families) - family_names:
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


def realms(file: shapes.RealmsFile) -> tuple[Realm, ...]:
    """The locations, in the file's order. Raises RulebookError for a word that means two of them."""
    realm_list = tuple(
        Realm(entry.code, entry.title, folded([entry.code, *entry.words]), entry.held, folded(entry.regions))
        for entry in file.realm
    )
    _refuse_ambiguous("realms.toml", "realms", [one.words for one in realm_list])
    return realm_list


def candidates(file: shapes.SignalsFile) -> tuple[Candidate, ...]:
    """Likely readings of signals, in the file's order. Raises RulebookError for one whose object is no signal."""
    kinds_of_signals = {(entry.signal, kind) for entry in file.signal for kind in entry.kinds}
    for entry in file.candidate:
        if (entry.signal, Kind(entry.owner)) not in kinds_of_signals:
            raise RulebookError(
                f"signals.toml: {entry.signal} is not a signal of an {entry.owner}, so nothing reads it"
            )
        try:
            parts(entry.pointer)
        except ValueError as error:
            raise RulebookError(f"signals.toml: {entry.pointer!r} is not a pointer: {error}") from None
    return tuple(
        Candidate(**{**dict(entry), "owner": Kind(entry.owner), "reads": _readings(entry)}) for entry in file.candidate
    )


def _readings(entry: shapes.CandidateEntry) -> tuple[tuple[bytes, str], ...]:
    return tuple((canonical_json(one.holds), one.means) for one in entry.reads)


def signals(file: shapes.SignalsFile) -> tuple[SignalRule, ...]:
    """The signals, in the file's order. Raises RulebookError for one that is listed twice for a family."""
    _no_two("signals.toml", "signal", [f"{entry.signal} of {entry.family}" for entry in file.signal])
    return tuple(file.signal)


def screens(file: shapes.ScreensFile, plans: tuple[Plan, ...], apps: dict[str, App]) -> tuple[Screen, ...]:
    """The screens, in the file's order. Whether their settings exist is not checked here: only the catalogue knows.

    Raises RulebookError for a screen or setting that is listed twice, and for an unknown plan or app.
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
    return tuple(Screen(**{**_fields(entry), "asked_if": _conditions(entry)}) for entry in file.screen)


def _conditions(entry: shapes.ScreenEntry) -> dict[SettingId, AskedIf]:
    return {
        SettingId(setting): AskedIf(SettingId(one.setting), frozenset(map(str.casefold, one.words)))
        for setting, one in entry.asked_if.items()
    }


def terms_rules(file: shapes.TermsFile, files: Collection[str], checks: Collection[str]) -> TermsRules:
    """The rules on watched documents, in the file's order.

    Raises RulebookError for an ID that is listed twice, and for an unknown document, topic, file or check.
    """
    _no_two(_TERMS, "document", [one.name for one in file.document])
    _no_two(_TERMS, "topic", [one.id for one in file.topic])
    _no_two(_TERMS, "anchor", [one.id for one in file.anchor])
    _no_two(_TERMS, "overtaken", [one.id for one in file.overtaken])
    documents = {one.name for one in file.document}
    for anchor in file.anchor:
        _refuse_unknown(f"anchor `{anchor.id}`", "document", [anchor.document], documents)
        _refuse_unknown(f"anchor `{anchor.id}`", "rulebook file", anchor.files, files)
        _refuse_unknown(f"anchor `{anchor.id}`", "check", anchor.checks, checks)
    for overtaken in file.overtaken:
        _refuse_unknown(f"overtaken `{overtaken.id}`", "document", [overtaken.document], documents)
    for compared in file.compared:
        _refuse_unknown(f"compared `{compared.id}`", "document", [compared.listed_in], documents)
    topics = {one.id for one in file.topic}
    for document in file.document:
        _refuse_unknown(f"document `{document.name}`", "topic", document.topics, topics)
    for rule in file.severity:
        _refuse_unknown(f"severity `{rule.severity}`", "topic", rule.topics, topics)
    return TermsRules(
        documents=tuple(Watched(**_fields(one)) for one in file.document),
        topics=tuple(file.topic),
        severities=tuple(file.severity),
        anchors=tuple(file.anchor),
        overtaken=tuple(file.overtaken),
        compared=tuple(file.compared),
        reviewed=file.reviewed,
        **dict(file.reading),
    )


def _refuse_unknown(where: str, what: str, named: Iterable[str], known: Collection[str]) -> None:
    for one in named:
        if one not in known:
            raise RulebookError(f"{_TERMS}, {where}: there is no {what} `{one}`")


def subprocessor_rules(
    file: shapes.SubprocessorsFile, shipped: shapes.ShippedListFile, apps: Mapping[str, App], shipped_sha256: str
) -> SubprocessorRules:
    """The rules on sub-processors. Raises RulebookError for a word that means two things, and for an unknown app."""
    _refuse_ambiguous(
        _SUBPROCESSORS, "products", [*(_spaced(entry.words) for entry in file.product), _spaced(file.everything)]
    )
    _refuse_ambiguous(_SUBPROCESSORS, "places", [_spaced(entry.words) for entry in file.place])
    type_keys = {app.type_key for app in apps.values()}
    for entry in file.product:
        for app in sorted({*entry.apps, *entry.may} - type_keys):
            raise RulebookError(f"{_SUBPROCESSORS}, product `{entry.name}`: apps.toml has no type key `{app}`")
    columns = {cast("Column", name): _spaced(labels) for name, labels in file.columns}
    _refuse_ambiguous(_SUBPROCESSORS, "columns", columns.values())
    return SubprocessorRules(
        vendor=file.vendor,
        list_days=file.list_days,
        objection_days=file.objection_days,
        columns=columns,
        titles={name: labels[0] for name, labels in file.columns},
        everything=_spaced(file.everything),
        products=tuple(Product(**{**_fields(entry), "words": _spaced(entry.words)}) for entry in file.product),
        purposes=tuple(Words(entry.kind, _spaced(entry.words)) for entry in file.purpose),
        places=tuple(Words(entry.code, _spaced(entry.words)) for entry in file.place),
        eea=frozenset(entry.code for entry in file.place if entry.eea),
        baseline=SubprocessorList(
            effective=shipped.effective,
            rows=(
                *(Row(**dict(one)) for one in shipped.third_party),
                *(Row(one.name, one.products, locations=one.country, group=True) for one in shipped.group_company),
            ),
            source=shipped.source,
            sha256=shipped_sha256,
        ),
    )


def _fields(entry: BaseModel) -> dict[str, Any]:
    """The fields of a table, for a value in `core` that has the same ones; its lists are tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry}


def _spaced(words: Iterable[str]) -> tuple[str, ...]:
    """The words in lower case, with one blank between their parts."""
    return tuple(" ".join(word.casefold().split()) for word in words)


def _no_two(where: str, what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise RulebookError(f"{where}: the {what} `{name}` is listed twice")


def _refuse_ambiguous(name: str, kind: str, groups: Iterable[Iterable[str]]) -> None:
    """Raises RulebookError for a word that is in two groups, and so is ambiguous."""
    seen: set[str] = set()
    for words in groups:
        own = set(words)
        for word in sorted(own & seen):
            raise RulebookError(f"{name}: the word `{word}` stands for two {kind}")
        seen |= own


def folded(words: list[str]) -> frozenset[str]:
    """The words in lower case."""
    return frozenset(word.strip().casefold() for word in words)
