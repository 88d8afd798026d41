"""What the vendor publishes in the simulation: pages that the rulebook's facts rest on, and lists of sub-processors.

One page changes, and one list has a company more than the shipped one before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from html import escape

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.provisions import TermsRules, Watched
from contribaudit.core.model.subprocessors import SUBPROCESSOR_COLUMNS, Row, SubprocessorList, SubprocessorRules
from contribaudit.core.resolve.subprocessors import understood
from contribaudit.exporters.csv_evidence import lines
from contribaudit.exporters.subprocessors import list_cells
from contribaudit.store.history import History
from contribaudit.vendors.subprocessors import take_in as take_in_list
from contribaudit.vendors.terms import Copy, take_in

_CHANGED = "data-contribution-faqs"
_NEWS = "Data that was contributed may be retained for up to 24 months after your organization opts out"


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


_NEW = Row(
    "Simulated Models LLC",
    "All Applicable Cloud Products with Atlassian Intelligence or Rovo",
    "Generative AI services provider for intelligence product features",
    "Personal data contained in user account information and text or files created by customer",
    "USA, EEA",
)


def import_lists(store: History, rules: SubprocessorRules, begun: datetime, lately: datetime) -> None:
    """Two imports: of a list in force since months before the first moment, and of one since the day of the second."""
    assert rules.baseline is not None, "the shipped rulebook has one"
    rows = rules.baseline.rows
    months_before = begun.date() - timedelta(days=90)
    for moment, since, its in ((begun, months_before, rows), (lately, lately.date(), (_NEW, *rows))):
        listed = replace(rules.baseline, effective=since, rows=its, source="simulated page")
        body = _as_csv(listed, rules)
        signed = Signature("dpo@acme.example", moment, "demo", "demo")
        store.add_subprocessors(take_in_list(body, "simulated page", rules, store.subprocessors(), signed), body)


def _as_csv(listed: SubprocessorList, rules: SubprocessorRules) -> bytes:
    return "".join(lines([SUBPROCESSOR_COLUMNS, *list_cells(listed, understood(listed, rules))])).encode()
