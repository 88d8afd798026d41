"""The CSV files of an evidence folder, one source a file."""

from __future__ import annotations

from contribaudit.evidence.sheets.attestations import ATTESTATIONS, DECISIONS, WAIVERS
from contribaudit.evidence.sheets.changes import CHANGES
from contribaudit.evidence.sheets.findings import CONTROLS, FINDINGS
from contribaudit.evidence.sheets.report import FROM_REPORT, GAPS, OUTCOMES, SEGREGATION, SPACES
from contribaudit.evidence.sheets.runs import LEDGER, POPULATION, RUNS
from contribaudit.evidence.sheets.vendor import EXPOSURE, REVIEWS, SUBPROCESSORS, TERMS, TERMS_NOTES, TERMS_PROVISIONS

ALL = (
    FINDINGS,
    CONTROLS,
    *FROM_REPORT,
    SPACES,
    CHANGES,
    ATTESTATIONS,
    WAIVERS,
    DECISIONS,
    SEGREGATION,
    RUNS,
    GAPS,
    OUTCOMES,
    POPULATION,
    LEDGER,
    SUBPROCESSORS,
    EXPOSURE,
    REVIEWS,
    TERMS,
    TERMS_PROVISIONS,
    TERMS_NOTES,
)
"""In the order of the data dictionary."""
