"""Through how many files three facts go: what somebody has to open to follow each of them.

At each station of a walk the files on the stack are noted, from the command down; the simulator's are left out. The
files of a walk are those of all its stations.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import contribaudit
from contribaudit.cli import run as command
from contribaudit.simulator import running, scenario_app

_PACKAGE = f"{Path(contribaudit.__file__).parent}{os.sep}"
_AUDIT = ("audit", "--format", "csv", "--output", "findings.csv", "--force")
_POLICY = 'version = 1\nname = "hops"\nextends = ["eu-residency"]\n'


@dataclass(frozen=True, slots=True)
class Walk:
    """A fact on its way."""

    name: str
    commands: tuple[tuple[str, ...], ...]
    stations: tuple[tuple[str, str], ...]
    """File and function at which the fact takes another form."""


WALKS = (
    Walk(
        "from audit to a CSV row: the realm of an app",
        (_AUDIT,),
        (
            ("collectors/workspaces.py", "_app"),
            ("store/saving.py", "_save_facts"),
            ("core/resolve/resolve.py", "resolve"),
            ("checks/data_residency/realm.py", "realm_allowed"),
            ("core/judge/evaluate.py", "_finding"),
            ("exporters/json_v1.py", "finding_row"),
            ("exporters/csv_evidence.py", "_findings"),
        ),
    ),
    Walk(
        "from attest to a finding: in-app contribution is off",
        (("attest", "contribution.in_app", "off", "--by", "anna@acme.example"), ("audit", "--offline", *_AUDIT[1:])),
        (
            ("attestations/recording.py", "record"),
            ("store/attestations.py", "add_attestations"),
            ("core/resolve/attested.py", "weigh"),
            ("checks/data_contribution/switches.py", "in_app_off"),
            ("core/judge/evaluate.py", "_finding"),
        ),
    ),
    Walk(
        "from a policy rule to a finding: DR-01",
        (("audit", "--offline", *_AUDIT[1:]),),
        (
            ("policy_file/schema.py", "rule"),
            ("core/judge/evaluate.py", "_judge"),
            ("checks/data_residency/realm.py", "realm_allowed"),
            ("core/judge/evaluate.py", "_finding"),
        ),
    ),
)


@dataclass(slots=True)
class Trace:
    """The files on the stack at each station, the first time that it is reached."""

    wanted: frozenset[tuple[str, str]]
    stacks: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        """What the interpreter calls for each call and return."""
        if event != "call":
            return
        here = (_file(frame), frame.f_code.co_name)
        if here in self.wanted and here not in self.stacks:
            files = [name for above in _stack(frame) if (name := _file(above))]
            self.stacks[here] = list(dict.fromkeys(reversed(files)))


def _file(frame: FrameType) -> str:
    """The frame's file, by its path in the package; "" for one of another package, or of the simulator."""
    path = frame.f_code.co_filename
    name = path.removeprefix(_PACKAGE).replace(os.sep, "/") if path.startswith(_PACKAGE) else ""
    return "" if name.startswith("simulator/") else name


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def run() -> None:
    """Print the files of each walk, by station, and how many there are. Raises LookupError for a station not met."""
    app = scenario_app("drifted")
    with tempfile.TemporaryDirectory() as folder, running(app) as url, contextlib.chdir(folder):
        Path("policy.toml").write_text(_POLICY, encoding="utf-8")
        os.environ |= {
            "HOME": folder,
            "CONTRIBAUDIT_API_URL": url,
            "CONTRIBAUDIT_ORG_ID": app.state.organization.id,
            "CONTRIBAUDIT_API_KEY": "demo-key",
            "CONTRIBAUDIT_POLICY": "policy.toml",
        }
        for walk in WALKS:
            _print(walk, _traced(walk))


def _traced(walk: Walk) -> Trace:
    trace = Trace(frozenset(walk.stations))
    threading.setprofile(trace)
    sys.setprofile(trace)
    try:
        for words in walk.commands:
            written = io.TextIOWrapper(io.BytesIO())
            with contextlib.redirect_stderr(io.StringIO()) as told, contextlib.redirect_stdout(written):
                code = command(words)
            if code not in (0, 1, 3):
                raise LookupError(f"{' '.join(words)} ended with {code}: {told.getvalue()}")
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return trace


def _print(walk: Walk, trace: Trace) -> None:
    met = dict.fromkeys(name for station in walk.stations for name in _of(trace, station))
    print(f"{walk.name}: {len(met)} files")
    for file, function in walk.stations:
        stack = trace.stacks[file, function]
        print(f"  {file} {function}: {len(stack)} on the stack")
        print(f"    {' > '.join(stack)}")


def _of(trace: Trace, station: tuple[str, str]) -> list[str]:
    if station not in trace.stacks:
        raise LookupError(f"no walk came by {station[1]} in {station[0]}: name where it goes now")
    return trace.stacks[station]


if __name__ == "__main__":
    run()
