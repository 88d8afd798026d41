"""What a person may record: subject, setting, value, mail and time, each understood or refused with what is near."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import date, datetime
from difflib import get_close_matches

from contribaudit import catalogue
from contribaudit.core.alias import alias_of, resolve_alias
from contribaudit.core.model import names
from contribaudit.core.model.observation import Value
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.times import parse_utc
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError

EMPTY = "none"
"""How the empty list is written."""
LONGEST = 4_000
"""Characters that a note, a path or a value may have."""
_SEVERAL_ORGANIZATIONS = "Write organization:ID, or put the ID and a colon before it."


def find_subject(state: State, text: str) -> Subject:
    """The subject that the text names. Raises UsageError for an unknown one, with the nearest, and an ambiguous one."""
    found = resolve_alias(state, text) or _connector(state, text)
    if found is not None and found.kind is not Kind.COMPANY:
        return found
    organization = next(iter(state.organizations), "")
    known = ["organization", *(alias_of(state, app) for app in state.subjects(Kind.APP))]
    hint = _meant(text, known) or (
        f"An app is written app:HOST/TYPEKEY, or by its ID; {len(known) - 1} apps are known."
        if len(known) > 1
        else f"No app of {organization} was ever read: run contribaudit audit."
    )
    raise UsageError(f"There is no subject {_quoted(text)}", hint=hint)


def find_setting(text: str, subject: Subject) -> Setting:
    """The setting, if a person may record it of this subject. Raises UsageError."""
    name = text.strip().casefold()
    known = {setting.id.casefold(): setting for setting in catalogue.ALL if setting.attestable}
    setting = known.get(name)
    if setting is None:
        if name in {one.id.casefold() for one in catalogue.ALL}:
            how = "computed" if name.startswith("effective.") or name == names.HIGHEST_PLAN else "read from the API"
            raise UsageError(f"{_quoted(text)} cannot be attested: it is {how}", hint="contribaudit attest --template")
        hint = _meant(text, known) or "contribaudit attest --template lists them."
        raise UsageError(f"There is no setting {_quoted(text)}", hint=hint)
    if subject.kind not in setting.kinds:
        kinds = " or ".join(kind.value for kind in setting.kinds)
        article = "an" if kinds[0] in "aeiou" else "a"
        raise UsageError(
            f"{setting.id} is a setting of {article} {kinds}, not of {_article(subject.kind)}",
            hint="Name the subject with --subject",
        )
    return setting


def parse_value(setting: Setting, told: Value) -> Value:
    """What was written, as the setting's value. Raises UsageError for what it cannot hold, with the nearest word."""
    if setting.is_list:
        return _list(setting, told)
    if isinstance(told, bool):
        told = "on" if told else "off"
    text = str(told).strip() if isinstance(told, int | str) else ""
    if not text:
        raise UsageError(f"{setting.id} needs a value", hint=_allowed(setting))
    if setting.words:
        words = {word.casefold(): word for word in setting.words}
        if text.casefold() not in words:
            near = _meant(text, words)
            raise UsageError(f"{setting.id} cannot be {_quoted(text)}", hint=f"{near} {_allowed(setting)}".strip())
        return words[text.casefold()]
    if setting.unit == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise UsageError(f"{setting.id} cannot be {_quoted(text)}", hint=_allowed(setting)) from None
    if setting.unit:
        if not re.fullmatch(r"[0-9]{1,12}", text):
            raise UsageError(f"{setting.id} cannot be {_quoted(text)}", hint=_allowed(setting))
        return int(text)
    return short(text, str(setting.id))


def allowed(setting: Setting) -> str:
    """What a value may be, in a few words."""
    if setting.words:
        return " | ".join(setting.words)
    if setting.is_list:
        return f"list with commas, or {EMPTY}"
    return {"": "text", "date": "YYYY-MM-DD"}.get(setting.unit, f"number of {setting.unit}")


def moment(text: str) -> datetime:
    """The time in UTC; one without a zone is UTC. Raises UsageError, for a mere date too."""
    hint = "Write 2026-11-21T14:30Z, or 2026-11-21T15:30+01:00"
    if re.fullmatch(r"[0-9-]+", text.strip()):
        raise UsageError(f"{_quoted(text)} has no time of day", hint=hint)
    found = parse_utc(text)
    if found is None:
        raise UsageError(f"{_quoted(text)} is no time", hint=hint)
    return found


def short(text: str, what: str) -> str:
    """The text, if it is not too long to keep. Raises UsageError."""
    if len(text) > LONGEST:
        raise UsageError(f"{what} has {len(text)} characters", hint=f"Keep it within {LONGEST}, or attach a file")
    return text


def _list(setting: Setting, told: Value) -> tuple[str, ...]:
    if isinstance(told, tuple):
        items = [one.strip() for one in told]
    else:
        text = str(told).strip()
        if not text or told is None:
            raise UsageError(f"{setting.id} needs a value", hint=_allowed(setting))
        if text.casefold() == EMPTY:
            return ()
        lines = list(csv.reader([short(text, str(setting.id)).replace("\n", " ")], skipinitialspace=True))
        items = [one.strip() for one in lines[0]]
    if not all(items):
        raise UsageError(f"{setting.id} has an empty entry", hint=_allowed(setting))
    if EMPTY in (one.casefold() for one in items):
        raise UsageError(f"{setting.id} is either {EMPTY} or a list", hint=_allowed(setting))
    return tuple(short(one, f"an entry of {setting.id}") for one in dict.fromkeys(items))


def _connector(state: State, text: str) -> Subject | None:
    """A connector by its name: no API lists them, so that any name is one."""
    organization, colon, rest = text.strip().partition(":")
    if colon and organization in state.organizations:
        text = rest
    elif text.strip().casefold().startswith("connector:") and len(state.organizations) > 1:
        raise UsageError(f"{_quoted(text)} may be in several organizations", hint=_SEVERAL_ORGANIZATIONS)
    else:
        organization = next(iter(state.organizations), "")
    kind, _, name = text.strip().partition(":")
    if kind.casefold() != Kind.CONNECTOR or not name.strip() or not organization:
        return None
    return Subject(organization, Kind.CONNECTOR, short(name.strip(), "the connector's name"))


def _meant(text: str, known: Iterable[str]) -> str:
    by_folded = {one.casefold(): one for one in known}
    near = get_close_matches(text.strip().casefold(), by_folded, n=1, cutoff=0.6)
    return f"Did you mean {by_folded[near[0]]}?" if near else ""


def _allowed(setting: Setting) -> str:
    return f"It takes: {allowed(setting)}."


def _article(kind: Kind) -> str:
    return f"an {kind}" if kind.value[0] in "aeiou" else f"a {kind}"


def _quoted(text: str) -> str:
    return f"`{text[:80]}…`" if len(text) > 80 else f"`{text}`"
