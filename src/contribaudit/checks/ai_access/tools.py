"""What AI may do: agents (AI-09, AI-10), web search (AI-11), beta features (AI-23), connectors and the Rovo MCP server.

Connectors: which are connected (AI-12) or removed (AI-13), and what they let through (AI-14, AI-15). The MCP server:
which tools may connect (AI-16), whether by API token (AI-17), and whether they may write (AI-18).
"""

from __future__ import annotations

import re
from datetime import timedelta

from contribaudit.catalogue import ai_tools as tools
from contribaudit.checks.ai_access.apps import no_more_than
from contribaudit.checks.reading import (
    attested_choice,
    attested_list,
    beyond,
    code_of,
    compared,
    connector_approved,
    fragile_in_trial,
    only_approved,
)
from contribaudit.core.judge.check import ATTESTED, Check, CheckContext, Expectation, Shape, Verdict, check
from contribaudit.core.model.finding import Evidence, Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.times import later
from contribaudit.core.resolve.state import State

_STATE = tools.CONNECTOR_STATE
_ADDRESS = re.compile(r"https://(?:[^\W_][\w-]*\.)+[^\W\d_][\w-]*(?::\d+)?(?:[/?#]\S*)?$", re.IGNORECASE)
"""An address with a full host name; an entry that is only a folder or half an address blocks nothing."""


@check(
    "AI-12",
    "connectors-approved",
    Kind.CONNECTOR,
    reads=(_STATE.id,),
    outcomes=ATTESTED | {Outcome.PENDING},
    expectation=Expectation(
        Shape.WORDS, means="connectors that may stay connected", default="none", example='["Figma"]'
    ),
)
@fragile_in_trial
def approved_connector(case: CheckContext) -> Verdict:
    """AI-12: every connected connector, also one hidden from search, is in the rule's `expect`."""
    word = attested_choice(case.state, case.subject, _STATE, "disconnected")
    if isinstance(word, Verdict):
        return word
    about = _STATE.id, case.listed, word, case.evidence(_STATE.id)
    if word == "disconnected" or connector_approved(case):
        code = "disconnected" if word == "disconnected" else "approved"
        return Verdict(Outcome.PASS, code, f"the connector is {word}", *about)
    if word == "disconnecting":
        return _disconnecting(case, word)
    more = ": one that is hidden from search is still connected" if word == "hidden" else ""
    reason = f"the connector is {word}; the policy does not approve it{more}"
    return Verdict(Outcome.FAIL, "connector_not_approved", reason, *about)


def _may_be_disconnected(state: State, subject: Subject) -> bool:
    return attested_choice(state, subject, _STATE) not in ("connected", "hidden")


@check(
    "AI-13",
    "disconnected-connectors-removed",
    Kind.CONNECTOR,
    reads=(_STATE.id,),
    outcomes=(ATTESTED - {Outcome.FAIL}) | {Outcome.PENDING},
    applies=_may_be_disconnected,
)
@fragile_in_trial
def disconnected(case: CheckContext) -> Verdict:
    """AI-13: a connector that was disconnected is confirmed gone once the period that Atlassian names has passed."""
    word = attested_choice(case.state, case.subject, _STATE, "disconnected")
    if isinstance(word, Verdict):
        return word
    if word == "disconnecting":
        return _disconnecting(case, word)
    about = _STATE.id, "disconnected", word, case.evidence(_STATE.id)
    if word == "disconnected":
        return Verdict(Outcome.PASS, "disconnected", "the connector is disconnected", *about)
    reason = f"the connector is {word}: nobody has seen it being disconnected"
    return Verdict(Outcome.UNKNOWN, "not_disconnected", reason, *about)


def _disconnecting(case: CheckContext, word: str) -> Verdict:
    """`pending` until the documented period after the sighting has passed, then `unknown` until a new look."""
    seen = case.state.read(case.subject, _STATE.id)
    assert isinstance(seen, Observed)
    hours = case.state.rulebook.clocks.disconnect_hours.amount
    due = later(seen.observed_at, timedelta(hours=hours))
    about = _STATE.id, "disconnected", word, Evidence.of(seen)
    if due > case.as_of:
        reason = f"the connector is being disconnected, which takes {hours} hours for most apps"
        return Verdict(Outcome.PENDING, "disconnecting", reason, *about, due_at=due)
    reason = (
        f"the connector was being disconnected on {seen.observed_at:%Y-%m-%d}; nobody has checked since "
        "whether it is gone"
    )
    return Verdict(Outcome.UNKNOWN, "disconnect_not_seen_done", reason, *about)


def _may_be_connected(state: State, subject: Subject) -> bool:
    return attested_choice(state, subject, _STATE) != "disconnected"


@check(
    "AI-14",
    "connectors-copy-permissions",
    Kind.CONNECTOR,
    reads=(tools.CONNECTOR_PERMISSIONS.id, _STATE.id),
    applies=_may_be_connected,
)
@fragile_in_trial
def replicates_permissions(case: CheckContext) -> Verdict:
    """AI-14: the connector copies the permissions of its source; one that does not say so does not copy them."""
    says = {
        "true": "the connector copies the permissions of its source",
        "false": "the connector does not copy permissions: everybody sees everything it brings in",
        "omitted": "the connector does not say whether it copies permissions, so it does not copy them",
    }
    return compared(case, tools.CONNECTOR_PERMISSIONS, "true", says)


@check(
    "AI-15",
    "connector-blocklists-valid",
    Kind.CONNECTOR,
    reads=(tools.CONNECTOR_BLOCKLIST.id, _STATE.id),
    applies=_may_be_connected,
)
@fragile_in_trial
def blocklist(case: CheckContext) -> Verdict:
    """AI-15: the blocklist is within its size limit and holds only addresses; whether they exist is not checked."""
    setting = tools.CONNECTOR_BLOCKLIST
    entries = attested_list(case, setting)
    if isinstance(entries, Verdict):
        return entries
    about = setting.id, None, entries, case.evidence(setting.id)
    most = case.state.rulebook.limits.blocklist_items.amount
    if len(entries) > most:
        reason = f"the blocklist holds {len(entries)} entries; only {most} count"
        return Verdict(Outcome.FAIL, "too_many_entries", reason, *about)
    no_addresses = sorted(entry for entry in entries if not _ADDRESS.match(entry.strip()))
    if no_addresses:
        reason = f"these entries are not addresses and block nothing: {', '.join(no_addresses)}"
        return Verdict(Outcome.FAIL, "entry_is_no_address", reason, *about)
    reason = "every entry of the blocklist looks like an address; whether they exist is not checked"
    return Verdict(Outcome.PASS, "entries_valid", reason, *about)


@check(
    "AI-09",
    "agent-creation-restricted",
    reads=(tools.AGENT_CREATORS.id, tools.AGENT_CREATOR_GROUPS.id),
    expectation=Expectation(
        Shape.WORDS,
        means="groups that may create agents",
        default="any group that the console names",
        example='["ai-builders"]',
    ),
)
@fragile_in_trial
def creators(case: CheckContext) -> Verdict:
    """AI-09: only administrators or named groups can create agents; the rule's `expect` may name the groups."""
    word = attested_choice(case.state, case.subject, tools.AGENT_CREATORS, "admins")
    if isinstance(word, Verdict):
        return word
    if word != "groups":
        says = {"admins": "only administrators can create agents", "everyone": "everyone can create agents"}
        return compared(case, tools.AGENT_CREATORS, "admins", says)
    return only_approved(
        case,
        tools.AGENT_CREATOR_GROUPS,
        ("group_not_approved", "groups that are not approved may create agents"),
        (
            code_of(tools.AGENT_CREATORS, word),
            f"only {'approved groups' if case.listed else 'the groups on the list'} may create agents",
        ),
        "no group may create agents",
        evidence=case.evidence(tools.AGENT_CREATORS.id),
        any_by_default=True,
    )


@check(
    "AI-10",
    "new-agents-without-access",
    reads=(tools.AGENT_DEFAULT_ACCESS.id,),
    expectation=Expectation(
        Shape.WORDS, means="apps and groups that future agents may reach", default="none", example='["Jira"]'
    ),
)
@fragile_in_trial
def default_access(case: CheckContext) -> Verdict:
    """AI-10: future agents get no access to apps or groups, except those that the rule's `expect` approves."""
    existing = "existing agents keep the access they have"
    return only_approved(
        case,
        tools.AGENT_DEFAULT_ACCESS,
        ("access_not_approved", "new agents get access that is not approved"),
        ("access_approved", f"new agents get only approved access by default; {existing}"),
        f"new agents get no access by default; {existing}",
    )


@check("AI-11", "web-search-off", reads=(tools.WEB_SEARCH.id,))
@fragile_in_trial
def web_search(case: CheckContext) -> Verdict:
    """AI-11: the web search option is off. AI can still fetch addresses then, so data can leave in other ways."""
    says = {
        "off": "the web search option is off; web addresses that somebody names can still be fetched",
        "on": "the web search option is on: queries leave for the web",
    }
    return compared(case, tools.WEB_SEARCH, "off", says)


@check("AI-23", "beta-ai-off", reads=(tools.BETA_FEATURES.id,))
@fragile_in_trial
def beta_features(case: CheckContext) -> Verdict:
    """AI-23: beta AI features are off; `unknown` when the console shows no switch for them."""
    word = attested_choice(case.state, case.subject, tools.BETA_FEATURES, "off")
    if word == "no_switch":
        evidence = case.evidence(tools.BETA_FEATURES.id)
        reason = "the console shows no switch for beta AI features, and none is documented"
        return Verdict(Outcome.UNKNOWN, "no_switch", reason, tools.BETA_FEATURES.id, "off", word, evidence)
    says = {"off": "beta AI features are off", "on": "beta AI features are on"}
    return compared(case, tools.BETA_FEATURES, "off", says)


SUPPORTED = "atlassian-supported"
"""The word in a rule's `expect` for all domains that Atlassian supports, which are allowed or blocked together."""
SANDBOX = "sandbox"
"""The word in a rule's `expect` for write access in sandboxes only, which the organization-wide setting cannot give."""


@check(
    "AI-16",
    "mcp-domains-approved",
    reads=(tools.MCP_SUPPORTED_DOMAINS.id, tools.MCP_DOMAINS.id, tools.MCP_API_TOKENS.id),
    expectation=Expectation(
        Shape.WORDS,
        means=f"domains that may connect, {SUPPORTED} for those on Atlassian's list",
        default="none",
        example=f'["mcp.acme.example", "{SUPPORTED}"]',
    ),
)
@fragile_in_trial
def domains(case: CheckContext) -> Verdict:
    """AI-16: only domains in the rule's `expect` can connect, and no API token bypasses them.

    Domain rules apply only to tools that sign in with OAuth. While API tokens are accepted, the rules keep nobody out,
    so the switch for tokens is part of the answer.
    """
    approved = case.listed
    supported = attested_choice(case.state, case.subject, tools.MCP_SUPPORTED_DOMAINS, approved)
    own = attested_list(case, tools.MCP_DOMAINS, approved)
    tokens = attested_choice(case.state, case.subject, tools.MCP_API_TOKENS, "off")
    allowed = (*([SUPPORTED] if supported == "allowed" else []), *(own if isinstance(own, tuple) else ()))
    unapproved = beyond(case, allowed, approved)
    settings = (tools.MCP_SUPPORTED_DOMAINS.id, tools.MCP_DOMAINS.id, tools.MCP_API_TOKENS.id)
    evidence = case.evidence(*settings)
    if unapproved:
        reason = f"tools can connect from {', '.join(unapproved)}; the policy does not approve that"
        return Verdict(Outcome.FAIL, "domain_not_approved", reason, tools.MCP_DOMAINS.id, approved, allowed, evidence)
    if tokens == "on":
        reason = "the domains are approved, but domain rules do not apply to tools that sign in with an API token"
        return Verdict(Outcome.FAIL, "tokens_pass_domains", reason, tools.MCP_API_TOKENS.id, "off", tokens, evidence)
    for part in (supported, own, tokens):
        if isinstance(part, Verdict):
            return part
    reason = "only approved domains can connect, and no API token can bypass them"
    return Verdict(Outcome.PASS, "domains_approved", reason, tools.MCP_DOMAINS.id, approved, allowed, evidence)


@check("AI-17", "mcp-api-tokens-off", reads=(tools.MCP_API_TOKENS.id,))
@fragile_in_trial
def api_tokens(case: CheckContext) -> Verdict:
    """AI-17: tools cannot sign in with API tokens, to which the domain rules do not apply."""
    says = {"off": "tools cannot sign in with API tokens", "on": "tools can sign in with API tokens, from any domain"}
    return compared(case, tools.MCP_API_TOKENS, "off", says)


@check(
    "AI-18",
    "mcp-write-blocked-or-approved",
    reads=(tools.MCP_WRITE.id,),
    outcomes=ATTESTED | {Outcome.NOT_ACHIEVABLE},
    expectation=Expectation(
        Shape.WORD,
        words=(*tools.MCP_WRITE.words, SANDBOX),
        means="the widest write access that MCP tools may have",
        default="blocked",
        example='"limited"',
    ),
)
@fragile_in_trial
def write_permission(case: CheckContext) -> Verdict:
    """AI-18: write access over MCP is no wider than the rule's `expect`, or blocked without one.

    `not_achievable` when the rule wants write access in sandboxes only.
    """
    if case.word == SANDBOX:
        word = attested_choice(case.state, case.subject, tools.MCP_WRITE, SANDBOX)
        if isinstance(word, Verdict):
            return word
        about = tools.MCP_WRITE.id, SANDBOX, word, case.evidence(tools.MCP_WRITE.id)
        if word == "blocked":
            return Verdict(Outcome.PASS, "write_blocked", "write access is blocked, also in sandboxes", *about)
        reason = "write access applies to the whole organization and cannot be limited to a sandbox"
        return Verdict(Outcome.NOT_ACHIEVABLE, "not_per_sandbox", reason, *about)
    return no_more_than(case, tools.MCP_WRITE, "blocked")


ALL: tuple[Check, ...] = (
    creators,
    default_access,
    web_search,
    approved_connector,
    disconnected,
    replicates_permissions,
    blocklist,
    domains,
    api_tokens,
    write_permission,
    beta_features,
)
