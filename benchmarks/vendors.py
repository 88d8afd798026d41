"""What importing a page of sub-processors of 5 MB takes, in each form: time and memory. Ends with 1 where too much."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.subprocessors import ListHistory
from contribaudit.core.resolve.subprocessor_changes import list_changes
from contribaudit.core.resolve.subprocessors import understood
from contribaudit.errors import SubprocessorsNotRead
from contribaudit.rulebook import loader
from contribaudit.vendors.subprocessors import take_in

PAGES = Path(__file__).parents[1] / "tests" / "vendors" / "subprocessors"
BYTES = 5_000_000
MOST_SECONDS, MOST_MIB = 20.0, 600.0
FORMS = ("html", "txt", "scripts", "tags")
NOW = datetime(2026, 11, 29, tzinfo=UTC)


def run() -> int:
    """Print the figures. Every form is a process of its own, since a process's peak never goes down."""
    wrong = 0
    print("a page of sub-processors of 5 MB, read, understood and compared with the page of half a year before")
    for form in FORMS:
        ended = subprocess.run(
            [sys.executable, "-m", "benchmarks.vendors", form], capture_output=True, text=True, check=True
        )
        told = json.loads(ended.stdout)
        over = told["seconds"] > MOST_SECONDS or told["peak"] > MOST_MIB
        wrong += over
        print(
            f"  {told['what']:<38} {told['read']:.2f} s to read, {told['seconds']:.2f} s in all,"
            f" {told['peak']:.0f} MiB at its peak{'   TOO MUCH' if over else ''}"
        )
    return wrong


def page(form: str) -> tuple[str, bytes]:
    """What it is, and the page."""
    html = (PAGES / "page-2026-09-14.html").read_text(encoding="utf-8")
    match form:
        case "html" | "txt":
            text = html if form == "html" else (PAGES / "page-2026-09-14.txt").read_text(encoding="utf-8")
            start, end = (
                ("<tr><td><strong>Oração", "<tr><td><strong>Callwire")
                if form == "html"
                else ("Oração Serviços", "Callwire, Inc")
            )
            begun, ended = text.index(start), text.index(end)
            row = text[begun:ended]
            many = "".join(row.replace("Oração", f"Oração {n}") for n in range(BYTES // len(row.encode())))
            return f"{form}, {many.count('Oração '):,} rows", (text[:begun] + many + text[ended:]).encode()
        case "scripts":
            filler = "<script>if (a < b) { document.write('<table>'); }</script>\n"
            return "HTML, mostly scripts", html.replace("</h1>", "</h1>" + filler * (BYTES // len(filler)), 1).encode()
        case _:
            filler = "<script<table <td "
            return "HTML of broken tags", html.replace("</h1>", "</h1>" + filler * (BYTES // len(filler)), 1).encode()


def _measured(form: str) -> dict[str, object]:
    rules = loader.load().subprocessors
    signed = Signature("dpo@acme.example", NOW, "", "")
    old = take_in((PAGES / "page-2026-03-02.html").read_bytes(), "old", rules, ListHistory(), signed)
    what, body = page(form)
    started = time.perf_counter()
    try:
        new = take_in(body, "page", rules, ListHistory(), signed)
        read = time.perf_counter() - started
        list_changes(understood(old, rules), understood(new, rules))
    except SubprocessorsNotRead as error:
        read = time.perf_counter() - started
        what = f"{what}: {error.why}"
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"what": what, "read": read, "seconds": seconds, "peak": peak}


if __name__ == "__main__":
    print(json.dumps(_measured(sys.argv[1])))
