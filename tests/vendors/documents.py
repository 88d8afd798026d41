"""Invented documents, in the form in which the vendor's pages come, and copies that are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.provisions import Archive, Look, Watched
from contribaudit.rulebook import loader
from contribaudit.store.history import History
from contribaudit.vendors.fetching import Page
from contribaudit.vendors.terms import take_in

RULES = loader.load().terms
ROWS = (
    (
        "Free or Standard",
        "Metadata contribution: Is always contributed</p><p>In-app data contribution: On",
        "Metadata contribution: You can\u2019t change this setting.</p><p>In-app data contribution: You can change this"
        " setting to Off.",
    ),
    (
        "Premium",
        "Metadata contribution: Is always contributed</p><p>In-app data contribution: Off",
        "Metadata contribution: You can\u2019t change this setting.</p><p>In-app data contribution: You can change this"
        " setting to On.",
    ),
    (
        "Enterprise",
        "Metadata contribution: On</p><p>In-app data contribution: Off",
        "Metadata contribution: You can change this setting to Off.</p><p>In-app data contribution: You can change this"
        " setting to On.",
    ),
)
SETTINGS = (
    "Data contribution settings let you control whether Atlassian can use metadata and in-app data from your"
    " organization to improve apps for all customers.",
    "Depending on the highest active plan in your Atlassian organization your in-app setting is On or Off.",
    "Some customers, including those with specific compliance requirements, may see different defaults.",
    "Atlassian will begin to use data according to the data contribution settings on August 17, 2026.",
)
OTHERS = {
    "data-contribution": (
        "Understand data contribution",
        (
            "We use data in accordance with your settings, to improve our apps and AI experiences for all customers.",
            "We don\u2019t use data from apps that don\u2019t have data contribution settings available, and"
            " we don\u2019t use data from Atlassian organizations with certain compliance requirements.",
            "What is aggregated may be retained for up to seven years.",
        ),
    ),
    "data-contribution-faqs": (
        "Data contribution FAQs",
        (
            "Initially, these settings will apply to data in Jira, Confluence, and Jira Service Management, including"
            " data in your Atlassian Platform apps (Rovo, Home, Teams, Projects, Assets, Goals, Analytics, and"
            " Administration).",
            "You can revisit your data contribution settings at any time.",
        ),
    ),
    "rovo-access": (
        "Manage Rovo access",
        (
            "Rovo is available for apps on Standard, Premium, and Enterprise plans. Everyone has access.",
            "Block an app to turn off its AI features.",
        ),
    ),
}


def html(title: str, body: str, day: str = "") -> bytes:
    """A whole page, with a menu and scripts around its main part."""
    stated = f"<p><em>Effective starting: {day}</em></p>" if day else ""
    return (
        f"<!doctype html><html><head><title>{title} | Atlassian</title>"
        "<script>var x = '<p>not text</p>';</script></head>"
        f"<body><nav><a>Products</a> <a>Log in</a></nav><main><h1>{title}</h1>{stated}{body}</main>"
        "<footer>Privacy</footer></body></html>"
    ).encode()


def settings_page(
    rows: tuple[tuple[str, ...], ...] = ROWS, sentences: tuple[str, ...] = SETTINGS, day: str = ""
) -> bytes:
    """The page with the plans' defaults."""
    cells = "".join("<tr>" + "".join(f"<td><p>{cell}</p></td>" for cell in row) + "</tr>" for row in rows)
    text = "".join(f"<p>{one}</p>" for one in sentences)
    head = "<tr><th>Plan</th><th>Default data contribution settings</th><th>Can I change them?</th></tr>"
    return html("Data contribution settings", f"{text}<h2>Defaults</h2><table>{head}{cells}</table>", day)


def page(name: str, *more: str, day: str = "") -> bytes:
    """Another document, with further sentences at its end."""
    title, sentences = OTHERS[name]
    return html(title, "".join(f"<p>{one}</p>" for one in (*sentences, *more)), day)


def at(day: int, hour: int = 8, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def who(moment: datetime, by: str = "dpo@acme.example") -> Signature:
    return Signature(by, moment, "dpo", "laptop")


def document(name: str) -> Watched:
    return next(one for one in RULES.watched(()) if one.name == name)


def add(
    store: History,
    name: str,
    body: bytes,
    moment: datetime,
    *,
    accept: bool = False,
    watch: Watched | None = None,
    recorded: datetime | None = None,
) -> Look:
    """Import a copy as of a moment."""
    copy = Page(body, "", f"{name}.html", moment)
    return take_in(store, RULES, watch or document(name), copy, who(recorded or moment), accept=accept)


def archive_all(store: History, moment: datetime) -> None:
    """Every document that facts are anchored in, as the review saw it."""
    add(store, "data-contribution-settings", settings_page(), moment)
    for name in OTHERS:
        add(store, name, page(name), moment)


def archive_of(moment: datetime, **others: bytes) -> Archive:
    """The same without a history; `others` are further copies by name, dashes as underlines, one day later."""
    with TemporaryDirectory() as folder, opened(Path(folder)) as store:
        archive_all(store, moment)
        for name, body in others.items():
            look = add(store, name.replace("_", "-"), body, moment + timedelta(days=1))
            assert look.outcome.is_edition, look
        found = store.documents()
        texts = {one.id: found.read(one.id) for looks in found.looks.values() for one in looks}
    return Archive(found.looks, found.notes, texts.__getitem__)


def opened(place: Path) -> History:
    return History.open(str(place / "history.db"))
