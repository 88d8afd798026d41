"""docs/drift.md: an administrator allows Rovo, and the next scheduled run says so, with who did it; run anew.

`CONTRIBAUDIT_RENEW=1 pytest tests/flow/test_recorded_drift.py` writes the page with what the commands print now.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from contribaudit.cli import run
from contribaudit.simulator import add_control, running, scenario_app
from tests.flow.test_recorded_walk import _plain
from tests.isolation import isolate

RENEW = "CONTRIBAUDIT_RENEW" in os.environ
"""Read here, since each test starts with no such variable."""
PAGE = Path(__file__).parents[2] / "docs" / "drift.md"
POLICY = """version = 1
name = "no AI in Confluence"
extends = []

[[rule]]
check = "AI-01"
expect = "blocked"
where = { app = ["confluence"] }
reason = "Nobody has assessed Rovo yet."
"""
CONFIG = """[sites]
email = "demo@acme.example"
token_env = "SITE_TOKEN"
read = ["ai", "trials", "regions"]
"""
AUDIT = "audit --policy policy.toml -q"
STEPS = (
    (
        "The policy wants Rovo blocked in Confluence. Nobody has looked at the console: the gateway says that Rovo is"
        " not enabled for the token's account, and the policy item of each app says the same, so the audit passes.",
        AUDIT,
    ),
    ("An administrator allows Rovo for one app.", "simulate flip rovo tidy/confluence on"),
    ("The next scheduled run fails, and names who did it.", AUDIT),
    ("", "changes --setting gateway.rovo -q"),
    ("Rovo is blocked again.", "simulate flip rovo tidy/confluence off"),
    ("", AUDIT),
)


def test_the_recorded_drift_is_what_the_commands_print(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command of the page is run in order; times and digests apart, it prints the same, and no secret."""
    isolate(monkeypatch, tmp_path)
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "contribaudit.toml").write_text(CONFIG, encoding="utf-8")
    app = scenario_app("tidy")
    add_control(app)
    with running(app) as url:
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", url)
        monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", app.state.organization.id)
        monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
        monkeypatch.setenv("SITE_TOKEN", "demo-site-token")
        monkeypatch.setenv("CONTRIBAUDIT_TRIGGER", "schedule")
        monkeypatch.setenv("COLUMNS", "100")
        codes, page = _page(capsys)
    assert codes == [0, 0, 1, 0, 0, 0]
    assert "by admin@acme.example" in page
    for secret in ("demo-key", "demo-site-token"):
        assert secret not in page.replace("export SITE_TOKEN=demo-site-token", "")  # the line to type
    if RENEW:
        PAGE.write_text(page, encoding="utf-8")
    assert _timeless(page) == _timeless(PAGE.read_text(encoding="utf-8"))


def _timeless(text: str) -> str:
    """The page without what differs from run to run, times as people write them included."""
    return re.sub(r"\b(\w{3} )?\d{1,2} \w{3} \d\d:\d\d\b", "TIME", _plain(text))


def _page(capsys: pytest.CaptureFixture[str]) -> tuple[list[int], str]:
    codes: list[int] = []
    parts = [
        "# Drift, and who did it: a recorded walk\n\nAn administrator allows Rovo in the console, and an unattended"
        " audit notices. Nobody attests anything here: an API token for the sites reads it. To try it, run"
        " `contribaudit simulate --scenario tidy --control`; the lines that it prints point contribaudit at the same"
        " organization. This page is written by `tests/flow/test_recorded_drift.py`, which runs every command and"
        " fails if one prints something else.\n\nThe policy, policy.toml:\n\n```toml\n"
        f"{POLICY}```\n\nThe configuration, contribaudit.toml in the same folder:\n\n```toml\n{CONFIG}```\n"
        "\nThe site token:\n\n```\nexport SITE_TOKEN=demo-site-token\n```\n"
    ]
    for told, step in STEPS:
        if told:
            parts.append(f"{told}\n")
        capsys.readouterr()
        codes.append(run(step.split()))
        captured = capsys.readouterr()
        shown = captured.out if captured.out.strip() else captured.err
        parts.append(f"```\n$ contribaudit {step}\n{shown.rstrip()}\n```\n")
    return codes, "\n".join(parts)
