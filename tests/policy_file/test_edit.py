"""A waiver into a policy file: nothing else moves, what is shown is what is written, and nobody's edit is lost."""

from __future__ import annotations

import stat
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.policy import Decision, Waiver
from contribaudit.errors import OutputError, PolicyFileError
from contribaudit.policy_file.editing import new_file, with_entry, write
from contribaudit.rulebook import loader
from contribaudit.wiring import load_policy

WAIVER = Waiver(
    "DR-01",
    "",
    'US "subsidiary"\n[[rule]] # no\\end',
    "it@acme.example",
    "ciso@acme.example",
    date(2026, 11, 2),
    date(2027, 1, 31),
    "app:acme-us.atlassian.net/confluence",
    review_every_days=90,
    ticket="GRC-311",
    binds_to_value=True,
    observed="US",
)
FILE = """# ours, since 2026
version = 1
name = "Acme"   # the name
extends = ["essentials"]

[[waiver]]  # the first
check = "DR-02"
subject = "organization"
reason = "old"
requested_by = "a@acme.example"
approved_by = "b@acme.example"
approved_at = 2026-01-02
expires = 2026-12-31

[[rule]]
check = "DR-01"
expect = ["EU"]
"""
RULEBOOK = loader.load()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "policy.toml"
    made.write_text(FILE, encoding="utf-8")
    return made


def test_everything_else_stays_and_the_diff_only_adds(path: Path) -> None:
    """Byte for byte, comments included; the loaded policy has one waiver more, with what was written."""
    change = with_entry(path, WAIVER)
    assert change.after.startswith(FILE)
    lines = [line for line in change.diff().splitlines() if not line.startswith(("+++", "---", "@@"))]
    assert not [line for line in lines if line.startswith("-")]
    assert "+[[waiver]]" in lines
    assert path.read_text(encoding="utf-8") == FILE, "nothing is written yet"
    first, second = load_policy(path, RULEBOOK, text=change.after).waivers
    assert first.reason == "old"
    assert (second.reason, second.observed, second.binds_to_value) == (WAIVER.reason, "US", True)
    assert (second.approved_at, second.expires, second.review_every_days) == (date(2026, 11, 2), date(2027, 1, 31), 90)


def test_it_is_written_at_once_with_its_mode(path: Path) -> None:
    path.chmod(0o640)
    change = with_entry(path, WAIVER)
    write(change)
    assert path.read_text(encoding="utf-8") == change.after
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in path.parent.iterdir()] == ["policy.toml"]


def test_a_link_stays_a_link(path: Path) -> None:
    link = path.with_name("link.toml")
    link.symlink_to(path)
    write(with_entry(link, WAIVER))
    assert link.is_symlink()
    assert len(tomllib.loads(path.read_text(encoding="utf-8"))["waiver"]) == 2


def test_nobody_elses_edit_is_lost(path: Path) -> None:
    """Changed since it was read: refused, and their edit stands."""
    change = with_entry(path, WAIVER)
    path.write_text(f"{FILE}# mine\n", encoding="utf-8")
    with pytest.raises(PolicyFileError, match="changed in the meantime"):
        write(change)
    assert path.read_text(encoding="utf-8") == f"{FILE}# mine\n"
    path.unlink()
    with pytest.raises(PolicyFileError, match="no such file"):
        write(change)
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (FILE.replace("\n", "\r\n"), "\r\n"),
        (f"\ufeff{FILE}", "\n"),
        (FILE.rstrip("\n"), "\n"),
        (FILE.partition("[[waiver]]")[0], "\n"),
        ('version = 1\nextends = ["essentials"]\nwaiver = [] # none yet\n', "\n"),
        ('version = 1\nextends = ["essentials"]\n[evidence]\nscreenshot = "never"', "\n"),
    ],
)
def test_other_ways_to_write_a_file(path: Path, text: str, after: str) -> None:
    """Windows line ends, a byte order mark, no last line end, no waiver yet, an array, a table at the end."""
    path.write_bytes(text.encode())
    change = with_entry(path, WAIVER)
    write(change)
    written = path.read_bytes().decode()
    assert written.startswith("\ufeff") == text.startswith("\ufeff")
    policy = load_policy(path, RULEBOOK)
    assert policy.waivers[-1].reason == WAIVER.reason
    assert (written.count("\r\n") == written.count("\n")) == (after == "\r\n")


@pytest.mark.parametrize("observed", ["US", ("EU", "US"), (), True, 7])
def test_every_kind_of_value_can_be_bound_to(path: Path, observed: Value) -> None:
    change = with_entry(path, replace(WAIVER, observed=observed))
    assert load_policy(path, RULEBOOK, text=change.after).waivers[-1].observed == observed


def test_a_mistake_names_the_line_of_the_file_as_it_would_be(path: Path) -> None:
    change = with_entry(path, replace(WAIVER, approved_by=WAIVER.requested_by))
    with pytest.raises(PolicyFileError) as raised:
        load_policy(path, RULEBOOK, text=change.after)
    line = change.after.splitlines().index('approved_by = "it@acme.example"') + 1
    assert f"policy.toml:{line}: [[waiver]] 2" in str(raised.value)


def test_a_new_file_extends_the_pack(tmp_path: Path) -> None:
    """In a folder that is made for it; one that is there already is refused, also when it came meanwhile."""
    path = tmp_path / "new" / "policy.toml"
    change = new_file(path, ["essentials"], WAIVER)
    assert change.diff().startswith("--- /dev/null\n")
    write(change)
    policy = load_policy(path, RULEBOOK)
    assert (policy.extends, len(policy.waivers)) == (("essentials",), 1)
    with pytest.raises(PolicyFileError, match="already exists"):
        new_file(path, ["essentials"], WAIVER)
    with pytest.raises(PolicyFileError, match="created in the meantime"):
        write(change)


def test_what_cannot_be_read_or_written_says_so(path: Path, tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="no such file"):
        with_entry(tmp_path / "none.toml", WAIVER)
    path.write_text("version = = 1", encoding="utf-8")
    with pytest.raises(PolicyFileError, match="not TOML"):
        with_entry(path, WAIVER)
    blocked = new_file(path / "below" / "policy.toml", ["essentials"], WAIVER)
    with pytest.raises(OutputError, match="could not be written"):
        write(blocked)


@pytest.mark.parametrize("listed", ["", "decision = []\n", "decision = [{ setting = 'trial', value = 'none', X }]\n"])
def test_a_decision_joins_the_others_however_they_are_written(tmp_path: Path, listed: str) -> None:
    path = tmp_path / "policy.toml"
    people = "by = 'a@acme.example', second = 'b@acme.example', date = 2026-01-02, ticket = 'T'"
    text = f'version = 1\n{listed.replace("X", people)}extends = ["essentials"]\n'
    path.write_text(text, encoding="utf-8")
    decision = Decision(
        SettingId("contribution.in_app"), "off", "dpo@acme.example", "ciso@acme.example", date(2026, 6, 2), "GRC-207"
    )
    made = load_policy(path, RULEBOOK, text=with_entry(path, decision).after).decisions
    assert (made[-1].setting, made[-1].value, made[-1].date) == ("contribution.in_app", "off", date(2026, 6, 2))
    assert len(made) == 1 + listed.count("trial")
