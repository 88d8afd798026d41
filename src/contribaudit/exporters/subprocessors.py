"""The vendor's sub-processors as tables: the list, which apps each one touches, and what changed.

`contribaudit subprocessors import` reads the list in its CSV form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from contribaudit.core.advise.report import Report
from contribaudit.core.model.phrases import grouped, some
from contribaudit.core.model.subject import Kind
from contribaudit.core.model.subprocessors import (
    SUBPROCESSOR_COLUMNS,
    Place,
    Processor,
    Purpose,
    Review,
    Scope,
    SubprocessorList,
    SubprocessorRules,
)
from contribaudit.core.resolve.aliases import alias_of, called
from contribaudit.core.resolve.state import State
from contribaudit.core.resolve.subprocessor_changes import ListChange
from contribaudit.core.resolve.subprocessor_exposure import (
    Exposure,
    Touches,
    exposures,
    list_in_force,
    processors,
)
from contribaudit.exporters.report_v1 import ProcessorV1, SubprocessorsV1
from contribaudit.exporters.text import Cell, rfc3339, row_of

SCHEMA = "contribaudit.subprocessors/1"
EXPOSURE_COLUMNS = (
    "organization_id", "app_id", "app", "site", "processor", "group", "touches", "because", "purposes", "locations",
    "effective", "list_sha256",
)  # fmt: skip
LIST_TABLE = ("name", "products", "purposes", "locations", "not_understood")
"""The columns of the list for people: what its cells were taken to mean."""
EXPOSURE_TABLE = ("app", "processor", "touches", "because")
CHANGE_COLUMNS = (
    "change",
    "processor",
    "before",
    "after",
    "touches",
    "touches_you_because",
    "reviewed_by",
    "reviewed_at",
)
CHANGE_TABLE = ("change", "processor", "before", "after", "touches_you_because")


# ── The list ──────────────────────────────────────────────────────────────────────────────────────────


def scope_text(scope: Scope) -> str:
    """A product with its exclusions and conditions, for people."""
    without = f" excluding {', '.join(scope.excluding)}" if scope.excluding else ""
    only = f" with {' or '.join(scope.only_with)}" if scope.only_with else ""
    return f"{scope.name}{without}{only}"


def place_text(place: Place) -> str:
    """The country codes of a place with its condition: "EEA (for support requests only)"."""
    codes = " ".join(place.countries) or place.text
    return f"{codes} ({place.condition})" if place.condition else codes


def list_cells(listed: SubprocessorList, rows: Iterable[Processor]) -> Iterator[tuple[Cell, ...]]:
    """The rows of subprocessors.csv, in the page's order."""
    imported = listed.imported
    for processor in rows:
        row = processor.row
        links = json.dumps([{"text": link.text, "url": link.url} for link in row.links], ensure_ascii=False)
        yield row_of(
            SUBPROCESSOR_COLUMNS,
            row,
            effective=listed.effective.isoformat(),
            links=links.replace(";", "\\u003b") if row.links else "",
            product_scopes=tuple(scope_text(scope) for scope in processor.scopes),
            purpose_kinds=processor.purpose_kinds,
            location_codes=tuple(place_text(place) for place in processor.places),
            needs_review=processor.needs_review,
            source=listed.source,
            sha256=listed.sha256,
            imported_at=imported.at if imported is not None else None,
            imported_by=imported.by if imported is not None else None,
        )


def list_lines(rows: Iterable[Processor], rules: SubprocessorRules) -> Iterator[tuple[Cell, ...]]:
    """The rows of the list for people, in the page's order, with AI features by name."""
    titles = rules.feature_titles
    for processor in rows:
        yield (
            processor.name,
            ", ".join(scope.in_words(titles) for scope in processor.scopes),
            ", ".join(processor.purpose_kinds).replace("_", " "),
            ", ".join(map(place_text, processor.places)).replace("GLOBAL", "Global"),
            "; ".join(processor.needs_review),
        )


def list_document(
    listed: SubprocessorList, rows: Sequence[Processor], reviews: Iterable[Review] = ()
) -> dict[str, Any]:
    """The list as JSON in its published schema. `imported_at` and `imported_by` are null for the shipped list."""
    imported = listed.imported
    return {
        "schema": SCHEMA,
        "effective": listed.effective.isoformat(),
        "source": listed.source,
        "sha256": listed.sha256,
        "imported_at": rfc3339(imported.at) if imported is not None else None,
        "imported_by": imported.by if imported is not None else None,
        "shipped": listed.shipped,
        "third_parties": [_third_party(one) for one in rows if not one.row.group],
        "group_companies": [
            {
                "name": one.name,
                "products": [_scope(scope) for scope in one.scopes],
                "country": one.row.locations,
                "countries": [code for place in one.places for code in place.countries],
                "needs_review": list(one.needs_review),
            }
            for one in rows
            if one.row.group
        ],
        "reviews": [
            {"row": one.row, "by": one.signed.by, "at": rfc3339(one.signed.at), "note": one.note} for one in reviews
        ],
    }


def _third_party(processor: Processor) -> dict[str, Any]:
    return {
        "name": processor.name,
        "products": [_scope(scope) for scope in processor.scopes],
        "purposes": [purpose.text for purpose in processor.purposes],
        "purpose_kinds": list(processor.purpose_kinds),
        "data_categories": processor.row.data_categories,
        "locations": [place_object(place) for place in processor.places],
        "security": processor.row.security,
        "links": [{"text": link.text, "url": link.url} for link in processor.row.links],
        "needs_review": list(processor.needs_review),
    }


def _scope(scope: Scope) -> dict[str, Any]:
    return {"name": scope.name, "excluding": list(scope.excluding), "only_with": list(scope.only_with)}


def place_object(place: Place) -> dict[str, Any]:
    """A place as JSON; `condition` is null when the place applies without one."""
    return {"text": place.text, "countries": list(place.countries), "condition": place.condition or None}


# ── Exposure ──────────────────────────────────────────────────────────────────────────────────────────


def purposes_text(purposes: Iterable[Purpose]) -> tuple[str, ...]:
    """Purposes in the page's words."""
    return tuple(one.text for one in purposes)


def exposure_cells(state: State, app_exposures: Iterable[Exposure]) -> Iterator[tuple[Cell, ...]]:
    """The rows of subprocessor_exposure.csv."""
    listed = list_in_force(state)
    for exposure in app_exposures:
        yield (
            exposure.app.organization,
            exposure.app.id,
            alias_of(state, exposure.app),
            state.place(exposure.app).site,
            exposure.processor.name,
            exposure.processor.row.group,
            exposure.touches.value,
            exposure.because,
            purposes_text(exposure.purposes),
            tuple(place_text(place) for place in exposure.places),
            listed.effective.isoformat() if listed is not None else None,
            listed.sha256 if listed is not None else None,
        )


def exposure_lines(state: State, app_exposures: Iterable[Exposure]) -> Iterator[tuple[Cell, ...]]:
    """The exposure for people: EXPOSURE_TABLE, with apps by name."""
    for one in app_exposures:
        yield called(state, one.app), one.processor.name, one.touches.value, "; ".join(one.because)


def exposure_objects(state: State, app_exposures: Iterable[Exposure]) -> list[dict[str, Any]]:
    """The exposure as JSON."""
    return [
        {
            "app": alias_of(state, exposure.app),
            "processor": exposure.processor.name,
            "touches": exposure.touches.value,
            "because": list(exposure.because),
            "purposes": list(purposes_text(exposure.purposes)),
            "locations": [place_object(place) for place in exposure.places],
        }
        for exposure in app_exposures
    ]


_NAMED = 5
"""How many apps a row names."""


def exposure_document(report: Report) -> SubprocessorsV1 | None:
    """The report's section on the list in force; None when no list was imported and no check asks for one.

    Apps that a sub-processor touches for the same reason share a row. Rows with "yes" precede those with "may", then
    they follow the order of the list.
    """
    state = report.state
    listed = list_in_force(state)
    asked = any(one.check.startswith("SP-") for one in report.findings)
    if listed is None or (listed.shipped and not asked):
        return None
    apps = [
        one for one in state.subjects(Kind.APP) if not report.sites or state.place(one).site.casefold() in report.sites
    ]
    touched = (one for one in exposures(state, processors(state, listed), apps) if one.touches is not Touches.NO)
    groups = grouped(touched, lambda one: (one.processor.name, one.touches, one.because))
    rows = [_processor_group(state, group) for group in groups.values()]
    order = {row.name: number for number, row in enumerate(listed.rows)}
    rows.sort(key=lambda row: (row["touches"] != Touches.YES.value, order[row["processor"]]))
    return {
        "effective": listed.effective.isoformat(),
        "sha256": listed.sha256,
        "source": listed.source,
        "imported_at": rfc3339(listed.imported.at) if listed.imported is not None else None,
        "exposure": rows,
    }


def _processor_group(state: State, group: Sequence[Exposure]) -> ProcessorV1:
    first = group[0]
    return {
        "processor": first.processor.name,
        "touches": "yes" if first.touches is Touches.YES else "may",
        "apps": len(group),
        "app": some([called(state, one.app) for one in group], _NAMED),
        "purposes": list(purposes_text(first.purposes)),
        "locations": [place_text(place) for place in first.places],
        "because": list(first.because),
    }


# ── Changes ───────────────────────────────────────────────────────────────────────────────────────────


def touching(state: State | None, change: ListChange) -> tuple[str, str]:
    """Whether a change touches any of your apps ("yes", "may", "no", "unknown"), and why, in one line.

    A removed row is judged as it was. `state` None means that no run is stored, so that the apps are unknown.
    """
    if state is None:
        return "unknown", "no audit is kept, so your apps are not known"
    row = change.new or change.old
    assert row is not None
    app_exposures = list(exposures(state, (row,)))
    for word in (Touches.YES, Touches.MAY):
        own = [one for one in app_exposures if one.touches is word]
        if own:
            apps = some([alias_of(state, one.app).removeprefix("app:") for one in own], 3)
            return word.value, f"{apps}: {'; '.join(own[0].because)}"
    if not app_exposures:
        return "unknown", "no app was read, so your apps are not known"
    return Touches.NO.value, f"none of your apps: {'; '.join(app_exposures[0].because)}"


def change_cells(
    state: State | None, changes: Iterable[ListChange], review: Review | None
) -> Iterator[tuple[Cell, ...]]:
    """The rows of `subprocessors diff`."""
    for one in changes:
        touches, because = touching(state, one)
        by, at = (review.signed.by, review.signed.at) if review is not None else (None, None)
        yield one.kind.value, one.name, one.before, one.after, touches, because, by, at
