"""Files of decoders: what they say, and that a mistake in one is told by file and key."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from contribaudit import catalogue
from contribaudit.core.model.decoder import ValueCondition
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.errors import RulebookError
from contribaudit.rulebook import decoders, loader

RULEBOOK = loader.load()
HEAD = 'reviewed = 2026-11-22\nsource = "here"\ngrade = "C"\n'
GOOD = """
[[decoder]]
setting = "contribution.in_app"
signal = "signal.policy.ugc-data-use-preferences"
owner = "organization"
from = "Acme Labs"

[[decoder.value]]
value = "off"
when = { "/attributes/rule/off" = [], "/attributes/status" = "enabled" }
null = ["/attributes/x"]

[[decoder.value]]
value = "on"
without = ["/attributes/rule/off"]

[[decoder.value]]
value = "off"
absent = true
"""


def load(folder: Path, text: str = GOOD, name: str = "ours.toml") -> Rulebook:
    (folder / name).write_text(HEAD + text, encoding="utf-8")
    return decoders.with_folder(RULEBOOK, folder, catalogue.ALL)


def test_one_decoder_is_shipped_of_the_item_that_nobody_can_attest() -> None:
    """Nobody published what the other objects mean."""
    assert [(one.setting, one.signal) for one in RULEBOOK.decoders] == [("ai.policy_item", "signal.workspace.policy")]
    assert "decoders.toml" in [file.name for file in RULEBOOK.files]
    assert decoders.with_folder(RULEBOOK, None, catalogue.ALL) == RULEBOOK


def test_a_folder_adds_to_the_rulebook_and_to_its_digest(tmp_path: Path) -> None:
    found = load(tmp_path)
    (*_, one) = found.decoders
    assert (one.name, one.origin) == ("ours.toml", "Acme Labs")
    assert one.sha256 == sha256((tmp_path / "ours.toml").read_bytes()).hexdigest()
    assert set(one.pointers) == {"/attributes/rule/off", "/attributes/status", "/attributes/x"}
    equal = (("/attributes/rule/off", b"[]"), ("/attributes/status", b'"enabled"'), ("/attributes/x", b"null"))
    assert one.values == (
        ValueCondition("off", equal=equal),
        ValueCondition("on", without=("/attributes/rule/off",)),
        ValueCondition("off", absent=True),
    )
    assert found.files[-1].name == "decoders/ours.toml"
    assert not found.files[-1].shipped
    again = load(tmp_path, GOOD + "# a remark\n")
    assert len({RULEBOOK.sha256, found.sha256, again.sha256}) == 3


def test_two_files_may_not_read_the_same(tmp_path: Path) -> None:
    load(tmp_path)
    with pytest.raises(RulebookError, match=r"theirs\.toml: ours\.toml already reads contribution\.in_app"):
        load(tmp_path, name="theirs.toml")


def test_ours_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    shipped = load(tmp_path)
    again = decoders.with_folder(shipped, tmp_path, catalogue.ALL).decoders
    assert again == shipped.decoders


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"contribution.in_app"', '"contribution.inapp"', "did you mean `contribution.in_app`"),
        ('"contribution.in_app"', '"plan.highest"', "no setting that a person can attest is called `plan.highest`"),
        ("ugc-data-use-preferences", "ugc-data-use", "did you mean `signal.policy.ugc-data-use-preferences`"),
        ("signal.policy.ugc-data-use-preferences", "signal.policy.generative-ai", "is not a signal of"),
        ('value = "on"', 'value = "onn"', "cannot be `onn`; did you mean `on`"),
        ('value = "on"', "value = true", "cannot be `True`"),
        ('owner = "organization"', 'owner = "site"', "key `decoder.0.owner`"),
        ('owner = "organization"', 'owner = "app"', "no app has a"),
        ('from = "Acme Labs"', "", "key `decoder.0.from`"),
        ('from = "Acme Labs"', 'from = "x"\nfrmo = "x"', "key `decoder.0.frmo`"),
        ('from = "Acme Labs"', 'from = "x"\npointers = ["/attributes/status"]', "`pointers` does not list"),
        ('from = "Acme Labs"', 'from = "x"\npointers = ["attributes"]', "is not a pointer"),
        ('"/attributes/x"', '"/attributes/~x"', "is not a pointer"),
        ('"/attributes/x"', '"/attributes/updatedAt"', "changes without meaning"),
        ('"/attributes/x"', '"/links/self"', "changes without meaning"),
        ('"/attributes/x"', '"/attributes/status"', "a pointer is listed twice"),
        ('without = ["/attributes/rule/off"]', "", "a value that always holds is a default"),
        ("absent = true", 'absent = true\nwithout = ["/a"]', "has no places to look at"),
        ('without = ["/attributes/rule/off"]', "absent = true", "one state has two values"),
        ('"enabled"', "2026-11-22", "JSON has no dates"),
        ('from = "Acme Labs"', 'from = "x"\ntexts = "/attributes/list"', "`texts` takes the whole list"),
    ],
)
def test_a_mistake_names_file_and_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(RulebookError) as raised:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert "ours.toml" in raised.value.message
    assert said in raised.value.message


def test_lists_are_read_as_they_stand_or_not_at_all(tmp_path: Path) -> None:
    whole = GOOD.partition("[[decoder.value]]")[0].replace("contribution.in_app", "contribution.in_app.excluded")
    (*_, one) = load(tmp_path, whole + 'texts = "/attributes/rule/excluded"\n').decoders
    assert one.pointers == ("/attributes/rule/excluded",)
    with pytest.raises(RulebookError, match="which only `texts` can read"):
        load(tmp_path, GOOD.replace("contribution.in_app", "contribution.in_app.excluded"))
    with pytest.raises(RulebookError, match="is not a list"):
        load(tmp_path, GOOD.partition("[[decoder.value]]")[0] + 'texts = "/attributes/rule/excluded"\n')
    with pytest.raises(RulebookError, match="must name a place in the object"):
        load(tmp_path, whole)


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match="does not exist"):
        decoders.with_folder(RULEBOOK, tmp_path / "nowhere", catalogue.ALL)
    (tmp_path / "bad.toml").write_bytes(b"\xff")
    with pytest.raises(RulebookError, match=r"bad\.toml"):
        decoders.with_folder(RULEBOOK, tmp_path, catalogue.ALL)
    (tmp_path / "bad.toml").write_text("[[decoder", encoding="utf-8")
    with pytest.raises(RulebookError, match=r"bad\.toml"):
        decoders.with_folder(RULEBOOK, tmp_path, catalogue.ALL)
