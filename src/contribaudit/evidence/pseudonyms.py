"""How people appear in evidence: by name, by a stand-in that is stable within one folder, or not at all.

Everybody whose name could stand in a folder is known here, so that each can be taken out.
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
from contribaudit.core.model.subject import Kind
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
"""IDs of Atlassian accounts, in the three spellings that were seen."""


class NameHandling(StrEnum):
    """How people appear in an export."""

    NAMED = "named"
    PSEUDONYM = "pseudonym"
    OMIT = "omit"


def mails_in(text: str) -> set[str]:
    """Every mail address in a text."""
    return set(re.findall(_MAIL, text))


def parts_of(name: str) -> set[str]:
    """What of a name or mail address people would write alone: "ann.looker" and "looker" of ann.looker@acme.example."""
    local, at, _host = name.partition("@")
    words = {word for word in re.split(r"[\W_\d]+", local) if len(word) > _SHORTEST_PART}
    if any(character.isdigit() for character in local) and not at:
        return set()  # an account's ID, or a machine's name: its pieces are no names
    return words | ({local} if at else set())


class Pseudonymizer:
    """Replaces people in texts. The key of the stand-ins is made anew for each folder and kept nowhere."""

    def __init__(self, people: NameHandling, known: Iterable[str] = (), vocabulary: Iterable[str] = ()) -> None:
        """`known` are names, mail addresses and account IDs, whether or not they stand in texts as they are.

        Their parts go too, where they stand alone: the local part of an address and its pieces, each word of a name.
        A part that is a word of the `vocabulary`, without case, stays: it would be found in every text.
        """
        self.people = people
        self._key = secrets.token_bytes(32)
        whole, words = set(known), {word.casefold() for word in vocabulary}
        parts = {part for one in whole for part in parts_of(one) if part.casefold() not in words}
        # Of one or two letters a name would be found in every text; whole cells are replaced all the same.
        wanted = sorted({one for one in whole | parts if len(one) > 2}, key=lambda one: (-len(one), one))
        names = [rf"(?<!\w){re.escape(one)}(?!\w)" for one in wanted]
        self._pattern = re.compile("|".join([*names, _MAIL, _ACCOUNT]), re.IGNORECASE)

    @property
    def named(self) -> bool:
        """True when everybody stays who they are."""
        return self.people is NameHandling.NAMED

    def text(self, text: str) -> str:
        """The text with nobody's name in it, unless people are named."""
        return text if self.named else self._pattern.sub(lambda match: self._pseudonym(match.group()), text)

    def person(self, name: str) -> str:
        """The stand-in for a text that is nothing but a person, an account or a machine; "" stays."""
        return name if self.named or not name.strip() else self._pseudonym(name)

    def document(self, value: Any) -> Any:
        """The same as `text` for every text of a JSON document, the keys left as they are."""
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
        folded = name.strip().casefold().encode("utf-8", "surrogatepass")
        return f"person-{blake2b(folded, key=self._key, digest_size=6).hexdigest()}"


# ── Who could stand in it ─────────────────────────────────────────────────────────────────────────────

_NAMING_KEYS = frozenset(
    ("accountid", "account_id", "email", "emailaddress", "displayname", "publicname", "nickname", "createdby", "owner")
)
"""Keys of raw answers whose texts name a person, without case."""


_PERSONAL = "personal"
"""The API's word for a space of one person."""


def vocabulary(policy: AuditPolicy) -> set[str]:
    """Words that a pack is written in: of the rulebook, of its columns, and of the policy's keys."""
    texts = [text for _, text in loader.sources()]
    texts += [data_dictionary(), _STRING.sub("", policy.resolved_toml)]
    return {word for text in texts for word in re.findall(r"[^\W\d_]+", text)}


_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|#.*')
"""Values that are texts, and comments: what is left of a policy are its keys."""


def persons(report: Report, policy: AuditPolicy, store: History, changes: Iterable[Change]) -> set[str]:
    """Names, mail addresses and IDs as they stand in what was recorded, decided, logged and answered."""
    state = report.state
    found: set[str] = set()
    for waiver in policy.waivers:
        found |= {waiver.requested_by, waiver.approved_by}
    found |= {policy.evidence.owner, *(rule.owner for rule in policy.rules)}
    for decision in policy.decisions:
        found |= {decision.by, decision.second}
    for run in store.runs():
        found |= {run.account, run.host}
    for change in changes:
        found |= {change.actor or "", *(word for note in change.annotations for word in _signer_names(note.by))}
        found |= mails_in(" ".join([change.cause or "", *(note.note for note in change.annotations)]))
    found |= mails_in(policy.resolved_toml)
    lists, documents = store.subprocessors(), state.documents
    signatures = (
        *(one.imported for one in lists.imports if one.imported is not None),
        *(one.signed for one in lists.reviews),
        *(one.signed for one in documents.notes),
        *(look.recorded for looks in documents.looks.values() for look in looks),
    )
    found |= {word for signature in signatures for word in _signer_names(signature)}
    found |= mails_in(" ".join([*(one.note for one in lists.reviews), *(one.text for one in documents.notes)]))
    for place in state.looked_at:
        found |= set(_of_organization(state, store, place.id))
    found |= {subject.id for subject in state.subjects(Kind.USER)}
    found |= {state.place(subject).name for subject in state.subjects(Kind.USER)}
    for digest in {one for seen in state.everything() if (one := getattr(seen, "response", ""))}:
        found |= set(_names_of_people(json.loads(store.raw(digest)), naming=False))
    return {one.strip() for one in found} - {""}


def _of_organization(state: State, store: History, organization: str) -> Iterator[str]:
    for one in store.attestations(organization):
        yield one.by
        yield from mails_in(one.note)
        for signature in (one.recorded, *one.confirmed, *((one.revoked,) if one.revoked else ())):
            yield from _signer_names(signature)
    for baseline in store.baselines(organization):
        yield from _signer_names(baseline.approved)
        yield from mails_in(baseline.reason)
    for event in store.audit_log(organization).events:
        yield from (event.actor_id, event.actor_name, event.actor_email)
    for spaces in state.spaces(organization).lists().values():
        yield spaces.visible_to
    for app in apps_with_spaces(state):
        for known in state.spaces(organization).of(app) if app.organization == organization else ():
            if known.space.type == _PERSONAL:  # it is called as its owner, and its key is their account
                yield from (known.space.name, known.space.key.removeprefix("~"))
    for pruning in store.prunings():
        yield from (pruning.account, pruning.host)


def _signer_names(signature: Signature) -> tuple[str, str, str]:
    return signature.by, signature.account, signature.host


def _names_of_people(value: Any, *, naming: bool) -> Iterator[str]:
    """Texts under a key that names a person, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _names_of_people(inner, naming=naming or key.casefold() in _NAMING_KEYS)
    elif isinstance(value, list):
        for inner in value:
            yield from _names_of_people(inner, naming=naming)
    elif naming and isinstance(value, str):
        yield value
