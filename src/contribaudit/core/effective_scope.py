"""What comes before any switch: the date, an exemption, and whether the subject has the settings at all.

https://support.atlassian.com/security-and-access-policies/docs/understand-data-contribution/
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from contribaudit.core.alias import alias_of
from contribaudit.core.effective_lists import app_of_space
from contribaudit.core.model import names
from contribaudit.core.model.attestation import in_force
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Grade, Observed, Unavailable
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import space_of
from contribaudit.core.resolve.exemption import exempt
from contribaudit.core.resolve.reasons import Reason, Stop, never_recorded, read_word, rule, stop_by, told
from contribaudit.core.resolve.state import State
from contribaudit.core.snapshot import CollectionStatus

_NONE = "none"


@dataclass(frozen=True, slots=True)
class Scope:
    """What the rules ask of a subject that has the settings."""

    listable: bool
    """Whether the lists can name it; False where the organization's switch alone decides."""
    app: Subject | None = None
    """The app that it is or belongs to; None for the organization, a site and a connector."""
    chain: tuple[Reason, ...] = ()
    sandbox: Stop | None = None
    """For a sandbox: no page says whether it contributes or inherits, so only a list that names it can tell."""


def first_of_all(state: State, organization: str) -> tuple[Reason, ...] | Stop:
    """The date and the exemption, or the stop that one of them makes. Looked up once for the organization."""
    return state.once(("date and exemption", organization), lambda: _first_of_all(state, organization))


def scope_of(state: State, subject: Subject) -> Scope | Stop:
    """Whether the subject has contribution settings, and which. Raises ValueError for a kind that cannot have any."""
    match subject.kind:
        case Kind.ORGANIZATION | Kind.SITE:
            return Scope(listable=False)
        case Kind.APP:
            return state.once(("scope", subject), lambda: _of_app(state, subject))
        case Kind.SPACE:
            app = app_of_space(state, subject)
            if app is not None:
                return _not_listed(state, subject, app) or scope_of(state, app)
            missing = rule(state, f"which app {alias_of(state, subject)} belongs to is not known")
            return Stop(Outcome.UNKNOWN, "app_of_space_not_known", missing)
        case Kind.CONNECTOR:
            return _of_connector(state, subject)
        case _:
            raise ValueError(f"a {subject.kind} contributes nothing of its own")


def _not_listed(state: State, space: Subject, app: Subject) -> Stop | None:
    """The stop that a listing makes which does not show the space; None where it does, or where there is none."""
    listing = state.spaces(space.organization).lists().get(app)
    if listing is None or space_of(state, space) is not None:
        return None
    if listing.status is CollectionStatus.OK:
        gone = f"no listing shows {alias_of(state, space)}: it was renamed or removed"
        return Stop(Outcome.UNKNOWN, "space_not_found", rule(state, gone))
    unread = f"the spaces of {alias_of(state, app)} were not read to the end: {listing.reason or listing.code}"
    return Stop(Outcome.UNKNOWN, "space_not_seen", rule(state, unread))


def _first_of_all(state: State, organization: str) -> tuple[Reason, ...] | Stop:
    effective = state.rulebook.effective
    if state.as_of.astimezone(UTC).date() < effective:
        return Stop(
            Outcome.NOT_YET_EFFECTIVE, "before_effective_date", rule(state, f"nothing is used before {effective}")
        )
    begun = rule(state, f"since {effective} data is used according to the settings")
    subject = organization_subject(organization)
    seen = state.read(subject, names.EXEMPTION)
    if never_recorded(state, subject, names.EXEMPTION):
        return begun, told("no exemption is evidenced: nobody recorded one", seen, decisive=False)
    if isinstance(seen, Unavailable) and _never_claimed(state, subject):
        return begun, told("whoever looked last saw no exemption, and none is evidenced", seen, decisive=False)
    known = (_NONE, *(one.word for one in state.rulebook.exemptions))
    word = read_word(state, subject, names.EXEMPTION, known, "the exemption")
    if isinstance(word, Stop):
        return word
    if word[0] == _NONE:
        return begun, told("the console shows no exemption", seen, decisive=False)
    return exempt(state, organization, *word)


def _never_claimed(state: State, organization: Subject) -> bool:
    """True where the newest looks, which no longer count, saw no exemption: then there is none to lose."""
    looks = in_force(state.attestations.get(organization.organization, ()), state.as_of)
    found = looks.get((organization, names.EXEMPTION), [])
    return bool(found) and all(isinstance(one.value, str) and one.value.casefold() == _NONE for one in found)


def _of_app(state: State, app: Subject) -> Scope | Stop:
    """By the rulebook's list of apps: what is not in it is unknown, never without a setting."""
    seen = state.read(app, names.APP_TYPE_KEY)
    if not isinstance(seen, Observed) or not isinstance(seen.value, str) or seen.grade is Grade.PREDICTED:
        return stop_by(seen, "which app it is")
    known = state.rulebook.app(seen.value)
    match known.contribution if known is not None else "unknown":
        case "own":
            sentence, listable = "can be listed, and its spaces too", True
        case "organization":
            sentence, listable = "is a platform app: it follows the organization's switch, and no list names it", False
        case "none":
            without = told(f"{_title(state, seen.value)} has no contribution setting, so nothing of it is used", seen)
            return Stop(Outcome.NO_SUCH_SETTING, "no_setting", without)
        case _:
            strange = told(f"the rulebook does not know whether {seen.value} has contribution settings", seen)
            return Stop(Outcome.UNKNOWN, "unknown_app", strange)
    return Scope(
        listable=listable,
        app=app,
        chain=(told(f"{_title(state, seen.value)} {sentence}", seen),),
        sandbox=_sandbox(state, app),
    )


def _of_connector(state: State, connector: Subject) -> Scope | Stop:
    """Only certain connectors can contribute: those that the console's lists offer."""
    if never_recorded(state, connector, names.CONTRIBUTION_OFFERED):
        return Scope(listable=True)
    offered = read_word(state, connector, names.CONTRIBUTION_OFFERED, ("yes", "no"), "whether the lists offer it")
    if isinstance(offered, Stop):
        return offered
    word, seen = offered
    if word == "no":
        return Stop(
            Outcome.NO_SUCH_SETTING, "not_offered", told("the console's lists do not offer this connector", seen)
        )
    return Scope(listable=True, chain=(told("the console's lists offer this connector", seen),))


def _sandbox(state: State, app: Subject) -> Stop | None:
    seen = state.value(app, names.APP_SANDBOX)
    if seen is None or not isinstance(seen.value, str) or seen.value.casefold() in ("none", ""):
        return None
    return Stop(
        Outcome.UNKNOWN, "sandbox", told("no page says whether a sandbox contributes or what it inherits", seen)
    )


def _title(state: State, type_key: str) -> str:
    known = state.rulebook.app(type_key)
    return known.title if known is not None else type_key
