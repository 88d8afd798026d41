"""A report in which every text that comes from outside tries to get out of wherever it is written."""

from __future__ import annotations

import itertools
import json
from typing import Any

from contribaudit.exporters.json_v1 import as_document
from contribaudit.exporters.report_v1 import ReportV1
from tests.exporters.awkward import awkward_report

ATTACKS = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "'><svg onload=alert(3)>",
    "<iframe srcdoc='<script>alert(4)</script>'></iframe>",
    "javascript:alert(5)",
    "{{ 7*7 }}{% raw %}${alert(6)}`alert(7)`",
    "<!--<script>",
    "]]></failure><testcase/>&amp;&lt;&#60;",
    "</style><style>*{display:none}</style>",
    "</noscript></textarea></title><base href=//evil.example>",
    "line\u2028break\u2029\ud800\ufffe\uffff\x00\x1b[31m\u202edesrever",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "@everyone [click](https://evil.example) ![x](https://evil.example/p.png) | `code` \\| #1 www.evil.example",
    "_x0041_ _x003D_1+1",
)  # fmt: skip
_FIXED = frozenset(
    ("schema", "grade", "status", "kind", "outcome", "underlying_outcome", "severity", "fail_on", "cause_code", "match",
     "id", "sha256", "expires", "effective", "check", "organization", "collector")
)  # fmt: skip


def hostile_document() -> ReportV1:
    """Every free text of the awkward report holds an attack, subjects' and organizations' IDs among them."""
    attacks = itertools.cycle(ATTACKS)

    def treated(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {one: treated(inner, one) for one, inner in value.items() if one != "summary"} | (
                {"summary": value["summary"]} if "summary" in value else {}
            )
        if isinstance(value, list):
            return [treated(one, key) for one in value]
        if isinstance(value, str) and key not in _FIXED and not key.endswith("_at") and not key.endswith("_seen"):
            return value if key in ("as_of", "newly") else f"{next(attacks)} {value}"
        return value

    document: Any = treated(json.loads(json.dumps(as_document(awkward_report()))), "")
    document["tool"]["name"] = "contribaudit"
    for number, one in enumerate(document["findings"]):
        attack = ATTACKS[number % len(ATTACKS)]
        one["subject"]["id"] = f"{attack}{number}"
        one["setting"] = attack
        one["check"] = one["check"] if number % 5 else f"{attack}-01"
    document["organizations"][0]["name"] = ATTACKS[0]
    read: ReportV1 = document
    return read
