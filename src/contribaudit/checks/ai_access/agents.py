"""What AI may do by itself: agents (AI-09, AI-10), web search (AI-11), features in beta (AI-23)."""

from __future__ import annotations

from contribaudit.catalogue import ai_tools as tools
from contribaudit.checks.parts import evidence_of
from contribaudit.checks.reading import ATTESTED, beyond, code_of, compared, fragile_in_trial, list_of, word_of
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind


def creators(case: Case) -> Verdict:
    """AI-09: only administrators, or named groups, create agents; the rule's `expect` may name the groups."""
    word = word_of(case.state, case.subject, tools.AGENT_CREATORS, "admins")
    if isinstance(word, Verdict):
        return word
    evidence = evidence_of(case.state.read(case.subject, tools.AGENT_CREATORS.id))
    code = code_of(tools.AGENT_CREATORS, word)
    if word != "groups":
        outcome = Outcome.PASS if word == "admins" else Outcome.FAIL
        who = "only administrators create agents" if word == "admins" else "everyone may create agents"
        return Verdict(outcome, code, who, tools.AGENT_CREATORS.id, "admins", word, evidence)
    groups = list_of(case.state, case.subject, tools.AGENT_CREATOR_GROUPS, case.rule.expect)
    if isinstance(groups, Verdict):
        return groups
    evidence += evidence_of(case.state.read(case.subject, tools.AGENT_CREATOR_GROUPS.id))
    approved = case.rule.expect if isinstance(case.rule.expect, tuple) else groups
    strangers = beyond(case, groups, approved)
    if strangers:
        reason = f"groups that are not approved create agents: {', '.join(strangers)}"
        return Verdict(
            Outcome.FAIL, "group_not_approved", reason, tools.AGENT_CREATOR_GROUPS.id, approved, groups, evidence
        )
    reason = f"only these groups create agents: {', '.join(groups) or 'none'}"
    return Verdict(Outcome.PASS, code, reason, tools.AGENT_CREATOR_GROUPS.id, approved, groups, evidence)


def default_access(case: Case) -> Verdict:
    """AI-10: no app or group is opened to every future agent, but those that the rule's `expect` approves."""
    approved = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    setting = tools.AGENT_DEFAULT_ACCESS
    opened = list_of(case.state, case.subject, setting, approved)
    if isinstance(opened, Verdict):
        return opened
    evidence = evidence_of(case.state.read(case.subject, setting.id))
    strangers = beyond(case, opened, approved)
    if strangers:
        reason = f"every future agent gets access to {', '.join(strangers)}"
        return Verdict(Outcome.FAIL, "access_not_approved", reason, setting.id, approved, opened, evidence)
    what = "what is approved" if opened else "nothing"
    reason = f"a future agent gets access to {what} by default; agents that exist keep what they have"
    return Verdict(Outcome.PASS, "access_approved", reason, setting.id, approved, opened, evidence)


def web_search(case: Case) -> Verdict:
    """AI-11: the web search option is off. Addresses can still be fetched then: data can leave in other ways."""
    says = {
        "off": "the web search option is off; fetching an address that somebody names is another matter",
        "on": "the web search option is on: queries go out to the web",
    }
    return compared(case, tools.WEB_SEARCH, "off", says)


def beta_features(case: Case) -> Verdict:
    """AI-23: beta AI features are off, where the console has a switch for them."""
    word = word_of(case.state, case.subject, tools.BETA_FEATURES, "off")
    if word == "no_switch":
        evidence = evidence_of(case.state.read(case.subject, tools.BETA_FEATURES.id))
        reason = "the console shows no switch for beta AI features, and none is documented"
        return Verdict(Outcome.UNKNOWN, "no_switch", reason, tools.BETA_FEATURES.id, "off", word, evidence)
    return compared(
        case, tools.BETA_FEATURES, "off", {"off": "beta AI features are off", "on": "beta AI features are on"}
    )


AI_09 = Check(
    id="AI-09",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.AGENT_CREATORS.id, tools.AGENT_CREATOR_GROUPS.id),
    outcomes=ATTESTED,
    judge=fragile_in_trial(creators),
    expectation=Expectation(Shape.WORDS, means="groups that may create agents", example='["ai-builders"]'),
)
AI_10 = Check(
    id="AI-10",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.AGENT_DEFAULT_ACCESS.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(default_access),
    expectation=Expectation(Shape.WORDS, means="apps and groups that future agents may have", example='["Jira"]'),
)
AI_11 = Check(
    id="AI-11",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.WEB_SEARCH.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(web_search),
)
AI_23 = Check(
    id="AI-23",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.BETA_FEATURES.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(beta_features),
)
