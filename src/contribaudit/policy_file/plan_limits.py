"""What a policy asks for that a plan does not offer, and the alternatives; the rulebook says what each plan offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from contribaudit.core.judge.selectors import Attributes, matches
from contribaudit.core.model.policy import AuditPolicy, Where
from contribaudit.core.model.rulebook import Plan, Rulebook
from contribaudit.policy_file.reading import asks


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that the plan does not offer."""

    check: str
    title: str
    """The title of the check."""
    origin: str
    """The location of the rule that asks for it."""
    fact: str
    """What the plan lacks, as a sentence without a full stop."""
    left: str
    """What can be done instead."""


@dataclass(frozen=True, slots=True)
class _Ability:
    """Something that a plan may or may not offer, and the checks that need it."""

    checks: tuple[str, ...]
    has: Callable[[Plan], bool]
    fact: str
    """A template with {plan} and {needed}."""
    left: str
    """A template with {needed} and {check}, which becomes title and ID."""


_ABILITIES = (
    _Ability(
        ("DC-01", "DC-02", "DR-10"),
        lambda plan: plan.metadata.changeable,
        "on the {plan} plan metadata contribution cannot be switched off; {needed} can",
        'Move to {needed}; or accept it with a [[waiver]] on {check}, and block Rovo (ai = "blocked") so that prompts '
        'are not used for aggregated patterns; or ask for what the plan has: contribution = "metadata-only"',
    ),
    _Ability(
        ("AI-06",),
        lambda plan: plan.rovo_by_group,
        "on the {plan} plan AI cannot be limited to groups; {needed} can",
        'Move to {needed}; or say ai = "blocked", with ai_allowed_on for individual sites and apps; or accept with a '
        "[[waiver]] on {check} that everybody has access",
    ),
    _Ability(
        ("DR-02", "DR-03"),
        lambda plan: plan.residency,
        "the {plan} plan has no data residency, so no app can be pinned; {needed} has it",
        "Move to {needed}; or accept with a [[waiver]] on {check} that the location is not pinned",
    ),
)


def plan_limits(policy: AuditPolicy, plan: Plan, rulebook: Rulebook) -> Iterator[Limit]:
    """What the policy's rules ask for that this highest plan does not offer; one limit for each ability."""
    rules_by_check = {
        rule.check: rule for place, rule in enumerate(policy.rules, 1) if asks(rule, policy.rules[place:])
    }
    for ability in _ABILITIES:
        rule = next((rules_by_check[check] for check in ability.checks if check in rules_by_check), None)
        if rule is None or ability.has(plan):
            continue
        needed = next((one.name for one in rulebook.plans if ability.has(one)), "no plan")
        title = rulebook.words[rule.check].title
        yield Limit(
            rule.check,
            title,
            rule.origin,
            ability.fact.format(plan=plan.name, needed=needed),
            ability.left.format(needed=needed, check=f'"{title}" ({rule.check})'),
        )


def policy_of(policy: AuditPolicy, organization: str, name: str) -> AuditPolicy:
    """The policy for one organization, without the rules of others."""
    about = Attributes(organization, name)
    own_rules = (one for one in policy.rules if matches(Where(organization=one.where.organization), about))
    return replace(policy, rules=tuple(replace(one, where=replace(one.where, organization=())) for one in own_rules))
