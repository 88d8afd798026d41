"""HTML: one file that holds everything and fetches nothing; the overview, plots, and a list of findings to filter.

`page.html.jinja` is the page, `report.css` how it looks, `report.js` the list; a Content-Security-Policy with their
digests lets no other style or script run. Without script it shows the overview and what fails or is unverified.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from importlib import resources
from typing import TextIO

from contribaudit.exporters.html.bars import bars
from contribaudit.exporters.html.rows import chunks
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.summary import Overview, gravest_first, group, label, told, words
from contribaudit.exporters.text import plain

MOST_WITHOUT_SCRIPT = 500
MOST_TASKS = 8
MOST_CHANGES = 50
_PIECES = 200


def write(document: ReportV1, out: TextIO) -> None:
    """The page, UTF-8."""
    out.writelines(pieces(document))


def pieces(document: ReportV1) -> Iterator[str]:
    """The same, piece by piece."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    style, script = _text("report.css"), _text("report.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"words": words, "label": label, "plain": plain, "told": told}
    about = Overview(document)
    ordered = gravest_first(document["findings"])
    wrong = [one for one in ordered if group(one["outcome"]) < 2]
    template = environment.from_string(_text("page.html.jinja"))
    stream = template.stream(
        document=document,
        about=about,
        called=defaultdict(str, {one["id"]: one["name"] for one in document["organizations"]}),
        family_bars=bars(about.by_family()),
        severity_bars=bars(about.by_severity()),
        wrong=wrong[:MOST_WITHOUT_SCRIPT],
        hidden=max(0, len(wrong) - MOST_WITHOUT_SCRIPT),
        most_tasks=MOST_TASKS,
        most_changes=MOST_CHANGES,
        new=frozenset(document["newly"]),
        # Ours alone: everything else on the page is escaped.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        chunks=map(Markup, chunks(ordered, document)),
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )
    stream.enable_buffering(_PIECES)
    yield from stream


def _text(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
