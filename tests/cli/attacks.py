"""Answers, policies and attestations that try to be taken for good ones: what is changed, and what has to come of it.

Each starts from an organization that passes: Tidy Ltd, contribution none, AI blocked, everything in the EEA, all of it
attested. `wanted` is the verdict; `by` are outcomes that must be among those of the check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from contribaudit.simulator import Organization

Edit = Callable[[Organization], object]
CONFLUENCE = "tidy/confluence"
PASS, FAIL, UNVERIFIED, REFUSED = 0, 1, 3, 2
NOT_PASS = -1


@dataclass(frozen=True)
class Attack:
    """One thing that is not as it was."""

    name: str
    wanted: int
    by: Mapping[str, str] = field(default_factory=dict)
    """Check to an outcome that one of its findings has."""
    edit: Edit | None = None
    policy: str = ""
    """Lines after the statements."""
    instead: str = ""
    """A whole policy."""
    said: tuple[tuple[str, ...], ...] = ()
    """Command lines of `attest` before the audit."""


def region(word: str) -> Edit:
    """Confluence is told to lie in the EU, in this region."""
    return lambda one: one.set_realm(CONFLUENCE, "EU", (word,))


def realm(value: Any, which: str = CONFLUENCE) -> Edit:
    return lambda one: one.set_realm(which, value)


def plan(value: Any, which: str = CONFLUENCE, key: Any = None) -> Edit:
    return lambda one: one.set_plan(which, value, key)


def again(**values: Any) -> Edit:
    """The app a second time in the list, with other values."""
    return lambda one: one.add(replace(one.app(CONFLUENCE), **values))


def first_again(**values: Any) -> Edit:
    """The same, before the true entry."""

    def edit(one: Organization) -> None:
        one.apps.insert(0, replace(one.app(CONFLUENCE), **values))
        one.revision += 1

    return edit


def both(*edits: Edit) -> Edit:
    """One after the other."""

    def apply(one: Organization) -> None:
        for edit in edits:
            edit(one)

    return apply


def app(**values: Any) -> Edit:
    return lambda one: one.set_app(CONFLUENCE, **values)


def other(**values: Any) -> Edit:
    """One more app, of an ID of its own."""
    ari = "ari:cloud:confluence::site/b9999999-9999-4999-8999-999999999999"
    return lambda one: one.add(replace(one.app(CONFLUENCE), **{"id": ari, **values}))


RESIDENCY, DATA_USE, AI_POLICY = "tidy-residency-eu", "tidy-data-use", "tidy-generative-ai"


def status(word: str) -> Edit:
    return lambda one: one.set_resource(RESIDENCY, CONFLUENCE, word)


def rule_of(policy: str, rule: Any) -> Edit:
    return lambda one: one.set_rule(policy, rule)


def policy_of(policy: str, **values: Any) -> Edit:
    return lambda one: one.change(one.policy(policy), **values)


def every(edit: Callable[[str], Edit]) -> Edit:
    """Of all apps."""

    def apply(one: Organization) -> None:
        for app_ in tuple(one.apps):
            edit(app_.id)(one)

    return apply


LOCATIONS = (
    *(
        Attack(f"realm {word!r}", wanted, {"DR-01": told}, realm(word))
        for word, wanted, told in [
            ("eu", PASS, "pass"),
            ("DE", FAIL, "pass"),  # allowed, and not what the policy of locations pins it to
            ("de", FAIL, "pass"),
            ("\u0415U", UNVERIFIED, "unknown"),  # Cyrillic
            ("\uff25\uff35", UNVERIFIED, "unknown"),  # full width
            ("EU\u200b", UNVERIFIED, "unknown"),
            ("E\u00adU", UNVERIFIED, "unknown"),
            ("EU,US", UNVERIFIED, "unknown"),
            ("EU US", UNVERIFIED, "unknown"),
            ("EEA", UNVERIFIED, "unknown"),
            ("EU+UK", UNVERIFIED, "unknown"),
            ("eu-central-1", UNVERIFIED, "unknown"),
            ("Europe", UNVERIFIED, "unknown"),
            ("*", UNVERIFIED, "unknown"),
            ("", UNVERIFIED, "unknown"),
            (None, UNVERIFIED, "unknown"),
            (["EU"], UNVERIFIED, "unknown"),
            ([], UNVERIFIED, "unknown"),
            ({"code": "EU"}, UNVERIFIED, "unknown"),
            (True, UNVERIFIED, "unknown"),
            (0, UNVERIFIED, "unknown"),
            ("Global", FAIL, "fail"),
            ("GLOBAL", FAIL, "fail"),
            ("GB", FAIL, "fail"),
            ("CH", FAIL, "fail"),
            ("us", FAIL, "fail"),
        ]
    ),
    Attack("realm is missing", UNVERIFIED, {"DR-01": "unknown"}, app(absent=frozenset({"realm"}))),
    Attack(
        "realm EU, regions in the USA",
        FAIL,
        {"DR-01": "conflict"},
        lambda one: one.set_realm(CONFLUENCE, "EU", ("us-east-1",)),
    ),
    Attack(
        "realm EU, regions in both",
        FAIL,
        {"DR-01": "conflict"},
        lambda one: one.set_realm(CONFLUENCE, "EU", ("eu-west-1", "us-east-1")),
    ),
    *(
        Attack(f"realm EU, region {word!r}", FAIL, {"DR-01": "conflict"}, region(word))
        for word in ("US East", "US_EAST_1", " us-west-2 ", "USA", "Sydney", "Global")
    ),
    *(
        Attack(f"realm EU, region {word!r}", PASS, {"DR-01": "pass"}, region(word))
        for word in ("Frankfurt", "EU_WEST_1", "DE")
    ),
    *(
        Attack(f"realm EU, region {word!r}", UNVERIFIED, {"DR-01": "unknown"}, region(word))
        for word in ("sa-east-1", "us-gov-west-1", "us-east-1a", "eu-west-1,us-east-1", "Virginia", "*", "")
    ),
    Attack(
        "twice, the same", UNVERIFIED, {"DR-01": "pass", "DC-07": "unknown"}, again()
    ),  # another may never have come
    Attack("twice, EU then US", NOT_PASS, {}, again(realm="US")),
    Attack("twice, US then EU", NOT_PASS, {}, first_again(realm="US")),
    Attack("twice, EU then null", NOT_PASS, {}, again(realm=None)),
    Attack("twice, null then EU", NOT_PASS, {}, first_again(realm=None)),
    Attack("twice, on two sites", NOT_PASS, {}, again(host_url="https://elsewhere.atlassian.net")),
    Attack("twice, of two types", NOT_PASS, {}, again(type_key="statuspage")),
    Attack("twice, Enterprise then Free", NOT_PASS, {}, again(plan="Free", plan_key="free")),
    Attack(
        "twice, the ARI in other case",
        NOT_PASS,
        {},
        lambda one: one.add(replace(one.app(CONFLUENCE), id=one.app(CONFLUENCE).id.upper(), realm="US")),
    ),
    Attack(
        "an ID with a blank, in the US",
        NOT_PASS,
        {"DR-01": "unknown"},
        lambda one: one.add(replace(one.app(CONFLUENCE), id=f" {one.app(CONFLUENCE).id}", realm="US")),
    ),
    *(
        Attack(f"resource status {word!r}", wanted, {"DR-02": told} if told else {}, status(word))
        for word, wanted, told in [
            ("APPLIED", PASS, "pass"),
            ("applied ", PASS, "pass"),
            ("appIied", UNVERIFIED, "unknown"),
            ("pinned", UNVERIFIED, "unknown"),
            ("", UNVERIFIED, "unknown"),
            ("removing", FAIL, "fail"),
            ("removed", UNVERIFIED, "unknown"),
            ("scheduled", FAIL, "fail"),
            ("applying", UNVERIFIED, "unknown"),
            ("failed", FAIL, "fail"),
        ]
    ),
    Attack("policy of locations is disabled", NOT_PASS, {}, policy_of(RESIDENCY, status="disabled")),
    Attack("policy of locations is a draft", NOT_PASS, {}, policy_of(RESIDENCY, status="draft")),
    Attack("policy of locations without status", NOT_PASS, {}, policy_of(RESIDENCY, status=None)),
    Attack("policy of locations of another type", NOT_PASS, {}, policy_of(RESIDENCY, type="data-residency-v2")),
    *(
        Attack(
            f"applied, and a move is told of: {key} in {year}",
            wanted,
            {"DR-02": told, "DR-04": told},
            lambda one, key=key, year=year: one.set_resource(  # type: ignore[misc]
                RESIDENCY, CONFLUENCE, "applied", **{key: datetime(year, 1, 2, tzinfo=UTC)}
            ),
        )
        for key, year, wanted, told in [
            ("scheduled", 2099, UNVERIFIED, "unknown"),
            ("window_start", 2099, UNVERIFIED, "unknown"),
            ("window_end", 2099, UNVERIFIED, "unknown"),
            ("window_end", 2026, PASS, "pass"),
        ]
    ),
    Attack("policy of locations in capitals", NOT_PASS, {}, policy_of(RESIDENCY, type="DATA-RESIDENCY")),
    Attack("policy of locations says US", NOT_PASS, {}, rule_of(RESIDENCY, {"in": ["US"]})),
    Attack("policy of locations says both", NOT_PASS, {}, rule_of(RESIDENCY, {"in": ["EU", "US"]})),
    Attack("policy of locations says nothing", NOT_PASS, {}, rule_of(RESIDENCY, {"in": []})),
    Attack("policy of locations by exclusion", NOT_PASS, {}, rule_of(RESIDENCY, {"notIn": ["US"]})),
    Attack("policy of locations has no rule", NOT_PASS, {}, rule_of(RESIDENCY, None)),
    Attack("policy of locations is a list", NOT_PASS, {}, rule_of(RESIDENCY, ["EU"])),
    Attack("policy of locations has no resources", NOT_PASS, {}, policy_of(RESIDENCY, resources=None)),
    Attack(
        "a second policy of locations, US",
        NOT_PASS,
        {},
        lambda one: one.add(replace(one.policy(RESIDENCY), id="p-us", rule={"in": ["US"]})),
    ),
)
PLANS = (
    *(
        Attack(f"plan {word!r}", wanted, told, plan(word, key=key))
        for word, key, wanted, told in [
            ("ENTERPRISE", "ENTERPRISE", PASS, {}),
            ("enterprise", "enterprise", PASS, {}),
            ("Ent\u0435rprise", "ent\u0435rprise", UNVERIFIED, {"DR-03": "unknown"}),
            ("Enterprise\u00a0", "enterprise\u00a0", PASS, {}),
            ("Enterprise Plus", "enterprise-plus", UNVERIFIED, {"DR-03": "unknown"}),
            ("Free", "free", FAIL, {"DR-03": "not_achievable"}),
            ("", "", UNVERIFIED, {}),
            (None, None, UNVERIFIED, {"DR-03": "unknown"}),
            (["Enterprise"], ["enterprise"], UNVERIFIED, {}),
            (3, 3, UNVERIFIED, {}),
            ("Free", "enterprise", NOT_PASS, {}),
        ]
    ),
    Attack(
        "every plan Premium",
        FAIL,
        {"DC-01": "not_achievable", "DC-03": "stale"},
        every(lambda ari: plan("Premium", ari)),
    ),
    Attack("every plan Free", NOT_PASS, {}, every(lambda ari: plan("Free", ari))),
    Attack("every plan unknown", NOT_PASS, {"DC-01": "unknown"}, every(lambda ari: plan("Cosmic", ari))),
    Attack("every plan gone", NOT_PASS, {}, every(lambda ari: plan(None, ari))),
)
AI = (
    Attack("policy item of AI is on", NOT_PASS, {}, lambda one: one.set_ai(CONFLUENCE, True)),
    Attack("policy item of AI is gone", NOT_PASS, {"AI-01": "stale"}, lambda one: one.set_ai(CONFLUENCE, None)),
    Attack(
        "policy item of AI is suspended",
        NOT_PASS,
        {"AI-01": "stale"},
        lambda one: one.set_ai(CONFLUENCE, False, "ADMIN"),
    ),
    Attack("policy item of AI is a text", NOT_PASS, {}, lambda one: one.set_ai(CONFLUENCE, "false")),  # type: ignore[arg-type]
    Attack("policy item of AI is null", NOT_PASS, {}, lambda one: one.set_app(CONFLUENCE, ai_enabled=0)),
    Attack("policy of AI moved", NOT_PASS, {"AI-01": "stale"}, rule_of(AI_POLICY, {"in": ["all"]})),
    Attack("policy of AI is gone", NOT_PASS, {"AI-01": "stale"}, lambda one: one.remove(one.policy(AI_POLICY))),
    Attack(
        "policy of AI twice",
        NOT_PASS,
        {},
        lambda one: one.add(replace(one.policy(AI_POLICY), id="second", rule={"in": ["all"]})),
    ),
    Attack("policy of AI disabled", NOT_PASS, {"AI-01": "stale"}, policy_of(AI_POLICY, status="disabled")),
    Attack("one more Confluence", UNVERIFIED, {"DC-07": "unknown", "DR-02": "unknown"}, other()),
    Attack(
        "one more app of no known type", NOT_PASS, {"AI-01": "unknown"}, other(type_key="rovo-studio-x", type="New")
    ),
    Attack("one more app whose type is null", NOT_PASS, {}, other(type_key=None, type=None)),
    Attack("one more Confluence without a site", NOT_PASS, {}, other(host_url=None)),
    Attack("one more Confluence that is offline", NOT_PASS, {}, other(status="offline")),
    Attack("one more Confluence that is deleted", NOT_PASS, {}, other(status="deleted")),
    Attack("type in capitals", PASS, {}, app(type_key="CONFLUENCE")),
    Attack("type with a homoglyph", NOT_PASS, {}, app(type_key="\u0441onfluence")),
)
CONTRIBUTION = (
    Attack("signal moved", NOT_PASS, {"DC-03": "stale", "DC-01": "stale"}, rule_of(DATA_USE, {"consented": True})),
    Attack("signal is gone", NOT_PASS, {"DC-03": "stale"}, lambda one: one.remove(one.policy(DATA_USE))),
    Attack(
        "signal twice",
        NOT_PASS,
        {"DC-03": "stale"},
        lambda one: one.add(replace(one.policy(DATA_USE), id="second")),
    ),
    Attack(
        "signal in another order",
        PASS,
        {},
        rule_of(DATA_USE, {"consented": False, "off": ["in-app"], "scopeType": "organization"}),
    ),
    Attack(
        "signal with true as 1",
        NOT_PASS,
        {"DC-03": "stale"},
        rule_of(DATA_USE, {"scopeType": "organization", "off": ["in-app"], "consented": 0}),
    ),
    Attack(
        "signal with one more field",
        NOT_PASS,
        {"DC-03": "stale"},
        rule_of(DATA_USE, {"scopeType": "organization", "off": ["in-app"], "consented": False, "x": None}),
    ),
    Attack(
        "a new policy with a word of contribution",
        UNVERIFIED,
        {"DC-03": "stale"},
        lambda one: one.add(
            replace(one.policy("tidy-ip-allowlist"), id="new", type="data-contribution-v2", rule={"inApp": "on"})
        ),
    ),
    Attack("sandbox word SANDBOX", UNVERIFIED, {"DC-12": "unknown", "DC-23": "unknown"}, app(sandbox="SANDBOX")),
    Attack("sandbox is null", PASS, {"DC-23": "unknown"}, app(sandbox=None)),
    Attack(
        "the app left",
        PASS,
        {},
        both(
            lambda one: one.remove_resource(RESIDENCY, CONFLUENCE),
            lambda one: one.remove_resource("tidy-ip-allowlist", CONFLUENCE),
            lambda one: one.remove_app(CONFLUENCE),
        ),
    ),
)


def waiver(check: str, **other: str) -> str:
    said = {
        "subject": '"app:tidy.atlassian.net/confluence"',
        "reason": '"r"',
        "requested_by": '"it@acme.example"',
        "approved_by": '"ciso@acme.example"',
        "approved_at": "2026-01-02",
        "expires": "2099-12-31",
        **other,
    }
    return "".join(
        ["[[waiver]]\n", f'check = "{check}"\n', *(f"{key} = {value}\n" for key, value in said.items() if value)]
    )


US = realm("US")
PINNED = waiver("DR-02", outcomes='["fail", "conflict"]')
POLICIES = (
    Attack("waiver", PASS, {"DR-01": "waived"}, US, waiver("DR-01") + PINNED),
    Attack("waiver of another value", FAIL, {"DR-01": "fail"}, US, waiver("DR-01", observed='["CA"]') + PINNED),
    Attack("waiver of this value", PASS, {"DR-01": "waived"}, US, waiver("DR-01", observed='["US"]') + PINNED),
    Attack("waiver that starts tomorrow", NOT_PASS, {}, US, waiver("DR-01", approved_at="2099-01-02") + PINNED),
    Attack("waiver that has ended", FAIL, {"DR-01": "fail"}, US, waiver("DR-01", expires="2026-01-03") + PINNED),
    Attack(
        "waiver that ends before it starts",
        NOT_PASS,
        {},
        US,
        waiver("DR-01", approved_at="2026-03-02", expires="2026-03-01") + PINNED,
    ),
    Attack(
        "waiver by whoever asked for it", NOT_PASS, {}, US, waiver("DR-01", approved_by='"IT@acme.example"') + PINNED
    ),
    Attack(
        "waiver of another app",
        FAIL,
        {"DR-01": "fail"},
        US,
        waiver("DR-01", subject='"app:tidy.atlassian.net/jira-software"') + PINNED,
    ),
    Attack(
        "waiver of an app that is not there",
        FAIL,
        {"DR-01": "fail"},
        US,
        waiver("DR-01", subject='"app:tidy.atlassian.net/conflunce"') + PINNED,
    ),
    Attack(
        "waiver with another waiver that ended",
        PASS,
        {"DR-01": "waived"},
        US,
        waiver("DR-01", expires="2026-01-03") + waiver("DR-01") + PINNED,
    ),
    Attack(
        "waiver of a fail where it is unknown",
        UNVERIFIED,
        {"DR-01": "unknown"},
        realm("Mars"),
        waiver("DR-01") + waiver("DR-02", outcomes='["unknown"]'),
    ),
    Attack("waiver of a pass", REFUSED, {}, US, waiver("DR-01", outcomes='["pass"]')),
    Attack("waiver by selector of everything", REFUSED, {}, US, waiver("DR-01", subject="", where="{}")),
    Attack(
        "waiver by a selector that was not read",
        UNVERIFIED,
        {"DR-01": "unknown"},
        both(realm("Mars"), app(host_url=None)),
        waiver("DR-01", subject="", where='{ site = "tidy*" }', outcomes='["unknown"]') + PINNED,
    ),
    Attack("rule off without a reason", REFUSED, {}, US, '[[rule]]\ncheck = "DR-01"\nenabled = false\n'),
    Attack(
        "rule off for another site",
        FAIL,
        {"DR-01": "fail"},
        US,
        '[[rule]]\ncheck = "DR-01"\nenabled = false\nreason = "r"\nwhere = { site = "tidy-labs.atlassian.net" }\n',
    ),
    Attack(
        "rule off for a site that was not read",
        NOT_PASS,
        {},
        both(realm("US"), app(host_url=None)),
        '[[rule]]\ncheck = "DR-01"\nenabled = false\nreason = "r"\nwhere = { site = "tidy.atlassian.net" }\n',
    ),
    Attack("the same rule twice", REFUSED, {}, None, '[[rule]]\ncheck = "DR-01"\nexpect = ["US"]\n' * 2),
    Attack("a check that is misspelt", REFUSED, {}, None, '[[rule]]\ncheck = "DR-1"\n'),
    Attack("a realm that is misspelt", REFUSED, {}, None, '[[rule]]\ncheck = "DR-01"\nexpect = ["EUU"]\n'),
    Attack("a severity that is misspelt", REFUSED, {}, None, '[[rule]]\ncheck = "DR-01"\nseverity = "hihg"\n'),
    *(
        Attack(f"[expect] {lines!r}", REFUSED, {}, instead=f'version = 1\nname = "x"\n[expect]\n{lines}\n')
        for lines in [
            'contribution = "nothing"',
            'contribution = ["none"]',
            "contribution = true",
            'contributions = "none"',
            'ai = "block"',
            "ai = { groups = [] }",
            'ai = "allowed"\nai_allowed_on = ["tidy.atlassian.net"]',
            'ai_allowed_on = ["tidy.atlassian.net"]',
            "location = []",
            'location = ["Europe"]',
            'location = "Global"',
            'location_except = ["trello"]',
            'location = ["EEA"]\nlocation_except = ["trello"]',
            'location = ["EEA"]\nlocation_except = ["confluence"]\nreason = "r"',
            "",
        ]
    ),
    Attack("no rule at all", REFUSED, {}, instead='version = 1\nname = "x"\n'),
    Attack("a version that is not ours", REFUSED, {}, instead='version = 2\nname = "x"\n[expect]\nai = "blocked"\n'),
    Attack("an accepted prediction", REFUSED, {}, None, '[evidence]\naccept = ["predicted"]\n'),
    Attack(
        "attested evidence is not accepted",
        UNVERIFIED,
        {"DC-03": "unknown"},
        None,
        '[evidence]\naccept = ["documented"]\n',
    ),
    Attack("nothing is fresh for a day", NOT_PASS, {}, None, "[evidence]\nmax_age_days = { attested = 0 }\n"),
    Attack("a screenshot is wanted", UNVERIFIED, {"DC-03": "unknown"}, None, '[evidence]\nscreenshot = "info"\n'),
    Attack("a second person is wanted", UNVERIFIED, {"DC-03": "unknown"}, None, '[evidence]\nsecond_person = "info"\n'),
)
BEN = ("--by", "ben@acme.example")
ATTESTATIONS = (
    Attack("seen on", FAIL, {"DC-03": "fail"}, said=(("contribution.in_app", "on", *BEN),)),
    Attack(
        "seen on, then off again",
        UNVERIFIED,
        {"DC-03": "pass", "DC-13": "stale"},
        said=(("contribution.in_app", "on", *BEN), ("contribution.in_app", "off", *BEN)),
    ),
    Attack(
        "an older look at on",
        PASS,
        {"DC-03": "pass"},
        said=(("contribution.in_app", "on", *BEN, "--observed-at", "2026-11-01T10:00Z"),),
    ),
    Attack(
        "always, on Enterprise", FAIL, {"DC-01": "not_achievable"}, said=(("contribution.metadata", "always", *BEN),)
    ),
    Attack(
        "one space is included",
        FAIL,
        {"DC-03": "fail"},
        said=(("contribution.in_app.included", "space:tidy.atlassian.net/confluence/ENG", *BEN),),
    ),
    Attack(
        "an app that nobody knows is included",
        NOT_PASS,
        {},
        said=(("contribution.in_app.included", "app:nowhere.atlassian.net/confluence", *BEN),),
    ),
    Attack("everything is included by a word", NOT_PASS, {}, said=(("contribution.in_app.included", "all", *BEN),)),
    Attack("an exemption that no app shows", UNVERIFIED, {}, said=(("contribution.exemption", "byok", *BEN),)),
    Attack(
        "groups, and the policy item is off",
        FAIL,
        {"AI-01": "fail"},
        said=(("ai.access", "limited", "--subject", "app:tidy.atlassian.net/confluence", *BEN),),
    ),
    Attack(
        "one Jira app is open, and its policy item is off",
        FAIL,
        {"AI-01": "fail"},
        said=(("ai.access", "allowed", "--subject", "app:tidy.atlassian.net/jira-product-discovery", *BEN),),
    ),
    Attack(
        "a trial runs",
        FAIL,
        {"DC-07": "fail"},
        said=(("trial", "running", "--subject", "app:tidy.atlassian.net/confluence", *BEN),),
    ),
    *(
        Attack(
            f"a trial runs that ends on {day}",
            FAIL,
            {"DC-07": "fail"},
            said=tuple(
                (*one, "--subject", "app:tidy.atlassian.net/confluence", *BEN)
                for one in (("trial", "running"), ("trial.ends_on", day))
            ),
        )
        for day in ("2026-01-01", "2099-01-01")
    ),
    Attack("a domain may connect", FAIL, {"AI-16": "fail"}, said=(("ai.mcp.domains", "mcp.acme.example", *BEN),)),
    Attack(
        "the default location is elsewhere", PASS, {"DR-05": "fail"}, said=(("residency.default_realm", "US", *BEN),)
    ),
    Attack(
        "the default location is a word",
        PASS,
        {"DR-05": "unknown"},
        said=(("residency.default_realm", "Atlantis", *BEN),),
    ),
)
REFUSED_LOOKS = (
    ("contribution.in_app", "off", *BEN, "--observed-at", "2099-01-01T10:00Z"),
    ("contribution.in_app", "off", *BEN, "--observed-at", "2026-02-30T10:00Z"),
    ("contribution.in_app", "off", *BEN, "--observed-at", "2026-11-21"),
    ("contribution.in_app", "0ff", *BEN),
    ("contribution.in_app", "o\u0192f", *BEN),
    ("contribution.in_app", "\u043ef\u0192", *BEN),
    ("contribution.in_app", "", *BEN),
    ("contribution.in_app", "off", "--by", "ben"),
    ("contribution.in_app", "off", "--by", "ben@"),
    ("contribution.inapp", "off", *BEN),
    ("effective.in_app", "not_contributed", *BEN),
    ("residency.realm", "EU", "--subject", "app:tidy.atlassian.net/confluence", *BEN),
    ("ai.access", "blocked", *BEN),
    ("ai.access", "blocked", "--subject", "app:tidy.atlassian.net/conflunce", *BEN),
    ("ai.access", "blocked", "--subject", "app:*/conflunce", *BEN),
    ("contribution.in_app.included", "none, app:tidy.atlassian.net/confluence", *BEN),
    ("contribution.in_app.included", ",", *BEN),
    ("trial.ends_on", "31.12.2026", "--subject", "app:tidy.atlassian.net/confluence", *BEN),
)
