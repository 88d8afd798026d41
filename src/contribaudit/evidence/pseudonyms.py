"""How people appear in evidence: by name, by a stand-in that is stable within one folder, or not at all.

Collects the names of everybody who may occur in a folder, so that each can be replaced.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from contribaudit.core.advise.report import Report
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.change import Change
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.subject import Kind, folded_name
from contribaudit.core.resolve.state import State
from contribaudit.evidence.readme import data_dictionary
from contribaudit.exporters.tabular import apps_with_spaces
from contribaudit.rulebook import loader
from contribaudit.store.history import History

OMITTED = "[person]"
_SHORTEST_PART = 2
_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]"
_MAIL = rf"(?<!{_LOCAL}){_LOCAL}+@[\w-]+(?:\.[\w-]+)+"
_ACCOUNT = r"(?<!\w)(?:\d{4,7}:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24}|qm:[0-9a-f-]+:[\w-]+)(?!\w)"
"""IDs of Atlassian accounts, in the three known forms."""


class NameHandling(StrEnum):
    """How people appear in an export."""

    NAMED = "named"
    PSEUDONYM = "pseudonym"
    OMIT = "omit"


def mails_in(text: str) -> set[str]:
    """Every mail address in a text."""
    return set(re.findall(_MAIL, text))


def parts_of(name: str) -> set[str]:
    """Parts of a name or mail address that people use alone: "ann.looker" and "looker" of ann.looker@acme.example."""
    local, at, _host = name.partition("@")
    words = {word for word in re.split(r"[\W_\d]+", local) if len(word) > _SHORTEST_PART}
    if any(character.isdigit() for character in local) and not at:
        return set()  # an account ID or machine name: its parts are no names
    return words | ({local} if at else set())


class Pseudonymizer:
    """Replaces people in texts. The key of the stand-ins is random for each folder and stored nowhere."""

    def __init__(self, people: NameHandling, known: Iterable[str] = (), vocabulary: Iterable[str] = ()) -> None:
        """`known` are names, mail addresses and account IDs, whether or not texts contain them in full.

        Their parts are replaced too where they occur alone: the local part of an address and its pieces, each word of a
        name. A part that is in `vocabulary`, in any case, is not replaced, since it would be found in every text.
        """
        self.people = people
        self._key = secrets.token_bytes(32)
        whole, words = set(known), {word.casefold() for word in vocabulary}
        parts = {part for one in whole for part in parts_of(one) if part.casefold() not in words}
        # One or two letters would be found in every text; `person` replaces them all the same.
        replaced = sorted({one for one in whole | parts if len(one) > 2}, key=lambda one: (-len(one), one))
        names = [rf"(?<!\w){re.escape(one)}(?!\w)" for one in replaced]
        self._pattern = re.compile("|".join([*names, _MAIL, _ACCOUNT]), re.IGNORECASE)

    @property
    def named(self) -> bool:
        """True when nobody is replaced."""
        return self.people is NameHandling.NAMED

    def text(self, text: str) -> str:
        """The text without anybody's name, unless people are named."""
        return text if self.named else self._pattern.sub(lambda match: self._pseudonym(match.group()), text)

    def person(self, name: str) -> str:
        """The stand-in for a text that consists of a person, an account or a machine; "" stays."""
        return name if self.named or not name.strip() else self._pseudonym(name)

    def document(self, value: Any) -> Any:
        """The JSON document with every text replaced as by `text`; keys stay."""
        if self.named:
            return value
        if isinstance(value, dict):
            return {key: self.document(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.document(one) for one in value]
        return self.text(value) if isinstance(value, str) else value

    def _pseudonym(self, name: str) -> str:
        if self.people is NameHandling.OMIT:
            return OMITTED
        folded = folded_name(name).encode("utf-8", "surrogatepass")
        return f"person-{blake2b(folded, key=self._key, digest_size=6).hexdigest()}"


# ── People who may occur in a folder ──────────────────────────────────────────────────────────────────

_NAMING_KEYS = frozenset(
    ("accountid", "account_id", "email", "emailaddress", "displayname", "publicname", "nickname", "createdby", "owner")
)
"""Keys of raw answers, in lower case, whose texts name a person."""


_PERSONAL = "personal"
"""The API's word for a personal space."""


def vocabulary(policy: AuditPolicy) -> set[str]:
    """The words of the rulebook, the data dictionary and the policy outside its strings and comments."""
    texts = [text for _, text in loader.sources()]
    texts += [data_dictionary(), _STRING.sub("", policy.resolved_toml)]
    return {word for text in texts for word in re.findall(r"[^\W\d_]+", text)}


_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|#.*')
"""Strings and comments of a policy; the rest are its keys."""


def persons(report: Report, policy: AuditPolicy, store: History, changes: Iterable[Change]) -> set[str]:
    """Names, mail addresses and IDs in what was recorded, decided, logged and answered."""
    state = report.state
    people: set[str] = set()
    for waiver in policy.waivers:
        people |= {waiver.requested_by, waiver.approved_by}
    people |= {policy.evidence.owner, *(rule.owner for rule in policy.rules)}
    for decision in policy.decisions:
        people |= {decision.by, decision.second}
    for run in store.runs():
        people |= {run.account, run.host}
    for change in changes:
        people |= {change.actor or "", *(word for note in change.annotations for word in _signer_names(note.by))}
        people |= mails_in(" ".join([change.cause or "", *(note.note for note in change.annotations)]))
    people |= mails_in(policy.resolved_toml)
    lists, documents = store.subprocessors(), state.documents
    signatures = (
        *(name.imported for name in lists.imports if name.imported is not None),
        *(name.signed for name in lists.reviews),
        *(name.signed for name in documents.notes),
        *(look.recorded for looks in documents.looks.values() for look in looks),
    )
    people |= {word for signature in signatures for word in _signer_names(signature)}
    people |= mails_in(" ".join([*(name.note for name in lists.reviews), *(name.text for name in documents.notes)]))
    for place in state.looked_at:
        people |= set(_of_organization(state, store, place.id))
    people |= {subject.id for subject in state.subjects(Kind.USER)}
    people |= {state.place(subject).name for subject in state.subjects(Kind.USER)}
    for digest in {name for seen in state.everything() if (name := getattr(seen, "response", ""))}:
        people |= set(_names_of_people(json.loads(store.raw(digest)), naming=False))
    return {name.strip() for name in people} - {""}


def _of_organization(state: State, store: History, organization: str) -> Iterator[str]:
    for entry in store.attestations(organization):
        yield entry.by
        yield from mails_in(entry.note)
        for signature in (entry.recorded, *entry.confirmed, *((entry.revoked,) if entry.revoked else ())):
            yield from _signer_names(signature)
    for baseline in store.baselines(organization):
        yield from _signer_names(baseline.approved)
        yield from mails_in(baseline.reason)
    for event in store.audit_log(organization).events:
        yield from (event.actor_id, event.actor_name, event.actor_email)
    for spaces in state.spaces(organization).lists().values():
        yield spaces.visible_to
    for app in apps_with_spaces(state):
        for listed in state.spaces(organization).of(app) if app.organization == organization else ():
            if listed.space.type == _PERSONAL:  # its name is the owner's, and its key the owner's account
                yield from (listed.space.name, listed.space.key.removeprefix("~"))
    for pruning in store.prunings():
        yield from (pruning.account, pruning.host)


def _signer_names(signature: Signature) -> tuple[str, str, str]:
    return signature.by, signature.account, signature.host


def _names_of_people(value: Any, *, naming: bool) -> Iterator[str]:
    """Texts under a key that names a person, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _names_of_people(inner, naming=naming or key.casefold() in _NAMING_KEYS)
    elif isinstance(value, list):
        for inner in value:
            yield from _names_of_people(inner, naming=naming)
    elif naming and isinstance(value, str):
        yield value
