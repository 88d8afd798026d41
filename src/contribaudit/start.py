"""The entry point of the command: standard streams and signals first, then everything else."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from contribaudit import termination


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    _open_streams()
    termination.listen()
    from contribaudit.cli import main

    main()


def _open_streams() -> None:
    """Replace each closed standard stream with an empty one that discards what is written.

    Python has None for a closed stream, and the next file that is opened would get its number: the history, a
    connection.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            reading = number == 0
            descriptor = os.open(os.devnull, os.O_RDONLY if reading else os.O_WRONLY)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            os.set_inheritable(number, True)
            stream = open(number, "r" if reading else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
