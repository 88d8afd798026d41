"""A month of watched documents on a server that changes and fails, each message beside what happened; then a 5 MB page.

The fetcher, the archive, the comparison and the notifier are the real ones; the server is a transport that answers
from a story, the destination only remembers. Every day is checked twice, as by two runners. Ends with 1 when a change
was not told on its day, was told twice, or was told although nothing changed.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from benchmarks.costs import Cost, apart, measured
from benchmarks.days import Remembering
from contribaudit.core.advise.notices import Message
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.provisions import TermsRules
from contribaudit.core.resolve.editions import compare
from contribaudit.operations.notify.notifier import Notifier
from contribaudit.rulebook import loader
from contribaudit.settings.model import Notify
from contribaudit.store.history import History
from contribaudit.vendors.fetching import opened
from contribaudit.vendors.pages import read_page
from contribaudit.vendors.terms import fetch

BEGINS = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
DAYS = 31
NOTIFY = Notify.model_validate({"digest": "monday 05:00", "timezone": "UTC"})
LOGIN = "<html><head><title>Log in to continue</title></head><body><form><input type=password></form></body></html>"


OFF_ON_PREMIUM = "In-app data contribution: Off. You can change this setting to On"
ON_ON_PREMIUM = OFF_ON_PREMIUM.replace("Off.", "On.")
AGREEMENT, FAQS = "customer-agreement", "data-contribution-faqs"
TRAINING = "Atlassian may train models on Input for all customers."
VERTIGO = "Vertigo Models LLC is a sub-processor in India."


@dataclass
class Server:
    """The vendor's pages, as a list of paragraphs each, and what is wrong with it."""

    texts: dict[str, list[str]]
    instead: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Status and body that a page answers with in place of its text."""
    wrapper: str = "<main>{}</main>"
    asked: int = 0
    unchanged: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer from the texts; conditionally where the request is."""
        name = request.url.path.removeprefix("/").removesuffix(".html")
        if name not in self.texts:
            return httpx.Response(404)
        self.asked += 1
        if name in self.instead:
            status, body = self.instead[name]
            return httpx.Response(status, html=body)
        text = "".join(f"<p>{one}</p>" for one in self.texts[name])
        inner = self.wrapper.format(f"<h1>{name}</h1>{text}")
        body = f"<html><head><title>{name}</title></head><body>{inner}</body></html>"
        tag = f'"{hash(body)}"'
        if request.headers.get("If-None-Match") == tag:
            self.unchanged += 1
            return httpx.Response(304)
        return httpx.Response(200, html=body, headers={"ETag": tag})


@dataclass(frozen=True, slots=True)
class Day:
    """What the vendor does that day, and which messages must say so: event and document."""

    what: str
    deed: Callable[[Server], None]
    told: tuple[str, ...] = ()


def _say(name: str, old: str, new: str) -> Callable[[Server], None]:
    def deed(server: Server) -> None:
        assert any(old in one for one in server.texts[name]), old
        server.texts[name] = [one.replace(old, new) for one in server.texts[name]]

    return deed


def _more(name: str, text: str) -> Callable[[Server], None]:
    return lambda server: server.texts[name].append(text)


def _less(name: str) -> Callable[[Server], None]:
    return lambda server: server.texts.update({name: server.texts[name][:-1]})


def _instead(name: str, status: int, body: str = "") -> Callable[[Server], None]:
    return lambda server: server.instead.update({name: (status, body)})


def _back(name: str) -> Callable[[Server], None]:
    def deed(server: Server) -> None:
        del server.instead[name]

    return deed


def _half(name: str) -> Callable[[Server], None]:
    def deed(server: Server) -> None:
        text = "".join(f"<p>{one}</p>" for one in server.texts[name][: len(server.texts[name]) // 2])
        server.instead[name] = (200, f"<html><body><main><h1>{name}</h1>{text}</main></body></html>")

    return deed


def _moved(name: str) -> Callable[[Server], None]:
    return lambda server: server.texts.update({name: server.texts[name][::-1]})


def _laid_out(server: Server) -> None:
    server.wrapper = "<header>New menu</header><div><section>{}</section></div><script>track()</script>"


def _both(*deeds: Callable[[Server], None]) -> Callable[[Server], None]:
    def deed(server: Server) -> None:
        for one in deeds:
            one(server)

    return deed


STORY: Mapping[int, Day] = {
    2: Day("the FAQs are put in another order", _moved("data-contribution-faqs")),
    3: Day(
        "on Premium in-app contribution becomes On",
        _say("data-contribution-settings", OFF_ON_PREMIUM, ON_ON_PREMIUM),
        ("documents data-contribution-settings",),
    ),
    5: Day("the agreement is behind a login form", _instead(AGREEMENT, 200, LOGIN), (f"unreadable {AGREEMENT}",)),
    8: Day("the agreement is back", _back("customer-agreement"), ("recovered customer-agreement",)),
    9: Day("every page gets another layout", _laid_out),
    11: Day("the privacy policy answers 404", _instead("privacy-policy", 404), ("unreadable privacy-policy",)),
    12: Day("and is back", _back("privacy-policy"), ("recovered privacy-policy",)),
    14: Day("the AI terms allow training", _more("ai-terms", TRAINING), ("documents ai-terms",)),
    16: Day("half of the DPA comes", _half("dpa"), ("unreadable dpa",)),
    17: Day("all of it comes", _back("dpa"), ("recovered dpa",)),
    19: Day("the Rovo page loses a sentence", _less("rovo-access"), ("documents rovo-access",)),
    22: Day(
        "two documents change on one day",
        _both(_say("dpa", "30 days", "10 days"), _more("sub-processors", VERTIGO)),
        ("documents dpa", "documents sub-processors"),
    ),
    25: Day("the FAQs get a sentence of no topic", _more(FAQS, "Our office has moved."), (f"documents {FAQS}",)),
    27: Day(
        "Premium is as it was",
        _say("data-contribution-settings", ON_ON_PREMIUM, OFF_ON_PREMIUM),
        ("documents data-contribution-settings",),
    ),
    28: Day("the server fails for one page", _instead("dpa", 503), ("unreadable dpa",)),
    29: Day("and answers again", _back("dpa"), ("recovered dpa",)),
}  # fmt: skip


def _texts(rules: TermsRules) -> dict[str, list[str]]:
    """A page for each document: what facts are anchored in, and more sentences."""
    common = [
        "These terms of Atlassian are an agreement on privacy, AI and data contribution with Rovo.",
        "Atlassian lists each sub-processor and gives 30 days to object under the DPA.",
        "Liability is limited to what was paid in twelve months.",
        "Data is deleted when the agreement ends, and backups after 90 days.",
        "Customers choose a region in which pinned content is stored.",
        "Admins can turn off features for their organization.",
    ]
    return {
        one.name: [
            *(". ".join(anchor.phrases) for anchor in rules.anchors if anchor.document == one.name),
            *(f"{sentence} ({one.title})" for sentence in common),
        ]
        for one in rules.documents
    }


async def _day(store: History, rules: TermsRules, server: Server, now: datetime) -> None:
    documents = rules.watched(store.added_documents())

    async def no_wait(_seconds: float) -> None:
        return

    async with opened(transport=httpx.MockTransport(server), sleep=no_wait, clock=lambda: now) as fetcher:
        for one in documents:
            await fetch(store, rules, one, fetcher, Signature("", now, "watcher", "server"))


def month(days: int = DAYS) -> tuple[int, list[str]]:
    """How many things went wrong, and the lines that show it: per day what happened and what was sent."""
    rules = loader.load().terms
    server = Server(_texts(rules))
    wrong, lines = 0, []
    with tempfile.TemporaryDirectory() as folder, History.open(f"{folder}/history.db") as store:
        for name in server.texts:
            address = f"https://www.vendor.example/{name}.html"
            known = next(one for one in rules.documents if one.name == name)
            store.add_document(replace(known, url=address), Signature("", BEGINS, "", ""))
        for number in range(days):
            now = BEGINS + timedelta(days=number)
            happens = STORY.get(number)
            if happens is not None:
                happens.deed(server)
            memory = Remembering()
            for minutes in (0, 30):
                asyncio.run(_day(store, rules, server, now + timedelta(minutes=minutes)))
                later = now + timedelta(minutes=minutes + 1)
                notifier = Notifier(store, NOTIFY, [memory], later)
                notifier.notify_of_documents(rules, rules.watched(store.added_documents()))
                notifier.send_due()
            told = _told(memory.taken)
            expected = sorted(
                (*(happens.told if happens else ()), *(["digest"] if number and now.weekday() == 0 else []))
            )
            fits = told == expected
            wrong += not fits
            if happens or told or not fits:
                what = happens.what if happens else ""
                lines.append(
                    f"{now:%d %b}  {what:44} {', '.join(told) or '-'}{'' if fits else f'   EXPECTED {expected}'}"
                )
                lines += [f"          {line}" for one in memory.taken for line in one.lines[:3] if line]
        lines.append(f"{server.asked} pages asked for, {server.unchanged} answered 304")
    return wrong, lines


def _told(messages: Sequence[Message]) -> list[str]:
    """Event and document of each matter that was told; a digest by itself."""
    found = []
    for message in messages:
        event, matters = message.event.value, message.facts["matters"]
        if event == "digest":
            found.append("digest")
        assert isinstance(matters, list)
        for matter in matters:
            text = str(matter["text"])
            name = text.partition(":")[0] if event != "documents" else _named(str(matter["group"]))
            found.append(f"{event} {name}")
    return sorted(found)


def _named(title: str) -> str:
    return next(one.name for one in loader.load().terms.documents if one.title == title)


# ── A page of 5 MB ────────────────────────────────────────────────────────────────────────────────────

BIG = 5 << 20


def big_page(changed: str = "") -> bytes:
    """5 MB of headings, paragraphs, items and rows; `changed` is put into every fiftieth paragraph."""
    parts, size, number = (
        ["<html><head><script>var a = '<p>';</script></head><body><nav>menu</nav><main><h1>Terms</h1>"],
        0,
        0,
    )
    while size < BIG:
        number += 1
        word = changed if changed and number % 50 == 0 else "may"
        parts.append(
            f"<h2>Section {number}</h2><p>Atlassian {word} use Customer Data of kind {number} to improve the services,"
            f" as <a href='/x'>described</a> in item {number}.</p><ul><li>first of {number}</li><li>second</li></ul>"
            f"<table><tr><td>Name {number}</td><td>kept for {number} days</td></tr></table>"
        )
        size += len(parts[-1])
    return "".join((*parts, "</main></body></html>")).encode()


def _read() -> Cost:
    body = big_page()
    read_page(b"<p>warm</p>")
    return measured(lambda: read_page(body), Path(__file__))


def _compare() -> Cost:
    rules = loader.load().terms
    before, after = read_page(big_page()).provisions, read_page(big_page("will")).provisions
    return measured(lambda: compare(rules, "dpa", before, after), Path(__file__))


def run() -> int:
    """Print both; returns how many messages were not as expected."""
    wrong, lines = month()
    print("\n".join(lines))
    print(f"{DAYS} days, {wrong} of them told otherwise than they happened")
    page = read_page(big_page())
    print(f"a page of {BIG / 2**20:.0f} MB, {len(page.provisions):,} provisions, {page.words:,} words")
    for what, cost in (("read", apart(_read)), ("compared, 2 % reworded", apart(_compare))):
        print(f"  {what:24} {cost.spent}   +{cost.added / 2**20:.0f} MiB")
    return wrong
