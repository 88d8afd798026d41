"""What AI may do: agents (AI-09, AI-10), web search (AI-11), beta features (AI-23), connectors, the MCP server.

Connectors: which are connected (AI-12) or gone (AI-13), and what they let through (AI-14, AI-15). The Rovo MCP server:
which tools may connect (AI-16), by token (AI-17), and what they may write (AI-18).
"""

from __future__ import annotations

from datetime import timedelta

from contribaudit.catalogue import ai_tools as tools
from contribaudit.catalogue import connectors
from contribaudit.checks.ai_access.apps import no_more_than
from contribaudit.checks.reading import (
    ATTESTED,
    attested_choice,
    attested_list,
    beyond,
    code_of,
    compared,
    evidence_of,
    fragile_in_trial,
)
from contribaudit.core.judge.check import Check, CheckContext, Expectation, Shape, Verdict
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.times import later
from contribaudit.core.resolve.state import State

_STATE = connectors.STATE


def approved_connector(case: CheckContext) -> Verdict:
    """AI-12: a connector that is connected, hidden from search or not, is one of the rule's `expect`."""
    approved = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    word = attested_choice(case.state, case.subject, _STATE, "disconnected")
    if isinstance(word, Verdict):
        return word
    evidence = evidence_of(case.state.read(case.subject, _STATE.id))
    accepted = any(not beyond(case, (name,), approved) for name in (case.subject.id, f"connector:{case.subject.id}"))
    if word == "disconnected" or accepted:
        code = "disconnected" if word == "disconnected" else "approved"
        return Verdict(Outcome.PASS, code, f"the connector is {word}", _STATE.id, approved, word, evidence)
    if word == "disconnecting":
        return _disconnecting(case, word)
    more = ": hidden from search is still connected" if word == "hidden" else ""
    reason = f"the connector is {word}, and the policy does not approve it{more}"
    return Verdict(Outcome.FAIL, "connector_not_approved", reason, _STATE.id, approved, word, evidence)


def disconnected(case: CheckContext) -> Verdict:
    """AI-13: a connector that was disconnected is seen gone, once the time that Atlassian names has passed."""
    word = attested_choice(case.state, case.subject, _STATE, "disconnected")
    if isinstance(word, Verdict):
        return word
    if word == "disconnecting":
        return _disconnecting(case, word)
    evidence = evidence_of(case.state.read(case.subject, _STATE.id))
    if word == "disconnected":
        reason = "the connector was seen disconnected"
        return Verdict(Outcome.PASS, "disconnected", reason, _STATE.id, "disconnected", word, evidence)
    reason = f"the connector is {word}: no disconnection of it was seen to run"
    return Verdict(Outcome.UNKNOWN, "not_disconnected", reason, _STATE.id, "disconnected", word, evidence)


def _disconnecting(case: CheckContext, word: str) -> Verdict:
    """`pending` until it should be done, counted from when it was seen running; then somebody looks again."""
    seen = case.state.read(case.subject, _STATE.id)
    assert isinstance(seen, Observed)
    hours = case.state.rulebook.clocks.disconnect_hours.amount
    due = later(seen.observed_at, timedelta(hours=hours))
    if due > case.as_of:
        reason = f"the disconnection runs, which takes {hours} hours for most apps"
        return Verdict(
            Outcome.PENDING, "disconnecting", reason, _STATE.id, "disconnected", word, evidence_of(seen), due_at=due
        )
    reason = f"the disconnection was seen running on {seen.observed_at:%Y-%m-%d}, and nobody looked whether it is done"
    return Verdict(
        Outcome.UNKNOWN, "disconnect_not_seen_done", reason, _STATE.id, "disconnected", word, evidence_of(seen)
    )


def replicates_permissions(case: CheckContext) -> Verdict:
    """AI-14: the connector copies the permissions of its source; one that leaves the word out does not."""
    says = {
        "true": "the connector copies the permissions of its source",
        "false": "the connector does not copy permissions: everybody sees everything that it takes in",
        "omitted": "the connector does not say that it copies permissions, which counts as not copying them",
    }
    return compared(case, connectors.PERMISSIONS, "true", says)


def blocklist(case: CheckContext) -> Verdict:
    """AI-15: the blocklist holds no more than it can, and nothing but addresses; whether each exists nobody checks."""
    setting = connectors.BLOCKLIST
    entries = attested_list(case.state, case.subject, setting)
    if isinstance(entries, Verdict):
        return entries
    evidence = evidence_of(case.state.read(case.subject, setting.id))
    most = case.state.rulebook.limits.blocklist_items.amount
    if len(entries) > most:
        reason = f"the blocklist holds {len(entries)} entries, and {most} are the most that count"
        return Verdict(Outcome.FAIL, "too_many_entries", reason, setting.id, None, entries, evidence)
    odd = sorted(entry for entry in entries if not entry.casefold().startswith("https://") or " " in entry.strip())
    if odd:
        reason = f"entries that are no address block nothing: {', '.join(odd)}"
        return Verdict(Outcome.FAIL, "entry_is_no_address", reason, setting.id, None, entries, evidence)
    reason = f"the blocklist holds {len(entries)} entries that look like addresses; whether each exists is not checked"
    return Verdict(Outcome.PASS, "entries_valid", reason, setting.id, None, entries, evidence)


def _may_be_disconnected(state: State, subject: Subject) -> bool:
    return attested_choice(state, subject, _STATE) not in ("connected", "hidden")


def _may_be_connected(state: State, subject: Subject) -> bool:
    return attested_choice(state, subject, _STATE) != "disconnected"


AI_12 = Check(
    id="AI-12",
    slug="connectors-approved",
    family=Family.AI_ACCESS,
    kind=Kind.CONNECTOR,
    reads=(_STATE.id,),
    outcomes=ATTESTED | {Outcome.PENDING},
    judge=fragile_in_trial(approved_connector),
    expectation=Expectation(
        Shape.WORDS, means="connectors that may stay connected", default="none may", example='["Figma"]'
    ),
)
AI_13 = Check(
    id="AI-13",
    slug="disconnected-connectors-removed",
    family=Family.AI_ACCESS,
    kind=Kind.CONNECTOR,
    reads=(_STATE.id,),
    outcomes=(ATTESTED - {Outcome.FAIL}) | {Outcome.PENDING},
    judge=fragile_in_trial(disconnected),
    applies=_may_be_disconnected,
)
AI_14 = Check(
    id="AI-14",
    slug="connectors-copy-permissions",
    family=Family.AI_ACCESS,
    kind=Kind.CONNECTOR,
    reads=(connectors.PERMISSIONS.id, _STATE.id),
    outcomes=ATTESTED,
    judge=fragile_in_trial(replicates_permissions),
    applies=_may_be_connected,
)
AI_15 = Check(
    id="AI-15",
    slug="connector-blocklists-valid",
    family=Family.AI_ACCESS,
    kind=Kind.CONNECTOR,
    reads=(connectors.BLOCKLIST.id, _STATE.id),
    outcomes=ATTESTED,
    judge=fragile_in_trial(blocklist),
    applies=_may_be_connected,
)


def creators(case: CheckContext) -> Verdict:
    """AI-09: only administrators, or named groups, create agents; the rule's `expect` may name the groups."""
    word = attested_choice(case.state, case.subject, tools.AGENT_CREATORS, "admins")
    if isinstance(word, Verdict):
        return word
    evidence = evidence_of(case.state.read(case.subject, tools.AGENT_CREATORS.id))
    code = code_of(tools.AGENT_CREATORS, word)
    if word != "groups":
        outcome = Outcome.PASS if word == "admins" else Outcome.FAIL
        who = "only administrators create agents" if word == "admins" else "everyone may create agents"
        return Verdict(outcome, code, who, tools.AGENT_CREATORS.id, "admins", word, evidence)
    groups = attested_list(case.state, case.subject, tools.AGENT_CREATOR_GROUPS, case.rule.expect)
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


def default_access(case: CheckContext) -> Verdict:
    """AI-10: no app or group is opened to every future agent, but those that the rule's `expect` approves."""
    approved = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    setting = tools.AGENT_DEFAULT_ACCESS
    opened = attested_list(case.state, case.subject, setting, approved)
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


def web_search(case: CheckContext) -> Verdict:
    """AI-11: the web search option is off. Addresses can still be fetched then: data can leave in other ways."""
    says = {
        "off": "the web search option is off; fetching an address that somebody names is another matter",
        "on": "the web search option is on: queries go out to the web",
    }
    return compared(case, tools.WEB_SEARCH, "off", says)


def beta_features(case: CheckContext) -> Verdict:
    """AI-23: beta AI features are off, where the console has a switch for them."""
    word = attested_choice(case.state, case.subject, tools.BETA_FEATURES, "off")
    if word == "no_switch":
        evidence = evidence_of(case.state.read(case.subject, tools.BETA_FEATURES.id))
        reason = "the console shows no switch for beta AI features, and none is documented"
        return Verdict(Outcome.UNKNOWN, "no_switch", reason, tools.BETA_FEATURES.id, "off", word, evidence)
    return compared(
        case, tools.BETA_FEATURES, "off", {"off": "beta AI features are off", "on": "beta AI features are on"}
    )


AI_09 = Check(
    id="AI-09",
    slug="agent-creation-restricted",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.AGENT_CREATORS.id, tools.AGENT_CREATOR_GROUPS.id),
    outcomes=ATTESTED,
    judge=fragile_in_trial(creators),
    expectation=Expectation(
        Shape.WORDS,
        means="groups that may create agents",
        default="any group that the console names",
        example='["ai-builders"]',
    ),
)
AI_10 = Check(
    id="AI-10",
    slug="new-agents-without-access",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.AGENT_DEFAULT_ACCESS.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(default_access),
    expectation=Expectation(
        Shape.WORDS, means="apps and groups that future agents may reach", default="none", example='["Jira"]'
    ),
)
AI_11 = Check(
    id="AI-11",
    slug="web-search-off",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.WEB_SEARCH.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(web_search),
)
AI_23 = Check(
    id="AI-23",
    slug="beta-ai-off",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.BETA_FEATURES.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(beta_features),
)


SUPPORTED = "atlassian-supported"
"""What a rule's `expect` writes for the domains that Atlassian supports: they are allowed or blocked all together."""
SANDBOX = "sandbox"
"""What a rule's `expect` writes to want write access in sandboxes alone, which the organization-wide setting cannot."""


def domains(case: CheckContext) -> Verdict:
    """AI-16: only domains of the rule's `expect` connect, and no API token goes past them.

    Domain rules bind tools that sign in by OAuth. While tokens are accepted they keep nobody out, so their switch is
    part of the answer.
    """
    approved = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    supported = attested_choice(case.state, case.subject, tools.MCP_SUPPORTED_DOMAINS, approved)
    own = attested_list(case.state, case.subject, tools.MCP_DOMAINS, approved)
    tokens = attested_choice(case.state, case.subject, tools.MCP_API_TOKENS, "off")
    held = (*([SUPPORTED] if supported == "allowed" else []), *(own if isinstance(own, tuple) else ()))
    strangers = beyond(case, held, approved)
    settings = (tools.MCP_SUPPORTED_DOMAINS.id, tools.MCP_DOMAINS.id, tools.MCP_API_TOKENS.id)
    evidence = evidence_of(*(case.state.read(case.subject, setting) for setting in settings))
    if strangers:
        reason = f"tools may connect from {', '.join(strangers)}, which the policy does not approve"
        return Verdict(Outcome.FAIL, "domain_not_approved", reason, tools.MCP_DOMAINS.id, approved, held, evidence)
    if tokens == "on":
        reason = "the domains are approved, but tools that sign in with an API token are not bound by them"
        return Verdict(Outcome.FAIL, "tokens_pass_domains", reason, tools.MCP_API_TOKENS.id, "off", tokens, evidence)
    for part in (supported, own, tokens):
        if isinstance(part, Verdict):
            return part
    reason = "only approved domains connect, and no API token goes past them"
    return Verdict(Outcome.PASS, "domains_approved", reason, tools.MCP_DOMAINS.id, approved, held, evidence)


def api_tokens(case: CheckContext) -> Verdict:
    """AI-17: tools may not sign in with API tokens, which the domain rules do not bind."""
    says = {"off": "tools cannot sign in with API tokens", "on": "tools may sign in with API tokens, from any domain"}
    return compared(case, tools.MCP_API_TOKENS, "off", says)


def write_permission(case: CheckContext) -> Verdict:
    """AI-18: writing over MCP is no wider than the rule's `expect`, else blocked; a sandbox alone cannot be allowed."""
    if isinstance(case.rule.expect, str) and case.rule.expect.casefold() == SANDBOX:
        word = attested_choice(case.state, case.subject, tools.MCP_WRITE, SANDBOX)
        if isinstance(word, Verdict):
            return word
        evidence = evidence_of(case.state.read(case.subject, tools.MCP_WRITE.id))
        if word == "blocked":
            reason = "writing is blocked, in sandboxes too"
            return Verdict(Outcome.PASS, "write_blocked", reason, tools.MCP_WRITE.id, SANDBOX, word, evidence)
        reason = "the permission to write holds for the whole organization: it cannot be limited to a sandbox"
        return Verdict(Outcome.NOT_ACHIEVABLE, "not_per_sandbox", reason, tools.MCP_WRITE.id, SANDBOX, word, evidence)
    return no_more_than(case, tools.MCP_WRITE, "blocked")


AI_16 = Check(
    id="AI-16",
    slug="mcp-domains-approved",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.MCP_SUPPORTED_DOMAINS.id, tools.MCP_DOMAINS.id, tools.MCP_API_TOKENS.id),
    outcomes=ATTESTED,
    judge=fragile_in_trial(domains),
    expectation=Expectation(
        Shape.WORDS,
        means=f"domains that may connect, {SUPPORTED} for those on Atlassian's list",
        default="none may",
        example=f'["mcp.acme.example", "{SUPPORTED}"]',
    ),
)
AI_17 = Check(
    id="AI-17",
    slug="mcp-api-tokens-off",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.MCP_API_TOKENS.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(api_tokens),
)
AI_18 = Check(
    id="AI-18",
    slug="mcp-write-blocked-or-approved",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.MCP_WRITE.id,),
    outcomes=ATTESTED | {Outcome.NOT_ACHIEVABLE},
    judge=fragile_in_trial(write_permission),
    expectation=Expectation(
        Shape.WORD,
        words=(*tools.MCP_WRITE.words, SANDBOX),
        means="the widest write access that MCP tools may have",
        default="blocked",
        example='"limited"',
    ),
)
