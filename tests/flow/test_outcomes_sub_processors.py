"""SP: every outcome that a check on sub-processors claims, from an imported page to the finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from contribaudit.audit.job import Job
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.subprocessors import Review, Row, SubprocessorList
from tests.flow.audits import Bench
from tests.flow.outcomes import NOW, OutcomeCase, Said, Stage, assert_as_said, doubted, set_stage
from tests.vendors.processing import signature

PASS, FAIL, UNKNOWN, STALE = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.STALE
IN_FORCE = date(2026, 9, 14)
EVERYTHING = "All Atlassian Cloud Products"
WITH_AI = "All Applicable Cloud Products with Atlassian Intelligence or Rovo"


def row(
    name: str, products: str = EVERYTHING, purposes: str = "Cloud hosting provider", locations: str = "Germany"
) -> Row:
    return Row(name, products, purposes, "Content", locations)


HOST = row("Host Example")
ELSEWHERE = row("Far Example", locations="USA")
MODELS = row("Models Example", WITH_AI, "Generative AI services provider", "USA")
TRAINER = row("Trainer Example", purposes="Infrastructure provider to train machine learning models")
AI_TRAINER = row("Tuner Example", WITH_AI, "Training of AI models")
STRANGE = row("Odd Example", "Frobnicator")
STRANGE_PLACE = row("Lost Example", locations="Atlantis")
STRANGE_PURPOSE = row("Vague Example", purposes="Frobnication")


def imported(
    bench: Bench,
    _job: Job,
    _folder: Path,
    *,
    rows: tuple[Row, ...] = (HOST,),
    days_ago: int = 1,
    reviewed: tuple[tuple[int, str], ...] = (),
    before: tuple[Row, ...] = (),
    before_reviewed: bool = True,
) -> None:
    """A list in the history, imported so many days ago; reviews of it, each so many days ago; the list before it."""
    for effective, its, days in ((IN_FORCE - timedelta(days=90), before, days_ago + 90), (IN_FORCE, rows, days_ago)):
        if its:
            body = repr(its).encode()
            digest = sha256(body).hexdigest()
            at = signature(NOW - timedelta(days=days))
            bench.store.add_subprocessors(SubprocessorList(effective, its, "list.csv", digest, at), body)
    if before and before_reviewed:
        earlier = IN_FORCE - timedelta(days=90)
        bench.store.review_subprocessors(Review(earlier, "", signature(NOW - timedelta(days=days_ago + 89))))
    for days, name in reviewed:
        bench.store.review_subprocessors(Review(IN_FORCE, name, signature(NOW - timedelta(days=days))))


def listed(
    *rows: Row,
    days_ago: int = 1,
    reviewed: tuple[tuple[int, str], ...] = (),
    before: tuple[Row, ...] = (),
    before_reviewed: bool = True,
) -> Callable[[Bench, Job, Path], None]:
    return partial(
        imported,
        rows=rows or (HOST,),
        days_ago=days_ago,
        reviewed=reviewed,
        before=before,
        before_reviewed=before_reviewed,
    )


EUROPE = 'expect = ["EEA", "UK"]'
NOTICES = Said("subprocessors.notices", "subscribed")

CASES = (
    OutcomeCase("SP-01", PASS, "list_current", exports=listed()),
    OutcomeCase("SP-01", PASS, "list_current", exports=listed(days_ago=90)),
    OutcomeCase("SP-01", STALE, "list_too_old", exports=listed(days_ago=91)),
    OutcomeCase("SP-01", STALE, "list_too_old", exports=listed(days_ago=31), rule='expect = "30"'),
    OutcomeCase("SP-01", STALE, "never_imported"),
    OutcomeCase("SP-02", PASS, "reviewed", exports=listed(days_ago=20, reviewed=((3, ""),))),
    OutcomeCase("SP-02", PASS, "no_change", exports=listed(before=(HOST,))),
    OutcomeCase("SP-02", FAIL, "not_reviewed", exports=listed(days_ago=20)),
    OutcomeCase("SP-02", FAIL, "not_reviewed", exports=listed(HOST, ELSEWHERE, before=(HOST,))),
    OutcomeCase(
        # A new scope under an old name.
        "SP-02",
        FAIL,
        "not_reviewed",
        exports=listed(HOST, before=(row("Host Example", "Jira Align"),)),
    ),
    OutcomeCase("SP-02", FAIL, "review_overdue", exports=listed(days_ago=31)),
    # What an earlier list changed is not over because a later one changed nothing, or was reviewed.
    OutcomeCase("SP-02", FAIL, "review_overdue", exports=listed(before=(HOST,), before_reviewed=False)),
    OutcomeCase(
        "SP-02",
        FAIL,
        "review_overdue",
        exports=listed(HOST, ELSEWHERE, before=(HOST,), before_reviewed=False, reviewed=((0, ""),)),
    ),
    # A company in two rows is asked about in both.
    OutcomeCase(
        "SP-03", FAIL, "outside_allowed", rule=EUROPE, exports=listed(HOST, row("Host Example", locations="USA"))
    ),
    OutcomeCase(
        "SP-04", FAIL, "training_not_accepted", exports=listed(HOST, row("Host Example", purposes=TRAINER.purposes))
    ),
    OutcomeCase("SP-06", UNKNOWN, "not_understood", exports=listed(HOST, row("Host Example", locations="Atlantis"))),
    # A region is told country by country, and one of the words is no country.
    OutcomeCase(
        "SP-03",
        UNKNOWN,
        "places_not_understood",
        rule=EUROPE,
        exports=listed(row("Half", locations="EEA (Sweden, Atlantis)")),
    ),
    OutcomeCase(
        "SP-03",
        UNKNOWN,
        "places_not_understood",
        rule=EUROPE,
        exports=listed(row("Half", locations="Germany and Atlantis")),
    ),
    OutcomeCase("SP-02", FAIL, "reviewed_late", exports=listed(days_ago=40, reviewed=((3, ""),))),
    OutcomeCase(
        # What was reviewed before the import was another list.
        "SP-02",
        FAIL,
        "not_reviewed",
        exports=listed(days_ago=2, reviewed=((3, ""),)),
    ),
    OutcomeCase("SP-02", UNKNOWN, "never_imported"),
    OutcomeCase("SP-02", STALE, "list_too_old", exports=listed(days_ago=91, reviewed=((80, ""),))),
    OutcomeCase("SP-03", PASS, "all_within", rule=EUROPE, exports=listed()),
    OutcomeCase("SP-03", FAIL, "outside_allowed", rule=EUROPE, exports=listed(HOST, ELSEWHERE)),
    OutcomeCase(
        # A place under a condition counts.
        "SP-03",
        FAIL,
        "outside_allowed",
        rule=EUROPE,
        exports=listed(row("Support Example", locations="Ireland, for support requests only: India")),
    ),
    OutcomeCase("SP-03", FAIL, "outside_allowed", rule=EUROPE),
    OutcomeCase("SP-03", UNKNOWN, "may_be_outside", rule=EUROPE, exports=listed(HOST, MODELS)),
    OutcomeCase("SP-03", UNKNOWN, "places_not_understood", rule=EUROPE, exports=listed(STRANGE_PLACE)),
    OutcomeCase("SP-03", UNKNOWN, "no_places_named", exports=listed()),
    OutcomeCase(
        "SP-03",
        UNKNOWN,
        "apps_unread",
        rule=EUROPE,
        exports=listed(),
        fault="403-bare@workspaces",
        scope="read:workspaces:admin",
    ),
    OutcomeCase("SP-03", STALE, "list_too_old", rule=EUROPE, exports=listed(days_ago=91)),
    OutcomeCase("SP-04", PASS, "no_training", exports=listed()),
    OutcomeCase("SP-04", PASS, "training_accepted", rule='expect = ["TRAINER EXAMPLE"]', exports=listed(TRAINER)),
    OutcomeCase("SP-04", FAIL, "training_not_accepted", exports=listed(HOST, TRAINER)),
    OutcomeCase("SP-04", FAIL, "training_not_accepted"),
    OutcomeCase("SP-04", UNKNOWN, "training_may_apply", exports=listed(HOST, AI_TRAINER)),
    OutcomeCase("SP-04", UNKNOWN, "purpose_not_understood", exports=listed(STRANGE_PURPOSE)),
    OutcomeCase("SP-04", STALE, "list_too_old", exports=listed(days_ago=91)),
    OutcomeCase("SP-05", PASS, "notices_subscribed", said=(NOTICES,)),
    OutcomeCase("SP-05", FAIL, "notices_not_subscribed", said=(Said("subprocessors.notices", "not_subscribed"),)),
    *doubted(OutcomeCase("SP-05", PASS, ""), NOTICES, "not_subscribed"),
    OutcomeCase("SP-06", PASS, "all_understood", exports=listed()),
    OutcomeCase("SP-06", PASS, "all_understood", exports=listed(STRANGE, reviewed=((0, "Odd Example"),))),
    OutcomeCase(
        # What touches none of our apps may be as odd as it likes.
        "SP-06",
        PASS,
        "all_understood",
        exports=listed(row("Far Example", "Jira Align", locations="Atlantis")),
    ),
    OutcomeCase("SP-06", UNKNOWN, "not_understood", exports=listed(HOST, STRANGE)),
    OutcomeCase("SP-06", STALE, "never_imported"),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where this file's cases play."""
    with set_stage(tmp_path_factory) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_outcome(case: OutcomeCase, stage: Stage) -> None:
    """The case's outcome, its reason, and evidence for all that claims something."""
    assert_as_said(case, stage.find(case))


def test_a_company_that_is_accepted_is_accepted_wherever_it_works(stage: Stage) -> None:
    case = OutcomeCase("SP-03", PASS, "all_within", rule=EUROPE, exports=listed(HOST, ELSEWHERE))
    accepted = '[[rule]]\ncheck = "SP-04"\nexpect = ["Far Example"]\n'
    both = OutcomeCase("SP-03", PASS, "all_within", rule=EUROPE, policy=accepted, exports=case.exports)
    assert_as_said(both, stage.find(both))


def test_a_list_that_came_after_the_moment_does_not_count(stage: Stage) -> None:
    """An audit of the past is judged by the list of that time."""
    case = OutcomeCase("SP-01", STALE, "never_imported", exports=listed(days_ago=-2))
    assert_as_said(case, stage.find(case))
