"""Where: how each family stands in each organization and on each site. Every cell says it in a word, too."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from rich.text import Text

from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.setting import Family
from contribaudit.exporters.text import plain
from contribaudit.tui.rows.filtering import quoted
from contribaudit.tui.rows.index import Row
from contribaudit.tui.rows.line import Line, column
from contribaudit.tui.source import Board

FAMILIES = (
    (Family.DATA_CONTRIBUTION, "contribution"),
    (Family.AI_ACCESS, "AI access"),
    (Family.DATA_RESIDENCY, "residency"),
    (Family.SUB_PROCESSORS, "sub-processors"),
    (Family.GOVERNANCE, "governance"),
)
"""Columns from left to right; one that no finding belongs to is left out."""
_LEAST_NAME, _MOST_NAME, _CELL = 16, 40, 14

Tally = Counter[Outcome]


def lines(board: Board, width: int, most: int) -> list[Line]:
    """A heading, a line for each organization and, beneath it, for its sites that are not in order.

    Sites in order are counted. `most` limits the sites of each organization.
    """
    rows = board.index.rows
    families = [(family.value, title) for family, title in FAMILIES if any(row.family == family for row in rows)]
    name_width = min(_MOST_NAME, max(_LEAST_NAME, width - len(families) * (_CELL + 1) - 1))
    by_place: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_place[row.finding.subject.organization][row.site].append(row)
    head = column("", name_width)
    for _, title in families:
        head.append_text(column(Text(title, "bold"), _CELL))
    found = [Line(head)]
    for organization in board.report.organizations:
        sites = by_place.get(organization.id, {})
        everything = [row for its in sites.values() for row in its]
        plan = f" ({plain(organization.highest_plan)})" if organization.highest_plan else ""
        name = Text(f"{plain(organization.name)}{plan}", "bold")
        found.append(Line(_cells(name, everything, families, name_width), f"org:{quoted(organization.id)} is:open"))
        found += _sites(sites, families, name_width, most)
    company = by_place.get("", {}).get("", [])
    if company:
        found.append(Line(_cells(Text("all together", "bold"), company, families, name_width), "kind:company"))
    return found


def _sites(sites: dict[str, list[Row]], families: list[tuple[str, str]], name_width: int, most: int) -> list[Line]:
    tallies = {site: _tally(its) for site, its in sites.items() if site}
    wrong = sorted(
        (site for site, tally in tallies.items() if _open(tally)), key=lambda site: _order(tallies[site], site)
    )
    found = [
        Line(
            _cells(Text(f"  {plain(site)}"), sites[site], families, name_width),
            f"site:{quoted(site)} is:open",
        )
        for site in wrong[:most]
    ]
    if len(wrong) > most:
        left = len(wrong) - most
        found.append(Line(Text(f"  and {left} more {'site' if left == 1 else 'sites'} with something open", "yellow")))
    fine = len(tallies) - len(wrong)
    if fine:
        found.append(Line(Text(f"  {fine} {'site' if fine == 1 else 'sites'} in order", "green")))
    return found


def _cells(name: Text, rows: Iterable[Row], families: list[tuple[str, str]], name_width: int) -> Text:
    listed = list(rows)
    said = column(name, name_width)
    for family, _ in families:
        said.append_text(column(cell(_tally(row for row in listed if row.family == family)), _CELL))
    return said


def _tally(rows: Iterable[Row]) -> Tally:
    return Counter(row.finding.outcome for row in rows)


def _open(tally: Tally) -> bool:
    return any(number and (outcome.violates or outcome.unproven) for outcome, number in tally.items())


def _order(tally: Tally, site: str) -> tuple[int, int, str]:
    violated = sum(number for outcome, number in tally.items() if outcome.violates)
    return -violated, -sum(number for outcome, number in tally.items() if outcome.unproven), site


def cell(tally: Tally) -> Text:
    """The gravest thing in a family, in a word, with how many there are of it."""
    failed, conflicts = tally[Outcome.FAIL], tally[Outcome.CONFLICT]
    unproven = tally[Outcome.UNKNOWN] + tally[Outcome.STALE]
    doubted = unproven + conflicts
    if failed:
        return Text(f"{failed} FAIL" + (f" {doubted} ?" if doubted else ""), "bold red")
    if conflicts:
        return Text(f"{conflicts} CONFLICT" + (f" {unproven} ?" if unproven else ""), "bold red")
    if tally[Outcome.NOT_ACHIEVABLE]:
        return Text(f"{tally[Outcome.NOT_ACHIEVABLE]} cannot" + (f" {unproven} ?" if unproven else ""), "magenta")
    if unproven:
        return Text(f"{unproven} unverified", "yellow")
    good = sum(tally[one] for one in (Outcome.PASS, Outcome.EXEMPT, Outcome.WAIVED, Outcome.PENDING))
    if not good:
        return Text("-", "dim")
    extra = ", waived" if tally[Outcome.WAIVED] else ", pending" if tally[Outcome.PENDING] else ""
    return Text(f"{good} pass{extra}", "green")
