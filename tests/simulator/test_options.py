"""What the facts leave open varies as the options say."""

from __future__ import annotations

import httpx
import pytest

from contribaudit.simulator import Options
from contribaudit.simulator.values import Json

from .conftest import API_KEYS, POLICIES, WORKSPACES, Connect, acme

pytestmark = pytest.mark.anyio


async def first_page(connect: Connect, options: Options, limit: int = 1000) -> Json:
    async with connect(acme(options=options)) as client:
        page: Json = (await client.post(WORKSPACES, json={"limit": limit})).json()
    return page


async def policies(connect: Connect, options: Options, **parameters: str) -> Json:
    async with connect(acme(options=options)) as client:
        page: Json = (await client.get(POLICIES, params=parameters)).json()
    return page


async def test_relationships_have_other_names(connect: Connect) -> None:
    options = Options(entitlements_key="products", app_policies_key="settings", features_key="abilities")
    shown = (await first_page(connect, options))["data"][0]["relationships"]
    assert {name: len(items) for name, items in shown.items()} == {"products": 1, "settings": 1, "abilities": 1}
    assert shown["products"][0]["attributes"]["plan"] == "Standard"


async def test_relationships_all_under_one_name(connect: Connect) -> None:
    options = Options(entitlements_key="all", app_policies_key="all", features_key="all")
    shown = (await first_page(connect, options))["data"][0]["relationships"]
    assert [item["type"] for item in shown["all"]] == ["entitlements", "policies", "features"]


async def test_next_is_a_url_or_a_token(connect: Connect) -> None:
    url = (await first_page(connect, Options(), limit=5))["links"]["next"]
    token = (await first_page(connect, Options(next_link="token"), limit=5))["links"]["next"]
    assert httpx.URL(url).params["cursor"] == token
    assert "://" not in token


async def test_next_on_the_last_page_is_absent_or_null(connect: Connect) -> None:
    assert "next" not in (await first_page(connect, Options()))["links"]
    assert (await first_page(connect, Options(null_next=True)))["links"]["next"] is None


async def test_links_name_a_host_that_is_not_ours(connect: Connect) -> None:
    """A client that follows a link instead of taking its cursor would leave for it."""
    page = await first_page(connect, Options(link_host="https://elsewhere.example"), limit=5)
    assert httpx.URL(page["links"]["next"]).host == "elsewhere.example"


async def test_total_counts_a_repeated_entry_twice_or_once(connect: Connect) -> None:
    entries = await first_page(connect, Options())
    assert (entries["meta"]["total"], len(entries["data"])) == (15, 15)
    assert (await first_page(connect, Options(total="distinct")))["meta"]["total"] == 14


@pytest.mark.parametrize(("spelling", "expected"), [("code", "EU"), ("name", "European Union"), ("lower", "eu")])
async def test_realms_are_spelled_the_same_in_apps_and_policies(connect: Connect, spelling: str, expected: str) -> None:
    options = Options(realm_spelling=spelling)  # type: ignore[arg-type]
    assert (await first_page(connect, options))["data"][0]["attributes"]["realm"] == expected
    assert (await policies(connect, options))["data"][0]["attributes"]["rule"] == {"in": [expected]}


@pytest.mark.parametrize("key", ["migrationEndDataTime", "migrationEndDateTime"])
async def test_the_window_ends_under_either_spelling(connect: Connect, key: str) -> None:
    found = await policies(connect, Options(window_end_key=key))  # type: ignore[arg-type]
    scheduled = [r for r in found["data"][0]["attributes"]["resources"] if r["applicationStatus"] == "scheduled"]
    assert scheduled[0]["meta"] == {
        "scheduledDate": "2026-12-01",
        "migrationStartDateTime": "2026-12-01T22:00:00Z",
        key: "2026-12-02T04:00:00Z",
        "atlassianAccountId": "557058:0000",
    }


@pytest.mark.parametrize(
    ("announced", "in_meta", "in_links"), [("both", True, True), ("meta", True, False), ("links", False, True)]
)
async def test_where_the_next_page_of_policies_is_announced(
    connect: Connect, announced: str, in_meta: bool, in_links: bool
) -> None:
    found = await policies(connect, Options(policies_page_size=2, policies_next=announced))  # type: ignore[arg-type]
    assert len(found["data"]) == 2
    assert (found["meta"]["next"] is not None, "next" in found["links"]) == (in_meta, in_links)


async def test_undocumented_policy_types_may_not_filter(connect: Connect) -> None:
    """A documented one always does."""
    assert len((await policies(connect, Options(), type="generative-ai"))["data"]) == 1
    ignoring = Options(filters_undocumented_types=False)
    assert len((await policies(connect, ignoring, type="generative-ai"))["data"]) == 6
    assert len((await policies(connect, ignoring, type="data-residency"))["data"]) == 2


@pytest.mark.parametrize("listed", [True, False])
async def test_the_own_key_may_be_missing_from_the_list(connect: Connect, listed: bool) -> None:
    async with connect(acme(options=Options(own_key_listed=listed))) as client:
        ids = [entry["id"] for entry in (await client.get(API_KEYS)).json()["data"]]
    assert ("acme-key-1" in ids) is listed
