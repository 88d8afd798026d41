"""A decoder from its throwaway organization to one that agrees with it, over HTTP and through real histories."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from contribaudit.cli import run
from contribaudit.simulator import Organization, running, scenario_app
from tests.isolation import isolate

POLICY = """version = 1
name = "decoders"
extends = []
written_for_plan = "premium"

[[rule]]
check = "DC-03"
reason = "Our content is not to train anything."
"""
SWITCH = "contribution.in_app"
UGC = "signal.policy.ugc-data-use-preferences"
MAIL = ("--by", "anna@acme.example")
OTHERS = (
    ("contribution.in_app.included", "none"),
    ("contribution.in_app.excluded", "none"),
    ("contribution.exemption", "none"),
    ("contribution.metadata", "on"),
)


class Place:
    """One organization, its commands and its store."""

    def __init__(self, organization: Organization, capsys: pytest.CaptureFixture[str], store: Path) -> None:
        self.organization, self.capsys, self.store = organization, capsys, store

    def call(self, *words: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        code = run(words)
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err

    def audit(self) -> str:
        """The warnings of the audit."""
        code, out, err = self.call("audit", "--policy", "policy.toml", "--format", "json")
        assert code in (0, 1, 3), err
        return "\n".join(json.loads(out)["warnings"])

    def attest(self, value: str, *more: str) -> None:
        code, _, err = self.call("attest", SWITCH, value, *MAIL, *more)
        assert code == 0, err

    def switch(self, value: str, **beside: object) -> None:
        """Somebody flips it in the console."""
        rule = {"scopeType": "organization", "off": ["in-app"] if value == "on" else [], "consented": True, **beside}
        self.organization.set_rule("acme-data-use", rule)

    def known(self) -> tuple[object, str]:
        """The value and its grade, or its code, in the last run."""
        code, out, err = self.call("explain", "organization", SWITCH, "--format", "json")
        assert code == 0, err
        (row,) = json.loads(out)["settings"]
        return (row["value"], row["grade"]) if row["read"] else (None, row["code"])

    def source(self) -> str:
        (row,) = json.loads(self.call("explain", "organization", SWITCH, "--format", "json")[1])["settings"]
        return str(row["source"])


@contextmanager
def place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, name: str
) -> Iterator[Place]:
    app = scenario_app("drifted")
    store = folder / f"{name}.sqlite"
    with running(app) as url:
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", url)
        monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", app.state.organization.id)
        monkeypatch.setenv("CONTRIBAUDIT_STORE", str(store))
        here = Place(app.state.organization, capsys, store)
        here.switch("off")
        yield here


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "decoders").mkdir()
    return tmp_path


@pytest.fixture
def proposed(monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The decoder that a throwaway organization gave, in the folder of decoders."""
    path = folder / "decoders" / "ours.toml"
    with place(monkeypatch, capsys, folder, "throwaway") as there:
        there.audit()
        there.attest("off")
        there.audit()
        there.switch("on")
        there.audit()
        there.attest("on")
        code, out, err = there.call("signals", "propose", SWITCH, "--signal", UGC, "--output", str(path))
        assert (code, out) == (0, ""), err
        assert "changed: /attributes/rule/off" in err
    return path


def test_what_moved_in_a_throwaway_organization_is_a_decoder_here(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str], proposed: Path
) -> None:
    """Not before an attestation of this organization agrees; from then on in both states, by itself."""
    text = proposed.read_text(encoding="utf-8")
    assert "attested by anna@acme.example" in text
    assert "updatedAt" not in text
    assert "Not attested in both states" in text
    with place(monkeypatch, capsys, folder, "second") as here:
        monkeypatch.setenv("CONTRIBAUDIT_DECODERS", str(folder / "decoders"))
        assert "does not count in" in here.audit()
        assert here.known() == (None, "not_read")
        here.attest("off")
        assert "ours.toml" not in here.audit()
        assert here.known() == ("off", "decoded")
        assert "ours.toml (sha256 " in here.source()
        here.switch("on")
        here.audit()
        assert here.known() == ("on", "decoded")
        here.switch("off", unrelated="moved")
        here.audit()
        assert here.known() == ("off", "decoded")
        here.organization.set_rule("acme-data-use", {"scopeType": "organization", "off": ["everything"]})
        here.audit()
        assert here.known() == (None, "unknown_word")


def test_an_attestation_that_disagrees_sets_it_aside_until_it_is_taken_back(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str], proposed: Path
) -> None:
    with place(monkeypatch, capsys, folder, "second") as here:
        monkeypatch.setenv("CONTRIBAUDIT_DECODERS", str(folder / "decoders"))
        here.attest("on")
        assert "is set aside in" in here.audit()
        assert here.known() == ("on", "attested")
        rows = json.loads(here.call("signals", "list", "--format", "json")[1])
        assert any("set aside" in row["decoders"] and row["decoders_sha256"] for row in rows)
        here.switch("on")
        here.audit()
        assert here.known() == (None, "signal_moved")
        (listed,) = json.loads(here.call("attest", "list", "--format", "json")[1])
        assert here.call("attest", "revoke", listed["id"], *MAIL)[0] == 0
        here.attest("on")
        here.audit()
        assert here.known() == ("on", "decoded")


def test_pointers_alone_keep_what_is_unrelated_from_disturbing_an_attestation(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The value stays attested while the rest of the object moves, and is stale once what counts does."""
    decoder = f"""reviewed = 2026-11-22
source = "a test"
grade = "C"
[[decoder]]
setting = "{SWITCH}"
signal = "{UGC}"
owner = "organization"
pointers = ["/attributes/rule/off"]
from = "a test"
"""
    with place(monkeypatch, capsys, folder, "second") as here:
        here.audit()
        here.attest("off")
        here.switch("off", unrelated="moved")
        here.audit()
        assert here.known() == (None, "signal_moved")
        (folder / "decoders" / "places.toml").write_text(decoder, encoding="utf-8")
        monkeypatch.setenv("CONTRIBAUDIT_DECODERS", str(folder / "decoders"))
        assert here.known() == ("off", "attested")
        here.switch("off", unrelated="again")
        here.audit()
        assert here.known() == ("off", "attested")
        here.switch("on", unrelated="again")
        here.audit()
        assert here.known() == (None, "signal_moved")


def test_propose_refuses_what_shows_nothing_or_too_much(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing moved, two settings moved, several places moved and none was chosen, a value that nobody told."""
    with place(monkeypatch, capsys, folder, "throwaway") as there:
        ask = ("signals", "propose", SWITCH, "--signal", UGC)

        def refused(*more: str) -> str:
            code, out, err = there.call(*ask, *more)
            assert (code, out) == (2, ""), err
            return err

        there.audit()
        there.attest("off")
        assert "was not attested with two different values" in refused()
        values = ("--before-value", "off", "--after-value", "on")
        assert "did not change" in refused("--before", "1", "--after", "1", *values)
        there.switch("on", consented=False)
        there.audit()
        runs = ("--before", "1", "--after", "2")
        assert "nobody attested" in refused(*runs)
        assert "/attributes/rule/consented" in refused(*runs, *values)
        assert "did not change" in refused(*runs, *values, "--pointer", "/attributes/rule/offf")
        assert "is the same in both states" in refused(*runs, "--before-value", "on", "--after-value", "on")
        assert "go together" in refused("--before", "1")
        assert "is not a run number" in refused("--before", "soon", "--after", "2", *values)
        code, out, err = there.call(*ask, *runs, *values, "--pointer", "/attributes/rule/off")
        assert code == 0, err
        assert "Also changed, not used: /attributes/rule/consented" in out
        assert there.call("attest", "contribution.metadata", "always", *MAIL, "--offline")[0] == 0
    with place(monkeypatch, capsys, folder, "confounded") as there:
        for value, other in (("off", "always"), ("on", "on")):
            there.switch(value)
            there.audit()
            there.attest(value)
            assert there.call("attest", "contribution.metadata", other, *MAIL)[0] == 0
        assert "contribution.metadata changed between the two states too" in refused()


def test_a_colleagues_objects_come_as_files(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `signals show` prints them, or raw: what changes without meaning is never proposed."""

    def written(name: str, **attributes: Any) -> str:
        found = {"id": "p", "type": "policy", "attributes": {"type": "ugc", "updatedAt": name, **attributes}}
        (folder / name).write_text(json.dumps(found), encoding="utf-8")
        return name

    before = written("one.json", status="enabled", rule={"a/b": None})
    after = written("two.json", status="enabled", rule={"a/b": {"deep": [1, "x"]}})
    with place(monkeypatch, capsys, folder, "ours") as here:
        ask = ("signals", "propose", SWITCH, "--signal", UGC, "--before", before, "--after", after)
        assert here.call(*ask)[0] == 2
        code, out, err = here.call(*ask, "--before-value", "off", "--after-value", "on")
        assert code == 0, err
        assert '"/attributes/rule/a~1b"' in out
        (folder / "decoders" / "theirs.toml").write_text(out, encoding="utf-8")
        monkeypatch.setenv("CONTRIBAUDIT_DECODERS", str(folder / "decoders"))
        here.attest("off")
        here.audit()
        assert here.known() == ("off", "attested"), "it reads nothing of ours, so that nothing agrees"
        (folder / "bad.json").write_text("{", encoding="utf-8")
        assert "is not JSON" in here.call(*ask[:-1], "bad.json", "--before-value", "off", "--after-value", "on")[2]


def test_an_alarm_says_what_the_move_would_be_and_attestations_score_it(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A candidate reading makes no value: the setting is stale, whatever the reading says."""

    def scores() -> str:
        rows = json.loads(here.call("signals", "list", "--format", "json")[1])
        return next(str(row["candidates"]) for row in rows if row["signal"] == UGC and row["owner"] == "organization")

    def reason() -> str:
        (row,) = json.loads(here.call("explain", "organization", SWITCH, "--format", "json")[1])["settings"]
        return str(row["reason"])

    with place(monkeypatch, capsys, folder, "second") as here:
        here.organization.set_rule("acme-data-use", {"consented": False})
        here.audit()
        assert scores() == ""
        here.attest("off")
        here.audit()
        assert scores() == "`consented` as contribution.in_app: 1 attestation agrees, 0 contradict"
        here.organization.set_rule("acme-data-use", {"consented": True, "note": 1})
        here.audit()
        assert here.known() == (None, "signal_moved")
        assert "`consented` false -> true; if that is the in-app switch, it was turned on" in reason()
        here.organization.set_rule("acme-data-use", {"consented": False, "note": 1})
        here.audit()
        assert "->" not in reason(), "nothing that a reading looks at stands otherwise than at the look"
        here.attest("on")
        here.audit()
        assert scores() == "`consented` as contribution.in_app: 1 attestation agrees, 1 contradicts"
        here.organization.set_rule("acme-data-use", {"consented": "perhaps"})
        here.audit()
        assert '`consented` false -> "perhaps", which may be the in-app switch' in reason()
