"""Simulated pages of the vendor: what the rulebook's facts rest on, in the words of their anchors, and one change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.provisions import TermsRules, Watched
from contribaudit.store.history import History
from contribaudit.vendors.terms import Copy, take_in

_CHANGED = "data-contribution-faqs"
_NEWS = "Data that was contributed may be retained for up to 24 months after your organization opts out."


def archive_pages(store: History, rules: TermsRules, moments: Sequence[datetime]) -> None:
    """Every document that facts are anchored in, read at each of the moments; in the last one a page says more."""
    anchored = {one.document for one in rules.anchors}
    for moment in moments:
        for document in rules.documents:
            if document.name in anchored:
                more = _NEWS if moment == moments[-1] and document.name == _CHANGED else ""
                copy = Copy(_page(rules, document, more), "text/html", "simulated page", moment)
                take_in(store, rules, document, copy, Signature("demo", moment, "demo", "demo"))


def _page(rules: TermsRules, document: Watched, more: str) -> bytes:
    says = [". ".join(one.phrases) for one in rules.anchors if one.document == document.name]
    text = "".join(f"<p>{escape(one)}.</p>" for one in (*says, *([more] if more else [])))
    return (
        f"<html><head><title>{escape(document.title)}</title></head><body><main><h1>{escape(document.title)}</h1>"
        f"<p>A simulated page of Atlassian on data contribution.</p>{text}</main></body></html>"
    ).encode()
