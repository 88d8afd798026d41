"""README.txt of an evidence folder: how to check it with sha256sum and openssl alone, and what that proves."""

from __future__ import annotations

from contribaudit import __version__
from contribaudit.core.advise.gaps import EVERY_HOURS
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.pseudonyms import People
from contribaudit.evidence.verify import DOES_NOT_PROVE, PROVES
from contribaudit.exporters.text import plain, rfc3339

_HEAD = """\
Evidence of contribaudit {version}: {about} of {organizations}, read until {finished}.

What is what
  report.json            the whole report of run {run}; findings.csv holds the same findings
  findings.csv           one row for each check and subject
  data-dictionary.csv    explains every column of every file
  manifest.json          every file with its SHA-256 and size, and the manifest of the export before this one
  SHA256SUMS             the same digests in the form that sha256sum reads
  policy.toml, rulebook/, decoders/
                         what judged the run: with them each finding can be performed again
  population.csv, ledger.csv
                         what was asked, how much was announced and read, and every request: all of them are reads
  runs.csv, gaps.csv, outcomes.csv, changes.csv
                         when somebody looked, when nobody did (more than {hours:g} hours), what came of it over time
  segregation.csv        who did what
  responses/             raw answers of the API; `evidence_sha256` in findings.csv names the one it rests on
  attachments/           screenshots; `attachments` in attestations.csv names them
"""
_CHECK = """
How to check it, with nothing but coreutils and openssl
  1. In this folder:
       sha256sum --check --quiet SHA256SUMS
     Nothing printed means that every listed file is as it was.
  2. The list itself is held by the manifest. These two lines must show the same digest:
       sha256sum SHA256SUMS
       grep -o '"path":"SHA256SUMS","sha256":"[0-9a-f]*"' manifest.json
  3. The manifest's own digest, which the next export names and which you may have been told another way:
       sha256sum manifest.json
"""
_SIGNED = """\
  4. The signature (OpenSSL 3.0 or newer):
       openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in manifest.json -sigfile manifest.json.sig
     The key's fingerprint, to be compared with the one that the signer gave you:
       openssl pkey -pubin -in public-key.pem -outform DER | sha256sum
"""
_TOOL = """
`contribaudit evidence verify .` does all of this, finds added files too, and needs neither history nor network.
"""
_LEFT_OUT = {
    People.PSEUDONYM: """
People
  Names, mail addresses, accounts and machines are replaced by stand-ins, "person-" and digits: the same for the same
  person within this folder, another in any other, and the key to them was never kept. Raw answers and screenshots are
  left out, and policy.toml, rulebook/ and decoders/ are no longer what their digests in report.json were taken of.
""",
    People.OMIT: """
People
  Names, mail addresses, accounts and machines are replaced by "[person]". Raw answers and screenshots are left out,
  and policy.toml, rulebook/ and decoders/ are no longer what their digests in report.json were taken of.
""",
}
_REMAINS = """\
  Everybody whom the history, the policy and the raw answers know is searched for in every text, as are the parts of
  their names. What no source but a free text names, nicknames and misspelt names remain.
"""
_SITES = """
Sites
  It is limited to {sites}: rows about other sites, and about groups, users and connectors, are left out; what is about
  the organization governs every site and is in it, as are runs, requests and the policy as a whole.
"""


def text(dossier: Dossier, *, signed: bool) -> str:
    """The file. Names in it are made harmless."""
    report = dossier.report
    names = ", ".join(dossier.cast.text(plain(report.state.organization_name(one))) for one in dossier.organizations)
    about = f"run {report.run.id}"
    if dossier.since is not None:
        about = f"{rfc3339(dossier.since)} to {rfc3339(dossier.until)} ({len(dossier.runs)} runs)"
    parts = [
        _HEAD.format(
            version=__version__,
            about=about,
            run=report.run.id,
            organizations=names or "no organization",
            finished=rfc3339(report.run.finished_at),
            hours=EVERY_HOURS,
        ),
        _LEFT_OUT.get(dossier.cast.people, ""),
        "" if dossier.cast.named else _REMAINS,
        _SITES.format(sites=", ".join(plain(site) for site in dossier.sites)) if dossier.sites else "",
        _CHECK,
        _SIGNED if signed else "",
        _TOOL,
        "\nWhat a folder that fits proves\n",
        *(f"  {line}\n" for line in PROVES),
        "What it does not prove\n",
        *(f"  {line}\n" for line in DOES_NOT_PROVE),
    ]
    return "".join(parts)
