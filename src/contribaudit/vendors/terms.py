"""Records a copy of a watched document: what it is, whether its text has changed, and what is kept of it.

A copy that is no longer a document, or only part of one, is recorded as unreadable, and the previous edition stays. A
person who has looked at it may confirm that it is the document after all (`accepted`).
"""

from __future__ import annotations

from hashlib import sha256

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.provisions import (
    Archive,
    Look,
    LookOutcome,
    Provisions,
    TermsRules,
    Watched,
    folded,
    text_digest,
    words_in,
)
from contribaudit.errors import PageNotRead
from contribaudit.store.history import History
from contribaudit.vendors import fetching
from contribaudit.vendors.fetching import Fetcher, NotModified, Page, Validators
from contribaudit.vendors.pages import Readable, instead, read_page

_MOSTLY_SHARED = 0.5
"""A page with this share of the previous text is the document, whatever else it holds."""
_NOTHING_SHARED = 0.05
_FEWEST_WORDS = 40
"""In words; below this length, one missing provision is half the document."""
_FEWEST_PROVISIONS = 5
"""With fewer provisions, the share in common proves nothing."""


def take_in(
    store: History, rules: TermsRules, document: Watched, copy: Page, signature: Signature, *, accept: bool = False
) -> Look:
    """Record a look at a document, with its copy unless the text is unchanged. Raises StoreError."""
    archive = store.documents(document.name)
    look, page = judged(rules, document, archive, copy, signature, accept=accept)
    keeps_page = look.outcome is not LookOutcome.UNCHANGED and len(copy.body) <= fetching.MOST_BYTES
    provisions = page.provisions if page is not None and look.outcome.is_edition else None
    return store.add_look(look, copy.body if keeps_page else None, provisions)


def judged(
    rules: TermsRules, document: Watched, archive: Archive, copy: Page, signature: Signature, *, accept: bool
) -> tuple[Look, Readable | None]:
    """The look at a copy, compared with the archive, and the copy's text, if it has any."""
    current = archive.current(document.name)
    before = archive.read(current.id) if current is not None else ()
    try:
        page = read_page(copy.body, copy.content_type)
    except PageNotRead as error:
        return _new_look(document, copy, signature, LookOutcome.NOT_READABLE, error.why, error.message), None
    doubt = _not_the_document(rules, document, before, copy, page)
    if doubt is not None and (not accept or not page.provisions):
        return _new_look(document, copy, signature, LookOutcome.NOT_READABLE, *doubt, page=page), page
    digest = text_digest(page.provisions)
    accepted = doubt is not None
    if current is None:
        outcome, why = LookOutcome.FIRST, ("", "")
    elif digest == current.text_sha256:
        outcome, why = LookOutcome.UNCHANGED, ("", "")
    elif (older := _older(current, copy, page)) and not accept:
        outcome, why = LookOutcome.OLDER, ("older", older)
    else:
        outcome, why = LookOutcome.CHANGED, ("", "")
    return _new_look(document, copy, signature, outcome, *why, page=page, digest=digest, accepted=accepted), page


def unread(document: Watched, error: PageNotRead, signature: Signature, source: str) -> Look:
    """A look that received no page."""
    nothing = Page(b"", "", source, signature.at, fetched=True)
    return _new_look(document, nothing, signature, LookOutcome.NOT_READABLE, error.why, error.message)


async def fetch(store: History, rules: TermsRules, document: Watched, fetcher: Fetcher, signature: Signature) -> Look:
    """Fetch a document unless it is unchanged, and record the result. Raises StoreError."""
    archive = store.documents(document.name)
    validators = _validators(archive, document)
    try:
        answer = await fetcher.get(document.url, validators)
    except PageNotRead as error:
        return store.add_look(unread(document, error, signature, document.url), None, None)
    if isinstance(answer, NotModified):
        current = archive.current(document.name)
        assert current is not None, "only then it was asked conditionally"
        same = Page(b"", "", document.url, answer.retrieved_at, fetched=True, validators=validators)
        look = _new_look(document, same, signature, LookOutcome.UNCHANGED, "", "", digest=current.text_sha256)
        return store.add_look(look, None, None)
    return take_in(store, rules, document, answer, signature)


def _validators(archive: Archive, document: Watched) -> Validators:
    """The validators of the newest answer from this address that has the current edition's text; empty without one."""
    current = archive.current(document.name)
    seen = [
        look
        for look in archive.looks.get(document.name, ())
        if current is not None
        and look.fetched
        and look.source == document.url
        and look.text_sha256 == current.text_sha256
        and (look.etag or look.last_modified)
    ]
    return Validators(seen[-1].etag, seen[-1].last_modified) if seen else fetching.NOTHING_KNOWN


def _new_look(
    document: Watched,
    copy: Page,
    signature: Signature,
    outcome: LookOutcome,
    code: str,
    reason: str,
    *,
    page: Readable | None = None,
    digest: str = "",
    accepted: bool = False,
) -> Look:
    return Look(
        id=0,
        document=document.name,
        outcome=outcome,
        code=code,
        reason=reason,
        retrieved_at=copy.retrieved_at,
        source=copy.source,
        fetched=copy.fetched,
        sha256=sha256(copy.body).hexdigest() if copy.body else "",
        text_sha256=digest,
        size_bytes=len(copy.body),
        stated_on=page.stated_on if page is not None else None,
        redirects=copy.redirects,
        recorded=signature,
        accepted=accepted,
        etag=copy.validators.etag,
        last_modified=copy.validators.last_modified,
    )


def _not_the_document(
    rules: TermsRules, document: Watched, before: Provisions, copy: Page, page: Readable
) -> tuple[str, str] | None:
    """Why this is not the document, or not all of it; None when it is."""
    shared = _shared(before, page.provisions)
    odd = instead(page, copy.answered_by)
    if odd is not None and shared < _MOSTLY_SHARED:
        return odd
    if page.cut_off and (not before or shared < 1):
        return "truncated", "its HTML ends in the middle: the copy was cut off"
    text = "\n".join((page.title, *(one.text for one in page.provisions)))
    for mark in document.marks:
        if not words_in(text, tuple(mark.split("|"))):
            phrase = mark.replace("|", " or ")
            return "other_document", f"it is another document: it does not contain \u2018{phrase}\u2019"
    words = sum(len(one.text.split()) for one in before)
    if words >= _FEWEST_WORDS and page.words * 100 <= rules.short_percent * words:
        return "half_as_long", f"it has {page.words} words, and the previous copy had {words}"
    if len(before) >= _FEWEST_PROVISIONS and len(page.provisions) >= _FEWEST_PROVISIONS and shared <= _NOTHING_SHARED:
        return (
            "other_document",
            "it shares nothing with the previous copy: it is another document, or completely rewritten",
        )
    return None


def _shared(before: Provisions, current: Provisions) -> float:
    """The share of the previous text that is still present, from 0 to 1; 0 without a previous text."""
    if not before:
        return 0.0
    texts = {folded(one.text) for one in current}
    return sum(folded(one.text) in texts for one in before) / len(before)


def _older(current: Look, copy: Page, page: Readable) -> str:
    """Why the copy is older than the current edition; "" when it is not."""
    if copy.retrieved_at < current.retrieved_at:
        return f"it was retrieved before the current one of {current.retrieved_at:%Y-%m-%d %H:%M}Z"
    if page.stated_on is not None and current.stated_on is not None and page.stated_on < current.stated_on:
        return f"it is dated {page.stated_on}, and the current one {current.stated_on}"
    return ""
