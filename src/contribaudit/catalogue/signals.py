"""Raw API objects whose meaning is not published: we know when they move, not what they say.

A signal's setting is made from the policy's type, since types are open: `signal.policy.generative-ai`. Its value is
the digest of the object's canonical form, with the fields apart that change without meaning.
"""

from __future__ import annotations

from contribaudit.core import names
from contribaudit.core.observation import Grade, SettingId
from contribaudit.core.setting import Family, Setting
from contribaudit.core.subject import Kind

POLICY_PREFIX = "signal.policy."
_POLICIES = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-policies/"


def policy_signal(policy_type: str) -> Setting:
    """The signal of one policy type, on the organization and on each app that the policy lists."""
    return Setting(
        SettingId(POLICY_PREFIX + policy_type),
        Family.GOVERNANCE,
        (Kind.ORGANIZATION, Kind.APP),
        f"Policy of type {policy_type}, meaning not published",
        Grade.DOCUMENTED,
        _POLICIES,
        unit="SHA-256",
    )


def unknown_shapes(collector: str) -> Setting:
    """Shapes in a collector's answers that this version does not know."""
    return Setting(
        SettingId(names.SHAPES_PREFIX + collector),
        Family.GOVERNANCE,
        (Kind.ORGANIZATION,),
        f"Unknown shapes in {collector}",
        Grade.DOCUMENTED,
        "",
        unordered=True,
    )
