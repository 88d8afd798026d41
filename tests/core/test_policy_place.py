"""Where a rule stands, as a place in the folder that the audit was started in."""

from __future__ import annotations

import pytest

from contribaudit.core.model.policy import AuditPolicy, Rule


@pytest.mark.parametrize(
    ("file", "origin", "place"),
    [
        ("", "policy.toml:12", ""),
        ("", "essentials", ""),
        ("policy.toml", "policy.toml:12", "policy.toml:12"),
        ("conf/policy.toml", "policy.toml:12", "conf/policy.toml:12"),
        ("conf/policy.toml", "teams/../base.toml:4", "conf/base.toml:4"),
        ("conf/policy.toml", "../base.toml:4", "base.toml:4"),
        ("conf/policy.toml", "a:b.toml:4", "conf/a:b.toml:4"),
        # What is not in the folder, or in no file, stands where the policy's file brings it in.
        ("conf/policy.toml", "essentials", "conf/policy.toml:3"),
        ("conf/policy.toml", "../../base.toml:4", "conf/policy.toml:3"),
        ("conf/policy.toml", "/etc/base.toml:4", "conf/policy.toml:3"),
    ],
)
def test_where_a_rule_stands(file: str, origin: str, place: str) -> None:
    policy = AuditPolicy("p", (), file=file, extends_line=3)
    assert policy.place(Rule("DR-01", origin)) == place
