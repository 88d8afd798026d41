"""What a folder is about, in values that its own files hold, so that whoever has the folder has them too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contribaudit.core.advise.verdict import headline
from contribaudit.core.model.finding import Severity
from contribaudit.evidence.manifest import Scope
from contribaudit.exporters.text import safe_text


@dataclass(frozen=True, slots=True)
class About:
    """The report's head, the manifest's scope, and who ran it."""

    head: Mapping[str, Any]
    """report.json, its findings left aside; people are replaced in it where they are in the folder."""
    scope: Scope
    ran: tuple[str, ...]
    """Account, machine and trigger of the judged run, as runs.csv writes them; empty where it has no such run."""
    signed: bool
    answer: str
    """SHA-256 of one raw answer of the folder, the smallest; "" where it has none."""

    @property
    def verdict(self) -> str:
        """The headline with its threshold."""
        run, counted = self.head["run"], self.head["summary"]["by_severity"]
        return headline(run["exit_code"], Severity(run["fail_on"]), counted)

    @property
    def organizations(self) -> list[tuple[str, str]]:
        """ID and name of each."""
        names = {one["id"]: safe_text(one["name"] or one["id"]) for one in self.head["organizations"]}
        return [(one, names[one]) for one in self.scope.organizations]

    @property
    def period(self) -> str:
        """Its begin and end, and how many runs; "" of a folder about one run."""
        if self.scope.from_ is None:
            return ""
        return f"{self.scope.from_} to {self.scope.until}, {len(self.scope.runs)} runs"

    def facts(self) -> list[tuple[str, str]]:
        """Name and value of everything that a title says; what is not known is left out."""
        run, policy, rulebook = self.head["run"], self.head["policy"], self.head["rulebook"]
        names = [f"{name} ({one})" if name != one else one for one, name in self.organizations]
        facts = [
            ("Organization", "; ".join(names)),
            ("Run", f"{run['id']}, {run['started_at']} to {run['finished_at']}"),
            ("Period", self.period or "one run"),
            ("Read whole", "yes" if run["complete"] else "no: collection.csv says what was not read, and why"),
            ("Started by", ", ".join(filter(None, self.ran))),
            ("Sites", ", ".join(self.scope.sites) or "all"),
            ("Policy", f"{policy['name']}, SHA-256 {policy['sha256']}"),
            ("Rulebook", f"{rulebook['version']}, SHA-256 {rulebook['sha256']}"),
            ("Exit code", str(run["exit_code"])),
        ]
        return [(name, safe_text(value)) for name, value in facts if value]
