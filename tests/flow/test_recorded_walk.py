"""docs/walk.md: what a person does and sees, from `unknown` to `inferred`, run anew so that it cannot rot.

`CONTRIBAUDIT_RENEW=1 pytest tests/flow/test_recorded_walk.py` writes the page with what the commands print now.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from contribaudit.cli import options, run
from contribaudit.cli.attest import walk
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
TIDY = """version = 1
name = "Our content trains nothing"
extends = ["essentials", "no-training"]
written_for_plan = "enterprise"

[[rule]]
check = "AI-01"
expect = "blocked"
reason = "Nobody has decided yet what Rovo may read."

[[decision]]
setting = "contribution.metadata"
value = "off"
by = "dpo@tidy.example"
second = "ciso@tidy.example"
date = 2026-08-14
ticket = "GRC-207"

[[decision]]
setting = "contribution.in_app"
value = "off"
by = "dpo@tidy.example"
second = "ciso@tidy.example"
date = 2026-08-14
ticket = "GRC-207"
"""
SHOWN = {
    "Metadata contribution": "off",
    "In-app data contribution": "off",
    "Include list": "none",
    "exemption": "none",
    "AI": "off",
}
"""What the console of the tidy organization shows, by a part of the question."""
SCREEN = (
    "attest --screen data-contribution --set contribution.metadata=always --set contribution.in_app={switch}"
    " --set contribution.in_app.{list}=none --set contribution.exemption=none --by anna@acme.example"
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
    ("Nobody has looked yet, and no API returns the value: the answer is `unknown`, never a pass.", AUDIT),
    (
        "Anna opens *Atlassian Administration > Security > Data contribution* and records what the screen shows. The"
        " signals are read before and after, and did not move: they anchor what she saw.",
        SCREEN.format(switch="off", list="included"),
    ),
    ("Now the audit passes, on attested evidence.", AUDIT),
    ("Somebody flips the switch in the console.", on),
    (
        "The next audit cannot know what the switch says, but it sees the signal move: `stale`, from that moment on."
        " The audit log shows who moved it, where the organization has one.",
        AUDIT,
    ),
    ("", "changes -q"),
    ("Anna looks at the whole screen again.", SCREEN.format(switch="on", list="excluded")),
    ("The drift from the policy is now a fact.", AUDIT),
    ("The switch is flipped back.", off),
    (
        "Nobody has to look at the switch again: the signal is in a state whose meaning this organization has"
        " itself established, by two complete looks that differ in this one setting. Its grade is `inferred`. No signal"
        " shows what a list holds, and the include list may open contribution while the switch is off: one look is"
        " due.",
        AUDIT,
    ),
    ("", INCLUDED),
    ("", AUDIT),
    ("", "explain organization effective.in_app --live -q"),
    ("Somebody starts a trial of a higher plan.", trial),
    ("Defaults follow the highest plan, so nothing that was seen under the old one counts any more.", AUDIT),
)


FIRST: tuple[Step, ...] = (
    (
        "The admin API shows plans, residency and signals. With a site token, the GraphQL gateway shows AI and trials."
        " A person looks at the rest.",
        "audit --policy policy.toml -q",
    ),
    ("What is left, and how long it takes:", "attest --dry-run -q"),
    (
        "Anna opens each screen and types what it shows. The exclude list is not asked for, because the switch is off.",
        "attest --by anna@tidy.example -q",
    ),
    ("Four commands and about five minutes later:", "audit --policy policy.toml -q"),
)


def told(question: str, default: str | None = None) -> str:
    """What Anna types; the question is shown as on a terminal."""
    answer = next((value for part, value in SHOWN.items() if part in question), "")
    click.echo(f"{question}: {answer}".rstrip(), err=True)
    return answer or default or ""


def test_the_recorded_walk_is_what_the_commands_print(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command of the page is run in order; times and digests apart, it prints the same."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(walk, "person_there", lambda: True)
    monkeypatch.setattr(options, "ask", told)
    parts, codes = [], []
    for scenario, policy in (("tidy", TIDY), ("drifted", POLICY)):
        (tmp_path / "policy.toml").write_text(policy, encoding="utf-8")
        monkeypatch.setenv("CONTRIBAUDIT_STORE", str(tmp_path / f"{scenario}.sqlite"))
        app = scenario_app(scenario)
        with running(app) as url, monkeypatch.context() as here:
            here.setenv("CONTRIBAUDIT_API_URL", url)
            here.setenv("CONTRIBAUDIT_ORG_ID", app.state.organization.id)
            if scenario == "tidy":
                here.setenv("CONTRIBAUDIT_POLICY", str(tmp_path / "policy.toml"))
                here.setenv("CONTRIBAUDIT_SITES__EMAIL", "demo@acme.example")
                here.setenv("CONTRIBAUDIT_SITES__TOKEN_ENV", "SITE_TOKEN")
                here.setenv("SITE_TOKEN", "demo-site-token")
            else:
                at_first(app.state.organization)
            printed, ended = _printed(FIRST if scenario == "tidy" else STEPS, app.state.organization, capsys)
            parts.append(printed)
            codes.append(ended)
    page = PAGE_TEXT.format(tidy=TIDY, first=parts[0], policy=POLICY, second=parts[1])
    assert codes[0] == [3, 0, 0, 0], "within four commands of the first audit the tidy organization passes"
    if RENEW:
        PAGE.write_text(page, encoding="utf-8")
    assert _plain(page) == _plain(PAGE.read_text(encoding="utf-8"))


PAGE_TEXT = """# Two recorded walks

Both use a simulated organization, so that you can repeat them. `tests/flow/test_recorded_walk.py` writes this page: \
it runs every command, and fails when one prints something else.

## From a first clone to PASS

`contribaudit simulate --scenario tidy` prints the lines that set address, organization and API key. Site token and \
policy come from four more:

```
export CONTRIBAUDIT_SITES__EMAIL=demo@acme.example
export CONTRIBAUDIT_SITES__TOKEN_ENV=SITE_TOKEN
export SITE_TOKEN=demo-site-token
export CONTRIBAUDIT_POLICY=policy.toml
```

The policy:

```toml
{tidy}```

{first}
## From unknown to inferred

No documented endpoint shows data contribution. Its settings can be audited all the same: here on the organization \
of `contribaudit simulate`, without a site token. The policy:

```toml
{policy}```

{second}"""


def _printed(
    steps: tuple[Step, ...], organization: Organization, capsys: pytest.CaptureFixture[str]
) -> tuple[str, list[int]]:
    """What the page shows of the steps, and the exit code of each command."""
    parts: list[str] = []
    codes: list[int] = []
    for said, step in steps:
        if said:
            parts.append(f"{said}\n")
        if callable(step):
            step(organization)
            continue
        capsys.readouterr()
        codes.append(run(step.split()))
        captured = capsys.readouterr()
        shown = captured.out if captured.out.strip() else captured.err
        if "attest --by anna@tidy" in step:
            shown = f"{captured.err.rstrip()}\n\n{captured.out}"
        parts.append(f"```\n$ contribaudit {step}\n{shown.rstrip()}\n```\n")
    return "\n".join(parts), codes


def _plain(text: str) -> str:
    """The page without what differs from run to run."""
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?", "TIME", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d\b", "DAY", text)
    text = re.sub(r"\b[0-9a-f]{8,64}\b", "DIGEST", text)
    return re.sub(r"\s+", " ", text)
