"""What each source says about an app's main AI switch: people, Atlassian's gateway, and the app's AI policy item.

A gateway field is about the app for which it was asked, except Jira's, which is about the site's whole Jira family:
while another app of the family is seen open, its yes does not contradict a block of this app. A yes for a whole site
is about at least one of its apps; `effective_ai` draws that conclusion. `rovo` combines the sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed, SettingId, Unavailable
from contribaudit.core.model.phrases import either
from contribaudit.core.model.rulebook import App
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.inventory import Site, site_by_app, sites_of
from contribaudit.core.resolve.plans import deciding_plan, plans_by_console, possible_plans, trial_of_any_plan
from contribaudit.core.resolve.reasons import Reason, Stop, fact, never_recorded, read_word, rule
from contribaudit.core.resolve.state import State, once_per_state

BLOCKED = "blocked"
LIMITED = "limited"
OPENNESS = {BLOCKED: 0, "off": 0, LIMITED: 1, "allowed": 2, "on": 2}
"""How far each word lets AI in, from 0 for not at all to 2 for everybody."""
WORDS: Mapping[SettingId, tuple[str, ...]] = {
    names.AI_ACCESS: ("allowed", LIMITED, BLOCKED),
    names.AI_OWN_SETTING: ("on", LIMITED, "off"),
}
CALLED: Mapping[SettingId, str] = {
    names.AI_ACCESS: "Rovo access",
    names.AI_OWN_SETTING: "the app's own AI switch",
}
WITNESSES = (names.GATEWAY_ROVO, names.GATEWAY_AI, names.GATEWAY_ROVO_LLM, names.AI_POLICY_ITEM)
"""Further settings that show the position of a main switch."""
GATEWAY_SILENT = "gateway_silent"
"""Code of a gateway answer that cannot be used, where nobody has looked either."""
_ENABLED: Mapping[SettingId, str] = {
    names.GATEWAY_ROVO: "Rovo is",
    names.GATEWAY_AI: "AI features are",
    names.GATEWAY_ROVO_LLM: "Rovo's language models are",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The gateway's answer about one app."""

    yes: bool | None
    """None for an answer that cannot be used: null, an error, a refusal."""
    link: Reason

    @property
    def setting(self) -> SettingId | None:
        """The gateway field that decides."""
        return self.link.observation.setting if self.link.observation is not None else None


def main_switch(entry: App | None) -> SettingId:
    """The switch that gateway and item are about: the app's own where Rovo access does not cover the app."""
    return names.AI_OWN_SETTING if entry is not None and entry.rovo_block == "elsewhere" else names.AI_ACCESS


def recorded(state: State, app: Subject, switch: SettingId) -> tuple[str, Observed] | Stop:
    """The switch's word as people recorded it, with its observation; else a stop."""
    return read_word(state, app, switch, WORDS[switch], CALLED[switch])


def is_shut(word: str) -> bool:
    """Whether the word of a switch keeps AI out for everybody."""
    return OPENNESS[word] == OPENNESS[BLOCKED]


def gateway(state: State, app: Subject) -> Answer | None:
    """The gateway's answer about the app; None where it was not asked.

    One field that says yes makes a yes. It is a no where Rovo and AI features, as far as each was asked for, are off:
    the language models are part of Rovo.
    """
    seen = {field: state.read(app, field) for field in _ENABLED}
    for field, answer in seen.items():
        if isinstance(answer, Observed) and answer.value is True:
            return Answer(True, fact(f"{_ENABLED[field]} enabled according to the GraphQL gateway", answer))
    asked = [seen[field] for field in (names.GATEWAY_ROVO, names.GATEWAY_AI) if not never_recorded(state, app, field)]
    unusable = [one for one in asked if not isinstance(one, Observed) or one.value is not False]
    if unusable:
        one = unusable[0]
        if isinstance(one, Unavailable):
            own = one.code != names.OTHER_ORGANIZATION
            sentence = f"the GraphQL gateway did not answer: {one.reason}" if own else one.reason
        else:
            sentence = f"the GraphQL gateway answers {'null' if one.value is None else repr(one.value)}"
        return Answer(None, fact(sentence, one))
    if not asked:
        return None
    no = asked[0]
    sentence = f"{_ENABLED[no.setting]} not enabled for the token's account"
    if nobody_alone(state, app.organization) is not None:
        sentence = (
            f"{_ENABLED[no.setting]} not enabled according to the GraphQL gateway, and no plan here limits it by group"
        )
    return Answer(False, fact(sentence, no))


@once_per_state
def nobody_alone(state: State, organization: str) -> Reason | None:
    """Why Rovo cannot be limited to groups in the organization: no plan that it may have allows that.

    None where a possible plan allows it, where no plan is known (a word that the rulebook does not know proves
    nothing), and where a trial may be of a plan that allows it.
    """
    able = state.rulebook.plan_with("rovo_by_group")
    possible = plans_by_console(state, organization)
    if not able or not possible or any(plan.rovo_by_group for plan in possible):
        return None
    if trial_of_any_plan(state, organization):
        return None
    limit = f"and Rovo can be limited by group on {able} only"
    plan = deciding_plan(state, organization)
    if not isinstance(plan, Stop):
        return replace(plan.reason, sentence=f"{plan.reason.sentence}, {limit}")
    highest = f"the highest plan is {either([one.name for one in possible])}"
    if any(one.rovo_by_group for one in possible_plans(state, organization)):
        screen = state.read(organization_subject(organization), names.METADATA)
        return fact(f"the Data contribution screen shows no switch for metadata, so {highest}, {limit}", screen)
    return rule(state, f"{highest}, {limit}")


def explained_by_family(state: State, app: Subject, answer: Answer) -> bool:
    """Whether the answer is Jira's yes about the whole family, and another app of the family is seen open."""
    return bool(answer.yes) and answer.setting != names.GATEWAY_AI and _open_sibling(state, app)


def _open_sibling(state: State, app: Subject) -> bool:
    site = site_by_app(state, app.organization).get(app)
    return site is not None and _in_family(state, app) and any(one != app for one in _open_family(state, site))


@once_per_state
def _open_family(state: State, site: Site) -> list[Subject]:
    """The Jira-family apps of the site that a source about them alone says are open."""
    return [one for one in site.apps if _in_family(state, one) and _witnessed_open(state, one)]


def _in_family(state: State, app: Subject) -> bool:
    entry = state.app(app)
    return entry is not None and entry.jira_family


def _witnessed_open(state: State, app: Subject) -> bool:
    """Whether a source that is about this app alone says that it is open."""
    words = {switch: recorded(state, app, switch) for switch in WORDS}
    if any(not isinstance(word, Stop) and not is_shut(word[0]) for word in words.values()):
        return True
    if not isinstance(words[names.AI_ACCESS], Stop):
        return False
    item, features = policy_item(state, app), state.value(app, names.GATEWAY_AI)
    return (features is not None and features.value is True) or (item is not None and item[0])


def policy_item(state: State, app: Subject) -> tuple[bool, Observed] | None:
    """Whether the app's AI policy item reads as on, with its observation; None if it is absent or reads as neither."""
    seen = state.value(app, names.AI_POLICY_ITEM)
    if seen is None or seen.value not in ("on", "off"):
        return None
    return seen.value == "on", seen


@once_per_state
def site_answers(state: State, organization: str) -> Mapping[Site, Observed]:
    """The gateway's yes for each site where Rovo is enabled, in the order of the sites."""
    by_name: dict[str, Observed] = {}
    for subject in state.subjects(Kind.SITE, organization):
        seen = state.value(subject, names.GATEWAY_ROVO)
        if seen is not None and seen.value is True:
            by_name[subject.id.casefold()] = seen
    answers: dict[Site, Observed] = {}
    for site in sites_of(state, organization) if by_name else ():
        seen = by_name.get(site.id.casefold()) or by_name.get(site.host.casefold())
        if seen is not None:
            answers[site] = seen
    return answers
