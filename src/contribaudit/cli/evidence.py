"""`contribaudit evidence`: write what an auditor can check alone, and check it."""

from __future__ import annotations

from pathlib import Path

import click

from contribaudit.cli.options import Console, organization_option, pass_console, policy_option, store_option


@click.group()
def command() -> None:
    """Write evidence that an auditor can check alone, and check it."""


@command.command("export")
@click.argument("place", type=click.Path(path_type=Path), metavar="DIR")
@organization_option(multiple=True)
@policy_option
@click.option("--zip", "archive", is_flag=True, help="One .zip archive instead of a folder.")
@click.option(
    "--people", type=click.Choice(["named", "pseudonym", "omit"]), default="named", help="How people appear in it."
)
@store_option
@pass_console
def export_command(
    console: Console,
    place: Path,
    *,
    organizations: tuple[str, ...],
    policy_path: Path | None,
    archive: bool,
    people: str,
    store_location: str | None,
) -> None:
    """Write the last kept run, judged anew, as a folder of evidence."""
    from datetime import UTC, datetime

    from contribaudit import wiring
    from contribaudit.evidence.dossier import Dossier
    from contribaudit.evidence.export import export
    from contribaudit.evidence.people import Cast, People
    from contribaudit.pipeline import Job, judge_last

    settings = console.settings()
    rulebook = wiring.load_rulebook(settings)
    policy = wiring.load_policy(policy_path or settings.policy, rulebook)
    with wiring.open_store(settings, store_location) as store:
        job = Job(wiring.unread_targets(settings, organizations), store, rulebook, policy, operator=wiring.operator())
        report = judge_last(job)
        dossier = Dossier(report, policy, store, (store.run(report.run.id),), Cast(People.NAMED))
        dossier = Dossier(report, policy, store, dossier.runs, Cast(People(people), dossier.persons()))
        done = export(
            dossier,
            place,
            now=datetime.now(UTC),
            operator=job.operator,
            archive=archive,
            rulebook_folder=settings.rulebook,
        )
    console.write(f"{done.manifest.sha256}  {place}\n", None)
    console.diagnostics.conclusion(
        f"{len(done.manifest.files)} files of run {report.run.id} are in {place}; check them with"
        f" contribaudit evidence verify {place}",
        code=0,
    )


@command.command("verify")
@click.argument("places", type=click.Path(path_type=Path), metavar="PATH...", nargs=-1, required=True)
@click.option("--public-key", type=click.Path(path_type=Path), metavar="FILE", help="The signer's key, that you trust.")
@pass_console
def verify_command(console: Console, places: tuple[Path, ...], *, public_key: Path | None) -> None:
    """Check folders or archives without history or network; several are checked as a chain."""
    from contribaudit.evidence.verify import verify_chain

    checked = verify_chain(places, public_key)
    for one in checked:
        signed = f"signed with {one.signed_with}" if one.signed_with else "not signed"
        console.write(f"{one.manifest.sha256}  {one.place}  {one.files} files, {signed}\n", None)
    console.diagnostics.conclusion("Every file is as its manifest says", code=0)
