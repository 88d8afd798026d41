"""`contribaudit subprocessors`: shows the vendor's list, its changes, and which of your apps each row touches."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from contribaudit import exit_codes
from contribaudit.cli.arguments import read_page
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.inventory import unread_apps
from contribaudit.cli.options import (
    agreed,
    by_option,
    format_option,
    organization_option,
    policy_option,
    store_option,
    yes_option,
)
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.model.subprocessors import SUBPROCESSOR_COLUMNS, ListHistory, Review, SubprocessorList
from contribaudit.core.resolve.aliases import resolve_alias
from contribaudit.core.resolve.inventory import apps_of_site
from contribaudit.core.resolve.state import State
from contribaudit.core.resolve.subprocessor_changes import list_changes, version_before
from contribaudit.core.resolve.subprocessor_exposure import Touches, exposures, list_in_force, processors
from contribaudit.core.resolve.subprocessors import understood
from contribaudit.errors import UsageError
from contribaudit.exporters.text import safe_text

if TYPE_CHECKING:
    from contribaudit.store.history import History

_SHIPPED = "shipped"


@click.group()
def command() -> None:
    """Atlassian's sub-processors: who else works on your data, in which apps, and what changed.

    Until a list is imported, the one of September 2024 that the rulebook ships is shown; no check takes it for current.
    """


@command.command("import", short_help="Import Atlassian's page of sub-processors.")
@click.argument("source", metavar="FILE|-|URL")
@by_option
@click.option(
    "--anyway",
    is_flag=True,
    help="Also import a list that is older than the newest, or a different list of the same date.",
)
@store_option
@pass_console
def take_in_list(console: Console, *, source: str, by: str | None, anyway: bool) -> None:
    """Import Atlassian's page of sub-processors: saved as HTML, as text or a paste, as CSV, or from its address.

    The list is imported completely or not at all; an error names the row and the column. The page itself is kept by its
    digest. Import the same page again when it has not changed, so that the list stays current.
    """
    from contribaudit.vendors.fetching import is_address
    from contribaudit.vendors.subprocessors import take_in

    rulebook = console.rulebook()
    signature = _signature(console, by)
    page = None if is_address(source) else read_page(source)
    with console.open_history() as store:
        before = store.subprocessors()
        if page is None:
            listed, body = _fetched(console, store, source, signature, anyway=anyway)
        else:
            body, called = page
            listed = take_in(body, called, rulebook.subprocessors, before, signature, anyway=anyway)
        store.add_subprocessors(listed, body)
        after = store.subprocessors()
    rows = understood(listed, rulebook.subprocessors)
    for one in rows:
        for what in one.needs_review:
            console.diagnostics.warning(f"{safe_text(one.name)} needs review: {safe_text(what)}")
    parties = counted(len(listed.third_parties), "third party")
    companies = counted(len(listed.group_companies), "group company")
    newest = after.newest
    unchanged = any(one.rows == listed.rows and one.effective == listed.effective for one in before.imports)
    summary = (
        f"Imported the list in force since {listed.effective}: {parties} and {companies}, SHA-256 {listed.sha256[:12]}"
    )
    if unchanged:
        summary += "; it has not changed since it was last imported"
    elif newest is not None and newest.effective > listed.effective:
        summary += f"; the list of {newest.effective} stays the newest"
    else:
        summary += "; run `contribaudit subprocessors diff`, then `contribaudit subprocessors review`"
    console.diagnostics.conclusion(f"{summary}.")


def _fetched(
    console: Console, store: History, address: str, signature: Signature, *, anyway: bool
) -> tuple[SubprocessorList, bytes]:
    """The list at an address, and its page. The server only sends the page if it has changed since the last import."""
    from contribaudit.settings.credentials import trust
    from contribaudit.vendors.fetching import NOTHING_KNOWN, NotModified, Validators, fetch
    from contribaudit.vendors.subprocessors import last_from, take_in, unchanged

    before = store.subprocessors()
    last = last_from(address, before)
    validators = Validators(last.etag, last.last_modified) if last is not None else NOTHING_KNOWN
    page = fetch(address, validators, trust=trust(console.settings()))
    if isinstance(page, NotModified):
        assert last is not None, "a server that was told nothing has nothing to compare with"
        return unchanged(last, before, signature, anyway=anyway), store.page(last.sha256)
    listed = take_in(
        page.body,
        page.answered_by,
        console.rulebook().subprocessors,
        before,
        signature,
        content_type=page.content_type,
        anyway=anyway,
    )
    if page.answered_by != address:  # validators of a redirect do not apply to its target
        return listed, page.body
    sent = page.validators
    return replace(listed, etag=sent.etag, last_modified=sent.last_modified), page.body


def _signature(console: Console, by: str | None) -> Signature:
    from contribaudit.attestations.recording import mail

    person = mail(by or console.settings().attested_by, "the person who does this")
    return console.signature(person)


@command.command("list", short_help="Show the newest list of sub-processors.")
@click.option("--list", "of", metavar="DATE|shipped", help="The list in force since DATE; default: the newest.")
@click.option(
    "--imports",
    is_flag=True,
    help="List the imports instead: which list, from where, by whom, and whether it was reviewed.",
)
@format_option()
@store_option
@pass_console
def show_list(console: Console, *, of: str | None, imports: bool) -> None:
    """Show the newest list: each sub-processor with its products, purposes and locations, and the rows that need
    review.

    CSV is what `import` reads.
    """
    from contribaudit.exporters.subprocessors import LIST_TABLE, list_cells, list_document, list_lines

    rules = console.rulebook().subprocessors
    with console.open_history(reading=True) as store:
        history = store.subprocessors()
    if imports:
        _imports(console, history)
        return
    listed = _named_list(history, rules.baseline, of)
    rows = understood(listed, rules)
    if console.output_format == "json":
        reviews = [one for one in history.reviews if one.effective == listed.effective]
        console.write(json.dumps(list_document(listed, rows, reviews), indent=2, ensure_ascii=False) + "\n")
    elif console.output_format == "csv":
        console.table(SUBPROCESSOR_COLUMNS, list_cells(listed, rows))
    else:
        only = LIST_TABLE if any(one.needs_review for one in rows) else LIST_TABLE[:-1]
        console.table(LIST_TABLE, list_lines(rows, rules), flexible="products", only=only)
    needing = [one for one in rows if one.needs_review and history.reviewed(listed, one.name) is None]
    summary = f"{counted(len(rows), 'row')}, {listed.called}"
    summary += f"; {counted(len(needing), 'row')} not understood: contribaudit subprocessors review" if needing else ""
    if listed.shipped:
        summary += "; it is not current: contribaudit subprocessors import FILE"
    console.diagnostics.conclusion(f"{summary}.")


def _imports(console: Console, history: ListHistory) -> None:
    rows = []
    for imported_list in history.imports:
        review = history.reviewed(imported_list)
        assert imported_list.imported is not None
        reviewed = (review.signed.by, review.signed.at, review.note) if review is not None else (None, None, None)
        imported = (imported_list.source, imported_list.sha256, imported_list.imported.at, imported_list.imported.by)
        rows.append((imported_list.effective.isoformat(), len(imported_list.rows), *imported, *reviewed))
    columns = (
        "effective", "rows", "source", "sha256", "imported_at", "imported_by", "reviewed_by", "reviewed_at", "note",
    )  # fmt: skip
    only = ("effective", "rows", "source", "imported_at", "imported_by", "reviewed_by", "reviewed_at")
    console.table(columns, rows, flexible="source", only=only)
    console.diagnostics.conclusion("Nothing was imported yet." if not rows else f"{counted(len(rows), 'import')}.")


def _named_list(history: ListHistory, shipped: SubprocessorList | None, word: str | None) -> SubprocessorList:
    """The list for a date, the beginning of a digest, or "shipped"; without a word, the newest or else the shipped one.

    Raises UsageError when no list matches.
    """
    if word is None or word == _SHIPPED:
        chosen = shipped if word == _SHIPPED else history.newest or shipped
    else:
        fits = [
            entry
            for entry in history.imports
            if entry.effective.isoformat() == word or (len(word) >= 6 and entry.sha256.startswith(word.casefold()))
        ]
        chosen = fits[-1] if fits else (shipped if shipped and shipped.effective.isoformat() == word else None)
    if chosen is None:
        days = dict.fromkeys(entry.effective.isoformat() for entry in history.imports)
        known = f"Known: {', '.join([*days, _SHIPPED])}"
        raise UsageError(f"There is no list {word!r}", hint=known if days else f"{known}; no list is imported yet")
    return chosen


@command.command("diff", short_help="Compare two lists, named by their dates.")
@click.argument("before", required=False, metavar="[A")
@click.argument("after", required=False, metavar="B]")
@organization_option(multiple=True)
@policy_option
@format_option()
@store_option
@pass_console
def diff(console: Console, *, before: str | None, after: str | None) -> None:
    """Compare two lists, named by their dates (or `shipped`): who was added, removed or renamed, and what changed.

    Without names, the newest list is compared with the one before it; with one name, that list is compared with the
    newest. Each change says whether it touches your apps, as of the last audit, and why.
    """
    from contribaudit.exporters.subprocessors import CHANGE_COLUMNS, CHANGE_TABLE, change_cells

    rules = console.rulebook().subprocessors
    with console.open_history(reading=True) as store:
        history = store.subprocessors()
    new = _named_list(history, rules.baseline, after)
    old = _named_list(history, rules.baseline, before) if before else version_before(history, new, rules.baseline)
    if old is None or old.sha256 == new.sha256:
        raise UsageError(
            f"{new.called[:1].upper()}{new.called[1:]} has no earlier list to compare with",
            hint="Import a list: contribaudit subprocessors import FILE",
        )
    changes = list_changes(understood(old, rules), understood(new, rules))
    state = _last_state(console)
    rows = change_cells(state, changes, history.reviewed(new))
    console.table(CHANGE_COLUMNS, rows, flexible="touches_you_because", only=CHANGE_TABLE)
    console.diagnostics.conclusion(f"{counted(len(changes), 'change')} from {old.called} to {new.called}.")


def _last_state(console: Console) -> State | None:
    """The state of the newest saved run as of now; None when there is no run."""
    from contribaudit.audit.replay import last_state

    settings = console.settings()
    if not settings.organizations() and not console.organizations:
        return None
    with console.job() as job:
        if not any(job.store.runs(organization=one, limit=1) for one in job.organizations):
            return None
        return last_state(job)


@command.command("exposure", short_help="Show which sub-processors touch which of your apps.")
@click.argument("subject", required=False)
@click.option("--all", "everything", is_flag=True, help="Also show in the table what is not touched.")
@organization_option(multiple=True)
@policy_option
@format_option()
@store_option
@pass_console
def exposure(console: Console, *, subject: str | None, everything: bool) -> None:
    """Show which sub-processors touch which of your apps (yes, may, no) and why, as of the last audit.

    SUBJECT is an app, site or organization; default: all apps. If it is not known whether AI reaches an app,
    sub-processors that work for AI may touch it. The exit code is 3 if the list of apps is incomplete.
    """
    from contribaudit.exporters.subprocessors import (
        EXPOSURE_COLUMNS,
        EXPOSURE_TABLE,
        exposure_cells,
        exposure_lines,
        exposure_objects,
    )

    state = _last_state(console)
    if state is None:
        raise UsageError("There is no saved run, so your apps are not known", hint="Run `contribaudit audit` first")
    pairs = list(exposures(state, processors(state), _apps(state, subject)))
    counts = {word: sum(1 for one in pairs if one.touches is word) for word in Touches}
    if console.output_format == "json":
        console.write(json.dumps(exposure_objects(state, pairs), indent=2, ensure_ascii=False) + "\n")
    else:
        shown = [one for one in pairs if everything or console.output_format == "csv" or one.touches is not Touches.NO]
        cells = exposure_cells(state, shown)
        if console.output_format == "csv":
            console.table(EXPOSURE_COLUMNS, cells)
        else:
            console.table(EXPOSURE_TABLE, exposure_lines(state, shown), flexible="because")
    listed = list_in_force(state)
    of = f" by {listed.called}" if listed is not None else ""
    summary = f"{counts[Touches.YES]} yes, {counts[Touches.MAY]} may, {counts[Touches.NO]} no{of}"
    hidden = console.output_format == "table" and not everything and counts[Touches.NO]
    unread = unread_apps(state)
    if unread:
        console.end(f"{summary}. The list of apps is incomplete: {unread}.", exit_codes.UNVERIFIED)
    console.diagnostics.conclusion(f"{summary}{'; --all shows what is not touched' if hidden else ''}.")


def _apps(state: State, word: str | None) -> list[Subject]:
    """The apps that a subject stands for; without one, every app. Raises UsageError for an unsuitable subject."""
    if word is None:
        return state.subjects(Kind.APP)
    subject = resolve_alias(state, word)
    if subject is None:
        raise UsageError(
            f"There is no subject {word!r} in the data that was read", hint="`contribaudit inventory` lists them"
        )
    match subject.kind:
        case Kind.APP:
            return [subject]
        case Kind.SITE:
            return list(apps_of_site(state, subject))
        case Kind.ORGANIZATION:
            return state.subjects(Kind.APP, subject.id)
    raise UsageError(
        f"Sub-processors are shown by app, not by {subject.kind}", hint="Name an app, a site or the organization"
    )


@command.command("review", short_help="Record that you looked at what a list changed.")
@click.option("--list", "of", metavar="DATE", help="The list in force since DATE; default: the newest import.")
@click.option("--row", "rows", metavar="NAME", multiple=True, help="Only this row, which needs review. Repeatable.")
@by_option
@click.option("--note", default="", metavar="TEXT", help="What you found, or the ticket.")
@yes_option
@store_option
@pass_console
def review(console: Console, *, of: str | None, rows: tuple[str, ...], by: str | None, note: str, yes: bool) -> None:
    """Record that you looked at what a list changed, and at its rows that were not understood.

    Without --row, everything that the list changed and all of its rows are reviewed.
    """
    rulebook = console.rulebook()
    signature = _signature(console, by)
    with console.open_history() as store:
        history = store.subprocessors()
        listed = _named_list(history, rulebook.subprocessors.baseline, of) if of else history.newest
        if listed is None or listed.shipped:
            raise UsageError("No list has been imported yet", hint="Run `contribaudit subprocessors import FILE`")
        needing = [one.name for one in understood(listed, rulebook.subprocessors) if one.needs_review]
        by_name = {row.name.casefold(): row.name for row in listed.rows}
        for name in rows:
            if name.casefold() not in by_name:
                raise UsageError(
                    f"{listed.called} has no row {safe_text(name)!r}",
                    hint="`contribaudit subprocessors list` shows them",
                )
        chosen = [by_name[name.casefold()] for name in rows] or ["", *needing]
        what = counted(len(rows), "row") if rows else f"all changes and {counted(len(needing), 'row')} that need review"
        agreed(f"Record that {signature.by} reviewed {what} of {listed.called}?", yes=yes)
        for name in chosen:
            store.review_subprocessors(Review(listed.effective, name, signature, note))
    console.diagnostics.conclusion(f"Reviewed {what} of {listed.called}.")
