"""Apps are grouped into sites by what they share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contribaudit.core.advise.deadlines import key_days_left
from contribaudit.core.model import names
from contribaudit.core.model.observation import Value
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.resolve.inventory import sites_of
from tests.exporters.awkward import ONE, app, seen, state_of


def sites(*apps: tuple[str, str]) -> list[tuple[str, str, list[str]]]:
    """ID, host and apps of each site; each app is a cloud ID and a host, "" where it tells none."""
    facts = []
    for number, (cloud, host) in enumerate(apps):
        facts.append(seen(app(str(number)), names.APP_TYPE_KEY, "jira"))
        facts += [seen(app(str(number)), names.APP_SITE, cloud)] if cloud else []
        facts += [seen(app(str(number)), names.APP_HOST, host)] if host else []
    found = sites_of(state_of(facts), ONE)
    return [(one.id, one.host, [member.id.rpartition("/")[2] for member in one.apps]) for one in found]


@pytest.mark.parametrize(
    ("apps", "expected"),
    [
        ([("", "")], []),
        ([("c1", "a.net"), ("c1", ""), ("", "a.net")], [("c1", "a.net", ["0", "1", "2"])]),
        ([("c1", ""), ("c2", "b.net")], [("c1", "", ["0"]), ("c2", "b.net", ["1"])]),
        ([("", "a.net"), ("c1", ""), ("c1", "a.net")], [("c1", "a.net", ["0", "1", "2"])]),
        (
            [("c1", ""), ("c9", ""), ("", "a.net"), ("c2", ""), ("c2", "a.net"), ("c1", "a.net"), ("c2", "")],
            [("c1", "a.net", ["0", "2", "3", "4", "5", "6"]), ("c9", "", ["1"])],
        ),
    ],
)
def test_sites(apps: list[tuple[str, str]], expected: list[tuple[str, str, list[str]]]) -> None:
    """A cloud ID or a host joins apps, also when only a later app shows that the two are one site."""
    assert sites(*apps) == expected


KEYS = st.lists(st.tuples(st.sampled_from(["", *"abcde"]), st.sampled_from(["", *"vwxyz"])), max_size=12)


@given(KEYS)
def test_sites_are_what_is_connected(apps: list[tuple[str, str]]) -> None:
    """Two apps are on one site exactly when a chain of shared keys leads from one to the other."""
    reach = {number: {number} for number, keys in enumerate(apps) if any(keys)}
    for _ in apps:
        for near in reach.values():
            for other in reach:
                shared = any(key and key == apps[other][side] for m in near for side, key in enumerate(apps[m]))
                if shared:
                    near.add(other)
    expected = sorted({tuple(sorted(near)) for near in reach.values()})
    assert sorted(tuple(sorted(int(member) for member in one[2])) for one in sites(*apps)) == expected


@pytest.mark.parametrize(
    ("ends", "days"),
    [
        ("2026-11-21T22:29:59.987654Z", 1),
        ("2026-11-20T22:29:59.987654+00:00", 0),
        ("2026-11-20T22:29:59.987653+00:00", -1),
        ("2026-12-20T00:00:00", 29),
        ("soon", None),
        (None, None),
    ],
)
def test_key_days_left(ends: Value, days: int | None) -> None:
    """Whole days from the moment of the report; a time without a zone is UTC, nonsense tells nothing."""
    state = state_of([seen(organization_subject(ONE), "api_key.expires_at", ends)])
    assert key_days_left(state) == days
