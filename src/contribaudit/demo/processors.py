"""A simulated list of sub-processors: the shipped one, imported as the story begins, and then with one company more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.subprocessors import SUBPROCESSOR_COLUMNS, Row, SubprocessorList, SubprocessorRules
from contribaudit.core.resolve.subprocessors import understood
from contribaudit.exporters.csv_evidence import lines
from contribaudit.exporters.subprocessors import list_cells
from contribaudit.store.history import History
from contribaudit.vendors.subprocessors import take_in

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
        store.add_subprocessors(take_in(body, "simulated page", rules, store.subprocessors(), signed), body)


def _as_csv(listed: SubprocessorList, rules: SubprocessorRules) -> bytes:
    return "".join(lines([SUBPROCESSOR_COLUMNS, *list_cells(listed, understood(listed, rules))])).encode()
