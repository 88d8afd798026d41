"""Where the command begins: signals first, then everything else."""

from __future__ import annotations

from typing import NoReturn

from contribaudit import termination


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    termination.listen()
    from contribaudit.cli import main

    main()
