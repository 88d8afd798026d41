"""What the gateway, the app's AI policy item, an attestation and the plan prove together: one combination a line.

`gateway.csv` holds all of them for one app, Confluence; it is written from the rules. `gateway_sites.csv` holds what
reaches further: siblings of the Jira family, JSM's own switch, whole sites, and items that answer for other apps. Each
of its apps is named with what its witnesses say ("Jira gateway yes item off attested blocked"); "answers" gives the
effective answer of each of them in turn, then that of the site.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from contribaudit import catalogue
from contribaudit.attestations.decoder_proposals import with_objects
from contribaudit.core.model import names
from contribaudit.core.model.attestation import Anchor, Attestation, Signature
from contribaudit.core.model.canonical import canonical_json, digest
from contribaudit.core.model.observation import Grade, Observation, Observed
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.attested import AttestationHistory
from contribaudit.core.resolve.effective import as_observation
from contribaudit.core.resolve.effective_ai import ai
from contribaudit.core.resolve.reasons import Effective
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState, State
from tests.builders import (
    NOW,
    ORG,
    PROMISES,
    RULEBOOK,
    app,
    collection,
    collections,
    evaluated,
    facts,
    observed,
    policy_of,
    rule,
    snapshot,
    unavailable,
)
from tests.checks.attested import ANN, ORGANIZATION, gone
from tests.flow.test_truth_of_ai import TYPES

if TYPE_CHECKING:
    from contribaudit.store.history import History

HOST = "acme.example"
SITE = Subject(ORG, Kind.SITE, HOST)
PLANS = {"cannot limit": "Premium", "can limit": "Enterprise", "unknown": "Business + AI"}
ITEMS: Mapping[str, dict[str, Any]] = {
    "on": {"enabled": True, "suspended": ""},
    "off": {"enabled": False, "suspended": ""},
    "odd": {"enabled": True, "suspended": "for a reason that nobody published"},
    "null": {"enabled": None, "suspended": None},
    "other-off": {"enabled": False, "suspended": "", "targets": []},
    "targeted-off": {"enabled": False, "suspended": "", "targets": ["all"]},
}
NO_VALUE = {"no_such_setting": "no setting"}
POLICIES = catalogue.signals.policy_signal("generative-ai").id


def rows(name: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def gateway_says(word: str, subject: Subject, setting: Any = names.GATEWAY_ROVO) -> Iterator[Observation]:
    match word:
        case "yes" | "no":
            yield observed(setting, subject, word == "yes")
        case "null":
            yield observed(setting, subject, None)
        case "error":
            yield unavailable(setting, subject, "field_error")


def attested(word: str, subject: Subject, setting: Any = names.AI_ACCESS) -> Iterator[Observation]:
    """What somebody saw while the signals stood as they do now; "loosely" where no signal was read then."""
    if word == "stale":
        yield gone(setting, "signal_moved", subject)
    elif word != "none":
        anchored = not word.startswith("loosely-")
        who = replace(ANN, anchored=anchored)
        word = word.removeprefix("loosely-")
        yield Observed(setting, subject, word, Grade.ATTESTED, NOW, "attested by ann", witness=who)


def item_of(word: str, subject: Subject, objects: dict[str, Any]) -> Iterator[Observation]:
    """The signal of the app's policy item, whose object is put into `objects`."""
    if word == "unread":
        yield unavailable(catalogue.signals.WORKSPACE_POLICY.id, subject, "timeout")
    elif word != "absent":
        found = {"id": f"item of {subject.id}", "type": "policies", "attributes": {"type": "ai", **ITEMS[word]}}
        name = digest(canonical_json(found))
        objects[name] = found
        yield observed(catalogue.signals.WORKSPACE_POLICY.id, subject, (name,))


def resolved(found: list[Observation], objects: Mapping[str, Any], *, whole: bool = True) -> State:
    runs = None if whole else collections(collection("workspaces", "timeout"))
    one = SeenOrganization(
        OrganizationState(ORG, "Acme"), snapshot(found, runs), recorded=AttestationHistory(objects=objects)
    )
    return resolve([one], RULEBOOK, NOW, PROMISES)


def as_in_a_pack(state: State) -> State:
    """The state as `evidence reperform` has it: what settings.csv holds, without people and their anchors."""
    told = (replace(one, witness=None) if isinstance(one, Observed) else one for one in state.everything())
    places = state.organizations.values()
    return State(as_of=state.as_of, rulebook=state.rulebook, organizations=places, observations=list(told))


def said(answer: Effective) -> str:
    return (answer.value or NO_VALUE.get(str(answer.outcome), str(answer.outcome))).replace("_", " ")


def state_of_row(cells: Mapping[str, str]) -> State:
    subject, objects = app("app-0"), dict[str, Any]()
    found = facts(subject, type_key="confluence", plan=PLANS[cells["plan"]], host=HOST, alias="app:Confluence")
    found += [*gateway_says(cells["gateway"], subject), *attested(cells["attestation"], subject)]
    found += item_of(cells["policy item"], subject, objects)
    return resolved(found, objects)


@pytest.mark.parametrize(
    "cells",
    rows("gateway.csv"),
    ids=[f"line {number}: {' '.join(list(row.values())[:4])}" for number, row in enumerate(rows("gateway.csv"), 2)],
)
def test_the_table_holds(cells: dict[str, str]) -> None:
    state = state_of_row(cells)
    subject = app("app-0")
    answer = ai(state, subject)
    (finding,) = (one for one in evaluated(state, policy_of(rule("AI-01"))).findings if one.subject == subject)
    assert (said(answer), str(finding.outcome)) == (cells["effective.ai"], cells["AI-01"]), cells["why"]
    if cells["AI-01"] in ("unknown", "stale", "conflict"):
        assert finding.setting == names.AI_ACCESS, "the screen that settles it is that of Rovo access"
    told = state.read(subject, names.EFFECTIVE_AI)
    assert told == as_observation(state, answer)
    assert said(ai(as_in_a_pack(state), subject)) == cells["effective.ai"]


def test_the_table_has_every_combination_once() -> None:
    lines = [tuple(line.values())[:4] for line in rows("gateway.csv")]
    every = product(
        ("yes", "no", "null", "error"),
        ("on", "off", "absent", "odd"),
        ("allowed", "blocked", "stale", "none"),
        ("cannot limit", "can limit", "unknown"),
    )
    assert sorted(lines) == sorted(every)
    assert len(lines) == 192


def test_no_line_is_kinder_than_its_witnesses() -> None:
    """What only pass says of the other columns, read off the table itself."""
    for line in rows("gateway.csv"):
        if line["AI-01"] == "pass":
            assert line["gateway"] != "yes"
            assert line["attestation"] != "allowed"
            proven = line["plan"] == "cannot limit" and line["gateway"] == "no"
            assert proven or line["attestation"] == "blocked" or (line["gateway"], line["policy item"]) == ("no", "off")
        if line["gateway"] == "yes":
            assert line["AI-01"] in ("fail", "conflict")


WITNESSES = ("gateway", "item", "attested", "own")


def one_app(number: int, cell: str, plan: str, objects: dict[str, Any]) -> Iterator[Observation]:
    """ "JSM@other gateway no item off attested blocked own off": Jira's gateway field tells of Rovo, JSM's of AI."""
    words = cell.split()
    name, _, place = words[0].partition("@")
    told = dict(zip(words[1::2], words[2::2], strict=True))
    assert set(told) <= set(WITNESSES), cell
    subject, host = app(f"app-{number}"), {"other": "acme-2.example"}.get(place, HOST)
    type_key = TYPES.get(name, name.casefold())
    yield from facts(subject, type_key=type_key, plan=plan, host=host, alias=f"app:{name}")
    field = names.GATEWAY_AI if name == "JSM" else names.GATEWAY_ROVO
    yield from gateway_says(told.get("gateway", "-"), subject, field)
    yield from item_of(told.get("item", "absent"), subject, objects)
    elsewhere = names.AI_OWN_SETTING if name in ("Loom", "Bitbucket", "Trello") else names.AI_ACCESS
    yield from attested(told.get("attested", "none"), subject, elsewhere)
    yield from attested(told.get("own", "none"), subject, names.AI_OWN_SETTING)


@pytest.mark.parametrize(
    "cells",
    rows("gateway_sites.csv"),
    ids=[f"line {number}: {row['apps']}, {row['site']}" for number, row in enumerate(rows("gateway_sites.csv"), 2)],
)
def test_the_table_of_sites_holds(cells: dict[str, str]) -> None:
    objects: dict[str, Any] = {}
    plan, _, rest = cells["plan"].partition(", ")
    listed = cells["apps"].split("; ")
    found = [one for number, cell in enumerate(listed) for one in one_app(number, cell, PLANS[plan], objects)]
    found += gateway_says(cells["site"], SITE)
    state = resolved(found, objects, whole=rest != "list cut")
    answers = [ai(state, app(f"app-{number}")) for number in range(len(listed))]
    assert "; ".join(map(said, answers)) == cells["answers"], cells["why"]
    assert said(ai(state, SITE)) == cells["the site"], cells["why"]
    pack = as_in_a_pack(state)
    assert [said(ai(pack, one.subject)) for one in answers] == list(map(said, answers))


@pytest.mark.parametrize(
    ("said_of_it", "plan", "told"),
    [
        ("gateway no", "cannot limit", "pass"),
        ("gateway no item off", "can limit", "pass"),
        ("gateway no", "can limit", "unknown"),
        ("gateway yes", "can limit", "unknown"),
        ("gateway yes", "cannot limit", "fail"),
        ("gateway yes attested blocked", "can limit", "conflict"),
        ("gateway null", "can limit", "unknown"),
        ("attested blocked", "can limit", "pass"),
    ],
)
def test_who_holds_the_role_rests_on_the_same_witnesses(said_of_it: str, plan: str, told: str) -> None:
    """AI-07 passes without a group where Rovo is closed; a yes alone does not show whether everybody has it."""
    found = list(one_app(0, f"Confluence {said_of_it}", PLANS[plan], objects := dict[str, Any]()))
    found.append(observed(names.AI_ROLE_GROUPS, ORGANIZATION, ()))
    findings = evaluated(resolved(found, objects), policy_of(rule("AI-07", expect=("ai-users",)))).findings
    (finding,) = (one for one in findings if one.subject == ORGANIZATION)
    assert str(finding.outcome) == told, finding.reason
    grade = {"gateway no item off": Grade.DECODED, "attested blocked": Grade.ATTESTED}.get(said_of_it, Grade.DOCUMENTED)
    assert told != "pass" or grade in {one.grade for one in finding.evidence}


@pytest.mark.parametrize(
    ("apps", "standing", "warned"),
    [
        ("Confluence item off", "does not count yet", False),
        ("Confluence gateway no item off", "counts for off", False),
        ("Confluence gateway no item off; Compass item on attested allowed", "counts for off and on", False),
        ("Confluence gateway yes item off", "set aside, for Confluence (ari:cloud:app-0) Rovo is enabled", True),
        (
            "Confluence item off attested allowed",
            "set aside, Rovo access of Confluence (ari:cloud:app-0) is allowed",
            True,
        ),
    ],
)
def test_how_the_items_count_is_told(apps: str, standing: str, warned: bool) -> None:
    """By `signals list`, and by a warning of the audit where the reading is contradicted."""
    objects: dict[str, Any] = {}
    found = [one for n, cell in enumerate(apps.split("; ")) for one in one_app(n, cell, "Enterprise", objects)]
    (trust,) = resolved(found, objects).decoders
    assert trust.standing.startswith(standing)
    assert bool(trust.sentence("Acme")) == warned


def test_an_item_that_reads_as_neither_is_told_beside_the_answer() -> None:
    objects: dict[str, Any] = {}
    state = resolved(list(one_app(0, "Confluence item odd", "Enterprise", objects)), objects)
    chain = [one.sentence for one in ai(state, app("app-0")).chain]
    assert any(one.startswith("the app's AI policy item reads as neither on nor off") for one in chain)


@pytest.mark.parametrize(
    ("said_of_it", "plan", "told"),
    [
        ("gateway yes", "can limit", "unknown"),
        ("gateway yes", "unknown", "unknown"),
        ("gateway yes", "cannot limit", "fail"),
        ("gateway yes item on", "can limit", "unknown"),
        ("gateway yes attested limited", "can limit", "pass"),
        ("gateway yes attested allowed", "can limit", "fail"),
        ("gateway yes attested blocked", "can limit", "conflict"),
        ("gateway no", "can limit", "unknown"),
        ("gateway no attested limited", "can limit", "pass"),
        ("gateway no attested limited", "cannot limit", "conflict"),
        ("gateway no item off", "can limit", "pass"),
        ("gateway null attested limited", "can limit", "pass"),
    ],
)
def test_a_policy_that_takes_limited_access(said_of_it: str, plan: str, told: str) -> None:
    """A yes does not say whether for everybody; only a plan without groups, or a look, does."""
    found = list(one_app(0, f"Confluence {said_of_it}", PLANS[plan], objects := dict[str, Any]()))
    findings = evaluated(resolved(found, objects), policy_of(rule("AI-01", expect="limited"))).findings
    (finding,) = (one for one in findings if one.subject == app("app-0"))
    assert str(finding.outcome) == told, finding.reason


@pytest.mark.parametrize("plan", ["Premium", "Enterprise", "Standard"])
@pytest.mark.parametrize(
    ("word", "item", "then", "bound", "counts"),
    [
        ("allowed", "off", "off", True, False),
        ("limited", "off", "off", True, False),
        ("blocked", "off", "off", True, True),
        ("allowed", "off", "on", True, True),
        ("allowed", "off", "absent", True, True),
        ("allowed", "other-off", "targeted-off", True, False),
        ("limited", "targeted-off", "other-off", True, False),
        ("blocked", "other-off", "targeted-off", True, True),
        ("allowed", "off", "other-off", True, True),
        ("allowed", "off", "off", False, True),
    ],
)
def test_an_item_counts_against_no_look_that_was_made_while_it_was_as_now(
    word: str, item: str, then: str, bound: bool, counts: bool, plan: str
) -> None:
    """What somebody saw of an app cannot be compared now; the item of that app was the same, and said otherwise."""
    objects: dict[str, Any] = {}
    agreeing, contrary = app("app-0"), app("app-1")
    found = [*one_app(0, f"Confluence item {item} attested blocked", plan, objects)]
    found += one_app(1, f"Confluence item {item} attested stale", plan, objects)
    (seen,) = item_of(then, contrary, objects) if then != "absent" else (None,)
    state = seen.value if isinstance(seen, Observed) and isinstance(seen.value, tuple) else None
    look = Attestation(
        id="look",
        setting=names.AI_ACCESS,
        subject=contrary,
        value=word,
        by=ANN.by,
        observed_at=NOW,
        recorded=Signature(ANN.by, NOW, "", ""),
        look="look",
        anchors=(Anchor(catalogue.signals.WORKSPACE_POLICY.id, contrary, state),),
        unanchored_reason="" if bound else "nothing was read around the look",
    )
    told = AttestationHistory((look,), objects=objects)
    resolved_state = resolve(
        [SeenOrganization(OrganizationState(ORG, "Acme"), snapshot(found, None), recorded=told)],
        RULEBOOK,
        NOW,
        PROMISES,
    )
    findings = evaluated(resolved_state, policy_of(rule("AI-01"))).findings
    (of_it,) = (one for one in findings if one.subject == contrary)
    (of_other,) = (one for one in findings if one.subject == agreeing)
    assert str(of_other.outcome) == "pass", of_other.reason
    assert (str(of_it.outcome) == "pass") is counts, of_it.reason


def looked_twice(item: str, words: tuple[str, str], objects: dict[str, Any], **told: Any) -> AttestationHistory:
    """Two looks at the second app, one after the other, while every signal stood as it does now."""
    subject = app("app-1")
    (seen,) = item_of(item, subject, objects)
    assert isinstance(seen, Observed)
    assert isinstance(seen.value, tuple)
    anchors = (
        Anchor(catalogue.signals.WORKSPACE_POLICY.id, subject, seen.value),
        Anchor(POLICIES, ORGANIZATION, ()),
    )
    looks = [
        Attestation(
            id=f"look-{number}",
            setting=names.AI_ACCESS,
            subject=subject,
            value=word,
            by=ANN.by,
            observed_at=NOW - timedelta(days=2 - number),
            recorded=Signature(ANN.by, NOW - timedelta(days=2 - number), "", ""),
            look=f"look-{number}",
            anchors=anchors,
            **told,
        )
        for number, word in enumerate(words)
    ]
    return AttestationHistory(tuple(looks), objects=objects)


def outcomes_of(cells: tuple[str, ...], plan: str, objects: dict[str, Any], told: AttestationHistory) -> list[str]:
    """Those of AI-01, app by app."""
    found = [one for number, cell in enumerate(cells) for one in one_app(number, cell, plan, objects)]
    seen = SeenOrganization(
        OrganizationState(ORG, "Acme"), snapshot([*found, observed(POLICIES, ORGANIZATION, ())], None), recorded=told
    )
    state = resolve([seen], RULEBOOK, NOW, PROMISES, catalogue.ALL)
    outcomes = {one.subject: str(one.outcome) for one in evaluated(state, policy_of(rule("AI-01"))).findings}
    return [outcomes[app(f"app-{number}")] for number in range(len(cells))]


@pytest.mark.parametrize("known_plan", [True, False])
@pytest.mark.parametrize("plan", ["Premium", "Enterprise"])
@pytest.mark.parametrize(
    ("words", "bound", "revoked", "outcome"),
    [
        (("allowed", "blocked"), True, False, "unknown"),
        (("limited", "blocked"), True, False, "unknown"),
        (("blocked", "allowed"), True, False, "unknown"),
        (("blocked", "blocked"), True, False, "pass"),
        (("allowed", "blocked"), True, True, "pass"),
        (("allowed", "blocked"), False, False, "pass"),
    ],
)
def test_an_item_beside_which_people_saw_an_app_open_and_shut_closes_no_other(
    words: tuple[str, str], bound: bool, revoked: bool, outcome: str, plan: str, known_plan: bool
) -> None:
    """Until the look that was wrong is revoked; whether or not the newest value still counts."""
    objects: dict[str, Any] = {}
    told = looked_twice(
        "off",
        words,
        objects,
        unanchored_reason="" if bound else "nothing was read around the look",
        highest_plan=plan if known_plan else None,
    )
    if revoked:
        first, second = told.attestations
        told = replace(told, attestations=(replace(first, revoked=Signature(ANN.by, NOW, "", "")), second))
    cells = ("Confluence item off attested blocked", "Confluence item off", "Confluence item off")
    agreeing, _, other = outcomes_of(cells, plan, objects, told)
    assert (agreeing, other) == ("pass", outcome)


@pytest.mark.parametrize("words", [("allowed", "blocked"), ("blocked", "allowed")])
def test_looks_that_disagree_beside_one_item_settle_nothing_between_it_and_the_gateway(words: tuple[str, str]) -> None:
    """The gateway's no stays a conflict with another app's item that is on."""
    told = looked_twice("on", words, objects := dict[str, Any](), highest_plan="Premium")
    cells = ("Confluence gateway no item on", "Confluence item on")
    assert outcomes_of(cells, "Premium", objects, told)[0] == "conflict"


@pytest.mark.parametrize("plan", ["Premium", "Enterprise"])
@pytest.mark.parametrize("now", ["on", "absent", "unread", "odd", "null", "other-off"])
@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (("allowed", "allowed"), "unknown"),
        (("limited", "limited"), "unknown"),
        (("allowed", "blocked"), "unknown"),
        (("blocked", "blocked"), "pass"),
    ],
)
def test_an_item_that_was_off_while_its_app_was_open_closes_no_other_whatever_became_of_it(
    words: tuple[str, str], outcome: str, now: str, plan: str
) -> None:
    told = looked_twice("off", words, objects := dict[str, Any](), highest_plan=plan)
    cells = ("Confluence item off attested blocked", f"Confluence item {now}", "Confluence item off")
    agreeing, _, other = outcomes_of(cells, plan, objects, told)
    assert (agreeing, other) == ("pass", outcome)


@pytest.mark.parametrize("words", [("allowed", "allowed"), ("allowed", "blocked")])
def test_a_look_at_an_item_that_moved_decides_nothing_between_it_and_the_gateway(words: tuple[str, str]) -> None:
    """The item is on since: that the app was open before does not make the gateway's no the truth."""
    told = looked_twice("off", words, objects := dict[str, Any](), highest_plan="Premium")
    cells = ("Confluence item off", "Confluence gateway no item on")
    assert outcomes_of(cells, "Premium", objects, told)[1] == "conflict"


class _Kept:
    """A history that kept the objects, by digest."""

    def __init__(self, objects: Mapping[str, Any]) -> None:
        self.kept = {name: canonical_json(one) for name, one in objects.items()}

    def objects(self, names: Iterable[str]) -> dict[str, bytes]:
        return {name: self.kept[name] for name in names if name in self.kept}


def test_items_that_stood_beside_a_look_are_read_from_the_history_without_a_candidate_reading() -> None:
    told = looked_twice("off", ("allowed", "blocked"), objects := dict[str, Any]())
    store = cast("History", _Kept(objects))
    found = with_objects(replace(told, objects={}), store, RULEBOOK.decoders, snapshot=None)
    assert found.objects == objects
