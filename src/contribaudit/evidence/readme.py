"""Explains a folder: its facts, README.txt and data-dictionary.csv.

All of it is derived from values in the folder's own files, so that anyone who has the folder can remake it. README.txt
describes the files, how to check them with sha256sum and openssl alone, and what that proves.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from contribaudit.core.advise.gaps import EVERY_HOURS
from contribaudit.core.advise.verdict import headline
from contribaudit.core.model.finding import Severity
from contribaudit.evidence.manifest import NAME, SUMS, Scope
from contribaudit.evidence.pack import file_of
from contribaudit.exporters.csv_evidence import lines
from contribaudit.exporters.text import safe_text


@dataclass(frozen=True, slots=True)
class About:
    """The facts about a folder: the report's head, the manifest's scope, and who ran the audit."""

    head: Mapping[str, Any]
    """report.json without findings; people are replaced as in the folder."""
    scope: Scope
    ran: tuple[str, ...]
    """Account, machine and trigger of the judged run, as in runs.csv; empty when the file does not list it."""
    signed: bool
    answer: str
    """The smallest SHA-256 of the folder's raw answers; "" when there is none."""

    @property
    def verdict(self) -> str:
        """The verdict with its threshold."""
        run, counted = self.head["run"], self.head["summary"]["by_severity"]
        return headline(run["exit_code"], Severity(run["fail_on"]), counted)

    @property
    def organizations(self) -> list[tuple[str, str]]:
        """ID and name of each organization."""
        names = {one["id"]: safe_text(one["name"] or one["id"]) for one in self.head["organizations"]}
        return [(one, names[one]) for one in self.scope.organizations]

    @property
    def period(self) -> str:
        """Start and end of the period, and the number of runs; "" for a single run."""
        if self.scope.from_ is None:
            return ""
        return f"{self.scope.from_} to {self.scope.until}, {len(self.scope.runs)} runs"

    def facts(self) -> list[tuple[str, str]]:
        """Name and value of each fact for a title page; unknown ones are left out."""
        run, policy, rulebook = self.head["run"], self.head["policy"], self.head["rulebook"]
        names = [f"{name} ({one})" if name != one else one for one, name in self.organizations]
        facts = [
            ("Organization", "; ".join(names)),
            ("Run", f"{run['id']}, {run['started_at']} to {run['finished_at']}"),
            ("Period", self.period or "one run"),
            ("Read completely", "yes" if run["complete"] else "no: collection.csv says what was not read, and why"),
            ("Started by", ", ".join(filter(None, self.ran))),
            ("Sites", ", ".join(self.scope.sites) or "all"),
            ("Policy", f"{policy['name']}, SHA-256 {policy['sha256']}"),
            ("Rulebook", f"{rulebook['version']}, SHA-256 {rulebook['sha256']}"),
            ("Exit code", str(run["exit_code"])),
        ]
        return [(name, safe_text(value)) for name, value in facts if value]


# ── README.txt ────────────────────────────────────────────────────────────────────────────────────────

PROVES = (
    "The pack is consistent: its files are those that the manifest names, none is missing or added, and manifest,"
    " report, tables, policy, start files and README agree.",
    "If it was signed with a key whose owner you know (--public-key), that owner made the manifest.",
    "If several packs form a chain, no pack between two of them was removed or changed.",
    "If it has a digest that you received when it was written (--expect), it has not been remade since.",
)
DOES_NOT_PROVE = (
    "Who made a pack that is not signed, or signed with a key that only the pack itself names, unless you have its"
    " digest from another source: anybody can make a consistent pack with other content.",
    "That Atlassian's answers were right, or that a person saw what they attested.",
    "That the chain was not remade: whoever owns the history and the signing key can do so, with other content and"
    " older dates, unless a digest of it was published elsewhere at the time.",
    "That a pack is the newest one, or the first: packs at either end of the chain can be left out.",
)
_HEAD = """\
Evidence of contribaudit {version}: {about} of {organizations}, read until {finished}.

What is what
  00-START.html, .xlsx   where to begin: what is open, the worst first, and by control
  report.json            the whole report of run {run}; findings.csv holds the same findings
  findings.csv           one row for each check and subject; `evidence_file` names the file that it rests on
  controls.csv           the same counted by control of ISO 27001, SOC 2, GDPR, NIST and others
  csv.jq                 reads a table with jq by the names of its columns; its first lines say how
  data-dictionary.csv    explains every column of every file
  manifest.json          every file with its SHA-256 and size, and the manifest of the export before this one
  SHA256SUMS             the same digests in the form that sha256sum reads
  policy.toml, rulebook/, decoders/
                         what judged the run: with them each finding can be reperformed
  population.csv, ledger.csv
                         what was asked, how much was announced and read, and every request; all requests are reads.
                         `sha256` in ledger.csv is the digest of a whole answer, which no file here has: responses/
                         holds the objects of the answer, each under a digest of its own
  runs.csv, gaps.csv, outcomes.csv, changes.csv
                         when audits ran, when none did (for more than {hours:g} hours), outcomes and changes over time
  segregation.csv        who did what
  responses/             raw answers of the API, one per line, in files by the first digit of their SHA-256;
                         `evidence_sha256` in findings.csv names the one it rests on
  terms.csv, provisions.csv, terms_notes.csv
                         the vendor's documents that the rules rest on, provision by provision, and notes on them
  documents/             those pages as received; `sha256` in terms.csv names them
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
  2. The manifest holds the digest of this list. These two lines must show the same digest:
       sha256sum SHA256SUMS
       grep -o '"path":"SHA256SUMS","sha256":"[0-9a-f]*"' manifest.json
  3. The manifest's own digest, which the next export names and which you may have received separately:
       sha256sum manifest.json
"""
_SIGNED = """\
  4. The signature (OpenSSL 3.0 or newer):
       openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in manifest.json -sigfile manifest.json.sig
     The key's fingerprint, to be compared with the one that the signer gave you:
       openssl pkey -pubin -in public-key.pem -outform DER | sha256sum
"""
_ANSWERS = """\

To check a raw answer with jq, find the file by the first digit of its SHA-256 and the line by all of it. The output is
the same digest:
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
    "changes.csv": "what changed, and who did it as far as the audit log shows",
    "attestations.csv": "what people saw in the console",
    "attachments/": "their screenshots, by digest",
    "waivers.csv": "what was accepted, by whom, until when",
    "decisions.csv": "settings that people chose on purpose",
    "segregation.csv": "who did what",
    "subprocessors.csv": "the vendor's list of sub-processors",
    "terms.csv": "the vendor's documents that the rules rest on",
    "runs.csv": "when audits ran",
    "gaps.csv": "when no audit ran",
    "outcomes.csv": "the outcomes of each finding over time",
    "collection.csv": "what was asked and how much was read",
    "population.csv": "the same run by run, with what was left out",
    "ledger.csv": "every request that went out",
    "responses/": "raw answers of the API, one per line, by digest",
    "policy.toml": "the policy that judged",
    "rulebook/": "every rule with its source, date and grade",
    "data-dictionary.csv": "what each column means",
    "manifest.json": "the digest of every file, and the manifest before",
    "SHA256SUMS": "the same for sha256sum",
    "csv.jq": "lets jq read a table by the names of its columns",
    "README.txt": "how to check all of it, and what that proves",
}


def contents(paths: Iterable[str]) -> dict[str, str]:
    """By name, a description of each of these files and folders, in the order of the start page."""
    present = {NAME, SUMS, *paths}
    present |= {f"{path.partition('/')[0]}/" for path in present if "/" in path}
    return {name: holds for name, holds in CONTENTS.items() if name in present}


_LEFT_OUT = {
    "pseudonym": """
People
  Names, email addresses, accounts and machines are replaced by stand-ins, "person-" and digits: the same for the same
  person within this folder, another one in any other folder; the key to them was not kept. Raw answers and screenshots
  are left out, and the digests in report.json no longer match policy.toml, rulebook/ and decoders/.
""",
    "omit": """
People
  Names, email addresses, accounts and machines are replaced by "[person]". Raw answers and screenshots are left out,
  and the digests in report.json no longer match policy.toml, rulebook/ and decoders/.
""",
}
_REMAINS = """\
  Everybody whom the history, the policy and the raw answers know is searched for in every text, as are the parts of
  their names. People who are named only in a free text, nicknames and misspelt names remain.
"""
_SITES = """
Sites
  This folder is limited to {sites}: rows about other sites, and about groups, users and connectors, are left out. Rows
  about the organization, which governs every site, are in it, and so are all runs, requests and the whole policy.
"""


def readme_text(about: About) -> str:
    """The text of README.txt, with safe names."""
    run, scope = about.head["run"], about.scope
    names = ", ".join(name for _, name in about.organizations)
    parts = [
        _HEAD.format(
            version=about.head["tool"]["version"],
            about=about.period or f"run {run['id']}",
            run=run["id"],
            organizations=names or "no organization",
            finished=run["finished_at"],
            hours=EVERY_HOURS,
        ),
        _LEFT_OUT.get(scope.people, ""),
        "" if scope.people == "named" else _REMAINS,
        _SITES.format(sites=", ".join(safe_text(site) for site in scope.sites)) if scope.sites else "",
        _CHECK,
        _SIGNED if about.signed else "",
        _ANSWERS.format(digest=about.answer, path=file_of(about.answer)) if about.answer else "",
        _TOOL,
        "\nWhat a consistent folder proves\n",
        *(f"  {line}\n" for line in PROVES),
        "What it does not prove\n",
        *(f"  {line}\n" for line in DOES_NOT_PROVE),
    ]
    return "".join(parts)


# ── data-dictionary.csv ───────────────────────────────────────────────────────────────────────────────

DICTIONARY_COLUMNS = ("file", "position", "column", "type", "unit", "meaning")


@cache
def meanings() -> dict[str, dict[str, dict[str, str]]]:
    """By file and column: type, unit and meaning."""
    text = resources.files("contribaudit.evidence").joinpath("columns.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def data_dictionary() -> str:
    """The text of data-dictionary.csv."""
    rows = (
        (file, position, column, one["type"], one["unit"], one["meaning"])
        for file, columns in meanings().items()
        for position, (column, one) in enumerate(columns.items(), 1)
    )
    return "".join(lines([DICTIONARY_COLUMNS, *rows]))
