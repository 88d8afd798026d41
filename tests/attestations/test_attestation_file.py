"""Files of attestations: every mistake is told by line, and nothing of such a file is used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contribaudit.attestations import files
from contribaudit.attestations.files import load, load_folder
from contribaudit.errors import UsageError

HEADER = "subject,setting,value,by,observed_at,note\n"
ROW = "organization,contribution.in_app,off,a@b.example,2026-11-20T10:00Z,seen\n"


def file(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        load(path)
    return str(caught.value)


def test_csv_rows(tmp_path: Path) -> None:
    """In the order of the file; the template's helping columns and rows without a value are left out."""
    text = (
        "Subject,setting,value,allowed,screen,console_path,note,attach,by,observed_at\r\n"
        'organization,contribution.in_app.excluded,"a, b",list,data-contribution,"A > B","two\nlines",s.png;t.png,,\r\n'
        "organization,contribution.in_app,  ,on | off,,,,,,\r\n"
        "\r\n"
        "organization,contribution.in_app,off,on | off,,,,,a@b.example,2026-11-20T11:00+01:00\r\n"
    )
    first, second = load(file(tmp_path, "\ufeff" + text))
    assert (first.entered.value, first.screen, first.console_path, first.note) == (
        "a, b", "data-contribution", "A > B", "two\nlines",
    )  # fmt: skip
    assert first.attach == (tmp_path / "s.png", tmp_path / "t.png")
    assert first.entered.where.endswith("a.csv:2")
    assert second.entered.where.endswith("a.csv:6")
    assert (second.by, second.observed_at) == ("a@b.example", datetime(2026, 11, 20, 10, tzinfo=UTC))


def test_toml_rows(tmp_path: Path) -> None:
    """What stands above the tables counts for all of them."""
    text = """
by = "a@b.example"
observed_at = 2026-11-20T10:00:00Z

[[attestation]]
subject = "organization"
setting = "contribution.in_app.excluded"
value = ["a", "b"]

[[attestation]]
subject = "app:x/confluence"
setting = "spaces.count"
value = 12
by = "c@d.example"
attach = ["s.png"]
"""
    first, second = load(file(tmp_path, text, "a.toml"))
    assert (first.entered.value, first.by) == (("a", "b"), "a@b.example")
    assert (second.entered.value, second.by, second.entered.where[-2:]) == (12, "c@d.example", "10")
    assert second.observed_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert second.attach == (tmp_path / "s.png",)


def test_the_same_row_has_the_same_content_wherever_it_stands(tmp_path: Path) -> None:
    first = load(file(tmp_path, HEADER + ROW))[0]
    moved = load(file(tmp_path, HEADER + ROW.replace("off", "on") + ROW, "b.csv"))
    assert moved[1].content == first.content
    assert moved[0].content != first.content


def test_every_bad_row_of_a_thousand_is_told(tmp_path: Path) -> None:
    rows = [ROW] * 1_000
    rows[499] = ROW.replace("2026-11-20T10:00Z", "yesterday")
    rows[899] = "organization,contribution.in_app,off,,,,,too many\n"
    said = mistakes(file(tmp_path, HEADER + "".join(rows)))
    assert said.startswith("2 mistakes, and nothing was recorded")
    assert "a.csv:501: `yesterday` is not a time" in said
    assert "a.csv:901: 8 cells; the header has 6" in said


@pytest.mark.parametrize("between", [";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_spreadsheet_separates_cells_as_its_language_has_it(tmp_path: Path, between: str, ends: str) -> None:
    cells = [["subject", "setting", "value"], ["organization", "contribution.in_app.included", "app:a/b,space:a/b/C"]]
    (row,) = load(file(tmp_path, ends.join(map(between.join, cells)) + ends))
    assert row.entered.value == "app:a/b,space:a/b/C"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "", "the column `subject` is missing"),
        ("a.csv", "subject,setting\n", "the column `value` is missing"),
        ("a.csv", "subject,setting,valeu\n", 'unknown column "valeu"; did you mean `value`?'),
        (
            "a.csv",
            "subject,setting,value,value\norganization,contribution.in_app,on,off\n",
            "column `value` occurs twice",
        ),
        ("a.csv", "subject,setting,value,by, BY \n", "the column `by` occurs twice"),
        ("a.csv", "value;subject;setting;Value\n", "the column `value` occurs twice"),
        ("a.csv", HEADER, "has no values"),
        ("a.csv", HEADER + 'organization,x,"off,,,\n', "not valid CSV"),
        ("a.csv", HEADER + ",contribution.in_app,off,,,\n", "a.csv:2: `subject` is missing"),
        ("a.toml", "x = ", "a.toml:1: not valid TOML"),
        ("a.toml", "", "has no values"),
        ("a.toml", "bye = 'x'\n", 'unknown key `"bye"`; did you mean `by`?'),
        ("a.toml", "[attestation]\nvalue = 1\n", "write [[attestation]], in double brackets"),
        ("a.toml", "\n[[attestation]]\nsubject = 1\nsetting = 'a'\nvalue = 'b'\n", "a.toml:2: `subject` must be a"),
        ("a.toml", "[[attestation]]\nsubject='a'\nsetting='a'\nvalue = 1.5\n", "must be a string, a number or"),
        ("a.toml", "[[attestation]]\nsubject='a'\nsetting='a'\nvalue = ['a', 1]\n", "must be a string, a number or"),
        ("a.toml", "[[attestation]]\nsubject='a'\nsetting='a'\n", "`value` is missing"),
        ("a.toml", "[[attestation]]\nsubject='a'\nsetting='a'\nvalue='b'\nobserved_at=2026-11-20\n", "no time of day"),
    ],
)
def test_mistakes_name_line_and_what_is_near(tmp_path: Path, name: str, text: str, said: str) -> None:
    assert said in mistakes(file(tmp_path, text, name))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes(b"subject,setting,value\n\xe9,a,b\n")
    large = tmp_path / "large.csv"
    with large.open("wb") as opened:
        opened.truncate(files.LARGEST_BYTES + 1)
    for path, said in (
        (tmp_path / "none.csv", "cannot be read: there is no such file"),
        (tmp_path, "cannot be read"),
        (latin, "line 2 is not UTF-8"),
        (large, "larger than 20 MB"),
    ):
        assert said in mistakes(path)


def test_a_folder_is_read_whole_each_row_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    file(tmp_path, HEADER + ROW)
    file(tmp_path / "sub", HEADER + ROW + ROW.replace("off", "on"), "b.csv")
    file(tmp_path, "nothing to us", "README.md")
    assert [row.entered.value for row in load_folder(tmp_path)] == ["off", "on"]


def test_a_folder_with_mistakes(tmp_path: Path) -> None:
    """Every file's mistakes, and rows that do not say who looked and when."""
    file(tmp_path, HEADER + "organization,contribution.in_app,off,,,\n")
    file(tmp_path, "x = ", "b.toml")
    with pytest.raises(UsageError) as caught:
        load_folder(tmp_path)
    assert "a.csv:2: `by` and `observed_at` are required in the folder" in str(caught.value)
    assert "b.toml:1: not valid TOML" in str(caught.value)
    with pytest.raises(UsageError, match="does not exist"):
        load_folder(tmp_path / "none")
