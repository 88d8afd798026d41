"""`contribaudit evidence`: writes evidence that an auditor can verify alone, and verifies it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contribaudit.cli.arguments import end_by_now, moment, run_number
from contribaudit.cli.console import Console, pass_console
from contribaudit.cli.options import (
    PATH,
    csv_bom_option,
    format_option,
    organization_option,
    output_options,
    policy_option,
    store_option,
)
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.errors import PolicyFileError, UsageError

if TYPE_CHECKING:
    from contribaudit.audit.job import Job
    from contribaudit.core.advise.report import Report
    from contribaudit.evidence.dossier import Dossier, ExportLimits
    from contribaudit.evidence.export import Exported
    from contribaudit.evidence.verify import Verified
    from contribaudit.settings.model import AppSettings
    from contribaudit.store.records import RunRecord

PEOPLE = ("named", "pseudonym", "omit")
_WAIT_SECONDS = 300
"""How long an export waits for another export, or for a pruning."""


@click.group()
def command() -> None:
    """Write evidence that an auditor can verify alone, and verify it."""


@command.command("export", short_help="Write a saved run or a period as an evidence folder.")
@click.argument("place", type=PATH, metavar="DIR")
@organization_option(multiple=True)
@policy_option
@click.option("--run", "run", type=click.IntRange(min=1), metavar="N", help="Export this run, judged as of its end.")
@click.option(
    "--from", "since", metavar="RUN|DATE", help="Export every run of a period; the newest is judged as of its end."
)
@click.option("--to", "until", metavar="RUN|DATE", help="End of the period; default: now.")
@click.option("--zip", "archive", is_flag=True, help="Write a .zip archive instead of a folder.")
@click.option("--people", type=click.Choice(PEOPLE), default="named", show_default=True, help="How people are named.")
@click.option("--scope", "sites", metavar="SITE", multiple=True, help="Only this site (its host); may be repeated.")
@click.option(
    "--mode",
    type=click.Choice(("0700", "0750", "0755")),
    default="0700",
    show_default=True,
    help="Who may read it: only you, also your group, or everyone.",
)
@csv_bom_option
@store_option
@pass_console
def export_command(
    console: Console,
    place: Path,
    *,
    run: int | None,
    since: str | None,
    until: str | None,
    archive: bool,
    people: str,
    sites: tuple[str, ...],
    mode: str,
) -> None:
    """Write a saved run or a period as an evidence folder, completely or not at all, and never overwrite one.

    The newest run is judged again as of now; --run and --from judge as of that time. The policy is the one that
    judged the run; if --policy names another, the evidence says so.
    """
    from contribaudit.evidence.dossier import ExportLimits, noted
    from contribaudit.evidence.pseudonyms import NameHandling

    if until and not since:
        raise UsageError("--to needs the start of the period", hint="Add --from")
    if run is not None and since:
        raise UsageError("--run and --from were both given", hint="Give one of them")
    settings = console.settings()
    with (
        console.job(judges=False) as opened,
        opened.store.exporting(wait_seconds=_WAIT_SECONDS),
    ):
        job = _by_its_policy(console, opened, run, until)
        dossier, warning = noted(_dossier(job, run, since, until, ExportLimits(NameHandling(people), sites)))
        pack = _export(settings, job, dossier, place, archive=archive, csv_bom=console.csv_bom, mode=int(mode, 8))
        unnoted = job.store.read_only
    console.csv_bom = False  # it applied to the files, not to this line
    console.write(f"{pack.manifest.sha256}  {place}\n")
    if warning:
        console.diagnostics.warning(warning)
    if unnoted:
        hint = "Keep the digest above for evidence verify --expect"
        console.diagnostics.warning(
            "the history cannot be written, so later exports cannot refer to this one", hint=hint
        )
    console.diagnostics.conclusion(
        f"{counted(len(pack.manifest.files), 'file')} of run {pack.manifest.judged.run}, judged by the policy"
        f" {pack.manifest.judged.policy_name}, are in {place}; check them with `contribaudit evidence verify {place}`"
    )


def export_configured(settings: AppSettings, job: Job, report: Report) -> Exported | None:
    """Export the evidence that `[evidence]` configures for every audit. Raises what an export raises.

    None when no folder is configured.
    """
    from contribaudit.evidence.dossier import ExportLimits, of_report
    from contribaudit.evidence.pseudonyms import NameHandling

    configured = settings.evidence
    if configured.folder is None:
        return None
    with job.store.exporting(wait_seconds=_WAIT_SECONDS):
        dossier = of_report(job, report, ExportLimits(NameHandling(configured.people)))
        name = f"run-{report.run.id:06}-{report.run.started_at:%Y-%m-%dT%H%MZ}" + (".zip" if configured.archive else "")
        whose = dossier.organizations[0] if len(dossier.organizations) == 1 else "all"
        return _export(settings, job, dossier, configured.folder / whose / name, archive=configured.archive)


def _by_its_policy(console: Console, job: Job, run: int | None = None, until: str | None = None) -> Job:
    """The job with the policy for a saved run: that of --policy, or else the one that judged the run.

    The run is the one with that number, or else the newest that had begun by `until` (None: now).
    """
    from contribaudit import wiring

    settings = console.settings()
    if console.policy_path is not None:
        return replace(job, policy=wiring.load_policy(console.policy_path, job.rulebook))
    end = end_by_now(job, until) or job.clock()
    record = job.newest_run(end) if run is None else job.store.run(run)
    policy = _policy_of(job, settings, record) if record else wiring.load_policy(settings.policy, job.rulebook)
    return replace(job, policy=policy)


def _policy_of(job: Job, settings: AppSettings, record: RunRecord) -> AuditPolicy:
    """The policy that judged the run. Raises UsageError when it is neither configured nor stored."""
    from contribaudit import wiring

    try:
        configured = wiring.load_policy(settings.policy, job.rulebook)
    except PolicyFileError:
        configured = None  # the run's own policy is the one that counts
    if configured is not None and configured.sha256 == record.policy_sha256:
        return configured
    stored = wiring.kept_policy(job.store, record.policy_sha256, job.rulebook)
    if stored is None:
        raise UsageError(
            f"Run {record.id} was judged by the policy {record.policy_name} ({record.policy_sha256[:12]}…), which is"
            " neither configured nor kept in this history",
            hint="Name that policy with --policy; if you name another one, the evidence says so",
        )
    return stored


def _dossier(job: Job, run: int | None, since: str | None, until: str | None, limits: ExportLimits) -> Dossier:
    from contribaudit.evidence.dossier import of_last, of_period, of_run

    if run is not None:
        return of_run(job, run, limits)
    if since is None:
        return of_last(job, limits)
    number = run_number(since)
    begin = moment(since) if number is None else job.store.run(number).started_at
    return of_period(job, begin, end_by_now(job, until) or job.clock(), limits)


def _export(
    settings: AppSettings,
    job: Job,
    dossier: Dossier,
    place: Path,
    *,
    archive: bool,
    csv_bom: bool = False,
    mode: int = 0o700,
) -> Exported:
    from contribaudit import wiring
    from contribaudit.evidence.export import Form, export

    form = Form(archive, csv_bom, wiring.signer(settings), settings.rulebook, settings.decoders, mode)
    return export(dossier, place, now=job.clock(), operator=job.operator, form=form)


@command.command("verify", short_help="Verify folders or archives, without history or network.")
@click.argument("places", type=PATH, metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--public-key", "keys", type=PATH, metavar="FILE", multiple=True, help="Public key of a signer that you trust."
)
@click.option(
    "--expect", "expected", metavar="DIGEST", multiple=True, help="Manifest digest that you know from another source."
)
@format_option("text", "json")
@pass_console
def verify_command(
    console: Console, places: tuple[Path, ...], *, keys: tuple[Path, ...], expected: tuple[str, ...]
) -> None:
    """Verify folders or archives without history, configuration or network; several are verified as a chain.

    Repeat --public-key for keys that replaced one another. --expect takes a digest that you know from another
    source, such as a chat message, an email or a later pack: at least its first 32 digits, since fewer can be
    forged.
    """
    from contribaudit.evidence.readme import DOES_NOT_PROVE, PROVES
    from contribaudit.evidence.verify import verify_chain

    checked = verify_chain(places, keys, expected)
    if console.output_format == "json":
        packs = [
            {
                "place": str(pack.place),
                "sha256": pack.manifest.sha256,
                "previous": pack.manifest.previous.sha256 if pack.manifest.previous else None,
                "written_at": pack.manifest.written_at,
                "run": pack.manifest.judged.run,
                "files": pack.files,
                "size_bytes": pack.size_bytes,
                "signed_with": pack.signed_with,
                "key_known": pack.key_known,
                "standing": pack.standing,
                "uncompared": list(pack.uncompared),
            }
            for pack in checked
        ]
        document = {"packs": packs, "proves": PROVES, "does_not_prove": DOES_NOT_PROVE}
        console.write(json.dumps(document, indent=2) + "\n")
    else:
        for pack in checked:
            signed = "not signed"
            if pack.signed_with:
                signed = f"signed with {pack.signed_with}" + ("" if pack.key_known else ", a key from the pack itself")
            summary = f"run {pack.manifest.judged.run}, {counted(pack.files, 'file')}, {signed}"
            console.write(f"{pack.manifest.sha256}  {pack.place}  {summary}\n")
        listed = ["What this proves:", *PROVES, "What it does not prove:", *DOES_NOT_PROVE]
        console.write("\n" + "".join(f"{'' if line.endswith(':') else '  '}{line}\n" for line in listed))
    console.diagnostics.conclusion(standing(checked))


def standing(checked: Sequence[Verified]) -> str:
    """What the packs prove together, in a sentence that is true of each."""
    which = "The pack is" if len(checked) == 1 else f"The {len(checked)} packs form a chain and are"
    uncompared = ", ".join(dict.fromkeys(name for one in checked for name in one.uncompared))
    result = "consistent"
    if uncompared:
        result += f" except for what was not compared: another build of contribaudit or XlsxWriter wrote {uncompared}"
    standings = {one.standing for one in checked}
    if standings == {"signed"}:
        return f"{which} signed with a key that you named, and {result}."
    if checked[-1].standing == "expected":  # it names all earlier packs by their digests
        subject = "the newest has" if len(checked) > 1 else "has"
        return f"{which} {result}, and {subject} the digest that you gave."
    why = "not signed" if any(one.signed_with is None for one in checked) else "signed with a key from the pack itself"
    return (
        f"{which} {result}. This does not show who made it: it is {why}. "
        "Name the signer's key with --public-key, or a digest from another source with --expect."
    )


@command.command("keygen")
@click.option(
    "--file", "path", type=PATH, metavar="PATH", help="Write the private key to this file instead of the keyring."
)
@click.option("--replace", is_flag=True, help="Replace the key in the keyring.")
@pass_console
def keygen_command(console: Console, *, path: Path | None, replace: bool) -> None:
    """Create a key to sign evidence with. Prints the public part, which verification needs, and its fingerprint."""
    from pydantic import SecretStr

    from contribaudit.evidence.signing import Signer
    from contribaudit.settings import credentials

    signer = Signer.new()
    if path is not None:
        signer.save(path)
        where = f"the file {path}; name it as signing_key under [evidence]"
    else:
        account = credentials.SIGNING_ACCOUNT
        if not replace and credentials.key_in_keyring(account) is not None:
            raise UsageError(
                "The keyring already has a signing key", hint="Use --replace to replace it; keep its public part"
            )
        name = credentials.save_key(account, SecretStr(signer.line))
        where = f"the keyring ({name}); set sign_with_keyring under [evidence]"
    console.write(f"{signer.public_pem().decode()}{signer.fingerprint}\n")
    console.diagnostics.conclusion(
        f"The private key is in {where}. Distribute the public part separately from the evidence."
    )


@command.command("sample", short_help="Draw findings for an auditor to check in the console.")
@click.argument("place", type=PATH, metavar="[PACK]", required=False)
@click.option(
    "--n", "size", type=click.IntRange(min=1), metavar="N", default=25, show_default=True, help="Number of findings."
)
@click.option("--seed", required=True, metavar="S", help="Any text; the same text draws the same sample.")
@organization_option(multiple=True)
@policy_option
@csv_bom_option
@output_options
@store_option
@pass_console
def sample_command(console: Console, place: Path | None, *, size: int, seed: str) -> None:
    """Draw findings for an auditor to check in the console, from PACK or from the newest run in the history.

    Every outcome is represented in proportion. The columns for the auditor's own value, initials and date are
    empty.
    """
    from contribaudit.audit.replay import judge_last
    from contribaudit.evidence.sample import draw, sheet
    from contribaudit.exporters import json_v1
    from contribaudit.exporters.saved import load

    console.check_output()
    if place is not None:
        document: Mapping[str, Any] = load(place)
    else:
        with console.job(judges=False) as job:
            document = json_v1.as_document(judge_last(_by_its_policy(console, job)))
    run, findings = document["run"]["id"], document["findings"]
    drawn = draw(findings, size, seed)
    console.write(sheet(run, drawn))
    console.diagnostics.conclusion(
        f"{len(drawn)} of {len(findings)} findings of run {run}, drawn with the seed {seed!r}."
    )


@command.command("reperform", short_help="Judge a pack again from its own values.")
@click.argument("place", type=PATH, metavar="PATH")
@format_option()
@pass_console
def reperform_command(console: Console, place: Path) -> None:
    """Judge a pack again from its own values, policy and rulebook, without history, and list the differences.

    The exit code is 5 when a finding differs, when the pack lacks a finding that follows from it, or when two of
    its files differ; otherwise 3 when findings rest on attestations, spaces, the audit log or earlier runs, which
    only the history holds: those are not judged. --format json and csv list every finding.
    """
    from contribaudit.evidence.reperform import Result, exit_code, reperform

    every = reperform(place)
    shown = [one for one in every if one.differs] if console.output_format == "table" else every
    rows = [(one.id, one.check, one.reported, one.again or None, one.reason, one.result.value) for one in shown]
    titles = ("finding_id", "check_id", "outcome", "again", "reason", "result")
    if rows:
        console.table(titles, rows, flexible="reason")
    counts = Counter(one.result for one in every)
    code = exit_code(every)
    history = ", ".join(sorted({one.check for one in every if one.result is Result.NOT_JUDGED}))
    console.end(
        f"Judged again: {counts[Result.SAME]} are the same, {counts[Result.DIFFERENT]} differ; "
        f"{counts[Result.LEFT_OUT]} are missing from the report, "
        f"{counted(counts[Result.INCONSISTENT], 'contradiction')} between its files; "
        f"{counts[Result.NOT_JUDGED]} were not judged: they need the history"
        f"{f' ({history})' if history else ''}.",
        code,
    )
