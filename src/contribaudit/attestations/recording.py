"""Turns what a person saw in the console into attestations ready to be saved. Shared by every front end.

Subject, setting, value, email address and time are each parsed, or refused with a suggestion. A value that the plan
cannot have is kept as given, with a warning. The states before and after the look are passed in; nothing is read or
written here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import uuid4

from contribaudit import catalogue
from contribaudit.attestations.anchoring import ReadingsAround, anchors
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Attachment, Attestation, Signature
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.phrases import counted, either
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject, same_person
from contribaudit.core.model.times import parse_utc
from contribaudit.core.resolve.aliases import alias_of, resolve_alias
from contribaudit.core.resolve.attested_plans import plan_now
from contribaudit.core.resolve.plans import possible_plans
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError, meant

EMPTY = "none"
"""The word for the empty list."""
LONGEST = 4_000
"""Most characters of a note, a path or a value."""
_SEVERAL_ORGANIZATIONS = "Write organization:ID, or put the organization's ID and a colon first."


def find_subject(state: State, text: str) -> Subject:
    """The subject that the text names. Raises UsageError for an ambiguous or unknown one, with a suggestion."""
    subject = resolve_alias(state, text) or _connector(state, text)
    if subject is not None and subject.kind is not Kind.COMPANY:
        return subject
    organization = next(iter(state.organizations), "")
    aliases = ["organization", *(alias_of(state, app) for app in state.subjects(Kind.APP))]
    hint = meant(text, aliases).strip() or (
        f"Write an app as app:HOST/TYPEKEY, or by its ID; {len(aliases) - 1} apps are known."
        if len(aliases) > 1
        else f"No apps of {organization} have been read yet: run `contribaudit audit`."
    )
    raise UsageError(f"There is no subject {_quoted(text)}", hint=hint)


def find_setting(text: str, subject: Subject) -> Setting:
    """The setting, if a person may attest it for this subject. Raises UsageError."""
    name = text.strip().casefold()
    settings_by_name = {setting.id.casefold(): setting for setting in catalogue.ALL if setting.attestable}
    setting = settings_by_name.get(name)
    if setting is None:
        if name in {one.id.casefold() for one in catalogue.ALL}:
            how = "computed" if name.startswith("effective.") or name == names.HIGHEST_PLAN else "read from the API"
            raise UsageError(f"{_quoted(text)} cannot be attested: it is {how}", hint="contribaudit attest --template")
        hint = meant(text, settings_by_name).strip() or "`contribaudit attest --template` lists them."
        raise UsageError(f"There is no setting {_quoted(text)}", hint=hint)
    if subject.kind not in setting.kinds:
        kinds = either([kind.value for kind in setting.kinds])
        raise UsageError(
            f"{setting.id} is a setting of {_with_article(kinds)}, not of {_with_article(subject.kind.value)}",
            hint="Name the subject with --subject",
        )
    return setting


def parse_value(setting: Setting, given: Value) -> Value:
    """The text as a value of the setting. Raises UsageError for an impossible value, with the most similar word."""
    if setting.is_list:
        return _list(setting, given)
    if isinstance(given, bool):
        given = "on" if given else "off"
    text = str(given).strip() if isinstance(given, int | str) else ""
    if not text:
        raise UsageError(f"{setting.id} needs a value", hint=_allowed(setting))
    if setting.words:
        words = {word.casefold(): word for word in setting.words}
        if text.casefold() not in words:
            near = meant(text, words).strip()
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
    """A short description of the values that the setting takes."""
    if setting.words:
        return " | ".join(setting.words)
    if setting.is_list:
        return f"list with commas, or {EMPTY}"
    return {"": "text", "date": "YYYY-MM-DD"}.get(setting.unit, f"number of {setting.unit}")


def exact_time(text: str) -> datetime:
    """The time in UTC; without a zone, the text counts as UTC. Raises UsageError, also for a date alone."""
    hint = "Write 2026-11-21T14:30Z, or 2026-11-21T15:30+01:00"
    if re.fullmatch(r"[0-9-]+", text.strip()):
        raise UsageError(f"{_quoted(text)} has no time of day", hint=hint)
    moment = parse_utc(text)
    if moment is None:
        raise UsageError(f"{_quoted(text)} is not a time", hint=hint)
    return moment


def short(text: str, what: str) -> str:
    """The text, if it is short enough to keep. Raises UsageError."""
    if len(text) > LONGEST:
        raise UsageError(f"{what} has {len(text)} characters", hint=f"Write at most {LONGEST}, or attach a file")
    return text


def _list(setting: Setting, given: Value) -> tuple[str, ...]:
    if isinstance(given, tuple):
        items = [one.strip() for one in given]
    else:
        text = str(given).strip()
        if not text or given is None:
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
    """The connector with this name: no API lists connectors, so any name is accepted."""
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


def _allowed(setting: Setting) -> str:
    return f"It takes: {allowed(setting)}."


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _quoted(text: str) -> str:
    return f"`{text[:80]}…`" if len(text) > 80 else f"`{text}`"


def doubt(state: State, organization: str, setting: SettingId, value: Value) -> str:
    """Why the organization's plan cannot have the value, in one or two sentences; "" when nothing contradicts it.

    When the highest plan is unknown, only values that no possible plan can have are doubted.
    """
    possible = possible_plans(state, organization)
    word = value.strip().casefold() if isinstance(value, str) else ""
    plans = either([plan.name for plan in possible])
    if not possible or not word:
        return ""
    if setting == names.METADATA and word == "off":
        if any(plan.metadata.changeable for plan in possible):
            return ""
        return (
            f"The {plans} plan always contributes metadata: with {setting} off, an audit reports a conflict. If the"
            " console shows no switch, record always."
        )
    if setting == names.METADATA and word == "always":
        if not all(plan.metadata.changeable for plan in possible):
            return ""
        return f"The {plans} plan has a switch for metadata: record whether the console shows on or off."
    if setting == names.EXEMPTION:
        able = next((one.plans for one in state.rulebook.exemptions if one.word == word), ())
        if able and not {name.casefold() for name in able} & {plan.name.casefold() for plan in possible}:
            return (
                f"The exemption {word} exists on {', '.join(able)} only, and the highest plan is {plans}: it will not"
                " count. Record what the Data contribution screen shows."
            )
    return ""


def doubts(state: State, entries: Iterable[tuple[str, SettingId, Value]]) -> list[str]:
    """The doubts about values, by organization and setting, each once."""
    return [one for one in dict.fromkeys(doubt(state, *entry) for entry in entries) if one]


_MAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


def mail(text: str | None, whose: str = "the person who looked") -> str:
    """The email address. Raises UsageError when it is missing or invalid."""
    address = (text or "").strip()
    if not address:
        raise UsageError(
            f"The email address of {whose} is missing",
            hint="Give it with --by, or set attested_by in the configuration",
        )
    if len(address) > 254 or not address.isprintable() or not _MAIL.fullmatch(address):
        raise UsageError(f"`{address[:80]}` is not an email address", hint="Write it as name@example.com")
    return address


Hold = Callable[[str], ReadingsAround]
"""Gives the API's state before and after the look, by organization."""


@dataclass(frozen=True, slots=True)
class ConsoleVisit:
    """One look at one screen: who, when and where, and who recorded it on which machine."""

    by: str
    """The email address of the person who looked."""
    observed_at: datetime
    recorded: Signature
    """`recorded.at` is the current time."""
    id: str
    screen: str = ""
    console_path: str = ""
    note: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class EnteredValue:
    """One value as a person wrote it."""

    subject: str
    setting: str
    value: Value
    where: str = ""
    """"attestations.csv:12"; "" for a value from the command line."""
    note: str = ""
    """Text to put before the note of the look."""


def covering_note(setting: str, value: Value, rows: int, subject: str = "") -> str:
    """The note for every row that one statement about several rows covers."""
    shown = EMPTY if value == () else ", ".join(value) if isinstance(value, tuple) else value
    return f"One statement about {subject or 'all'} ({counted(rows, 'row')}): {setting} = {shown}."


def new_id() -> str:
    """A unique ID for a new attestation."""
    return uuid4().hex[:16]


def record(state: State, hold: Hold, entered: EnteredValue, look: ConsoleVisit) -> Attestation:
    """The attestation of one value. `state` is the newest, which names the subjects; `hold` gives the readings around.

    Raises UsageError for an unknown or ambiguous subject, an unknown setting or word, a setting that cannot be
    attested, a look in the future or before any console showed the setting, and one without a person.
    """
    by = mail(look.by)
    typist = mail(look.recorded.by, "the person who records it")
    if look.observed_at > look.recorded.at:
        raise UsageError(
            f"{look.observed_at:%Y-%m-%d %H:%M}Z is in the future", hint="Check --observed-at and its time zone"
        )
    subject = find_subject(state, entered.subject)
    setting = find_setting(entered.setting, subject)
    first = state.rulebook.shown_since(setting.id)
    if first is not None and look.observed_at.astimezone(UTC).date() < first:
        raise UsageError(
            f"{look.observed_at:%Y-%m-%d} is too early: no console showed {setting.id} before {first}",
            hint="Check --observed-at",
        )
    readings = hold(subject.organization)
    bound, why_not = anchors(readings, subject, setting.family, look.observed_at)
    source = readings.before if readings.past and readings.before is not None else state
    highest, words = plan_of(source, subject.organization)
    return Attestation(
        id=new_id(),
        setting=setting.id,
        subject=subject,
        value=parse_value(setting, entered.value),
        by=by,
        observed_at=look.observed_at,
        recorded=Signature(typist, look.recorded.at, look.recorded.account, look.recorded.host),
        look=look.id,
        screen=look.screen,
        console_path=short(look.console_path, "The console path"),
        note=short(" ".join(one for one in (entered.note, look.note) if one), "The note"),
        attachments=look.attachments,
        anchors=bound,
        unanchored_reason=why_not,
        highest_plan=highest,
        plan_words=words,
    )


def record_all(state: State, entries: Iterable[tuple[Hold, EnteredValue, ConsoleVisit]]) -> tuple[Attestation, ...]:
    """Every entry as an attestation, or none. Raises one UsageError that names all invalid entries."""
    made: list[Attestation] = []
    wrong: list[UsageError] = []
    for hold, entered, look in entries:
        try:
            made.append(record(state, hold, entered, look))
        except UsageError as error:
            wrong.append(error)
    if len(wrong) == 1:
        raise wrong[0]
    raise_all([str(error) for error in wrong])
    refuse_two_answers(made)
    return tuple(made)


def raise_all(wrong: Sequence[str]) -> None:
    """Raise UsageError with every mistake on its own line, if there are any."""
    if wrong:
        listed = "\n".join(wrong)
        count = counted(len(wrong), "mistake")
        raise UsageError(f"{count}, and nothing was recorded:\n{listed}", hint="Correct them and try again")


def confirmation(attestation: Attestation, signature: Signature) -> Signature:
    """The signature of a second person. Raises UsageError for a person who looked, recorded or already confirmed it."""
    by = mail(signature.by, "the person who confirms")
    if same_person(by, attestation.by) or same_person(by, attestation.recorded.by):
        raise UsageError(
            f"{by} made or recorded this attestation; a second person must confirm it",
            hint="Ask somebody else to look at the screen and run `contribaudit attest confirm`",
        )
    if any(same_person(by, one.by) for one in attestation.confirmed):
        raise UsageError(f"{by} has already confirmed it", hint="`contribaudit attest show` says when")
    return Signature(by, signature.at, signature.account, signature.host)


def plan_of(state: State, organization: str) -> tuple[str | None, tuple[str, ...]]:
    """The highest plan and every plan word, as far as they were read; None and () otherwise."""
    seen = state.once(("plan seen", organization), lambda: plan_now(state, organization))
    return (None, ()) if isinstance(seen, str) else (seen.highest, seen.words)


def refuse_two_answers(made: Sequence[Attestation]) -> None:
    """Raise UsageError when one look gives two answers to the same question."""
    seen: dict[tuple[str, Subject, str], Attestation] = {}
    for attestation in made:
        before = seen.setdefault((attestation.look, attestation.subject, attestation.setting), attestation)
        if before is not attestation and before.value != attestation.value:
            raise UsageError(
                f"{attestation.setting} of {attestation.subject.id} has two values in one attestation",
                hint="Keep one of them",
            )
