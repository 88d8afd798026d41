"""Spaces from the API's bytes over a real socket to the verdict, the explanation and the inventory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from contribaudit.atlassian.sites import Accesses
from contribaudit.audit.job import Job
from contribaudit.audit.pipeline import audit
from contribaudit.audit.replay import last_state
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.names import SPACE_KEY
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import alias_of, resolve_alias
from contribaudit.core.resolve.effective_contribution import in_app
from contribaudit.core.resolve.state import State
from contribaudit.exporters.json_v1 import lean_document
from contribaudit.exporters.monitoring import one_line
from contribaudit.exporters.tabular import COLUMNS, space_rows
from contribaudit.simulator import Fault
from tests.flow.audits import Bench, of_check, simulated
from tests.flow.outcomes import NOW, REVIEWED_TODAY, Said, attestations
from tests.flow.test_spaces_read import MINE, opener

POLICY = '[[rule]]\ncheck = "DC-12"\n'


def reading(bench: Bench, days_ago: float) -> Job:
    """An audit of that moment with a token that reads every site."""
    job = bench.job(POLICY, now=NOW - timedelta(days=days_ago))
    return replace(job, targets=(replace(job.targets[0], connect_sites=opener(bench, Accesses(MINE))),))


def wiki_of(state: State) -> Subject:
    """An app of Confluence with spaces."""
    lists = state.spaces(state.looked_at[0].id).lists()
    return next(app for app, one in lists.items() if state.place(app).app == "confluence" and one.read)


def test_a_space_made_after_the_review_contributes_until_it_is_excluded(tmp_path: Path) -> None:
    with simulated(tmp_path, "drifted") as bench:
        bench.rulebook = REVIEWED_TODAY
        asyncio.run(audit(reading(bench, 5)))
        state = last_state(reading(bench, 5))
        wiki = wiki_of(state)
        called = alias_of(state, wiki)
        book = state.spaces(wiki.organization)
        said = [
            Said("contribution.in_app", "on", days_ago=3),
            Said("contribution.in_app.excluded", (), days_ago=3),
            Said("spaces.count", book.lists()[wiki].read, called, days_ago=3),
        ]
        bench.store.add_attestations(attestations(state, said))

        def judged() -> Finding:
            report = asyncio.run(audit(reading(bench, 0)))
            assert f"{report.counts.spaces:,} spaces" in one_line(lean_document(report))
            (finding,) = of_check(report, "DC-12", wiki.id)
            return finding

        same = judged()
        assert (same.outcome, same.reason_code) == (Outcome.PASS, "no_new_spaces"), same.reason

        host = state.place(wiki).site
        first = next(iter(book.of(wiki))).space.key
        model = bench.organization.space(f"{host.partition('.')[0]}/{first}")
        bench.organization.add(model._replace(id="999001", key="BORN", name="Born later", created_at=NOW))
        born = judged()
        assert (born.outcome, born.reason_code) == (Outcome.FAIL, "new_spaces_contribute"), born.reason
        assert "BORN" in born.reason

        now = last_state(reading(bench, 0))
        found = resolve_alias(now, f"space:{host}/confluence/born")
        assert found is not None
        assert in_app(now, found).value == "contributed"
        listed = [dict(zip(COLUMNS, row, strict=True)) for row in space_rows(now)]
        keys = [row["key"] for row in listed if row["app_id"] == wiki.id]
        assert "BORN" in keys
        assert len(keys) == now.spaces(wiki.organization).count(wiki)
        runs = [record.id for record in bench.store.runs()]
        new = [
            one for one in bench.store.space_changes(wiki.organization, runs[1], runs[0]) if one.setting == SPACE_KEY
        ]
        assert [(one.after, one.existed_before) for one in new] == [("BORN", False)]


def test_a_new_space_may_be_older_than_a_run_that_could_not_list_it(tmp_path: Path) -> None:
    """Its event is looked for from the last run on that saw that it was not there."""
    with simulated(tmp_path, "drifted") as bench:
        asyncio.run(audit(reading(bench, 5)))
        state = last_state(reading(bench, 5))
        wiki = wiki_of(state)
        host = state.place(wiki).site
        key = next(iter(state.spaces(wiki.organization).of(wiki))).space.key
        model = bench.organization.space(f"{host.partition('.')[0]}/{key}")
        bench.organization.add(model._replace(id="999001", key="BORN", name="Born later", created_at=NOW))
        bench.faults.append(Fault("truncated-json", "confluence-spaces"))
        asyncio.run(audit(reading(bench, 3)))
        bench.faults.clear()
        report = asyncio.run(audit(reading(bench, 1)))
        born = next(one for one in report.changes if one.setting == SPACE_KEY and one.after == "BORN")
        assert born.why is not None
        assert born.why.interval is not None
        assert born.why.interval[0] == NOW - timedelta(days=5)
