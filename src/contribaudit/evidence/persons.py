"""Everybody whose name could stand in a dossier, so that it can be taken out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from contribaudit.core.model.subject import Kind
from contribaudit.evidence.dictionary import data_dictionary
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.pseudonyms import mails_in
from contribaudit.exporters.spaces import apps_with_spaces
from contribaudit.rulebook import loader

_NAMING_KEYS = frozenset(
    ("accountid", "account_id", "email", "emailaddress", "displayname", "publicname", "nickname", "createdby", "owner")
)
"""Keys of raw answers whose texts name a person, without case."""


_PERSONAL = "personal"
"""The API's word for a space of one person."""


def vocabulary(dossier: Dossier) -> set[str]:
    """Words that a pack is written in: of the rulebook, of its columns, and of the policy's keys."""
    texts = [text for _, text in loader.sources()]
    texts += [data_dictionary(), _STRING.sub("", dossier.policy.resolved_toml)]
    return {word for text in texts for word in re.findall(r"[^\W\d_]+", text)}


_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|#.*')
"""Values that are texts, and comments: what is left of a policy are its keys."""


def persons(dossier: Dossier) -> set[str]:
    """Names, mail addresses and IDs as they stand in what was recorded, decided, logged and answered."""
    found: set[str] = set()
    for waiver in dossier.policy.waivers:
        found |= {waiver.requested_by, waiver.approved_by}
    for decision in dossier.policy.decisions:
        found |= {decision.by, decision.second}
    for run in dossier.store.runs():
        found |= {run.account, run.host}
    for change in dossier.changes:
        found |= {change.actor or "", *(word for note in change.annotations for word in _of(note.by))}
        found |= mails_in(" ".join([change.cause or "", *(note.note for note in change.annotations)]))
    found |= mails_in(dossier.policy.resolved_toml)
    for organization in dossier.organizations:
        found |= set(_of_organization(dossier, organization))
    state = dossier.report.state
    found |= {subject.id for subject in state.subjects(Kind.USER)}
    found |= {state.place(subject).name for subject in state.subjects(Kind.USER)}
    for digest in {one for seen in state.everything() if (one := getattr(seen, "response", ""))}:
        found |= set(_named_in(json.loads(dossier.store.raw(digest)), naming=False))
    return {one.strip() for one in found} - {""}


def _of_organization(dossier: Dossier, organization: str) -> Iterator[str]:
    store = dossier.store
    for one in store.attestations(organization):
        yield one.by
        yield from mails_in(one.note)
        for signature in (one.recorded, *one.confirmed, *((one.revoked,) if one.revoked else ())):
            yield from _of(signature)
    for baseline in store.baselines(organization):
        yield from _of(baseline.approved)
        yield from mails_in(baseline.reason)
    for event in store.audit_log(organization).events:
        yield from (event.actor_id, event.actor_name, event.actor_email)
    for spaces in dossier.report.state.spaces(organization).lists().values():
        yield spaces.visible_to
    for app in apps_with_spaces(dossier.report.state):
        for known in dossier.report.state.spaces(organization).of(app) if app.organization == organization else ():
            if known.space.type == _PERSONAL:  # it is called as its owner, and its key is their account
                yield from (known.space.name, known.space.key.removeprefix("~"))
    for pruning in store.prunings():
        yield from (pruning.account, pruning.host)


def _of(signature: Any) -> tuple[str, str, str]:
    return signature.by, signature.account, signature.host


def _named_in(value: Any, *, naming: bool) -> Iterator[str]:
    """Texts under a key that names a person, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _named_in(inner, naming=naming or key.casefold() in _NAMING_KEYS)
    elif isinstance(value, list):
        for inner in value:
            yield from _named_in(inner, naming=naming)
    elif naming and isinstance(value, str):
        yield value
