"""Signals: raw API objects whose meaning is not published. A change of one is known, its meaning is not.

A signal's setting is named after the policy's type, since types are open: `signal.policy.generative-ai`. Its value is
the digest of each object's canonical form, without the fields that change without meaning. An app's own items in the
workspace list are signals too: `signal.workspace.policy` and `signal.workspace.feature`.

Each signal has two companions: `revision.<signal>`, the newest `updatedAt` of its objects where they have one, and
`settled.<signal>`, False while the API says that a change of it is being applied. Both are volatile: they say whether
a signal can be compared, and their own changes are not reported.
"""

from __future__ import annotations

from dataclasses import replace

from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.signals import REVISION_PREFIX, SETTLED_PREFIX, revision_of, settled_of

POLICY_PREFIX = "signal.policy."
_POLICIES = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-policies/"
_WORKSPACES = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-workspaces/"


def _signal(setting: str, kinds: tuple[Kind, ...], title: str, page: str) -> Setting:
    shown = f"{title}, meaning not published"
    return Setting(SettingId(setting), Family.GOVERNANCE, kinds, shown, Grade.DOCUMENTED, page, unit="SHA-256")


def policy_signal(policy_type: str) -> Setting:
    """The signal of one policy type, on the organization and on each app that the policy lists."""
    return _signal(POLICY_PREFIX + policy_type, (Kind.ORGANIZATION, Kind.APP), f"Signal {policy_type}", _POLICIES)


WORKSPACE_POLICY = _signal(
    "signal.workspace.policy", (Kind.APP,), "Items of the app with `enabled` or `suspended`", _WORKSPACES
)
WORKSPACE_FEATURE = _signal(
    "signal.workspace.feature", (Kind.APP,), "Other items of the app that are not entitlements", _WORKSPACES
)


def revision(signal: Setting) -> Setting:
    """The setting that holds the newest `updatedAt` of the signal's objects."""
    title = f"Last update: {signal.title}"
    return replace(signal, id=revision_of(signal.id), title=title, unit="UTC time", volatile=True)


def settled(signal: Setting) -> Setting:
    """The setting that is False while a change of the signal's objects is being applied."""
    return replace(signal, id=settled_of(signal.id), title=f"Applied: {signal.title}", unit="", volatile=True)


def find(setting: SettingId) -> Setting | None:
    """The setting of a signal, of a companion, or of a collector's unknown shapes; None for another ID."""
    for prefix, companion in ((REVISION_PREFIX, revision), (SETTLED_PREFIX, settled)):
        if setting.startswith(prefix):
            signal = find(SettingId(setting.removeprefix(prefix)))
            return companion(signal) if signal is not None else None
    for workspace_signal in (WORKSPACE_POLICY, WORKSPACE_FEATURE):
        if setting == workspace_signal.id:
            return workspace_signal
    if setting.startswith(POLICY_PREFIX):
        return policy_signal(setting.removeprefix(POLICY_PREFIX))
    if setting.startswith(names.SHAPES_PREFIX):
        return unknown_shapes(setting.removeprefix(names.SHAPES_PREFIX))
    return None


def unknown_shapes(collector: str) -> Setting:
    """The setting that lists the unknown shapes in the answers that a collector reads."""
    return Setting(
        SettingId(names.SHAPES_PREFIX + collector),
        Family.GOVERNANCE,
        (Kind.ORGANIZATION,),
        f"Unknown shapes in {collector}",
        Grade.DOCUMENTED,
        "",
        unordered=True,
    )
