"""The Pack screen: writes an evidence pack for an auditor, verifies it, and shows its digest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Select, Static

from contribaudit.audit.job import Job
from contribaudit.core.model.phrases import counted
from contribaudit.errors import ContribauditError
from contribaudit.exporters.text import safe_text
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.field import Field

if TYPE_CHECKING:
    from contribaudit.evidence.export import Form
    from contribaudit.evidence.verify import Verified

_WAIT_SECONDS = 60
PERIODS = (
    ("the newest run, judged now", ""),
    ("the last 30 days, every run", "30"),
    ("the last 90 days, every run", "90"),
    ("the last 365 days, every run", "365"),
)
PEOPLE = (
    ("named", "named"),
    ("pseudonyms, the same for the same person", "pseudonym"),
    ("left out", "omit"),
)
FORMS = (("a folder", "folder"), ("one .zip file", "zip"))


def signing(fingerprint: str | None, trouble: str = "") -> Text:
    """The sentence that says whether the pack will be signed, and with which key."""
    if trouble:
        return Text.assemble((f"The signing key cannot be used: {safe_text(trouble)}", "bold yellow"))
    if fingerprint is None:
        text = "Not signed: no key is configured. `contribaudit evidence keygen` makes one; until then keep the digest."
        return Text.assemble((text, "yellow"))
    return Text(f"Signed with the key {fingerprint}.")


def written(pack: Verified, shown: str) -> Text:
    """Path (`shown`) and digest on lines of their own, for copying, then the result of verifying the pack."""
    manifest = pack.manifest
    text = Text("Written and verified\n", "bold")
    text.append(f"{safe_text(shown)}\n", "bold")
    text.append(f"{manifest.sha256}\n", "bold")
    text.append(
        f"{counted(pack.files, 'file')}, {pack.size_bytes / 1e6:,.1f} MB, run {manifest.judged.run}, judged by "
        f"{safe_text(manifest.judged.policy_name)}. Every file is as the manifest says.\n"
    )
    if pack.signed_with:
        text.append(f"Signed with {pack.signed_with}. Give its public part to the auditor separately.\n")
    else:
        text.append("Not signed: send the digest separately from the pack, so that it can be compared.\n", "yellow")
    return text.append(
        "y copies the digest, Y the path. An auditor checks with: contribaudit evidence verify PATH", "dim"
    )


def free_name(day: str) -> str:
    """A name that is free in the current folder: evidence-2026-11-29, then evidence-2026-11-29-2."""
    taken = {one.name for one in Path().iterdir()}
    name, number = f"evidence-{day}", 1
    while name in taken or f"{name}.zip" in taken:
        number += 1
        name = f"evidence-{day}-{number}"
    return name


def place_of(text: str, *, archive: bool) -> Path:
    """The absolute path of a pack from the typed text; an archive's name ends in .zip."""
    name = text if not archive or text.endswith(".zip") else f"{text}.zip"
    return Path(name).expanduser().absolute()


def write_pack(
    job: Job, form_of: Callable[[bool], Form], place: Path, *, since: datetime | None, people: str, archive: bool
) -> Verified:
    """Write the pack, then verify it on disk. Raises ContribauditError.

    `form_of` gives the form and signing key, of an archive or of a folder; `since` is the start of the period, None for
    the newest run alone; `people` is "named", "pseudonym" or "omit". The pack is judged by the dashboard's policy, and
    says so if another policy judged the run.
    """
    from contribaudit.evidence.dossier import ExportLimits, noted, of_last, of_period
    from contribaudit.evidence.export import export
    from contribaudit.evidence.pseudonyms import NameHandling
    from contribaudit.evidence.verify import verify

    limits = ExportLimits(NameHandling(people))
    with job.store.exporting(wait_seconds=_WAIT_SECONDS):
        dossier = of_last(job, limits) if since is None else of_period(job, since, job.clock(), limits)
        export(noted(dossier)[0], place, now=job.clock(), operator=job.operator, form=form_of(archive))
    return verify(place)


class PackScreen(BoardScreen):
    """A form with four choices, preset to the common ones; Enter on the button writes the pack."""

    NAME: ClassVar[str] = "Pack"
    FIRST = "#write"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next field"),
        Binding("shift+tab", "app.focus_previous", "Previous field", show=False),
        Binding("ctrl+s", "write", "Write and verify"),
        Binding("y", "copy_digest", "Copy the digest", show=False),
        Binding("Y", "copy_path", "Copy the path", show=False),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    PackScreen {
        & #form { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        & .row { height: auto; margin-top: 1; }
        & .row Static { width: 12; height: auto; }
        & .row Select { width: 1fr; max-width: 60; }
        & #place { margin: 1 0 0 0; max-width: 100; }
        & #signing { height: auto; margin-top: 1; }
        & .buttons { height: auto; margin: 1 0; }
        & #result { height: auto; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._digest, self._path = "", ""

    def body(self) -> ComposeResult:
        """Yield the button, the period, people, form and place, then the signing status and the result."""
        with VerticalScroll(id="form", can_focus=False):
            with Horizontal(classes="buttons"):
                yield Button("Write and verify (Ctrl+S)", id="write", variant="primary", compact=True)
            for label, name, choices in (
                ("Period", "period", PERIODS),
                ("People", "people", PEOPLE),
                ("Form", "form-of", FORMS),
            ):
                with Horizontal(classes="row"):
                    yield Static(label)
                    yield Select(choices, value=choices[0][1], allow_blank=False, id=name, compact=True)
            yield Field("Folder or file to write; existing files are never overwritten", id="place", required=True)
            yield Static(id="signing", markup=False)
            yield Static(id="result", markup=False)

    def show_board(self, board: Board) -> None:
        """Suggest a name for today's pack, and show whether it will be signed."""
        field = self.query_one("#place", Field)
        if not field.touched or not field.value:
            field.value = field.first = free_name(f"{board.now.astimezone(UTC):%Y-%m-%d}")
        self._tell_signing()

    def on_button_pressed(self) -> None:
        """Write the pack; there is only one button."""
        self.action_write()

    def action_write(self) -> None:
        """Write the pack, unless something is missing."""
        place = self.query_one("#place", Field)
        missing = "" if self.dashboard.job is not None else "Read-only: open the history to write a pack"
        if self.dashboard.may_write(missing) and place.good():
            self._result(Text("Writing …", "bold"))
            self._write_pack()

    @work(exclusive=True, group="pack")
    async def _write_pack(self) -> None:
        source, job, board = self.dashboard.source, self.dashboard.job, self._board
        if source is None or job is None or board is None:
            return
        archive = self._chosen("form-of") == "zip"
        place = place_of(self.query_one("#place", Field).value, archive=archive)
        days, people = self._chosen("period"), self._chosen("people")
        since = board.now - timedelta(days=int(days)) if days else None
        try:
            pack = await self.dashboard.in_thread(
                write_pack, job, source.form, place, since=since, people=people, archive=archive
            )
        except ContribauditError as error:
            self._result(Text.assemble((f"! {error}", "bold yellow")))
            return
        self._digest, self._path = pack.manifest.sha256, str(place)
        self._result(written(pack, str(place)))
        self.query_one("#result").scroll_visible()
        field = self.query_one("#place", Field)
        field.value = field.first = free_name(f"{board.now.astimezone(UTC):%Y-%m-%d}")

    @work(exclusive=True, group="signing")
    async def _tell_signing(self) -> None:
        source = self.dashboard.source
        if source is None or source.job is None:
            self.query_one("#signing", Static).update(
                Text.assemble(("Read-only: write the pack on the machine with the history.", "yellow"))
            )
            return
        try:
            form = await self.dashboard.in_thread(source.form, False)
        except ContribauditError as error:
            text = signing(None, str(error))
        else:
            text = signing(form.signer.fingerprint if form.signer is not None else None)
        self.query_one("#signing", Static).update(text)

    def action_copy_digest(self) -> None:
        """Copy the digest to the clipboard."""
        self._copy(self._digest, "digest")

    def action_copy_path(self) -> None:
        """Copy the path to the clipboard."""
        self._copy(self._path, "path")

    def _copy(self, text: str, what: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            self.dashboard.say(f"Copied the {what}")
        else:
            self.dashboard.say("No pack has been written here yet", warning=True)

    def _chosen(self, name: str) -> str:
        return str(self.query_one(f"#{name}", Select).value)

    def _result(self, text: Text) -> None:
        self.query_one("#result", Static).update(text)
