"""Expands `[expect]` to rules: checks of the effective answer, and of everything that could undo it.

Merge order: packs left to right, then the file. `[expect]` merges key by key, so the last file that makes a statement
counts. Its rules come before the `[[rule]]`s of that file, which refine or override them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contribaudit.core.model.finding import Severity
from contribaudit.core.model.observation import Value
from contribaudit.core.model.policy import QUESTIONS, AuditPolicy, Rule, Where
from contribaudit.core.model.rulebook import App, Rulebook
from contribaudit.policy_file.statements import ALLOWED, BLOCKED, ExpectTable, Place

EVERYTHING = Where()


@dataclass(frozen=True, slots=True)
class AskedCheck:
    """One check that a statement asks for."""

    check: str
    why: str
    """How the check's finding would undo the statement; the reason of its rule."""
    expect: Value = None
    filled: str = ""
    """The key of the statement that fills `expect`, in place of a fixed value."""
    severity: Severity | None = None
    everywhere: bool = False
    """Asked for the whole organization, so only when no place is excepted."""
    where: Where = EVERYTHING


_EVERY = (
    AskedCheck("DC-10", "A statement about the company holds only if every organization was read."),
    AskedCheck("GV-06", "The rules rest on plans, defaults and lists that Atlassian changes."),
)
_LIST = (
    AskedCheck("SP-01", "Sub-processors added since the last import are not compared."),
    AskedCheck("SP-02", "A change that nobody looked at may undo it, and after the objection period it stays."),
    AskedCheck("SP-06", "A row that is not understood may mean any app and any location.", severity=Severity.MEDIUM),
)
_OF_THE_COMPANY = frozenset(ask.check for ask in (*_EVERY, *_LIST[:2]))
_TRIALS = "A trial counts as an active plan: what holds during it may not hold the day after."
_PLAN = AskedCheck("DC-06", "The policy was written for this plan; another plan has other settings and defaults.")
_IN_APP = (
    AskedCheck("DC-03", "No in-app data is contributed, by the switch or through the include list."),
    AskedCheck(
        "DC-04",
        "While the switch is off, the include list can still open individual spaces, apps or connectors.",
        expect=(),
    ),
    AskedCheck("DC-13", "When the switch is flipped, the other list applies, so it is checked again."),
    AskedCheck(
        "DC-12",
        "A new space follows the switch and the list from its first page on.",
        where=Where(sandbox=False),  # of a sandbox, DC-23 says once that nobody knows
    ),
    AskedCheck("DC-23", "A sandbox is a copy of production, and Atlassian does not say whether it contributes."),
    AskedCheck("DC-07", _TRIALS),
)
_OFFERED_TO_ALL = (
    AskedCheck(
        "AI-04", "Some apps have an AI switch of their own, outside Rovo access.", "off", severity=Severity.HIGH
    ),
    AskedCheck(
        "AI-05", "Trello and Loom have AI switches of their own, outside Rovo access.", "off", severity=Severity.HIGH
    ),
    AskedCheck("AI-08", "Rovo access does not cover customers in the help portal."),
)

ASKED: Mapping[str, tuple[AskedCheck, ...]] = {
    "contribution none": (
        AskedCheck("DC-01", "No metadata is contributed. Below Enterprise that is not achievable."),
        *_IN_APP,
    ),
    "contribution metadata-only": _IN_APP,
    "contribution any": (),
    "ai blocked": (
        AskedCheck(
            "AI-01", "AI reaches no app, by Rovo access, the app's own switch or another Jira app of its site.", BLOCKED
        ),
        AskedCheck(
            "DR-09",
            "For some apps no page says whether AI reaches them; blocked everywhere includes these.",
            everywhere=True,
        ),
        *_OFFERED_TO_ALL,
        AskedCheck("AI-10", "Default access opens apps to every future agent.", filled="ai_allowed_on"),
        AskedCheck("AI-11", "Web search sends queries out, whatever Rovo access blocks."),
        AskedCheck("AI-16", "Tools connect over MCP, whatever Rovo access blocks.", expect=()),
        AskedCheck("AI-18", "Tools that connect over MCP may write, whatever Rovo access blocks.", expect=BLOCKED),
        AskedCheck("DC-07", _TRIALS, severity=Severity.MEDIUM),
    ),
    "ai groups": (
        AskedCheck("AI-01", "AI reaches each app for groups at most, not for everybody.", expect="limited"),
        AskedCheck("AI-06", "Every app is blocked or limited to these groups.", filled="ai", severity=Severity.HIGH),
        AskedCheck("AI-07", "Another group that holds the AI role gets AI.", filled="ai"),
        *_OFFERED_TO_ALL,
        AskedCheck("AI-10", "Default access opens apps to every future agent.", filled="ai"),
        AskedCheck("DC-07", _TRIALS),
    ),
    "ai allowed": (),
    "location": (
        AskedCheck("DR-01", "Each app keeps its data in one of these locations.", filled="location"),
        AskedCheck("DR-02", "Atlassian may move an app that is located there but not pinned."),
        AskedCheck("DR-03", "Without data residency on its plan, no app can be pinned."),
        AskedCheck("DR-04", "While a move is open or failed, data is in neither location for certain."),
        AskedCheck("DR-05", "A new app starts in the default location.", filled="location"),
        AskedCheck("DR-06", "Atlassian decides where apps without data residency keep data.", filled="location_except"),
        AskedCheck("DR-14", "A new app is in no residency policy until somebody adds it."),
        AskedCheck("DC-07", "When a trial ends, the app may fall to a plan without data residency."),
    ),
    "subprocessor_locations": (
        AskedCheck(
            "SP-03",
            "Each sub-processor that touches an app works in one of these locations only.",
            filled="subprocessor_locations",
        ),
        *_LIST,
    ),
    "subprocessors_accepted": (
        AskedCheck(
            "SP-04",
            "A sub-processor that trains models is one of these, or touches no app.",
            filled="subprocessors_accepted",
        ),
        *_LIST,
    ),
}
"""The checks that each statement asks for, with their reasons."""
LIFTED: Mapping[str, tuple[str, ...]] = {
    "contribution metadata-only": ("DC-01", "DC-02", "DC-17"),
    "contribution any": ("DC-01", "DC-02", "DC-03", "DC-04", "DC-12", "DC-15", "DC-16", "DC-17"),
    "ai allowed": ("AI-01", "AI-02", "AI-04", "AI-05", "AI-06"),
}
"""Checks of an extended pack or file that a statement contradicts; they are disabled, with it as the reason."""
_SUBJECTS = {
    "contribution": ("contribution",),
    "ai": ("ai", "ai_allowed_on"),
    "location": ("location", "location_except"),
    "subprocessor_locations": ("subprocessor_locations",),
    "subprocessors_accepted": ("subprocessors_accepted",),
}
"""The keys that belong together, by the key that the others modify."""


_BELONGS = {each: key for key, keys in _SUBJECTS.items() for each in keys}
_ASKED_BY = {
    key: {_PLAN.check}.union(
        *({ask.check for ask in (*_EVERY, *asks)} for kind, asks in ASKED.items() if kind.partition(" ")[0] == key)
    )
    for key in _SUBJECTS
}


@dataclass(frozen=True, slots=True)
class FileStatements:
    """The `[expect]` table of one file."""

    table: ExpectTable
    origin: Mapping[str, str]
    """The location of each key: "policy.toml:12"."""


@dataclass(frozen=True, slots=True)
class Merged:
    """One statement with the keys that modify it, merged from every file."""

    key: str
    """"contribution", "ai", "location", "subprocessor_locations" or "subprocessors_accepted"."""
    values: ExpectTable
    origin: Mapping[str, str]
    reason: str
    file: int
    """The position of the last file that states a part of it, where its rules are placed."""
    organization: tuple[str, ...] = ()
    """The organizations to which it applies, as in `where`; () for all."""

    @property
    def kind(self) -> str:
        """The statement's key in ASKED."""
        match self.key, self.values.ai:
            case "contribution", _:
                return f"contribution {self.values.contribution}"
            case "ai", tuple():
                return "ai groups"
            case "ai", word:
                return f"ai {word}"
        return self.key


def questions(policy: AuditPolicy) -> dict[str, tuple[str, ...]]:
    """The questions, as keys of [expect], that each check answers under this policy, if its family does not show them.

    A check answers the statement that asks for it: whether models process data elsewhere (DR-09) is a question about AI
    when `ai` asks for it, and none about locations unless something else does. Checks of families without a question,
    such as GV, answer none.
    """
    at_work = [rule for rule in policy.rules if rule.enabled]
    stated = {_BELONGS[rule.expands] for rule in at_work if rule.expands}
    written = {rule.check for rule in at_work if not rule.expands}
    letters = {family: key for key, family in QUESTIONS.items()}
    questions_by_check: dict[str, tuple[str, ...]] = {}
    for check in dict.fromkeys(rule.check for rule in at_work):
        own = letters.get(check.partition("-")[0])
        if own is None:
            continue
        asking = {key for key in stated if check in _ASKED_BY[key]} | ({own} if check in written else set())
        if asking != {own}:
            questions_by_check[check] = tuple(key for key in QUESTIONS if key in asking)
    return questions_by_check


def merged(files: Sequence[FileStatements | None]) -> tuple[list[Merged], list[tuple[int, str, str]]]:
    """The statements that count, and their problems when taken together: file, key and words."""
    statements: list[Merged] = []
    wrong: list[tuple[int, str, str]] = []
    for key, keys in _SUBJECTS.items():
        values: dict[str, Any] = {}
        origin: dict[str, str] = {}
        reason, last = "", -1
        for index, stated in enumerate(files):
            given = [name for name in keys if stated is not None and name in stated.table.model_fields_set]
            if stated is None or not given:
                continue
            last = index
            reason = stated.table.reason or reason
            values |= {name: getattr(stated.table, name) for name in given}
            origin |= {name: stated.origin[name] for name in given}
        if last < 0:
            continue
        for other in keys[1:]:
            if other not in values:
                continue
            if key not in values:
                wrong.append((last, other, f"also needs `{key}`"))
            elif key == "ai" and values[key] != BLOCKED:
                wrong.append((last, other, f'is only valid with ai = "{BLOCKED}"; write [[rule]]s for anything finer'))
        if key in values:
            statements.append(Merged(key, ExpectTable.model_construct(**values), origin, reason, last))
    return statements, wrong


def placed(
    statements: Iterable[Merged], rules: Sequence[Sequence[Rule]], plan: str | None, rulebook: Rulebook
) -> dict[int, list[Rule]]:
    """The rules to which the statements expand, by the position of the file whose own rules they precede.

    `rules` are those of each file; `plan` is the plan that the policy was written for. A check that several statements
    ask for appears once, with the highest severity.
    """
    placed_rules: dict[int, list[Rule]] = {}
    for statement in sorted(statements, key=lambda one: one.file):
        before = {rule.check for own in rules[: statement.file] for rule in own if rule.enabled}
        for rule in (*_lifted_rules(statement, before), *_expand_statement(statement, plan, rulebook)):
            _add(placed_rules, statement.file, rule, rulebook)
    return placed_rules


def overridden(
    organization: tuple[str, ...],
    statements: Sequence[Merged],
    general: Sequence[Merged],
    before: Sequence[Rule],
    plan: tuple[str | None, str],
    rulebook: Rulebook,
) -> list[Rule]:
    """The rules of one `[[organization]]`.

    Each of its statements replaces the general statement with the same key: checks that only the replaced one asked for
    are disabled there. `before` are the rules that precede them. `plan` is the plan that the policy is written for
    there, or None, and its location.
    """
    placed_rules: dict[int, list[Rule]] = {}
    own = [replace(one, file=0, organization=organization) for one in statements]
    keys = {one.key for one in own}
    kept_checks = {
        ask.check for one in (*own, *(other for other in general if other.key not in keys)) for ask in ASKED[one.kind]
    }
    asked = {rule.check for rule in before if rule.enabled}
    for statement in own:
        replaced = [one for one in general if one.key == statement.key]
        gone = {ask.check for one in replaced for ask in ASKED[one.kind]} & asked
        for check in sorted((gone - kept_checks) | (asked & set(LIFTED.get(statement.kind, ())))):
            why = f"[[organization]] says {as_written(statement)}."
            _add(placed_rules, 0, _rule(statement, check, Where(), None, why, enabled=False), rulebook)
        for rule in _expand_statement(statement, None, rulebook):
            if rule.check not in _OF_THE_COMPANY:
                _add(placed_rules, 0, rule, rulebook)
    written_for, origin = plan
    if written_for and (own or _PLAN.check in asked):
        where = Where(organization=organization)
        placed_rules.setdefault(0, []).append(Rule(_PLAN.check, origin, where, expect=written_for, reason=_PLAN.why))
    return placed_rules.get(0, [])


def _add(placed_rules: dict[int, list[Rule]], file: int, rule: Rule, rulebook: Rulebook) -> None:
    for rules in placed_rules.values():
        for index, other in enumerate(rules):
            if (other.check, other.where) == (rule.check, rule.where):
                own = rulebook.words[rule.check].severity
                most_severe = min((one.severity or own for one in (rule, other)), key=lambda one: one.rank)
                rules[index] = replace(other, severity=None if most_severe is own else most_severe)
                return
    placed_rules.setdefault(file, []).append(rule)


def _lifted_rules(statement: Merged, before: set[str]) -> Iterator[Rule]:
    for check in LIFTED.get(statement.kind, ()):
        if check in before:
            why = f"[expect] says {as_written(statement)}."
            yield _rule(statement, check, Where(), None, why, enabled=False)


def _expand_statement(statement: Merged, plan: str | None, rulebook: Rulebook) -> Iterator[Rule]:
    for ask in (*ASKED[statement.kind], *([_PLAN] if plan else []), *_EVERY):
        if ask.everywhere and statement.values.ai_allowed_on:
            continue
        expect = ask.expect
        if ask.filled == "ai_allowed_on":
            expect = tuple(place.text for place in statement.values.ai_allowed_on if place.app is not None)
        elif ask.filled:
            expect = getattr(statement.values, ask.filled)
        yield _rule(statement, ask.check, ask.where, expect, ask.why, severity=ask.severity)
    for place in statement.values.ai_allowed_on:
        yield from _allowed_rules(statement, place)
    for type_key in statement.values.location_except:
        yield from _excepted_rules(statement, rulebook.apps[type_key.casefold()])


def _allowed_rules(statement: Merged, place: Place) -> Iterator[Rule]:
    """Rules for a place where AI may be on: its checks stay in the report, but decide nothing."""
    why = f"AI is allowed on {place.text}."
    app = place.app

    def asked(check: str, expect: Value) -> Rule:
        return _rule(statement, check, place.where, expect, why, severity=Severity.INFO, key="ai_allowed_on")

    yield asked("AI-01", ALLOWED)
    if app is None or not app.own_workspaces:
        yield asked("AI-04", "on")
    if app is not None and app.own_workspaces:
        yield asked("AI-05", "on")
    yield _rule(statement, "AI-08", place.where, None, why, enabled=False, key="ai_allowed_on")


def _excepted_rules(statement: Merged, app: App) -> Iterator[Rule]:
    """Rules that accept an app's location because no setting can pin it; DR-06 keeps the app in the report."""
    where = Where(app=tuple(sorted(app.words)))
    why = f"{app.title} offers no data residency, which is accepted."
    checks = ("DR-01",) if app.residency == "none" else ("DR-01", "DR-02", "DR-03")
    for check in checks:
        yield _rule(statement, check, where, None, why, enabled=False, key="location_except")
    if app.residency != "none":
        accepted = statement.values.location_except
        why = f"No page says whether data residency reaches {app.title}; that is accepted."
        yield _rule(statement, "DR-06", where, accepted, why, severity=Severity.INFO, key="location_except")


def _rule(
    statement: Merged,
    check: str,
    where: Where,
    expect: Value,
    why: str,
    *,
    severity: Severity | None = None,
    enabled: bool = True,
    key: str = "",
) -> Rule:
    key = key or statement.key
    return Rule(
        check=check,
        origin=statement.origin[key],
        where=replace(where, organization=statement.organization) if statement.organization else where,
        expect=expect,
        severity=severity,
        enabled=enabled,
        reason=f"{why} {statement.reason}".strip(),
        expands=key,
    )


def as_written(statement: Merged) -> str:
    """The statement as written in the file: `contribution = "none"`."""
    values = statement.values
    match statement.key:
        case "contribution":
            return f'contribution = "{values.contribution}"'
        case "ai" if isinstance(values.ai, tuple):
            return f"ai = {{ groups = [{', '.join(values.ai)}] }}"
        case "ai":
            return f'ai = "{values.ai}"'
    named = getattr(values, statement.key)
    return f"{statement.key} = [{', '.join(named)}]"
