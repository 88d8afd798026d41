"""The Rovo MCP server: which tools may connect (AI-16), by token (AI-17), and what they may write (AI-18)."""

from __future__ import annotations

from contribaudit.catalogue import ai_tools as tools
from contribaudit.checks.ai_access.reach import no_more_than
from contribaudit.checks.parts import evidence_of
from contribaudit.checks.reading import ATTESTED, beyond, compared, fragile_in_trial, list_of, word_of
from contribaudit.core.judge.check import Case, Check, Expectation, Shape, Verdict
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind

SUPPORTED = "atlassian-supported"
"""What a rule's `expect` writes for the domains that Atlassian supports: they are allowed or blocked all together."""
SANDBOX = "sandbox"
"""What a rule's `expect` writes to want write access in sandboxes alone, which the organization-wide setting cannot."""


def domains(case: Case) -> Verdict:
    """AI-16: only domains of the rule's `expect` connect, and no API token goes past them.

    Domain rules bind tools that sign in by OAuth. While tokens are accepted they keep nobody out, so their switch is
    part of the answer.
    """
    approved = case.rule.expect if isinstance(case.rule.expect, tuple) else ()
    supported = word_of(case.state, case.subject, tools.MCP_SUPPORTED_DOMAINS, approved)
    own = list_of(case.state, case.subject, tools.MCP_DOMAINS, approved)
    tokens = word_of(case.state, case.subject, tools.MCP_API_TOKENS, "off")
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


def api_tokens(case: Case) -> Verdict:
    """AI-17: tools may not sign in with API tokens, which the domain rules do not bind."""
    says = {"off": "tools cannot sign in with API tokens", "on": "tools may sign in with API tokens, from any domain"}
    return compared(case, tools.MCP_API_TOKENS, "off", says)


def write_permission(case: Case) -> Verdict:
    """AI-18: writing over MCP is no wider than the rule's `expect`, else blocked; a sandbox alone cannot be allowed."""
    if isinstance(case.rule.expect, str) and case.rule.expect.casefold() == SANDBOX:
        word = word_of(case.state, case.subject, tools.MCP_WRITE, SANDBOX)
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
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.MCP_SUPPORTED_DOMAINS.id, tools.MCP_DOMAINS.id, tools.MCP_API_TOKENS.id),
    outcomes=ATTESTED,
    judge=fragile_in_trial(domains),
    expectation=Expectation(
        Shape.WORDS, means=f"domains, and {SUPPORTED} for those of Atlassian's list", example='["mcp.acme.example"]'
    ),
)
AI_17 = Check(
    id="AI-17",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.MCP_API_TOKENS.id,),
    outcomes=ATTESTED,
    judge=fragile_in_trial(api_tokens),
)
AI_18 = Check(
    id="AI-18",
    family=Family.AI_ACCESS,
    kind=Kind.ORGANIZATION,
    reads=(tools.MCP_WRITE.id,),
    outcomes=ATTESTED | {Outcome.NOT_ACHIEVABLE},
    judge=fragile_in_trial(write_permission),
    expectation=Expectation(Shape.WORD, words=(*tools.MCP_WRITE.words, SANDBOX)),
)
