"""What decides about contribution before any switch: the date, an exemption, and whether the subject has the settings.

A recorded exemption counts only with evidence: the organization's own Data contribution screen must show it, and the
plan and the apps must be able to have it:
https://support.atlassian.com/security-and-access-policies/docs/understand-data-contribution/
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Grade, Observation, Observed, Unavailable
from contribaudit.core.model.rulebook import Exemption
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.model.times import utc_day
from contribaudit.core.resolve.aliases import called, space_of
from contribaudit.core.resolve.contribution_lists import app_of_space
from contribaudit.core.resolve.plans import deciding_plan, plans_of, possible_plans, trial_on
from contribaudit.core.resolve.reasons import (
    NEVER_RECORDED,
    Reason,
    Stop,
    fact,
    list_unread,
    never_recorded,
    rank_of,
    read_word,
    rule,
    stop_by,
)
from contribaudit.core.resolve.state import State, once_per_state

NOT_ON_EVERY_APP = "exemption_not_on_every_app"
ON_NO_APP = "exemption_on_no_app"
NOT_ON_PLAN = "exemption_not_on_plan"
IN_TRIAL = "exemption_in_trial"
_GRADES = (Grade.DOCUMENTED, Grade.ATTESTED)
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which contribution rules apply to a subject that has the settings."""

    listable: bool
    """Whether the lists can name it; False where the organization's switch alone decides."""
    app: Subject | None = None
    """The app that the subject is or belongs to; None for the organization, a site and a connector."""
    chain: tuple[Reason, ...] = ()
    sandbox: Stop | None = None
    """For a sandbox a stop: no page says whether it contributes or inherits, so only a list that names it decides."""


def scope_of(state: State, subject: Subject) -> Scope | Stop:
    """The subject's scope, or the stop where it has no settings. Raises ValueError for a kind that cannot have any."""
    match subject.kind:
        case Kind.ORGANIZATION | Kind.SITE:
            return Scope(listable=False)
        case Kind.APP:
            return _of_app(state, subject)
        case Kind.SPACE:
            app = app_of_space(state, subject)
            if app is not None:
                return _not_listed(state, subject, app) or scope_of(state, app)
            missing = rule(state, f"the app of {called(state, subject)} is unknown")
            return Stop(Outcome.UNKNOWN, "app_of_space_not_known", missing)
        case Kind.CONNECTOR:
            return _of_connector(state, subject)
        case _:
            raise ValueError(f"a {subject.kind} contributes nothing of its own")


def _not_listed(state: State, space: Subject, app: Subject) -> Stop | None:
    """The stop for a space that its app's listing does not show; None where it does, or where there is no listing."""
    listing = state.spaces(space.organization).lists().get(app)
    if listing is None or space_of(state, space) is not None:
        return None
    if listing.complete:
        sentence = f"no listing shows {called(state, space)}: it was renamed or removed"
        return Stop(Outcome.UNKNOWN, "space_not_found", rule(state, sentence))
    unread = f"the spaces of {called(state, app)} were not read completely: {listing.reason or listing.code}"
    return Stop(Outcome.UNKNOWN, "space_not_seen", rule(state, unread))


@once_per_state
def first_of_all(state: State, organization: str) -> tuple[Reason, ...] | Stop:
    """The links for date and exemption, or the stop that one of them makes. Computed once for the organization."""
    effective = state.rulebook.effective
    if utc_day(state.as_of) < effective:
        return Stop(
            Outcome.NOT_YET_EFFECTIVE, "before_effective_date", rule(state, f"no data is used before {effective}")
        )
    begun = rule(state, f"data has been used according to the settings since {effective}")
    subject = organization_subject(organization)
    seen = state.read(subject, names.EXEMPTION)
    if never_recorded(state, subject, names.EXEMPTION):
        return begun, fact("no exemption is attested", seen, decisive=False)
    if isinstance(seen, Unavailable) and _never_claimed(state, subject):
        return begun, fact("the last attestation showed no exemption", seen, decisive=False)
    words = (_NONE, *(one.word for one in state.rulebook.exemptions))
    word = read_word(state, subject, names.EXEMPTION, words, "the exemption")
    if isinstance(word, Stop):
        return word
    if word[0] == _NONE:
        return begun, fact("the console shows no exemption", seen, decisive=False)
    return exempt(state, organization, *word)


def _never_claimed(state: State, organization: Subject) -> bool:
    """True where the newest looks no longer count but saw no exemption, so that there is none to lose."""
    looks = state.in_force(organization.organization).get((organization, names.EXEMPTION), ())
    return bool(looks) and all(isinstance(one.value, str) and one.value.casefold() == _NONE for one in looks)


@once_per_state
def _of_app(state: State, app: Subject) -> Scope | Stop:
    """The app's scope by the rulebook's list of apps. An app that is not listed is unknown, never without a setting."""
    seen = state.read(app, names.APP_TYPE_KEY)
    if not isinstance(seen, Observed) or not isinstance(seen.value, str) or seen.grade is Grade.PREDICTED:
        return stop_by(seen, "which app it is")
    entry = state.rulebook.app(seen.value)
    match entry.contribution if entry is not None else "unknown":
        case "own":
            sentence, listable = "and its spaces can be put on the lists", True
        case "organization":
            sentence, listable = "is a platform app: it follows the organization's switch, and no list names it", False
        case "none":
            without = fact(f"{_title(state, seen.value)} has no contribution setting, so its data is not used", seen)
            return Stop(Outcome.NO_SUCH_SETTING, "no_setting", without)
        case _:
            unknown = fact(f"the rulebook does not know whether {seen.value} has contribution settings", seen)
            return Stop(Outcome.UNKNOWN, "unknown_app", unknown)
    return Scope(
        listable=listable,
        app=app,
        chain=(fact(f"{_title(state, seen.value)} {sentence}", seen),),
        sandbox=_sandbox(state, app),
    )


def _of_connector(state: State, connector: Subject) -> Scope | Stop:
    """The connector's scope: only connectors that the console's lists offer can contribute."""
    if never_recorded(state, connector, names.CONTRIBUTION_OFFERED):
        return Scope(listable=True)
    offered = read_word(state, connector, names.CONTRIBUTION_OFFERED, ("yes", "no"), "whether the lists offer it")
    if isinstance(offered, Stop):
        return offered
    word, seen = offered
    if word == "no":
        return Stop(
            Outcome.NO_SUCH_SETTING, "not_offered", fact("the console's lists do not offer this connector", seen)
        )
    return Scope(listable=True, chain=(fact("the console's lists offer this connector", seen),))


def _sandbox(state: State, app: Subject) -> Stop | None:
    """The stop for a sandbox, and for an app of which it was not read whether it is one; null is no sandbox here."""
    seen = state.read(app, names.APP_SANDBOX)
    if isinstance(seen, Unavailable):
        if seen.code in NEVER_RECORDED:
            return None
        unread = fact(f"whether it is a sandbox was not read: {seen.reason}", seen)
        return Stop(Outcome.UNKNOWN, seen.code, unread)
    if not isinstance(seen.value, str) or seen.value.casefold() in ("none", ""):
        return None
    return Stop(
        Outcome.UNKNOWN,
        "sandbox",
        fact("Atlassian does not say whether a sandbox contributes or what it inherits", seen),
    )


def _title(state: State, type_key: str) -> str:
    entry = state.rulebook.app(type_key)
    return entry.title if entry is not None else type_key


def exempt(state: State, organization: str, word: str, seen: Observed) -> Stop:
    """The stop that a recorded exemption makes: `exempt`, or `unknown` or `conflict` where evidence is lacking."""
    exemption = next((one for one in state.rulebook.exemptions if one.word == word), None)
    if exemption is None:
        unknown = fact(f"the rulebook does not know the exemption {word!r}", seen)
        return Stop(Outcome.UNKNOWN, "unknown_word", unknown)
    if seen.grade not in _GRADES:
        sentence = f"the exemption {word} is only {seen.grade}; only the Data contribution screen counts"
        return Stop(Outcome.UNKNOWN, "exemption_not_evidenced", fact(sentence, seen))
    other_screen = _other_screen(state, seen)
    if other_screen:
        sentence = f"the exemption {word} was read at {other_screen!r}; only the Data contribution screen counts"
        return Stop(Outcome.UNKNOWN, "exemption_on_another_screen", fact(sentence, seen))
    claimed = fact(f"the Data contribution screen is attested as showing the exemption {word}", seen)
    links = _by_plan(state, organization, exemption)
    if isinstance(links, Stop):
        return replace(links, before=(claimed, *links.before))
    by_app = _by_app(state, organization, exemption) if exemption.setting is not None else ()
    if isinstance(by_app, Stop):
        return replace(by_app, before=(claimed, *by_app.before))
    shown = fact(f"the console shows this organization as exempt ({word})", seen)
    return Stop(Outcome.EXEMPT, "exempt", shown, before=(*links, *by_app))


def _other_screen(state: State, seen: Observed) -> str:
    """The screen or menu path of the look if it belongs to another screen; "" if it is right or was not recorded."""
    look = seen.witness
    if look is None:
        return ""
    right = {one.id for one in state.rulebook.screens if names.EXEMPTION in one.settings}
    if look.screen and look.screen not in right:
        return look.screen
    path = look.console_path.strip()
    led_to = {one.id for one in state.rulebook.screens_at(path)} if path else set()
    return path if led_to and not led_to & right else ""


def _by_plan(state: State, organization: str, exemption: Exemption) -> tuple[Reason, ...] | Stop:
    """The links that show that the organization's plan can have the exemption, or the stop where it may not."""
    if not exemption.plans:
        return ()
    plan = deciding_plan(state, organization)
    possible = possible_plans(state, organization)
    if possible and not any(map(exemption.possible_on, possible)):
        listed = ", ".join(exemption.plans)
        sentence = f"the exemption {exemption.word} exists on {listed} only, and {plan.reason.sentence}"
        return Stop(Outcome.CONFLICT, NOT_ON_PLAN, replace(plan.reason, sentence=sentence))
    if isinstance(plan, Stop):
        certain = bool(possible) and all(map(exemption.possible_on, possible))
        return (plan.reason,) if certain else plan
    if plan.trial and not exemption.trial:
        sentence = f"no trial includes {exemption.title}, and {plan.trial}"
        return Stop(Outcome.UNKNOWN, IN_TRIAL, replace(plan.reason, sentence=sentence))
    return (plan.reason,)


def _by_app(state: State, organization: str, exemption: Exemption) -> tuple[Reason, ...] | Stop:
    """The links that show the exemption on every app that can show it, or the stop where one does not."""
    unread = list_unread(state, organization)
    if unread is not None:
        return unread
    assert exemption.setting is not None
    carriers = [one for one in state.subjects(Kind.APP, organization) if _may_appear(state, one, exemption)]
    links: list[Reason] = []
    without: list[tuple[Subject, Reason]] = []
    unclear: list[Stop] = []
    for app in carriers:
        name = called(state, app)
        word = read_word(
            state, app, exemption.setting, (exemption.value, exemption.without), f"whether {name} has {exemption.title}"
        )
        if isinstance(word, Stop):
            unclear.append(word)
        elif word[0] == exemption.value:
            plan_stop = _beyond_own_plan(state, app, exemption)
            if plan_stop is not None:
                return replace(plan_stop, before=(fact(f"{name} is attested as having {exemption.title}", word[1]),))
            links.append(fact(f"{name} has {exemption.title}", word[1]))
        else:
            without.append((app, fact(f"{name} does not have {exemption.title}", word[1])))
    if not links and not unclear:
        sentence = f"the exemption {exemption.word} is attested, but no app has {exemption.title}"
        no_app = without[0][1] if without else rule(state, sentence)
        return Stop(Outcome.CONFLICT, ON_NO_APP, replace(no_app, sentence=sentence))
    if without:
        app, reason = min(without, key=lambda pair: pair[0])
        sentence = (
            f"{reason.sentence}, and Atlassian does not say that an exemption of some apps exempts the organization"
        )
        return Stop(Outcome.UNKNOWN, NOT_ON_EVERY_APP, replace(reason, sentence=sentence))
    if unclear:
        return min(unclear, key=lambda stop: rank_of(stop.outcome))
    return tuple(links)


def _beyond_own_plan(state: State, app: Subject, exemption: Exemption) -> Stop | None:
    """The stop for an app that shows the exemption although its own plan cannot have it; None if the plan can."""
    if not exemption.plans:
        return None
    own_plans = plans_of(state, app)
    name = called(state, app)
    if own_plans and not any(exemption.possible_on(state.rulebook.plans[rank]) for rank, _ in own_plans):
        rank, seen = own_plans[0]
        sentence = (
            f"{name} has the {state.rulebook.plans[rank].name} plan, and {exemption.title} exists on "
            f"{', '.join(exemption.plans)} only"
        )
        return Stop(Outcome.CONFLICT, NOT_ON_PLAN, fact(sentence, seen))
    if trial_on(state, app) and not exemption.trial:
        sentence = f"no trial includes {exemption.title}, and a trial is running on {name}"
        return Stop(Outcome.UNKNOWN, IN_TRIAL, fact(sentence, _shows_trial(state, app)))
    return None


def _shows_trial(state: State, app: Subject) -> Observation:
    """The observation of the app's trial: the attested or documented one, else the gateway's edition on trial."""
    look = state.read(app, names.TRIAL)
    return look if isinstance(look, Observed) else state.read(app, names.GATEWAY_TRIAL)


def _may_appear(state: State, app: Subject, exemption: Exemption) -> bool:
    """Whether the app can show the exemption: the rulebook says so, or does not know the app at all."""
    entry = state.app(app)
    return entry is None or entry.type_key in exemption.apps
