"""`contribaudit subprocessors list|diff|exposure`: what the list says, what changed, and whom it touches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from contribaudit import exit_codes
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import format_option, organization_option, policy_option, store_option
from contribaudit.core.model.several import counted
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from contribaudit.core.model.subprocessors import ListHistory, SubprocessorList
    from contribaudit.core.resolve.state import State

SHIPPED = "shipped"


@click.command("list")
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
    from contribaudit.core.model.subprocessors import SUBPROCESSOR_COLUMNS
    from contribaudit.core.resolve.subprocessors import understood
    from contribaudit.exporters.subprocessors import list_cells, list_document

    rules = console.rulebook().subprocessors
    with console.open_history(reading=True) as store:
        history = store.subprocessors()
    if imports:
        _imports(console, history)
        return
    listed = named_list(history, rules.baseline, of)
    rows = understood(listed, rules)
    if console.output_format == "json":
        reviews = [one for one in history.reviews if one.effective == listed.effective]
        console.write(json.dumps(list_document(listed, rows, reviews), indent=2, ensure_ascii=False) + "\n")
    else:
        doubts = ("needs_review",) if any(one.needs_review for one in rows) else ()
        only = ("name", "product_scopes", "purpose_kinds", "location_codes", *doubts)
        cells = list_cells(listed, rows)
        console.table(SUBPROCESSOR_COLUMNS, cells, flexible="product_scopes", only=only)
    needing = [one for one in rows if one.needs_review and history.reviewed(listed, one.name) is None]
    told = f"{counted(len(rows), 'row')}, {listed.called}"
    told += f"; {counted(len(needing), 'row')} not understood: contribaudit subprocessors review" if needing else ""
    if listed.shipped:
        told += "; it is not current: contribaudit subprocessors import FILE"
    console.diagnostics.conclusion(f"{told}.")


def _imports(console: Console, history: ListHistory) -> None:
    rows = []
    for one in history.imports:
        review = history.reviewed(one)
        assert one.imported is not None
        reviewed = (review.signed.by, review.signed.at, review.note) if review is not None else (None, None, None)
        rows.append(
            (
                one.effective.isoformat(),
                len(one.rows),
                one.source,
                one.sha256,
                one.imported.at,
                one.imported.by,
                *reviewed,
            )
        )
    columns = (
        "effective", "rows", "source", "sha256", "imported_at", "imported_by", "reviewed_by", "reviewed_at", "note",
    )  # fmt: skip
    only = ("effective", "rows", "source", "imported_at", "imported_by", "reviewed_by", "reviewed_at")
    console.table(columns, rows, flexible="source", only=only)
    console.diagnostics.conclusion("Nothing was imported yet." if not rows else f"{counted(len(rows), 'import')}.")


def named_list(history: ListHistory, shipped: SubprocessorList | None, word: str | None) -> SubprocessorList:
    """The list that a date, a digest's beginning or "shipped" names; without a word the newest, else the shipped one.

    Raises UsageError for a word that names none.
    """
    if word is None or word == SHIPPED:
        found = shipped if word == SHIPPED else history.newest or shipped
    else:
        fits = [
            one
            for one in history.imports
            if one.effective.isoformat() == word or (len(word) >= 6 and one.sha256.startswith(word.casefold()))
        ]
        found = fits[-1] if fits else (shipped if shipped and shipped.effective.isoformat() == word else None)
    if found is None:
        known = ", ".join(dict.fromkeys(one.effective.isoformat() for one in history.imports)) or "none is imported"
        raise UsageError(f"There is no list {word!r}", hint=f"Lists: {known}, {SHIPPED}")
    return found


@click.command("diff")
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
    from contribaudit.core.resolve.subprocessor_changes import list_changes, version_before
    from contribaudit.core.resolve.subprocessors import understood
    from contribaudit.exporters.subprocessors import CHANGE_COLUMNS, CHANGE_TABLE, change_cells

    rules = console.rulebook().subprocessors
    with console.open_history(reading=True) as store:
        history = store.subprocessors()
    new = named_list(history, rules.baseline, after)
    old = named_list(history, rules.baseline, before) if before else version_before(history, new, rules.baseline)
    if old is None or old.sha256 == new.sha256:
        raise UsageError(
            f"{new.called[:1].upper()}{new.called[1:]} has no earlier list to compare with",
            hint="Import a list: contribaudit subprocessors import FILE",
        )
    changes = list_changes(understood(old, rules), understood(new, rules))
    state = last_known(console)
    rows = change_cells(state, changes, history.reviewed(new))
    console.table(CHANGE_COLUMNS, rows, flexible="touches_you_because", only=CHANGE_TABLE)
    console.diagnostics.conclusion(f"{counted(len(changes), 'change')} from {old.called} to {new.called}.")


def last_known(console: Console) -> State | None:
    """What the newest saved run means now; None, with a note, where there is none."""
    from contribaudit.audit.replay import last_state

    settings = console.settings()
    if not settings.organizations() and not console.organizations:
        return None
    with console.job() as job:
        audited = (one.organization for one in job.targets if not one.left_out)
        if not any(job.store.runs(organization=one, limit=1) for one in audited):
            return None
        return last_state(job)


@click.command("exposure")
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
    from contribaudit.core.resolve.subprocessor_exposure import Touches, exposures, list_in_force, processors
    from contribaudit.exporters.subprocessors import (
        EXPOSURE_COLUMNS,
        EXPOSURE_TABLE,
        exposure_cells,
        exposure_objects,
    )

    state = last_known(console)
    if state is None:
        raise UsageError("There is no saved run, so your apps are not known", hint="Run contribaudit audit first")
    found = list(exposures(state, processors(state), _apps(state, subject)))
    counts = {word: sum(1 for one in found if one.touches is word) for word in Touches}
    if console.output_format == "json":
        console.write(json.dumps(exposure_objects(state, found), indent=2, ensure_ascii=False) + "\n")
    else:
        shown = [one for one in found if everything or console.output_format == "csv" or one.touches is not Touches.NO]
        cells = exposure_cells(state, shown)
        console.table(EXPOSURE_COLUMNS, cells, flexible="because", only=EXPOSURE_TABLE)
    listed = list_in_force(state)
    of = f" by {listed.called}" if listed is not None else ""
    told = f"{counts[Touches.YES]} yes, {counts[Touches.MAY]} may, {counts[Touches.NO]} no{of}"
    hidden = console.output_format == "table" and not everything and counts[Touches.NO]
    unread = [
        f"{state.organization_name(place.id)}: {place.why_not('workspaces')}"
        for place in state.looked_at
        if not place.completed("workspaces")
    ]
    if unread:
        told = f"{told}. The list of apps is incomplete: {'; '.join(unread)}"
        console.diagnostics.conclusion(f"{told}.", code=exit_codes.UNVERIFIED)
        console.exit(exit_codes.UNVERIFIED)
    console.diagnostics.conclusion(f"{told}{'; --all shows what is not touched' if hidden else ''}.")


def _apps(state: State, word: str | None) -> list[Subject]:
    """The apps that a subject names; every app without one. Raises UsageError for a subject that has none."""
    from contribaudit.core.resolve.aliases import resolve_alias
    from contribaudit.core.resolve.reasons import apps_of_site

    if word is None:
        return state.subjects(Kind.APP)
    subject = resolve_alias(state, word)
    if subject is None:
        raise UsageError(
            f"There is no subject {word!r} in the data that was read", hint="contribaudit inventory lists them"
        )
    match subject.kind:
        case Kind.APP:
            return [subject]
        case Kind.SITE:
            return list(apps_of_site(state, subject))
        case Kind.ORGANIZATION:
            return state.subjects(Kind.APP, subject.id)
    raise UsageError(f"A {subject.kind} is touched as its app is", hint="Name an app, a site or the organization")
