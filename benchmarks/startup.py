"""What `--version` and `--help` cost, as ratios to bare Python and to a bare click program in the same run."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys

ROUNDS = 15
BARE = "pass"
CLICK = """
import click

@click.command()
@click.version_option("1")
def main():
    pass

main()
"""
OURS = "from contribaudit.start import main; main()"
_MODULES = """
import atexit, os, sys
count = atexit.register(lambda: os.write(2, str(len(sys.modules)).encode()))
end = os._exit
os._exit = lambda code: (count(), end(code))
sys.argv = ["contribaudit", {option!r}]
{code}
"""


def run() -> None:
    """Print the ratios of user and system time, medians over interleaved rounds."""
    commands = {
        "bare Python": ["-c", BARE],
        "bare click --version": ["-c", CLICK, "--version"],
        "bare click --help": ["-c", CLICK, "--help"],
        "contribaudit --version": ["-c", OURS, "--version"],
        "contribaudit --help": ["-c", OURS, "--help"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for round_number in range(ROUNDS + 1):
        for name, arguments in commands.items():
            spent = _cpu_seconds(arguments)
            if round_number:  # the first one warms the disk's cache
                seconds[name].append(spent)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    bare = medians["bare Python"]
    print(f"start-up, CPU time, median of {ROUNDS} interleaved runs; modules loaded")
    for option in ("--version", "--help"):
        ours, click = medians[f"contribaudit {option}"], medians[f"bare click {option}"]
        print(
            f"  contribaudit {option:10} {ours / bare:4.1f} x bare Python, {ours / click:4.2f} x bare click, "
            f"{_modules(OURS, option)} modules (click {_modules(CLICK, option)}, Python {_modules(BARE, option)})"
        )


def _cpu_seconds(arguments: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True, env=compiled_once())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _modules(code: str, option: str) -> int:
    script = _MODULES.format(option=option, code=code)
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True
    )
    return int(done.stderr.split()[-1])


def compiled_once() -> dict[str, str]:
    """Without the variable that makes Python compile every module anew at each start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
