"""Likely readings: what they say of a move, and that they say nothing where they see nothing."""

from __future__ import annotations

from typing import Any

import pytest

from contribaudit.core.model.canonical import canonical_json, digest
from contribaudit.core.model.decoder import Candidate, Score
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import Kind
from contribaudit.errors import RulebookError
from contribaudit.rulebook import shapes, values
from tests.builders import RULEBOOK, app
from tests.checks.attested import ORGANIZATION

SHIPPED = {(one.signal.rpartition(".")[2], one.name): one for one in RULEBOOK.candidates}
OBJECTS: dict[str, Any] = {}


def held(found: Any) -> tuple[str, ...]:
    name = digest(canonical_json(found))
    OBJECTS[name] = found
    return (name,)


def rule(**fields: Any) -> tuple[str, ...]:
    return held({"attributes": {"rule": fields}})


@pytest.mark.parametrize(
    ("candidate", "before", "after", "said"),
    [
        (
            ("ugc-data-use-preferences", "consented"),
            rule(consented=False),
            rule(consented=True),
            "`consented` false -> true; if that is the in-app switch, it was turned on",
        ),
        (
            ("ugc-data-use-preferences", "off"),
            rule(off=[]),
            rule(off=["in-app"]),
            '`off` [] -> ["in-app"]; if that is the in-app switch, it was turned off',
        ),
        (
            ("ugc-data-use-preferences", "off"),
            rule(off=["in-app"]),
            rule(off=["in-app", "x"]),
            '`off` ["in-app"] -> ["in-app","x"], which may be the in-app switch',
        ),
        (
            ("generative-ai", "applicationStatus"),
            held({"applicationStatus": "enabled"}),
            None,
            '`applicationStatus` "enabled" -> (nothing); if that is Rovo access, it was set to blocked',
        ),
        (
            ("policy", "enabled"),
            held({"attributes": {"enabled": False}}),
            held({"attributes": {"enabled": True}}),
            "`enabled` false -> true; if that is Rovo access, it was set to allowed",
        ),
        (("ugc-data-use-preferences", "consented"), rule(consented=1), rule(consented=1, x=2), ""),
        (("ugc-data-use-preferences", "consented"), ("not kept",), rule(consented=True), ""),
        (("ugc-data-use-preferences", "consented"), (*rule(consented=True), "b"), rule(consented=False), ""),
    ],
)
def test_a_move_is_told_in_the_words_of_the_reading(
    candidate: tuple[str, str], before: Any, after: Any, said: str
) -> None:
    assert SHIPPED[candidate].meaning_of_move(before, after, OBJECTS) == said


def test_a_number_is_no_truth_value() -> None:
    assert SHIPPED["ugc-data-use-preferences", "consented"].value_in(rule(consented=1), OBJECTS) is None


def test_every_shipped_reading_says_why_and_how_good_it_is() -> None:
    assert {one.signal for one in RULEBOOK.candidates} <= {one.signal for one in RULEBOOK.signals}
    assert all(one.why and one.grade == "C" for one in RULEBOOK.candidates)


def test_a_score_counts_both_sides() -> None:
    one = Candidate(SettingId("signal.x"), Kind.APP, "/a/b", SettingId("ai.access"), "Rovo access", ())
    assert Score(one, app(), 2, 0).sentence() == "`b` as ai.access: 2 attestations agree, 0 contradict"
    assert Score(one, ORGANIZATION, 1, 1).sentence() == "`b` as ai.access: 1 attestation agrees, 1 contradicts"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"pointer": "nowhere"}, "is not a pointer"), ({"owner": "organization"}, "is not a signal of an")],
)
def test_a_reading_of_nothing_is_refused(wrong: dict[str, str], said: str) -> None:
    entry = {"signal": "signal.workspace.policy", "owner": "app", "pointer": "/attributes/enabled"}
    entry |= {"setting": "ai.access", "called": "Rovo access", "why": "x", "source": "https://x.example", "grade": "C"}
    signal = {"signal": "signal.workspace.policy", "family": "ai_access", "collector": "workspaces", "kinds": ["app"]}
    signal |= {"why": "x", "source": "https://x.example", "grade": "C"}
    document = {"reviewed": "2026-11-29", "source": "x", "grade": "C", "signal": [signal]}
    document |= {"candidate": [{**entry, **wrong, "reads": [{"holds": True, "means": "allowed"}]}]}
    with pytest.raises(RulebookError, match=said):
        values.candidates(shapes.SignalsFile.of(document))
