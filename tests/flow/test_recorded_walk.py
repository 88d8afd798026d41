"""docs/walk.md: what a person does and sees, from `unknown` to `inferred`, run anew so that it cannot rot.

`CONTRIBAUDIT_RENEW=1 pytest tests/flow/test_recorded_walk.py` writes the page with what the commands print now.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from contribaudit.cli import run
from contribaudit.simulator import Organization, running, scenario_app
from tests.administrator import AdminConsole
from tests.isolation import isolate

RENEW = "CONTRIBAUDIT_RENEW" in os.environ
"""Read here, since each test starts with no such variable."""
PAGE = Path(__file__).parents[2] / "docs" / "walk.md"
POLICY = """version = 1
name = "walk"
extends = []
written_for_plan = "premium"

[[rule]]
check = "DC-03"
reason = "Our content is not to train anything."
"""
SCREEN = (
    "attest --screen data-contribution --set contribution.metadata=always --set contribution.in_app={switch}"
    " --set contribution.in_app.included=none --set contribution.in_app.excluded=none"
    " --set contribution.exemption=none --by anna@acme.example"
)
INCLUDED = "attest contribution.in_app.included none --by anna@acme.example"
AUDIT = "audit --policy policy.toml --all -q"


def at_first(organization: Organization) -> None:
    """The switch as it stands before the walk."""
    organization.set_rule("acme-data-use", {"scopeType": "organization", "off": ["in-app"], "consented": True})


def off(organization: Organization) -> None:
    """Somebody flips it back."""
    AdminConsole(organization).set_contribution("in-app", on=False)


def on(organization: Organization) -> None:
    """Somebody flips it in the console."""
    AdminConsole(organization).set_contribution("in-app", on=True)


def trial(organization: Organization) -> None:
    """Somebody starts a trial of a higher plan."""
    AdminConsole(organization).start_trial("acme-us/confluence", "Enterprise")


Step = tuple[str, str | Callable[[Organization], None]]
STEPS: tuple[Step, ...] = (
    ("Nobody has looked yet, and no API tells: the answer is `unknown`, never a pass.", AUDIT),
    (
        "Anna opens *Atlassian Administration > Security > Data contribution* and records what the screen shows. The"
        " signals are read before and after: they did not move meanwhile, so they hold what she saw.",
        SCREEN.format(switch="off"),
    ),
    ("Now the audit passes, on attested evidence.", AUDIT),
    ("Somebody flips the switch in the console.", on),
    (
        "The next audit cannot know what the switch says, but it sees the signal move: `stale`, from that moment on."
        " Who moved it the audit log tells, where the organization has one.",
        AUDIT,
    ),
    ("", "changes -q"),
    ("Anna looks at the whole screen again.", SCREEN.format(switch="on")),
    ("The drift from the policy is now a fact.", AUDIT),
    ("The switch is flipped back.", off),
    (
        "Nobody has to look at the switch again: the signal stands in a state whose meaning this organization has"
        " itself established, two complete looks that differ in this one setting. Its grade is `inferred`. What a list"
        " holds no signal tells, and the include list may open contribution while the switch is off: one look is due.",
        AUDIT,
    ),
    ("", INCLUDED),
    ("", AUDIT),
    ("", "explain organization effective.in_app --live -q"),
    ("Somebody starts a trial of a higher plan.", trial),
    ("Defaults follow the highest plan, so nothing that was seen under the old one counts any more.", AUDIT),
)


def test_the_recorded_walk_is_what_the_commands_print(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command of the page is run in order; times and digests apart, it prints the same."""
    isolate(monkeypatch, tmp_path)
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    app = scenario_app("drifted")
    at_first(app.state.organization)
    with running(app) as url:
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", url)
        monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", app.state.organization.id)
        monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
        monkeypatch.setenv("COLUMNS", "100")
        page = _page(app.state.organization, capsys)
    if RENEW:
        PAGE.write_text(page, encoding="utf-8")
    assert _plain(page) == _plain(PAGE.read_text(encoding="utf-8"))


def _page(organization: Organization, capsys: pytest.CaptureFixture[str]) -> str:
    parts = [
        "# From unknown to inferred: a recorded walk\n\nData contribution has no documented endpoint. This is how its"
        " settings are audited all the same, on the simulated organization of the demonstration. The page is written by"
        " `tests/flow/test_recorded_walk.py`, which runs every command and fails when one prints something else.\n\n"
        f"The policy:\n\n```toml\n{POLICY}```\n"
    ]
    for told, step in STEPS:
        if told:
            parts.append(f"{told}\n")
        if callable(step):
            step(organization)
            continue
        capsys.readouterr()
        run(step.split())
        captured = capsys.readouterr()
        shown = captured.out if captured.out.strip() else captured.err
        parts.append(f"```\n$ contribaudit {step}\n{shown.rstrip()}\n```\n")
    return "\n".join(parts)


def _plain(text: str) -> str:
    """The page without what differs from run to run."""
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?", "TIME", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d\b", "DAY", text)
    text = re.sub(r"\b[0-9a-f]{8,64}\b", "DIGEST", text)
    return re.sub(r"\s+", " ", text)
