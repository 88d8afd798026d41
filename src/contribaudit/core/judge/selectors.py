"""Selectors: which subjects the `where` of a rule or waiver matches, and which rule applies to a subject."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal, TypeAlias

from contribaudit.core.model import names
from contribaudit.core.model.policy import AuditPolicy, Rule, Where
from contribaudit.core.model.rulebook import App
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.state import State, once_per_state

Selectable: TypeAlias = Literal["organization_name", "site", "app", "plan", "sandbox", "space"]

_SANDBOX_WORDS = ("none", "child")
"""The sandbox types that Atlassian documents; any other counts as unread."""
_ORGANIZATION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of one subject that a `Where` selects by.

    Each attribute is one of three things: a value; None, when the subject has none or its kind cannot have one; or
    unread, when its name is in `unread` (its value then means nothing). A null sandbox and a missing host are unread.

    For an organization or the company, everything below it is None, so that it matches only rules without site, app,
    plan, sandbox and space selectors. Likewise a site has no app, and an app no space.
    """

    organization: str
    """The organization's ID, "" for the company."""
    organization_name: str | None = None
    site: str | None = None
    """The host, "acme.atlassian.net"."""
    app: str | None = None
    """The API's typeKey."""
    plan: str | None = None
    sandbox: bool | None = None
    space: str | None = None
    """The space's key."""
    unread: frozenset[Selectable] = frozenset()
    also: Mapping[Selectable, tuple[str, ...]] = field(default_factory=dict)
    """Other words for a value, by which a selector finds it too: the rulebook's for the same app or plan."""
    strange: frozenset[Selectable] = frozenset()
    """The attributes whose word the rulebook does not know: it may be that of any selector."""
    twins: tuple[str, ...] = ()
    """IDs of all apps of its type on its site, its own included; empty where it is the only one."""

    @property
    def doubt(self) -> str:
        """What keeps open which rule matches: "plan, which was not read"."""
        unread = [f"{', '.join(sorted(self.unread))}, which was not read"] if self.unread else []
        strange = [f"the {one} {getattr(self, one)!r}, which is not in the rulebook" for one in sorted(self.strange)]
        return " and on ".join((*unread, *strange))


def attributes_of(state: State, subject: Subject) -> Attributes:
    """The subject's attributes: the values that are known in the state, and the names of those that were not read."""
    organization = subject.organization
    name = state.text(organization_subject(organization), names.ORGANIZATION_NAME)
    if subject.kind is not Kind.APP:
        nameless: tuple[Selectable, ...] = () if name or not organization else ("organization_name",)
        return Attributes(organization, name, unread=frozenset(nameless))
    values: dict[Selectable, str | None] = {
        "organization_name": name,
        "site": state.text(subject, names.APP_HOST),
        "app": state.text(subject, names.APP_TYPE_KEY),
        "plan": state.text(subject, names.PLAN),
        "sandbox": state.text(subject, names.APP_SANDBOX),
    }
    unread = {selectable for selectable, value in values.items() if value is None}
    sandbox = values["sandbox"].casefold() if values["sandbox"] is not None else None
    if sandbox not in _SANDBOX_WORDS:
        unread.add("sandbox")
    is_sandbox = None if sandbox is None else sandbox != "none"
    app, plan = state.rulebook.app(values["app"] or ""), state.rulebook.plan(values["plan"] or "")
    return Attributes(
        organization,
        name,
        values["site"],
        values["app"],
        values["plan"],
        is_sandbox,
        unread=frozenset(unread),
        also={"app": _words_for_app(state, app), "plan": tuple(sorted(plan.words)) if plan is not None else ()},
        strange=frozenset(("plan",)) if plan is None and "plan" not in unread else frozenset(),
        twins=_apps_of_one_name(state, organization).get(subject, ()),
    )


@once_per_state
def _words_for_app(state: State, app: App | None) -> tuple[str, ...]:
    """Every word that the rulebook has for the app, its type key among them."""
    return () if app is None else (app.title, *(word for word, one in state.rulebook.apps.items() if one is app))


@once_per_state
def _apps_of_one_name(state: State, organization: str) -> dict[Subject, tuple[str, ...]]:
    """Apps that share site and type with another app, each with the IDs of all that do."""
    named: dict[tuple[str, str], list[Subject]] = {}
    for app in state.subjects(Kind.APP, organization):
        host, type_key = state.word(app, names.APP_HOST), state.word(app, names.APP_TYPE_KEY)
        if host and type_key:
            entry = state.rulebook.app(type_key)
            named.setdefault((host.casefold(), entry.type_key if entry else type_key.casefold()), []).append(app)
    several = (sorted(apps) for apps in named.values() if len(apps) > 1)
    return {app: tuple(one.id for one in apps) for apps in several for app in apps}


_SELECTORS: Mapping[Kind, tuple[str, ...]] = {
    Kind.COMPANY: (),
    Kind.APP: ("organization", "site", "app", "plan", "sandbox"),
}
"""The selectors that fit subjects of a kind; every other kind has the organization alone."""


def why_never(where: Where, kind: Kind) -> str:
    """Why the selectors can never match a subject of the kind: "it asks about each connector, which has no site"; ""
    where they can.
    """
    has = _SELECTORS.get(kind, ("organization",))
    lacking = [one for one in where.given if one not in has]
    if not lacking:
        return ""
    about = f"the {kind}" if kind in (Kind.COMPANY, Kind.ORGANIZATION) else f"each {kind}"
    hint = f"; `where` takes {', '.join(has)} there" if has else "; it takes no `where`"
    return f"it asks about {about}, which has no {' and no '.join(lacking)}{hint}"


def matches(where: Where, attributes: Attributes) -> bool:
    """True when every selector fits or selects by an attribute that was not read, or by an unknown plan word.

    Several patterns of one selector are alternatives. An organization is selected by ID or by name; a pattern that
    is an ID never fits a name.
    """
    return _matches_where(where, attributes, when_unread=True)


def surely_matches(where: Where, attributes: Attributes) -> bool:
    """True when every selector fits an attribute that was read.

    Use it for whatever spares a subject: a waiver, or a rule that is switched off.
    """
    return _matches_where(where, attributes, when_unread=False)


def names_one_app(rule: Rule) -> bool:
    """Whether the rule comes from `app:HOST/TYPE` in `[expect]` and so means one app; other rules may fit many."""
    one_site = len(rule.where.site) == 1 and not set("*?[") & set(rule.where.site[0])
    return rule.expands == "ai_allowed_on" and one_site and bool(rule.where.app)


def is_ambiguous(rule: Rule, attributes: Attributes) -> bool:
    """Whether the rule names one app and several have that name; it then counts for none of them."""
    return bool(attributes.twins) and names_one_app(rule)


def rule_for(policy: AuditPolicy, check: str, attributes: Attributes) -> Rule | None:
    """The rule that holds for this check and subject: the last one that matches, None when none does.

    It may be one that is off (`enabled` is False). A rule that is off must surely match: otherwise an attribute that
    nobody read would take the subject out of the audit.
    """
    return rule_among([rule for rule in policy.rules if rule.check == check], attributes)


def rule_among(rules: Sequence[Rule], attributes: Attributes) -> Rule | None:
    """The rule that holds among the rules of one check, chosen as `rule_for` does."""
    for rule in reversed(rules):
        if is_ambiguous(rule, attributes):
            continue
        if (matches if rule.enabled else surely_matches)(rule.where, attributes):
            return rule
    return None


def rules_that_may_hold(policy: AuditPolicy, check: str, attributes: Attributes) -> list[Rule]:
    """The rules that could be the last to match if every attribute had been read, the likeliest first.

    At most one rule, unless a selector needs an attribute that was not read.
    """
    rules: list[Rule] = []
    for rule in reversed(policy.rules):
        if rule.check == check and matches(rule.where, attributes) and not is_ambiguous(rule, attributes):
            rules.append(rule)
            if surely_matches(rule.where, attributes):
                break
    return rules


def _matches_where(where: Where, attributes: Attributes, *, when_unread: bool) -> bool:
    if where.sandbox is None and not (where.organization or where.site or where.app or where.plan or where.space):
        return True  # the case of nearly every rule

    def text(name: Selectable, patterns: tuple[str, ...], value: str | None) -> bool:
        if not patterns:
            return True
        if name in attributes.unread:
            return when_unread
        if when_unread and name in attributes.strange:
            return True
        return _matches_any(patterns, value, *attributes.also.get(name, ()))

    if where.sandbox is None:
        sandbox = True
    elif "sandbox" in attributes.unread:
        sandbox = when_unread
    else:
        sandbox = where.sandbox is attributes.sandbox
    name_patterns = tuple(pattern for pattern in where.organization if not _ORGANIZATION_ID.fullmatch(pattern))
    organization = (
        not where.organization
        or _matches_any(where.organization, attributes.organization)
        or (bool(name_patterns) and text("organization_name", name_patterns, attributes.organization_name))
    )
    return (
        organization
        and sandbox
        and text("site", where.site, attributes.site)
        and text("app", where.app, attributes.app)
        and text("plan", where.plan, attributes.plan)
        and text("space", where.space, attributes.space)
    )


def _matches_any(patterns: tuple[str, ...], *words: str | None) -> bool:
    values = [_folded(word) for word in words if word is not None]
    # A name may hold a bracket, which begins a set in a pattern.
    return any(
        value == pattern or fnmatchcase(value, pattern) for pattern in map(_folded, patterns) for value in values
    )


@lru_cache(maxsize=10_000)
def _folded(text: str) -> str:
    """The text without differences in case, width, composition of letters and surrounding spaces."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()
