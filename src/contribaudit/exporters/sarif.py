"""SARIF 2.1.0 (OASIS): checks as rules, everything that does not pass as results.

A subject is not a file, so it is the result's logical location. The physical location is the line of the policy file
with the rule, if the report knows one: the standard does not require it, but code scanning services do. As the standard
says, only the kind "fail" has a level; unverified results are "open" or for "review", and are always included.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from contribaudit.exporters.report_v1 import CollectionV1, FindingV1, ReportV1
from contribaudit.exporters.summary import FAMILIES, Overview
from contribaudit.exporters.text import label, safe_text, value_text, words

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "contribaudit/findingId/v1"
LINE_FINGERPRINT = "primaryLocationLineHash"
"""The partial fingerprint by which GitHub identifies results. GitHub would make it from the line, so that all results
on one line of the policy would share it.
"""
ROOT = "%SRCROOT%"
KINDS = {
    "pass": "pass",
    "fail": "fail",
    "conflict": "fail",
    "not_achievable": "fail",
    "unknown": "open",
    "stale": "review",
    "pending": "open",
    "exempt": "notApplicable",
    "no_such_setting": "notApplicable",
    "not_yet_effective": "notApplicable",
    "waived": "fail",
}
"""Kind by outcome; a waived finding has that of its underlying outcome. An underlying "waived", which no version
writes, counts as a failure.
"""
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "1.0"}
"""The scores by which code scanning services sort."""


def pieces(document: ReportV1, *, everything: bool = False) -> Iterator[str]:
    """The report as a SARIF log, one piece per result; with `everything`, passes are included. ASCII only."""
    rules: dict[str, FindingV1] = {}
    for one in document["findings"]:
        rules.setdefault(one["check"], one)
    order = {check: number for number, check in enumerate(sorted(rules))}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "contribaudit",
                "version": safe_text(document["tool"]["version"]),
                "rules": [_rule(rules[check]) for check in order],
            }
        },
        "automationDetails": {
            "id": f"{_category(document)}/{document['run']['id']}",
            "description": {"text": f"Policy {safe_text(document['policy']['name'])}, run {document['run']['id']}"},
        },
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder that the audit was started in."}}},
        "invocations": [_invocation(document)],
        "properties": {
            "policySha256": document["policy"]["sha256"],
            "rulebookVersion": safe_text(document["rulebook"]["version"]),
            "byOutcome": document["summary"]["by_outcome"],
        },
    }
    head = json.dumps(run, indent=2)[: -len("\n}")]
    yield f'{{\n"$schema": "{SCHEMA}",\n"version": "{VERSION}",\n"runs": [\n{head},\n  "results": ['
    before = "\n"
    for one in document["findings"]:
        if everything or one["outcome"] != "pass":
            yield before + json.dumps(_result(one, order[one["check"]]))
            before = ",\n"
    yield "\n  ]\n}\n]\n}\n"


def _category(document: ReportV1) -> str:
    """The ID by which code scanning services compare runs; it depends on the organizations and the policy's name."""
    scope = json.dumps([document["policy"]["name"], sorted(one["id"] for one in document["organizations"])])
    return f"contribaudit/{sha256(scope.encode()).hexdigest()[:12]}"


def _safe_lines(text: str) -> str:
    return safe_text(text, keep_lines=True)


def _rule(finding: FindingV1) -> dict[str, Any]:
    """A check as a rule, in the words of its first finding."""
    family = finding["check"].partition("-")[0]
    steps = [
        _safe_lines(finding["remediation"]),
        f"Where: {_safe_lines(finding['console_path'])}" if finding["console_path"] else "",
    ]
    return {
        "id": safe_text(finding["check"]),
        "shortDescription": {"text": _safe_lines(finding["title"]) or safe_text(finding["check"])},
        "fullDescription": {"text": _safe_lines(finding["title"]) or safe_text(finding["check"])},
        "help": {"text": "\n".join(step for step in steps if step) or "No remediation is known."},
        "defaultConfiguration": {"level": LEVELS[finding["severity"]]},
        "properties": {
            "tags": list(
                dict.fromkeys(
                    ["security", FAMILIES.get(family, safe_text(family)), *map(safe_text, finding["controls"])]
                )
            ),
            "security-severity": SCORES[finding["severity"]],
        },
    }


def _result(finding: FindingV1, rule: int) -> dict[str, Any]:
    subject = finding["subject"]
    kind = KINDS[finding["underlying_outcome"] if finding["outcome"] == "waived" else finding["outcome"]]
    first = finding["evidence"][0] if finding["evidence"] else None
    result: dict[str, Any] = {
        "ruleId": safe_text(finding["check"]),
        "ruleIndex": rule,
        "kind": kind,
        "level": LEVELS[finding["severity"]] if kind == "fail" else "none",
        "message": {"text": f"{label(subject)}: {words(finding['outcome'])}: {_safe_lines(finding['reason'])}"},
        "locations": [
            {
                **_physical(finding["rule"]),
                "logicalLocations": [
                    {
                        "name": safe_text(subject["name"]),
                        "fullyQualifiedName": safe_text(subject["id"]),
                        "kind": subject["kind"],
                    }
                ],
            }
        ],
        "fingerprints": {FINGERPRINT: finding["id"]},
        "partialFingerprints": {LINE_FINGERPRINT: f"{finding['id']}:1"},
        "properties": {
            "outcome": finding["outcome"],
            "underlyingOutcome": finding["underlying_outcome"],
            "severity": finding["severity"],
            "organization": safe_text(finding["organization"]),
            "setting": safe_text(finding["setting"]) if finding["setting"] is not None else None,
            "expected": value_text(finding["expected"]),
            "observed": value_text(finding["observed"]),
            "evidenceGrade": first["grade"] if first else None,
            "evidenceSha256": first["sha256"] if first else None,
            "observedAt": first["observed_at"] if first else None,
            "dueAt": finding["due_at"],
            "fragile": finding["fragile"],
            "reasonCode": safe_text(finding["reason_code"]),
        },
    }
    waiver = finding["waiver"]
    if waiver is not None:
        reason, approver = _safe_lines(waiver["reason"]), safe_text(waiver["approved_by"])
        because = f"{reason} (approved by {approver}, until {waiver['expires']}"
        ticket = f", {safe_text(waiver['ticket'])}" if waiver["ticket"] else ""
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": f"{because}{ticket})"}]
    return result


def _physical(rule: str) -> dict[str, Any]:
    """The line of the policy file as a physical location; {} when the report names none."""
    path, _, line = rule.rpartition(":")
    if not path or not (line.isascii() and line.isdecimal() and int(line[:9])):
        return {}
    uri = quote(path, errors="replace")
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri, "uriBaseId": ROOT},
            "region": {"startLine": int(line[:9])},
        }
    }


def _invocation(document: ReportV1) -> dict[str, Any]:
    run = document["run"]
    return {
        "executionSuccessful": run["complete"],
        "exitCode": run["exit_code"],
        "exitCodeDescription": Overview(document).headline,
        "startTimeUtc": run["started_at"],
        "endTimeUtc": run["finished_at"],
        "toolExecutionNotifications": [_notification(one) for one in document["collection"] if one["status"] != "ok"]
        + [
            {
                "level": "error",
                "message": {"text": f"{safe_text(one['name'])} was not read: {_safe_lines(one['unread_reason'])}"},
            }
            for one in document["organizations"]
            if one["unread_reason"]
        ],
        "toolConfigurationNotifications": [
            {"level": "warning", "message": {"text": _safe_lines(warning)}} for warning in document["warnings"]
        ],
    }


def _notification(collection: CollectionV1) -> dict[str, Any]:
    name = safe_text(collection["collector"])
    needs = f"; the key lacks the scope {safe_text(collection['missing_scope'])}" if collection["missing_scope"] else ""
    return {
        "level": "error" if collection["status"] == "failed" else "warning",
        "message": {"text": f"{collection['status']}: {name}: {_safe_lines(collection['reason'])}{needs}"},
        "properties": {
            "organization": safe_text(collection["organization"]),
            "code": safe_text(collection["code"]),
            "read": collection["read"],
        },
    }
