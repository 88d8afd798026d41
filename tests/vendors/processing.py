"""Lists of sub-processors, and an organization for them to touch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from contribaudit.core.model import names
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.observation import Observation, Unavailable
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.model.subprocessors import ListHistory, Processor, Review, Row, SubprocessorList
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.core.resolve.subprocessors import understood
from contribaudit.vendors.subprocessors import take_in
from tests.builders import NOW, ORG, RULEBOOK, app, observed

FOLDER = Path(__file__).parent / "subprocessors"
RULES = RULEBOOK.subprocessors
MARCH, SEPTEMBER = "2026-03-02", "2026-09-14"


def signature(at: datetime = NOW, by: str = "dpo@acme.example") -> Signature:
    return Signature(by, at, "account", "host")


def body(day: str, form: str = "html") -> bytes:
    return (FOLDER / f"page-{day}.{form}").read_bytes()


def imported(day: str, at: datetime = NOW, form: str = "html") -> SubprocessorList:
    """An invented page, taken in at a moment."""
    return take_in(body(day, form), f"page-{day}.{form}", RULES, ListHistory(), signature(at))


def listed(*rows: Row, effective: date = date(2026, 9, 1), at: datetime = NOW) -> SubprocessorList:
    """A list of these rows."""
    digest = sha256(repr((effective, rows)).encode()).hexdigest()
    return SubprocessorList(effective, rows, "list.csv", digest, signature(at))


def row(
    name: str = "Some Company",
    products: str = "Confluence",
    purposes: str = "Cloud hosting provider",
    locations: str = "USA",
) -> Row:
    return Row(name, products, purposes, "Content", locations)


def processors(day: str) -> tuple[Processor, ...]:
    return understood(imported(day), RULES)


def state(
    apps: Mapping[str, str],
    lists: Iterable[SubprocessorList] = (),
    reviews: Iterable[Review] = (),
    *,
    as_of: datetime = NOW,
    organization: str = "exposed",
) -> State:
    """Apps by type key, each with its effective AI answer: "exposed", "not_exposed", or why there is none."""
    seen: list[Observation] = [_ai(None, organization)]
    for type_key, ai in apps.items():
        seen.append(observed(names.APP_TYPE_KEY, app(type_key), type_key))
        seen.append(observed(names.APP_HOST, app(type_key), "acme.atlassian.net"))
        seen.append(observed(names.APP_ALIAS, app(type_key), f"app:acme.atlassian.net/{type_key}"))
        seen.append(_ai(type_key, ai))
    history = ListHistory.of(lists, reviews)
    return State(
        as_of=as_of,
        rulebook=RULEBOOK,
        organizations=[OrganizationState(ORG, "Acme", {})],
        observations=seen,
        subprocessors=lambda: history,
    )


def _ai(type_key: str | None, answer: str) -> Observation:
    subject = app(type_key) if type_key is not None else organization_subject(ORG)
    if answer in ("exposed", "not_exposed"):
        return observed(names.EFFECTIVE_AI, subject, answer)
    return Unavailable(names.EFFECTIVE_AI, subject, answer, f"it is {answer.replace('_', ' ')}", NOW, "computed")


JANUARY = datetime(2026, 1, 5, 9, tzinfo=UTC)
