"""From what a person writes ("app:acme.atlassian.net/confluence") to the subject, or subjects, that it names."""

from __future__ import annotations

from contribaudit.core import names
from contribaudit.core.state import State
from contribaudit.core.subject import COMPANY, Kind, Subject, organization_subject
from contribaudit.errors import UsageError


def resolve_alias(state: State, text: str) -> Subject | None:
    """The subject that the text names; None when there is none.

    Accepts an ARI or ID, `company`, `organization`, `organization:ID`, `app:HOST/TYPEKEY`, `app:TYPEKEY/ID`, each
    with the prefix `ORG_ID:` where several organizations are in reach. Raises UsageError that lists the ARIs when
    the text names several subjects.
    """
    organization, rest = _split_prefix(state, text.strip())
    found = list(dict.fromkeys(_candidates(state, rest, organization)))
    if len(found) > 1:
        listed = ", ".join(sorted(subject.id for subject in found))
        raise UsageError(f"The subject `{text}` names several: {listed}", hint="Write the one that you mean by its ID.")
    return found[0] if found else None


def alias_of(state: State, subject: Subject) -> str:
    """The text by which people name the subject, as reports print it."""
    if subject.kind is Kind.COMPANY:
        return "company"
    if subject.kind is Kind.ORGANIZATION:
        return "organization" if len(state.organizations) == 1 else f"organization:{subject.id}"
    return state.recall(subject, names.APP_ALIAS) or f"{subject.kind}:{subject.id}"


def _split_prefix(state: State, text: str) -> tuple[str | None, str]:
    head, colon, rest = text.partition(":")
    return (head, rest) if colon and head in state.organizations and rest else (None, text)


def _candidates(state: State, text: str, organization: str | None) -> list[Subject]:
    folded = text.casefold()
    if folded == "company":
        return [COMPANY]
    if folded == "organization":
        return [organization_subject(one) for one in ([organization] if organization else state.organizations)]
    if folded.startswith("organization:"):
        identity = text.partition(":")[2]
        return [organization_subject(identity)] if identity in state.organizations else []
    if text in state.organizations:
        return [organization_subject(text)]
    return [
        app
        for app in state.subjects(Kind.APP, organization)
        if text in (app.id, f"app:{app.id}") or state.recall(app, names.APP_ALIAS).casefold() == folded
    ]
