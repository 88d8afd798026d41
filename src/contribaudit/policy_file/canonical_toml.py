"""Writes a resolved policy as canonical TOML: the same policy always gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TypeAlias

from contribaudit.core.model.observation import Value
from contribaudit.core.model.policy import WAIVABLE, AuditPolicy, Decision, EvidenceTerms, Rule, Waiver
from contribaudit.policy_file.values import NEVER, VERSION

Item: TypeAlias = Value | date | Mapping[str, Value]

_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def to_toml(policy: AuditPolicy) -> str:
    """The policy as a file without `extends` that loads to the same rules, waivers, decisions and evidence terms.

    Keys have a fixed order, line ends are LF, and all characters are printable. Origins are comments without a line
    number, so that moving a rule within its file changes no digest.
    """
    blocks = [
        [*_pairs({"version": VERSION, "name": policy.name, "written_for_plan": policy.written_for_plan})],
        ["[evidence]", *_pairs(_evidence(policy.evidence))],
        *(_block("rule", rule.origin, _rule(rule)) for rule in policy.rules),
        *(_block("waiver", waiver.origin, waiver_keys(waiver)) for waiver in policy.waivers),
        *(_block("decision", decision.origin, decision_keys(decision)) for decision in policy.decisions),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def toml_string(text: str) -> str:
    """The text as a TOML basic string on one line, with unprintable characters escaped."""
    return f'"{"".join(_escaped(character) for character in text)}"'


def _block(name: str, origin: str, pairs: Mapping[str, Item]) -> list[str]:
    return [f"[[{name}]]  # from {toml_string(_file_of(origin))[1:-1]}", *_pairs(pairs)]


def _evidence(terms: EvidenceTerms) -> Mapping[str, Item]:
    return {
        "accept": tuple(terms.accept),
        "max_age_days": {name: terms.max_age_days[name] for name in sorted(terms.max_age_days)},
        "screenshot": terms.screenshot or NEVER,
        "second_person": terms.second_person or NEVER,
        "owner": terms.owner or None,
        "due_days": terms.due_days,
    }


def _rule(rule: Rule) -> Mapping[str, Item]:
    return {
        "check": rule.check,
        "where": rule.where.given or None,
        "expect": rule.expect,
        "severity": rule.severity,
        "enabled": None if rule.enabled else False,
        "reason": rule.reason or None,
        "accept": rule.accept,
        "max_age_days": None if rule.max_age_days is None else dict(sorted(rule.max_age_days.items())),
        "owner": rule.owner or None,
        "due_days": rule.due_days,
        "expands": rule.expands or None,
    }


def waiver_keys(waiver: Waiver) -> Mapping[str, Item]:
    """The keys of a `[[waiver]]` in their order; None for a key that is left out."""
    return {
        "check": waiver.check,
        "subject": waiver.subject,
        "where": None if waiver.where is None else waiver.where.given,
        "observed": waiver.observed,
        "outcomes": None if waiver.outcomes == WAIVABLE else tuple(waiver.outcomes),
        "reason": waiver.reason,
        "requested_by": waiver.requested_by,
        "approved_by": waiver.approved_by,
        "approved_at": waiver.approved_at,
        "review_every_days": waiver.review_every_days,
        "ticket": waiver.ticket or None,
        "expires": waiver.expires,
    }


def decision_keys(decision: Decision) -> Mapping[str, Item]:
    """The keys of a `[[decision]]` in their order."""
    return {name: getattr(decision, name) for name in ("setting", "value", "by", "second", "date", "ticket")}


def _pairs(items: Mapping[str, Item]) -> Iterator[str]:
    """A line for each key with a value."""
    for key, item in items.items():
        if item is not None:
            yield f"{key} = {_toml_value(item)}"


def _toml_value(item: Item) -> str:
    match item:
        case bool():
            return "true" if item else "false"
        case str():
            return toml_string(item)
        case date():
            return item.isoformat()
        case tuple():
            return f"[{', '.join(toml_string(text) for text in item)}]"
        case Mapping():
            return f"{{ {', '.join(_pairs(item))} }}" if item else "{}"
    return str(item)


def _escaped(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable():
        return character
    return f"\\u{ord(character):04X}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08X}"


def _file_of(origin: str) -> str:
    file, _, line = origin.rpartition(":")
    return file if line.isdecimal() else origin
