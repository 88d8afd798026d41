"""The sentences of a rulebook that this version did not write."""

from __future__ import annotations

import pytest

from contribaudit.rulebook import loader
from contribaudit.rulebook import loader as sentences

SHIPPED = dict(loader.sources())
CHECKS = [text.encode() for name, text in SHIPPED.items() if name.startswith("checks/")]


def test_the_shipped_files_say_what_the_loader_reads() -> None:
    """All but the address of a page: what comes from elsewhere chooses none."""
    told = sentences.words(CHECKS)
    for check, known in loader.load().words.items():
        assert (told[check].question, told[check].trap, told[check].remediation, told[check].controls) == (
            known.question,
            known.trap,
            known.remediation,
            known.controls,
        )
        assert told[check].source == ""
    assert told.keys() == loader.load().words.keys()


@pytest.mark.parametrize(
    ("file", "question"),
    [
        ('reviewed = 2031-01-01\n[XX-01]\ntitle = "t"\nseverity = "high"\nquestion = "Is it?"\n', "Is it?"),
        ('[XX-01]\ntitle = "t"\nseverity = "low"\nquestion = "Is it?"\ncolour = "red"\n', "Is it?"),
        ('[XX-01]\ntitle = "t"\nseverity = "low"\n', ""),
    ],
)
def test_a_table_may_say_more_or_less(file: str, question: str) -> None:
    assert sentences.words([file.encode()])["XX-01"].question == question


@pytest.mark.parametrize(
    "file",
    [
        b'[XX-01]\ntitle = "t"\nseverity = "frightful"\n',
        b'[XX-01]\nseverity = "high"\nquestion = "Is it?"\n',
        b'[XX-01]\ntitle = "t"\nseverity = "high"\nquestion = ["Is it?"]\n',
        b"XX-01 = 1\n",
        b"[XX-01\n",
        b"\xff\xfe",
        b"a = " + b"[" * 5000,
    ],
)
def test_what_cannot_be_understood_is_left_out(file: bytes) -> None:
    """And the other files are read all the same."""
    told = sentences.words([file, *CHECKS])
    assert "XX-01" not in told
    assert told["DR-01"].question
