"""The rulebook's files: all parse, one can be replaced, and a mistake names file and key."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from contribaudit import checks
from contribaudit.errors import RulebookError
from contribaudit.rulebook import loader, shapes

SHIPPED = resources.files("contribaudit.rulebook").joinpath("data")


def shipped(name: str) -> str:
    return SHIPPED.joinpath(name).read_text(encoding="utf-8")


def own(folder: Path, name: str, text: str) -> Path:
    """A user's folder with one file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", loader.SHAPES)
def test_a_shipped_file_parses_and_says_where_it_comes_from(name: str) -> None:
    rulebook = loader.load()
    file = next(one for one in rulebook.files if one.name == name)
    assert file.shipped
    assert len(file.sha256) == 64
    assert f"reviewed = {file.reviewed}" in shipped(name)


def test_every_shipped_file_is_read() -> None:
    """A file that nobody loads would look like a rule in force."""
    root = Path(str(SHIPPED))
    assert {path.relative_to(root).as_posix() for path in root.rglob("*.toml")} == set(loader.SHAPES)


@pytest.mark.parametrize("name", loader.SHAPES)
def test_a_users_file_replaces_the_shipped_one_and_no_other(tmp_path: Path, name: str) -> None:
    usual = loader.load()
    changed = loader.load(own(tmp_path, name, shipped(name) + "# ours\n"))
    assert [file.name for file in changed.files if not file.shipped] == [name]
    assert [a.name for a, b in zip(usual.files, changed.files, strict=True) if a.sha256 != b.sha256] == [name]
    assert changed.sha256 != usual.sha256


def test_the_same_files_are_parsed_once_and_a_changed_one_anew(tmp_path: Path) -> None:
    """A rulebook takes longer to parse than an audit of a small organization to judge."""
    folder = own(tmp_path, "plans.toml", shipped("plans.toml"))
    first = loader.load(folder)
    assert loader.load(folder) is first
    own(tmp_path, "plans.toml", shipped("plans.toml") + "# changed\n")
    assert loader.load(folder).sha256 != first.sha256
    assert all(file.shipped for file in loader.load().files)


def test_a_users_plan_is_the_one_that_counts(tmp_path: Path) -> None:
    text = shipped("plans.toml").replace('words = ["premium"]', 'words = ["premium", "premium-2027"]')
    assert loader.load().plan("Premium-2027") is None
    found = loader.load(own(tmp_path, "plans.toml", text)).plan("Premium-2027")
    assert found is not None
    assert found.name == "Premium"


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("plans.toml", "residency = false", 'residency = "no"', "`plan.0.residency`"),
        ("plans.toml", "rovo = false", "rovoo = false", "`plan.0.rovo"),
        ("rulebook.toml", "review_within_days = 60", "review_within_days = 0", "`review_within_days`"),
        ("rulebook.toml", "effective = 2026-08-17", 'effective = "soon"', "`effective`"),
        ("moves.toml", 'meaning = "held"', 'meaning = "fine"', "`move.0.meaning`"),
        ("checks/governance.toml", 'severity = "high"', 'severity = "hihg"', "`GV-01.severity`"),
        ("realms.toml", "reviewed = ", "reviewd = ", "`reviewed`"),
        ("screens.toml", 'kind = "organization"', 'kind = "organisation"', "`screen.0.kind`"),
        ("screens.toml", "look = 60", "look = 0", "`screen.0.seconds.look`"),
        ("screens.toml", "value = 20", "value = true", "`screen.0.seconds.value`"),
        ("screens.toml", 'id = "hipaa"', 'id = "HIPAA"', "`screen.4.id`"),
        ("screens.toml", 'grade = "C"', 'grade = "D"', ".grade`"),
        ("screens.toml", 'source = "https://', 'sorce = "https://', "`source`"),
        ("screens.toml", '"https://admin.atlassian.com"', '"http://admin.atlassian.com"', "`console.address`"),
        ("screens.toml", "reviewed = 2026-11-22", "", "`console.reviewed`"),
        ("signals.toml", 'family = "ai_access"', 'family = "ai"', "`signal.3.family`"),
        ("signals.toml", 'kinds = ["app"]', "kinds = []", "`signal.4.kinds`"),
        ("signals.toml", '"signal.workspace.policy"', '"workspace.policy"', "`signal.4.signal`"),
        ("dates.toml", "date = 2026-12-21", 'date = "soon"', "`announced.0.date`"),
        ("dates.toml", 'grade = "B"', 'grade = "D"', "`announced.1.grade`"),
        ("clocks.toml", "amount = 30", 'amount = "30"', "`clocks.in_app_deletion_days.amount`"),
        ("clocks.toml", "amount = 7", "amount = -7", "`clocks.residue_years.amount`"),
        ("clocks.toml", 'source = "https://patronusec', 'source = "http://patronusec', "_days.source`"),
        ("moves.toml", "pinned = true", 'pinned = "yes"', "`move.0.pinned`"),
        ("moves.toml", "pinned = true", "pined = true", "`move.0.pin"),
        ("exemptions.toml", 'title = "a tag for HIPAA"', 'title = ""', "`exemption.1.title`: should not be empty"),
        ("events.toml", 'name = "contribution"', 'name = ""', "`family.0.name`: should not be empty"),
        ("statements.toml", "source_date = 2024-09-30", 'source_date = "soon"', "`ai_processing.source_date`"),
        ("terms.toml", 'phrases = ["', 'phrases = ["", "', ".phrases`: should not be empty"),
        ("terms.toml", 'severity = "', 'severity = "x', "`severity.0.severity`"),
        ("checks/governance.toml", "controls = [", "controls = [] #", "controls"),
        ("clocks.toml", "[clocks.retrain_days]", "[clocks.retrain_day]", "`clocks.retrain_day"),
    ],
)
def test_a_mistake_names_file_and_key(tmp_path: Path, name: str, old: str, new: str, told: str) -> None:
    text = shipped(name)
    assert old in text
    with pytest.raises(RulebookError) as error:
        loader.load(own(tmp_path, name, text.replace(old, new, 1)))
    assert name in error.value.message
    assert told in error.value.message


@pytest.mark.parametrize("name", loader.SHAPES)
def test_an_unknown_key_is_refused_in_every_file(tmp_path: Path, name: str) -> None:
    """A misspelt key would silently leave the old rule in force."""
    with pytest.raises(RulebookError) as error:
        loader.load(own(tmp_path, name, "madeup = 1\n" + shipped(name)))
    assert name in error.value.message
    assert "madeup" in error.value.message


@pytest.mark.parametrize("name", loader.SHAPES)
def test_broken_toml_names_the_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(RulebookError, match=name.replace(".", r"\.")) as error:
        loader.load(own(tmp_path, name, "reviewed = \n"))
    assert f"{name}:1: not valid TOML" in error.value.message


def test_bytes_that_are_no_text_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "plans.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(RulebookError, match=r"plans\.toml"):
        loader.load(tmp_path)


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "plans.toml").mkdir()
    with pytest.raises(RulebookError, match=r"plans\.toml"):
        loader.load(tmp_path)


@pytest.mark.parametrize("name", ["plan.toml", "governance.toml", "checks/gouvernance.toml"])
def test_a_misspelt_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RulebookError, match="no rulebook file has this name") as error:
        loader.load(own(tmp_path, name, shipped("plans.toml")))
    assert "plans.toml" in error.value.hint


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match="does not exist"):
        loader.load(tmp_path / "nowhere")


def test_every_check_has_words_and_controls() -> None:
    words = loader.load().words
    assert set(words) == {check.id for check in checks.ALL}
    for check, one in words.items():
        texts = (one.title, one.question, one.trap, one.remediation)
        assert all(text.strip() for text in texts), check
        assert one.controls, check
        assert all(control.strip() for control in one.controls), check
        assert one.source.startswith("https://"), check


@pytest.mark.parametrize(("old", "new", "told"), [("[GV-06]", "[GV-66]", "`GV-"), ("[GV-01]", "[gv-01]", "`")])
def test_a_users_file_has_words_for_the_same_checks(tmp_path: Path, old: str, new: str, told: str) -> None:
    """A check without words could not be reported; words without a check are a misspelling."""
    text = shipped("checks/governance.toml")
    assert old in text
    with pytest.raises(RulebookError) as error:
        loader.load(own(tmp_path, "checks/governance.toml", text.replace(old, new)))
    assert "checks/governance.toml" in error.value.message
    assert told in error.value.message


def test_the_words_of_a_check_are_in_the_file_of_its_family() -> None:
    rulebook = loader.load()
    by_id = {check.id: check for check in checks.ALL}
    for name, shape in loader.SHAPES.items():
        if shape is shapes.ChecksFile:
            here = {check for check in rulebook.words if f"\n[{check}]" in shipped(name)}
            assert {by_id[check].family.value for check in here} == {Path(name).stem}


def test_no_word_stands_for_two_things() -> None:
    rulebook = loader.load()
    for kind, entries in {
        "plans": [plan.words for plan in rulebook.plans],
        "realms": [realm.words for realm in rulebook.realms],
        "apps": [app.words for app in dict.fromkeys(rulebook.apps.values())],
    }.items():
        every = [word for words in entries for word in words]
        assert len(every) == len(set(every)), kind


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("apps.toml", 'type_key = "confluence"', 'type_key = "confluence"\nwords = ["trello"]'),
        ("plans.toml", 'words = ["premium"]', 'words = ["premium", "Standard"]'),
        ("moves.toml", 'word = "applying"', 'word = "Applied"'),
    ],
)
def test_a_word_that_stands_for_two_things_is_refused(tmp_path: Path, name: str, old: str, new: str) -> None:
    """Which of the two would count is nothing that an audit may guess."""
    text = shipped(name)
    if name == "apps.toml":
        start = text.index(old)
        entry = text[start : text.index("[[app]]", start)]
        changed = "".join(line for line in entry.splitlines(keepends=True) if not line.startswith("words"))
        text = text.replace(entry, changed)
    assert old in text
    with pytest.raises(RulebookError, match="stands for two"):
        loader.load(own(tmp_path, name, text.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("screens.toml", 'id = "trello-ai"', 'id = "loom-ai"', "`loom-ai` is listed twice"),
        ("screens.toml", '["contribution.offered"]', '["x", "x"]', "`x` is listed twice"),
        ("screens.toml", 'plans = ["Enterprise"]', 'plans = ["Ultimate"]', "no plan `Ultimate`"),
        ("screens.toml", 'apps = ["trello"]', 'apps = ["trelo"]', "no type key `trelo`"),
        ("screens.toml", '{ setting = "trial",', '{ setting = "plan",', "`plan`, which the screen does not show"),
        ("signals.toml", 'family = "hipaa"', 'family = "data_contribution"', "is listed twice"),
        ("dates.toml", 'id = "eu-ai-act-high-risk"', 'id = "event-by-id-ends"', "is listed twice"),
    ],
)
def test_a_screen_or_signal_that_contradicts_the_rest_is_refused(
    tmp_path: Path, name: str, old: str, new: str, told: str
) -> None:
    """Twice the same, or a plan or an app that no other file knows."""
    text = shipped(name)
    assert old in text
    with pytest.raises(RulebookError, match=name.replace(".", r"\.")) as error:
        loader.load(own(tmp_path, name, text.replace(old, new, 1)))
    assert told in error.value.message


def test_a_users_clocks_and_paths_are_the_ones_that_count(tmp_path: Path) -> None:
    """Numbers of secondary sources, and menus that moved, can be put right without a new version."""
    own(tmp_path, "clocks.toml", shipped("clocks.toml").replace("amount = 90", "amount = 120", 1))
    own(
        tmp_path,
        "screens.toml",
        shipped("screens.toml").replace('"Rovo menu" =', '"2027" = "AI > Rovo"\n"Rovo menu" =', 1),
    )
    rulebook = loader.load(tmp_path)
    assert rulebook.clocks.metadata_deletion_days.amount == 120
    assert rulebook.clocks.retrain_days.amount == 90
    screen = next(one for one in rulebook.screens if one.id == "rovo-access")
    assert list(screen.paths)[:2] == ["2027", "Rovo menu"], "newest first, as in the file"


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("Atlassian Administration > Security > Data contribution", True),
        ("atlassian  administration>Billing", True),
        ("Atlassian Administration", True),
        ("Atlassian Administration of ours > Security", False),
        ("Trello > Workspace settings; Loom > Workspace settings", False),
        ("Atlassian Administration > Rovo; Studio > Settings", False),
        ("Studio > Settings > Agents", False),
        ("", False),
    ],
)
def test_the_consoles_address_is_that_of_paths_that_begin_there(path: str, there: bool) -> None:
    """No other part of a path has one."""
    console = loader.load().console
    assert console is not None
    assert console.leads_to(path) is there
    assert urlsplit(console.address).path == "", "no deeper address is documented"
    assert (console.grade, console.reviewed.year) == ("A", 2026)


def test_a_rulebook_may_know_no_signal(tmp_path: Path) -> None:
    """Then nothing is anchored, which is a loss and no mistake."""
    text = shipped("signals.toml").partition("[[signal]]")[0]
    assert loader.load(own(tmp_path, "signals.toml", text)).signals == ()


def test_realm_groups_name_realms_that_exist() -> None:
    rulebook = loader.load()
    codes = {realm.code for realm in rulebook.realms}
    assert rulebook.realm_groups
    for name, members in rulebook.realm_groups.items():
        assert set(members) <= codes, name
        assert rulebook.realm_codes((name.lower(),)) == set(members)


def test_the_include_list_is_not_to_be_emptied_while_the_switch_is_on() -> None:
    """DC-04 fails for the switch too: then the page shows what is excluded, and there is no include list to empty."""
    assert loader.load().words["DC-04"].remediation.startswith("Turn in-app data contribution off where it is on; then")
