"""The resolved policy as TOML: the same policy, the same bytes, and back again."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import category

from hypothesis import example, given, settings
from hypothesis import strategies as st

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.observation import Grade, SettingId, Value
from contribaudit.core.model.policy import AuditPolicy, Decision, EvidenceTerms, Rule, Waiver, Where
from contribaudit.policy_file.canonical_toml import to_toml, toml_string
from contribaudit.policy_file.values import OUTCOMES

from .policy_builders import CHECKS, DOCUMENTED, load, write

HOSTILE = '"\\\n\r\t\x00\x1b[31m\x7f\u2028\u202e\U0001f600\'\'\' """ # [[rule]]'


def texts() -> st.SearchStrategy[str]:
    """Any text that a policy keeps as it is: something to see, nothing to strip."""
    hidden = ("Cc", "Cf", "Zs", "Zl", "Zp")
    stripped = st.text(min_size=1, max_size=20).map(str.strip)
    return stripped.filter(lambda text: text == text.strip() and any(category(sign) not in hidden for sign in text))


def patterns() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(texts(), max_size=3, unique=True).map(tuple)


def wheres() -> st.SearchStrategy[Where]:
    return st.builds(
        Where,
        organization=patterns(),
        site=patterns(),
        app=patterns(),
        plan=patterns(),
        sandbox=st.none() | st.booleans(),
        space=patterns(),
    )


def values() -> st.SearchStrategy[Value]:
    integers = st.integers(min_value=-(2**63), max_value=2**63 - 1)
    return st.one_of(st.booleans(), integers, st.text(max_size=20), st.lists(st.text(max_size=9)).map(tuple))


def grades() -> st.SearchStrategy[tuple[Grade, ...]]:
    usable = [grade for grade in Grade if grade is not Grade.PREDICTED]
    return st.lists(st.sampled_from(usable), min_size=1, unique=True).map(tuple)


def ages() -> st.SearchStrategy[dict[str, int]]:
    return st.dictionaries(st.sampled_from(sorted(EvidenceTerms().max_age_days)), st.integers(1, 36_500))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    rule = draw(
        st.builds(
            Rule,
            check=st.sampled_from(["GV-01", "DR-04"]),
            origin=texts(),
            where=wheres(),
            severity=st.none() | st.sampled_from(Severity),
            enabled=st.booleans(),
            reason=texts(),
            accept=st.none() | grades(),
            max_age_days=st.none() | ages(),
        )
    )
    if draw(st.booleans()):
        return replace(rule, check="DC-11", expect=tuple(draw(st.lists(texts()))))
    return rule


@st.composite
def waivers(draw: st.DrawFn) -> Waiver:
    first, last = sorted((draw(st.dates()), draw(st.dates())))
    where = draw(st.none() | wheres().filter(lambda where: where != Where()))
    binds = draw(st.booleans())
    return Waiver(
        check=draw(st.sampled_from(sorted(CHECKS))),
        origin=draw(texts()),
        reason=draw(texts()),
        requested_by="a",
        approved_by="b" + draw(texts()),
        approved_at=first,
        expires=last,
        subject=None if where else draw(texts()),
        where=where,
        observed=draw(values()) if binds else None,
        binds_to_value=binds,
        outcomes=draw(st.lists(st.sampled_from(OUTCOMES), min_size=1, unique=True).map(tuple)),
        review_every_days=draw(st.none() | st.integers(1, 36_500)),
        ticket=draw(st.just("") | texts()),
    )


def decisions() -> st.SearchStrategy[Decision]:
    return st.builds(
        Decision,
        setting=st.just(SettingId("app.status")),  # a decision on it takes any value
        value=values(),
        by=st.just("a"),
        second=texts().map("b".__add__),
        date=st.dates(),
        ticket=texts(),
        origin=texts(),
    )


@st.composite
def policies(draw: st.DrawFn) -> AuditPolicy:
    first = Rule("DR-13", "x")
    found = [first, *draw(st.lists(rules(), max_size=3, unique_by=lambda rule: rule.check))]
    max_age_days = {**EvidenceTerms().max_age_days, **draw(ages())}
    return AuditPolicy(
        name=draw(texts()),
        rules=tuple(found),
        waivers=tuple(draw(st.lists(waivers(), max_size=2))),
        decisions=tuple(draw(st.lists(decisions(), max_size=2))),
        evidence=EvidenceTerms(
            accept=draw(grades()),
            max_age_days=max_age_days,
            screenshot=draw(st.none() | st.sampled_from(Severity)),
            second_person=draw(st.none() | st.sampled_from(Severity)),
        ),
        written_for_plan=draw(st.none() | st.just("premium")),
    )


@settings(max_examples=40)
@given(policies())
def test_what_is_written_loads_to_the_same_policy(policy: AuditPolicy) -> None:
    with TemporaryDirectory() as folder:
        loaded = load(write(Path(folder), to_toml(policy)))
    assert without_origins(loaded) == without_origins(policy)
    assert loaded.sha256 == sha256(loaded.resolved_toml.encode()).hexdigest()
    assert without_comments(loaded.resolved_toml) == without_comments(to_toml(policy))


@given(st.text())
@example(HOSTILE)
def test_any_text_survives_as_a_toml_string(text: str) -> None:
    written = toml_string(text)
    assert written.isprintable()
    assert tomllib.loads(f"text = {written}") == {"text": text}


def test_the_resolved_policy_stands_alone(tmp_path: Path) -> None:
    """No `extends`, the origin of each table as a comment, and a digest that anybody can compute."""
    policy = load(write(tmp_path, DOCUMENTED))
    assert "extends" not in tomllib.loads(policy.resolved_toml)
    assert "[[rule]]  # from essentials\n" in policy.resolved_toml
    assert "[[rule]]  # from policy.toml\n" in policy.resolved_toml
    assert policy.sha256 == sha256(policy.resolved_toml.encode()).hexdigest()
    again = load(write(tmp_path, policy.resolved_toml, "resolved.toml"))
    assert without_origins(again) == without_origins(policy)


def test_only_what_a_policy_says_counts_for_its_digest(tmp_path: Path) -> None:
    policy = load(write(tmp_path, DOCUMENTED))
    moved = load(write(tmp_path, DOCUMENTED.replace("[[rule]]", "# why\n\n[[rule]]").replace("\n", "\r\n")))
    other = load(write(tmp_path, DOCUMENTED.replace('"DE"', '"US"')))
    assert moved.sha256 == policy.sha256
    assert moved.rules[-1].origin == "policy.toml:14"
    assert other.sha256 != policy.sha256


def test_a_rule_of_a_pack_that_is_written_again_stands_once(tmp_path: Path) -> None:
    """Otherwise the resolved policy would hold the same rule twice, and not load."""
    text = 'version = 1\nextends = ["essentials"]\n[[rule]]\ncheck = "GV-06"\nenabled = false\nreason = "x"\n'
    policy = load(write(tmp_path, text))
    assert policy.resolved_toml.count('check = "GV-06"') == 1
    again = load(write(tmp_path, policy.resolved_toml))
    assert without_origins(again).rules == without_origins(policy).rules


def test_a_hostile_file_name_stays_in_its_comment(tmp_path: Path) -> None:
    text = '[[rule]]\ncheck = "GV-01"\n'
    write(tmp_path, f"version = 1\n{text}", "a\n[[rule]]\x1b.toml")
    policy = load(write(tmp_path, 'version = 1\nextends = ["a\\n[[rule]]\\u001b.toml"]'))
    assert len(tomllib.loads(policy.resolved_toml)["rule"]) == 1
    assert "\x1b" not in policy.resolved_toml
    assert policy.rules[0].origin.isprintable()


def without_origins(policy: AuditPolicy) -> AuditPolicy:
    """The policy without what depends on where it was written."""
    return replace(
        policy,
        rules=tuple(replace(rule, origin="") for rule in policy.rules),
        waivers=tuple(replace(waiver, origin="") for waiver in policy.waivers),
        decisions=tuple(replace(decision, origin="") for decision in policy.decisions),
        extends=(),
        extends_line=1,
        sha256="",
        resolved_toml="",
    )


def without_comments(text: str) -> list[str]:
    """The lines of canonical TOML, headers without their origin."""
    return [line.partition("  # from ")[0] if line.startswith("[[") else line for line in text.splitlines()]


def test_the_outcomes_that_can_be_waived() -> None:
    assert Outcome.PASS not in OUTCOMES
    assert Outcome.WAIVED not in OUTCOMES
    assert len(OUTCOMES) == len(Outcome) - 2
