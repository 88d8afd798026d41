"""Watched documents for the outcome tables: as the review saw them, or in another wording."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from contribaudit.audit.job import Job
from tests.flow.audits import Bench
from tests.flow.outcomes import NOW
from tests.vendors.documents import OTHERS, SETTINGS, add, archive_all, html, page, settings_page

FAQS = "data-contribution-faqs"
REWORDED = settings_page(sentences=(SETTINGS[0].replace("let you control", "tell you"), *SETTINGS[1:]))
ONE_PROVIDER = page(FAQS, "Which language models do you use? AI features use models of OpenAI.")
MORE_APPS = html(
    OTHERS[FAQS][0], "".join(f"<p>{one.replace('Rovo, Home', 'Rovo, Loom, Home')}</p>" for one in OTHERS[FAQS][1])
)
LIST = html(
    "Atlassian sub-processors",
    "<table><tr><th>Sub-processor</th><th>Purpose</th></tr>"
    + "".join(
        f"<tr><td>{name}</td><td>Generative AI services provider</td></tr>"
        for name in ("OpenAI, L.L.C.", "Anthropic, PBC", "Google Vertex AI", "Vertigo Models LLC")
    )
    + "</table>",
    "October 1, 2026",
)


def one_archived(bench: Bench, _job: Job, _folder: Path) -> None:
    """One of the documents that facts are anchored in, and no other."""
    add(bench.store, FAQS, page(FAQS), NOW - timedelta(minutes=1))


def archived(
    bench: Bench, _job: Job, _folder: Path, *, days_ago: int = 0, settings: bytes = b"", faq: bytes = b""
) -> None:
    """The watched documents in the history, read so many days ago; some in another wording since."""
    changed = {"data-contribution-settings": settings, FAQS: faq}
    archive_all(bench.store, NOW - timedelta(days=days_ago + any(changed.values())))
    for name, body in changed.items():
        if body:
            assert add(bench.store, name, body, NOW - timedelta(minutes=1)).outcome.is_edition
    if faq == ONE_PROVIDER:
        add(bench.store, "sub-processors", LIST, NOW - timedelta(minutes=1))
