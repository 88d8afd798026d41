"""README.txt of a folder: what is what in it, how to check it with sha256sum and openssl alone, what that proves."""

from __future__ import annotations

from contribaudit import __version__
from contribaudit.core.advise.gaps import EVERY_HOURS
from contribaudit.evidence import answers
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.pseudonyms import NameHandling
from contribaudit.evidence.verify import DOES_NOT_PROVE, PROVES
from contribaudit.exporters.text import rfc3339, safe_text

_HEAD = """\
Evidence of contribaudit {version}: {about} of {organizations}, read until {finished}.

What is what
  00-START.html, .xlsx   where to begin: what is open, the worst first, and by control
  report.json            the whole report of run {run}; findings.csv holds the same findings
  findings.csv           one row for each check and subject; `evidence_file` names what in this folder it rests on
  controls.csv           the same counted by control of ISO 27001, SOC 2, GDPR, NIST and others
  csv.jq                 reads a table with jq by the names of its columns; its first lines say how
  data-dictionary.csv    explains every column of every file
  manifest.json          every file with its SHA-256 and size, and the manifest of the export before this one
  SHA256SUMS             the same digests in the form that sha256sum reads
  policy.toml, rulebook/, decoders/
                         what judged the run: with them each finding can be performed again
  population.csv, ledger.csv
                         what was asked, how much was announced and read, and every request: all of them are reads.
                         `sha256` in ledger.csv is of the whole answer as it came, which no file here has: responses/
                         holds the objects that were taken out of it, each under a digest of its own
  runs.csv, gaps.csv, outcomes.csv, changes.csv
                         when somebody looked, when nobody did (more than {hours:g} hours), what came of it over time
  segregation.csv        who did what
  responses/             raw answers of the API, one a line, in files by the first digit of their SHA-256;
                         `evidence_sha256` in findings.csv names the one it rests on
  terms.csv, provisions.csv, terms_notes.csv
                         the vendor's documents that the rules rest on, provision by provision, and notes on them
  documents/             those pages as they came; `sha256` in terms.csv names them
  attachments/           screenshots; `attachments` in attestations.csv names them
  subprocessors.csv, subprocessor_exposure.csv, subprocessor_reviews.csv
                         the vendor's sub-processors, which apps each touches, and who looked at what changed
  pages/                 the vendor's pages as they were imported; `sha256` in subprocessors.csv names the one in force
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
_ANSWERS = """\

A raw answer, with jq: the file by the first digit of its SHA-256, the line by the whole. The same digest comes out:
       jq -rj 'select(.sha256 == "{digest}").body' {path} | sha256sum
"""
_TOOL = """
`contribaudit evidence verify .` does all of this, finds added files too, and needs neither history nor network.
"""
CONTENTS = {
    "00-START.xlsx": "this page as a workbook: open findings, the same by control, controls, waivers",
    "findings.csv": "every finding: one row for each check and subject",
    "controls.csv": "findings counted by control and check",
    "report.json": "the whole report for programs",
    "settings.csv": "every value that was read or computed, and why the others were not",
    "inventory.csv": "organizations, sites, apps, connectors",
    "spaces.csv": "spaces",
    "changes.csv": "what changed, and who did it as far as the audit log tells",
    "attestations.csv": "what people saw in the console",
    "attachments/": "their screenshots, by digest",
    "waivers.csv": "what was accepted, by whom, until when",
    "decisions.csv": "settings that people chose on purpose",
    "segregation.csv": "who did what",
    "subprocessors.csv": "the vendor's list of sub-processors",
    "terms.csv": "the vendor's documents that the rules rest on",
    "runs.csv": "when somebody looked",
    "gaps.csv": "when nobody did",
    "outcomes.csv": "how each finding came out over time",
    "collection.csv": "what was asked and how much was read",
    "population.csv": "the same run by run, with what was left out",
    "ledger.csv": "every request that went out",
    "responses/": "raw answers of the API, a line each, by digest",
    "policy.toml": "the policy that judged",
    "rulebook/": "every rule with its source, date and grade",
    "data-dictionary.csv": "what each column means",
    "manifest.json": "every file by digest, and the manifest before",
    "SHA256SUMS": "the same for sha256sum",
    "csv.jq": "lets jq read a table by the names of its columns",
    "README.txt": "how to check all of it, and what that proves",
}
_LEFT_OUT = {
    NameHandling.PSEUDONYM: """
People
  Names, mail addresses, accounts and machines are replaced by stand-ins, "person-" and digits: the same for the same
  person within this folder, another in any other, and the key to them was never kept. Raw answers and screenshots are
  left out, and policy.toml, rulebook/ and decoders/ are no longer what their digests in report.json were taken of.
""",
    NameHandling.OMIT: """
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


def readme_text(dossier: Dossier, *, signed: bool, answer: str = "") -> str:
    """The file. Names in it are made harmless; `answer` is the digest of a raw answer, "" where the folder has none."""
    report = dossier.report
    names = ", ".join(
        dossier.cast.text(safe_text(report.state.organization_name(one))) for one in dossier.organizations
    )
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
        _SITES.format(sites=", ".join(safe_text(site) for site in dossier.sites)) if dossier.sites else "",
        _CHECK,
        _SIGNED if signed else "",
        _ANSWERS.format(digest=answer, path=answers.file_of(answer)) if answer else "",
        _TOOL,
        "\nWhat a folder that fits proves\n",
        *(f"  {line}\n" for line in PROVES),
        "What it does not prove\n",
        *(f"  {line}\n" for line in DOES_NOT_PROVE),
    ]
    return "".join(parts)
