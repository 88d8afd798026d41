"""The fetcher of public pages: no credential, no other site, no more than was asked for, and polite."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from contribaudit.errors import PageNotRead, UsageError
from contribaudit.vendors import fetching
from contribaudit.vendors.fetching import NOTHING_KNOWN, NotModified, Page, Validators, opened, same_site

PAGE = "https://www.vendor.example/legal/terms"
Answer = Callable[[httpx.Request], httpx.Response]


class Site:
    """Answers by address, and remembers what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, list[httpx.Response]] = {}
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def answers(self, url: str, *responses: httpx.Response) -> None:
        self.pages[url] = list(responses)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        found = self.pages.get(str(request.url))
        if not found:
            return httpx.Response(404)
        return found.pop(0) if len(found) > 1 else found[0]

    async def get(self, url: str = PAGE, known: Validators = NOTHING_KNOWN, most: int = 1 << 20) -> Page | NotModified:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        async with opened(transport=httpx.MockTransport(self), sleep=sleep, most_bytes=most) as fetcher:
            return await fetcher.get(url, known)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


pytestmark = pytest.mark.anyio


async def refused(site: Site, url: str = PAGE, most: int = 1 << 20) -> PageNotRead:
    with pytest.raises(PageNotRead) as caught:
        await site.get(url, most=most)
    return caught.value


async def test_a_page_comes_with_what_proves_it(site: Site) -> None:
    site.answers(PAGE, httpx.Response(200, html="<p>Terms</p>", headers={"ETag": '"a"', "Last-Modified": "then"}))
    page = await site.get()
    assert isinstance(page, Page)
    assert page.body == b"<p>Terms</p>"
    assert page.validators == Validators('"a"', "then")
    assert (page.answered_by, page.redirects) == (PAGE, ())


async def test_no_credential_is_ever_sent(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not of the environment, not of .netrc, not a cookie that the site has set."""
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "secret")
    moved = httpx.Response(302, headers={"Location": "/legal/now", "Set-Cookie": "session=secret"})
    site.answers(PAGE, moved)
    site.answers("https://www.vendor.example/legal/now", httpx.Response(200, html="x"))
    await site.get()
    for request in site.asked:
        assert not {"authorization", "cookie", "x-api-key"} & set(request.headers)
        assert "secret" not in str(request.headers)
        assert request.headers["User-Agent"].startswith("contribaudit/")


def test_nothing_in_the_room_can_find_a_key() -> None:
    """The files about vendors import neither the settings nor the keyring."""
    script = "import sys, contribaudit.vendors.fetching\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"keyring", "contribaudit.settings.credentials", "contribaudit.settings.model"} & set(
        done.stdout.split()
    )


async def test_an_unchanged_page_is_not_sent_again(site: Site) -> None:
    site.answers(PAGE, httpx.Response(304))
    found = await site.get(known=Validators('"a"', "Mon, 02 Mar 2026 08:00:00 GMT"))
    assert isinstance(found, NotModified)
    sent = site.asked[-1].headers
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == ('"a"', "Mon, 02 Mar 2026 08:00:00 GMT")


async def test_a_304_that_nobody_asked_for_is_no_page(site: Site) -> None:
    site.answers(PAGE, httpx.Response(304))
    assert (await refused(site)).why == "refused"


async def test_a_redirect_within_the_vendors_domain_is_followed_and_named(site: Site) -> None:
    there = "https://support.vendor.example/terms"
    site.answers(PAGE, httpx.Response(301, headers={"Location": there}))
    site.answers(there, httpx.Response(200, html="x"))
    page = await site.get()
    assert isinstance(page, Page)
    assert (page.answered_by, page.redirects) == (there, (there,))


@pytest.mark.parametrize(
    "location",
    [
        "https://vendor.test/terms",
        "https://www.vendor.example.evil.test/terms",
        "http://www.vendor.example/terms",
        "https://me:secret@www.vendor.example/terms",
        "file:///etc/passwd",
        "http://127.0.0.1/terms",
        "",
    ],
)
async def test_no_other_redirect_is(site: Site, location: str) -> None:
    site.answers(PAGE, httpx.Response(302, headers={"Location": location}))
    assert (await refused(site)).why == "redirected_elsewhere"
    assert {request.url.host for request in site.asked} == {"www.vendor.example"}


async def test_a_circle_ends(site: Site) -> None:
    site.answers(PAGE, httpx.Response(302, headers={"Location": PAGE}))
    assert (await refused(site)).why == "redirect_loop"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("www.atlassian.com", "support.atlassian.com", True),
        ("www.vendor.co.uk", "legal.vendor.co.uk", True),
        ("www.vendor.co.uk", "www.other.co.uk", False),
        ("one.github.io", "two.github.io", False),
        ("127.0.0.1", "127.0.0.2", False),
        ("10.0.0.1", "20.0.0.1", False),
        ("localhost", "localhost", True),
        ("com", "vendor.com", False),
    ],
)
def test_one_registrable_domain(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same


async def test_a_page_that_is_too_large_is_not_taken(site: Site) -> None:
    site.answers(PAGE, httpx.Response(200, content=b"x" * 3000))
    assert (await refused(site, most=2000)).why == "too_large"
    compressed = httpx.Response(200, content=gzip.compress(b"x" * 3000), headers={"Content-Encoding": "gzip"})
    site.answers(PAGE, compressed)
    assert (await refused(site, most=2000)).why == "too_large"


async def test_a_short_wait_is_obeyed_once_and_a_long_one_is_named(site: Site) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "7"})
    site.answers(PAGE, busy, httpx.Response(200, html="x"))
    assert isinstance(await site.get(), Page)
    assert 7.0 in site.slept
    site.answers(PAGE, httpx.Response(503, headers={"Retry-After": "3600"}))
    error = await refused(site)
    assert (error.why, "3600 seconds" in error.message) == ("server_failed", True)
    site.answers(PAGE, busy)
    assert (await refused(site)).why == "rate_limited"


async def test_requests_to_one_host_keep_apart(site: Site) -> None:
    site.answers(PAGE, httpx.Response(200, html="x"))
    await site.get()
    assert len(site.asked) == 2  # robots.txt, then the page
    assert 0.9 < site.slept[0] <= 1.0


async def test_robots_are_obeyed(site: Site) -> None:
    site.answers("https://www.vendor.example/robots.txt", httpx.Response(200, text="User-agent: *\nDisallow: /legal/"))
    site.answers(PAGE, httpx.Response(200, html="x"))
    assert (await refused(site)).why == "disallowed"
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("status", "why"),
    [(401, "login_required"), (403, "forbidden"), (404, "not_found"), (410, "not_found"), (500, "server_failed")],
)
async def test_each_refusal_has_its_name(site: Site, status: int, why: str) -> None:
    site.answers(PAGE, httpx.Response(status, text="no"))
    error = await refused(site)
    assert (error.why, str(status) in error.message) == (why, True)
    assert "save the page" in error.hint


@pytest.mark.parametrize(
    "url",
    ["http://www.vendor.example/", "https://me:pw@www.vendor.example/", "ftp://www.vendor.example/", "https://", "x"],
)
async def test_an_address_that_is_none_of_a_public_page_is_refused(site: Site, url: str) -> None:
    with pytest.raises(UsageError) as caught:
        await site.get(url)
    assert "pw" not in str(caught.value)
    assert site.asked == []


async def test_a_host_that_nobody_answers_for_is_named(unused: str) -> None:
    async with opened() as fetcher:
        with pytest.raises(PageNotRead) as caught:
            await fetcher.get(unused)
    assert caught.value.why == "connection_refused"


@pytest.fixture
def unused() -> str:
    """An address of this machine on which nobody listens."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/page"


def test_addresses_and_files_are_told_apart() -> None:
    assert fetching.is_address("https://www.vendor.example/")
    assert not fetching.is_address("pages/terms.html")
