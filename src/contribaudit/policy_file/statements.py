"""The statements of `[expect]`, in which a company says what it wants, and what each word stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

from pydantic import (
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from contribaudit.core.model.policy import Where
from contribaudit.core.model.rulebook import App, Rulebook
from contribaudit.policy_file.problems import nearest, quoted
from contribaudit.policy_file.values import TEXT_OR_TEXTS, TEXTS, Table, Text, enum, known_of, refuse

CONTRIBUTION = ("none", "metadata-only", "any")
BLOCKED, ALLOWED = "blocked", "allowed"
STATEMENTS = (
    "contribution", "ai", "ai_allowed_on", "location", "location_except", "subprocessor_locations",
    "subprocessors_accepted",
)  # fmt: skip
"""The keys of `[expect]` that expand to rules."""
_GROUPS_FORM = 'ai = { groups = ["…"] }'


@dataclass(frozen=True, slots=True)
class Place:
    """A site, an app of one site, or an app on every site, as named in `ai_allowed_on`."""

    text: str
    where: Where
    app: App | None = None
    """None for a whole site."""


def _refuse_word(what: str, value: str, choices: tuple[str, ...], listed: str = "") -> NoReturn:
    """Refuse a word, suggesting the most similar known word and listing all of them, or what `listed` says instead."""
    close = nearest(value, choices, otherwise=" ", cutoff=0.6).strip()
    choose = f"{close} Choose from" if close else "; choose from"
    refuse(f"{quoted(value)} is not {what}{choose} {listed or ', '.join(choices)}")


def _contribution(value: object) -> str:
    if not isinstance(value, str):
        refuse(f"expected one word in quotes: {', '.join(CONTRIBUTION)}")
    word = value.strip().casefold()
    if word not in CONTRIBUTION:
        _refuse_word("a statement about contribution", value, CONTRIBUTION)
    return word


def _ai(value: object) -> str | tuple[str, ...]:
    """ "blocked", "allowed", or the groups that may use AI."""
    if isinstance(value, dict):
        return _groups(value)
    if isinstance(value, list):
        refuse(f"write groups as {_GROUPS_FORM}")
    if not isinstance(value, str):
        refuse(f"expected {BLOCKED}, {ALLOWED} or groups: {_GROUPS_FORM}")
    word = value.strip().casefold()
    if word not in (BLOCKED, ALLOWED):
        _refuse_word("a statement about AI", value, (BLOCKED, ALLOWED, _GROUPS_FORM))
    return word


def _groups(table: dict[str, object]) -> tuple[str, ...]:
    for key in table:
        if key != "groups":
            refuse(f"unknown key {quoted(key)}{nearest(key, ('groups',))}")
    groups = table.get("groups")
    if not isinstance(groups, list) or not groups or not all(isinstance(one, str) and one.strip() for one in groups):
        refuse(f'expected names of groups: {_GROUPS_FORM}; without a group write ai = "{BLOCKED}"')
    return tuple(dict.fromkeys(one.strip() for one in groups))


def _listed(value: object, what: str) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        refuse(f"expected a list of {what}, in [ ]")
    if not texts or not all(one.strip() for one in texts):
        refuse(f"the list names nothing; remove the key or name {what}")
    return tuple(dict.fromkeys(one.strip() for one in texts))


def location_choices(rulebook: Rulebook) -> tuple[str, ...]:
    """Every location name that a policy may use, groups first; Atlassian may move data from any other realm."""
    return (*rulebook.realm_groups, *(realm.code for realm in rulebook.realms if realm.pinned_to_a_place))


def _location_named(word: str, rulebook: Rulebook) -> str | None:
    """The group name or realm code that a word stands for; None for a word that is not in the rulebook."""
    folded = _without_blanks(word)
    for group in rulebook.realm_groups:
        if _without_blanks(group) == folded:
            return group
    realm = rulebook.realm(word)
    return realm.code if realm is not None else None


def _without_blanks(word: str) -> str:
    """A name without case and spaces: "EU + UK" becomes "eu+uk"."""
    return "".join(word.split()).casefold()


def _locations(value: object, info: ValidationInfo) -> tuple[str, ...]:
    rulebook = known_of(info).rulebook
    choices = location_choices(rulebook)
    locations = []
    for word in _listed(value, "locations"):
        name = _location_named(word, rulebook)
        if name is None:
            _refuse_word("a known location", word, choices)
        if name not in choices:
            refuse(f"{quoted(word)} is not a fixed location; choose from {', '.join(choices)}")
        locations.append(name)
    return tuple(dict.fromkeys(locations))


def _app_named(word: str, rulebook: Rulebook) -> App:
    by_title = {app.title.casefold(): app for app in rulebook.apps.values()}
    app = rulebook.app(word) or by_title.get(word.casefold())
    if app is None:
        near = nearest(word, rulebook.apps, otherwise="; name an app by its type key, such as confluence")
        refuse(f"{quoted(word)} is not a known app{near}")
    return app


def _without_residency(value: object, info: ValidationInfo) -> tuple[str, ...]:
    """Type keys of the accepted apps; refuses apps that offer data residency."""
    rulebook = known_of(info).rulebook
    type_keys = []
    for word in _listed(value, "apps"):
        app = _app_named(word, rulebook)
        if app.residency == "yes":
            waiver = f'a [[waiver]] on "{rulebook.words["DR-01"].title}" (DR-01)'
            refuse(f"{app.title} offers data residency; pin it, or accept its location with {waiver}")
        type_keys.append(app.type_key)
    return tuple(dict.fromkeys(type_keys))


def _parse_places(value: object, info: ValidationInfo) -> tuple[Place, ...]:
    rulebook = known_of(info).rulebook
    return tuple(_parse_place(text, rulebook) for text in _listed(value, "sites and apps"))


def _parse_place(text: str, rulebook: Rulebook) -> Place:
    form = "write a site as labs.atlassian.net, an app as app:acme.atlassian.net/confluence or confluence"
    kind, colon, rest = text.partition(":")
    rest = rest.removeprefix("//") if kind in ("https", "http") else rest
    if kind in ("https", "http"):
        kind, rest = "site", rest.partition("/")[0]
    if not colon:
        kind, rest = ("site", text.rstrip("/")) if "." in text or "*" in text else ("app", text)
    if kind not in ("site", "app"):
        refuse(f"{quoted(text)} is not a site or an app; {form}")
    if kind == "site":
        if not rest.strip("*. ") or "/" in rest:
            refuse(f"{quoted(text)} is not one site; {form}")
        return Place(text, Where(site=(rest,)))
    host, slash, word = rest.rpartition("/")
    if slash and "." not in host:
        refuse(f"{quoted(text)} names an app by its ID; {form}")
    app = _app_named(word, rulebook)
    return Place(text, Where(site=(host,) if host else (), app=tuple(sorted(app.words))), app)


def _processing_places(value: object, info: ValidationInfo) -> tuple[str, ...]:
    rules = known_of(info).rulebook.subprocessors
    places_named = []
    for word in _listed(value, "locations"):
        if rules.place_of(word) is None:
            shown = (one.words[0].upper() if len(one.words[0]) < 4 else one.words[0].title() for one in rules.places)
            _refuse_word("a known location", word, tuple(shown), "EEA, Global and the names of countries")
        places_named.append(word)
    return tuple(dict.fromkeys(places_named))


def _companies(value: object) -> tuple[str, ...]:
    return _listed(value, "companies, by their names in the list")


Statement = Annotated[
    str,
    PlainValidator(lambda value: value if value in STATEMENTS else _refuse_word("a statement", str(value), STATEMENTS)),
    WithJsonSchema(enum(STATEMENTS)),
]


class ExpectTable(Table):
    """`[expect]`: what the company wants, in its words. Each key expands to rules."""

    contribution: Annotated[str | None, PlainValidator(_contribution), WithJsonSchema(enum(CONTRIBUTION))] = Field(
        default=None, description="Which data Atlassian may use; none means neither metadata nor in-app data."
    )
    ai: Annotated[
        str | tuple[str, ...] | None,
        PlainValidator(_ai),
        WithJsonSchema(
            {
                "anyOf": [
                    enum((BLOCKED, ALLOWED)),
                    {
                        "type": "object",
                        "properties": {"groups": {**TEXTS, "minItems": 1}},
                        "required": ["groups"],
                        "additionalProperties": False,
                    },
                ]
            }
        ),
    ] = Field(default=None, description="Who may use AI; groups are an Enterprise setting.")
    ai_allowed_on: Annotated[tuple[Place, ...], PlainValidator(_parse_places), TEXT_OR_TEXTS] = Field(
        default=(), description='Sites and apps where AI is allowed although ai = "blocked".'
    )
    location: Annotated[tuple[str, ...], PlainValidator(_locations), TEXT_OR_TEXTS] = Field(
        default=(), description="Locations and groups of locations; every app must be pinned to one of them."
    )
    location_except: Annotated[tuple[str, ...], PlainValidator(_without_residency), TEXT_OR_TEXTS] = Field(
        default=(), description="Apps without data residency that are accepted; needs a reason."
    )
    subprocessor_locations: Annotated[tuple[str, ...], PlainValidator(_processing_places), TEXT_OR_TEXTS] = Field(
        default=(), description="Locations in which every sub-processor that touches an app may work."
    )
    subprocessors_accepted: Annotated[tuple[str, ...], PlainValidator(_companies), TEXT_OR_TEXTS] = Field(
        default=(), description="Sub-processors that are accepted, training and locations included."
    )
    reason: Text = Field(default="", validate_default=True, description="Who decided this, when, and the ticket.")

    @field_validator("reason", mode="wrap")
    @classmethod
    def _exceptions_need_a_reason(cls, value: Any, inner: Callable[[Any], str], info: ValidationInfo) -> str:
        if value != "":
            return inner(value)
        if info.data.get("location_except"):
            refuse("`location_except` needs a reason: say who accepted these apps")
        return ""
