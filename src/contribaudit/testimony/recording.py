"""From what a person says that the console shows to attestations, ready to be kept. Shared by every front end.

Nothing is read or written here: the states before and after the look, and the screenshots, are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from contribaudit.attestations.anchoring import Held, anchors
from contribaudit.attestations.recording import find_setting, find_subject, parse_value, short
from contribaudit.core.model.attestation import Attachment, Attestation, Signature
from contribaudit.core.model.observation import Value
from contribaudit.core.model.subject import Subject
from contribaudit.core.persons import same_person
from contribaudit.core.plan_moves import plan_now
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.testimony.mail import mail

Hold = Callable[[str], Held]
"""The API before and after the look, by organization."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one screen: who, when, where, and who types it in on which machine."""

    by: str
    """The mail address of whoever looked."""
    observed_at: datetime
    recorded: Signature
    """`recorded.at` is the present moment."""
    id: str
    screen: str = ""
    console_path: str = ""
    note: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """One value as somebody wrote it."""

    subject: str
    setting: str
    value: Value
    where: str = ""
    """ "attestations.csv:12"; "" when it came from the command line."""


def new_id() -> str:
    """An ID that no other attestation has."""
    return uuid4().hex[:16]


def record(state: State, hold: Hold, told: Told, look: Look, *, make_id: Callable[[], str] = new_id) -> Attestation:
    """The attestation of one value. `state` is the newest, which names the subjects; `hold` what holds the look.

    Raises UsageError for an unknown or ambiguous subject, an unknown setting or word, a setting that nobody may
    attest, a look in the future or by nobody.
    """
    by = mail(look.by)
    typist = mail(look.recorded.by, "whoever records it")
    if look.observed_at > look.recorded.at:
        raise UsageError(
            f"The look at {look.observed_at:%Y-%m-%d %H:%M}Z is still to come", hint="Check --observed-at and its zone"
        )
    subject = find_subject(state, told.subject)
    setting = find_setting(told.setting, subject)
    held = hold(subject.organization)
    found, why_not = anchors(held, subject, setting.family, look.observed_at)
    source = held.before if held.past and held.before is not None else state
    highest, words = plan_of(source, subject.organization)
    return Attestation(
        id=make_id(),
        setting=setting.id,
        subject=subject,
        value=parse_value(setting, told.value),
        by=by,
        observed_at=look.observed_at,
        recorded=Signature(typist, look.recorded.at, look.recorded.account, look.recorded.host),
        look=look.id,
        screen=look.screen,
        console_path=short(look.console_path, "The console path"),
        note=short(look.note, "The note"),
        attachments=look.attachments,
        anchors=found,
        unanchored_reason=why_not,
        highest_plan=highest,
        plan_words=words,
    )


def record_all(
    state: State, entries: Iterable[tuple[Hold, Told, Look]], *, make_id: Callable[[], str] = new_id
) -> tuple[Attestation, ...]:
    """All of them, or none: raises one UsageError that names every wrong one."""
    made: list[Attestation] = []
    wrong: list[UsageError] = []
    for hold, told, look in entries:
        try:
            made.append(record(state, hold, told, look, make_id=make_id))
        except UsageError as error:
            wrong.append(error)
    if len(wrong) == 1:
        raise wrong[0]
    raise_all([str(error) for error in wrong])
    _refuse_two_answers(made)
    return tuple(made)


def raise_all(wrong: Sequence[str]) -> None:
    """Raise UsageError when anything is wrong, with every mistake on a line of its own."""
    if wrong:
        listed = "\n".join(wrong)
        said = "1 mistake" if len(wrong) == 1 else f"{len(wrong)} mistakes"
        raise UsageError(f"{said}, and nothing was recorded:\n{listed}", hint="Correct them and try again")


def confirmation(attestation: Attestation, signature: Signature) -> Signature:
    """The signature of a second person. Raises UsageError for whoever looked, typed it in, or confirmed it already."""
    by = mail(signature.by, "whoever confirms")
    if same_person(by, attestation.by) or same_person(by, attestation.recorded.by):
        raise UsageError(
            f"{by} looked or recorded it, and nobody confirms what is their own",
            hint="Ask a second person to look at the screen and to run contribaudit attest confirm",
        )
    if any(same_person(by, one.by) for one in attestation.confirmed):
        raise UsageError(f"{by} confirmed it already", hint="contribaudit attest show tells when")
    return Signature(by, signature.at, signature.account, signature.host)


def plan_of(state: State, organization: str) -> tuple[str | None, tuple[str, ...]]:
    """The highest plan and every plan word, as far as they were read; None and nothing where they were not."""
    seen = plan_now(state, organization)
    return (None, ()) if isinstance(seen, str) else (seen.highest, seen.words)


def _refuse_two_answers(made: Sequence[Attestation]) -> None:
    """One look gives one answer to each question. Raises UsageError."""
    seen: dict[tuple[str, Subject, str], Attestation] = {}
    for one in made:
        before = seen.setdefault((one.look, one.subject, one.setting), one)
        if before is not one and before.value != one.value:
            raise UsageError(f"{one.setting} of {one.subject.id} has two values in one look", hint="Keep one of them")
