"""Messages about watched documents: at once when one changed, and a summary every week.

They belong to no organization: whoever shares the history is told once, whichever runner found it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from contribaudit.core.advise.document_news import CALLED, document_situation, week_of
from contribaudit.core.advise.notices import (
    Event,
    Matter,
    Message,
    News,
    Told,
    news,
)
from contribaudit.core.model.provisions import Archive, TermsRules, Watched
from contribaudit.operations.notify.channels import Channel
from contribaudit.operations.notify.notifier import messages_of, timed, week_due
from contribaudit.settings.model import Notify
from contribaudit.store.history import History

COMPANY = ""
_BEGUN, _DIGEST = "documents:begun", "documents:digest"


def tell_of_documents(
    store: History,
    rules: TermsRules,
    documents: Sequence[Watched],
    notify: Notify,
    channels: Sequence[Channel],
    now: datetime,
) -> None:
    """Keep the messages that the archive gives rise to; nothing where no document was ever looked at."""
    archive = store.documents()
    if not archive.looks:
        return
    compose = partial(_compose, rules, documents, archive.until(now), notify, now)
    store.tell(COMPANY, None, now, [one.destination for one in channels], compose)


def _compose(
    rules: TermsRules,
    documents: Sequence[Watched],
    archive: Archive,
    notify: Notify,
    now: datetime,
    told: Mapping[str, Told],
    _first: bool,
) -> tuple[News, list[tuple[Message, datetime]]]:
    """What is news of the documents, and the messages that tell it."""
    begun = _BEGUN in told
    before = {key: one for key, one in told.items() if key not in (_BEGUN, _DIGEST)}
    found = document_situation(rules, documents, archive, now, told_already=begun)
    fresh = news(before, found, now)
    made = messages_of(fresh, (Event.DOCUMENTS, Event.UNREADABLE), notify, CALLED)
    more = [] if begun else [Matter(_BEGUN, Event.FIRST, "", "Documents", "")]
    due = week_due(notify, now)
    if due and (_DIGEST not in told or told[_DIGEST].state != due):
        more.append(Matter(_DIGEST, Event.DIGEST, due, "Digest", ""))
        if begun and Event.DIGEST.value in notify.on:
            made.append(week_of(rules, documents, archive, now, {"matters": []}))
    noted = News((*fresh.tell, *more), fresh.recovered, fresh.forget, fresh.held)
    footer = ("Look: contribaudit terms diff NAME, contribaudit terms check", rules.disclaimer)
    return noted, timed(made, footer, notify, now)
