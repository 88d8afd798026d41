"""From what a person writes ("app:acme.atlassian.net/confluence") to the subject, or subjects, that it names."""

from __future__ import annotations

from contribaudit.core.model import names
from contribaudit.core.model.subject import COMPANY, Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import apps_named, find_spaces, listed_whole, space_of, where_it_would_be
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.core.resolve.state import State
from contribaudit.errors import AmbiguousSubject


def resolve_alias(state: State, text: str) -> Subject | None:
    """The subject that the text names; None when there is none.

    Accepts an ARI or ID, `company`, `organization`, `organization:ID`, `site:HOST` (or its cloud ID),
    `app:HOST/TYPEKEY`, `app:TYPEKEY/ID`, `space:HOST/TYPEKEY/KEY`, `connector:NAME`, each with the prefix `ORG_ID:`
    where several organizations are in reach. A space of a known app that no whole listing could show is taken at its
    word. Raises AmbiguousSubject that lists the ARIs when the text names several subjects.
    """
    organization, rest = _split_prefix(state, text.strip())
    found = list(dict.fromkeys(_candidates(state, rest, organization)))
    if len(found) > 1:
        alike = len({subject.id for subject in found}) < len(found)
        listed = ", ".join(sorted(f"{one.organization}:{one.id}" if alike else one.id for one in found))
        raise AmbiguousSubject(
            f"The subject `{text}` names several: {listed}", hint="Write the one that you mean by its ID."
        )
    return found[0] if found else None


def alias_of(state: State, subject: Subject) -> str:
    """The text by which people name the subject, as reports print it."""
    if subject.kind is Kind.COMPANY:
        return "company"
    if subject.kind is Kind.ORGANIZATION:
        return "organization" if len(state.organizations) == 1 else f"organization:{subject.id}"
    if subject.kind is Kind.SPACE:
        known = space_of(state, subject)
        return known.alias if known is not None else f"space:{subject.id}"
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
    found = [
        app
        for app in state.subjects(Kind.APP, organization)
        if text in (app.id, f"app:{app.id}") or state.recall(app, names.APP_ALIAS).casefold() == folded
    ]
    for one in (organization,) if organization else [place.id for place in state.looked_at]:
        found += _narrower(state, text, folded, one)
    return found


def _narrower(state: State, text: str, folded: str, organization: str) -> list[Subject]:
    """A site, a space, or a connector that something was recorded of."""
    kind, _, name = folded.partition(":")
    match kind:
        case "site":
            sites = [one for one in sites_of(state, organization) if name in (one.id.casefold(), one.host.casefold())]
            return [Subject(organization, Kind.SITE, one.host or one.id) for one in sites if name]
        case "connector":
            known = state.subjects(Kind.CONNECTOR, organization)
            return [one for one in known if name in (one.id.casefold(), one.id.casefold().removeprefix("connector:"))]
        case "space" | "ari":
            return _space(state, text, organization)
        case _:
            return []


def _space(state: State, text: str, organization: str) -> list[Subject]:
    known = find_spaces(state, organization, text)
    if known or not text.casefold().startswith("space:"):
        return [one.space.subject for one in known]
    named = Subject(organization, Kind.SPACE, text[len("space:") :].strip())
    recorded = [one for one in state.subjects(Kind.SPACE, organization) if one.id.casefold() == named.id.casefold()]
    if recorded or listed_whole(state, organization, where_it_would_be(state, organization, named.id)):
        return recorded
    return [named] if apps_named(state, organization, named.id) else []
