"""The family `wire`: answers that are damaged between the server and us. What did not arrive whole makes nothing pass.

The whole audit runs on them, history included: it ends with a code of its own, and never with 70.
"""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from unittest.mock import patch

from benchmarks.fuzz import lists
from benchmarks.fuzz.audits import audit_job, organization_of
from benchmarks.fuzz.damage import written
from benchmarks.fuzz.oracle import Oracle
from benchmarks.fuzz.serving import Asked, Bench, Sent, answer
from contribaudit import exit_codes
from contribaudit.atlassian import body, transport
from contribaudit.audit.pipeline import audit
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.errors import ContribauditError

LONGEST_BODY, ANSWER_SECONDS, READ_SECONDS = 100_000, 0.06, 0.04
"""The limits while a case runs: small, so that it takes little to go beyond them."""
NEEDED = ("organization", "workspaces", "policies")
"""What the rules of the policy cannot do without."""
Harm = Callable[[random.Random, bytes], tuple[Sent, bool]]
"""From the text of a page to what is sent in its place, and whether the page is whole in it."""


def _head(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([status, b"Content-Type: application/json", *lines, b"", b""])


def _sized(content: bytes, *lines: bytes, length: int | None = None, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    said = len(content) if length is None else length
    return _head(b"Content-Length: %d" % said, *lines, status=status) + content


def _chunks(content: bytes, sizes: random.Random) -> list[bytes]:
    found, at = [], 0
    while at < len(content):
        size = sizes.randrange(1, 2000)
        piece = content[at : at + size]
        found.append(b"%x\r\n%b\r\n" % (len(piece), piece))
        at += size
    return found


def body_cut(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    return Sent((_sized(text[: chance.randrange(len(text))], length=len(text)),), close=True), False


def length_too_small(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    return Sent((_sized(text, length=chance.randrange(len(text))),)), False


def length_too_large(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    return Sent((_sized(text, length=len(text) + chance.randrange(1, 500)),), close=True), False


def two_lengths(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    return Sent((_sized(text, b"Content-Length: %d" % chance.randrange(len(text))),), close=True), False


def odd_length(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    word = chance.choice((b"-1", b"0x20", b"many", b"", b"1e3", b"\xb2", b"9" * 30))
    return Sent((_head(b"Content-Length: " + word) + text,), close=True), False


def no_length(_chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    return Sent((_head() + text,), close=True), True


def no_length_and_cut(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    return Sent((_head() + text[: chance.randrange(len(text))],), close=True), False


def chunked(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    return Sent((_head(b"Transfer-Encoding: chunked") + b"".join(_chunks(text, chance)) + b"0\r\n\r\n",)), True


def chunks_without_end(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    return Sent((_head(b"Transfer-Encoding: chunked") + b"".join(_chunks(text, chance)),), close=True), False


def broken_chunk(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    pieces = _chunks(text, chance)
    pieces.insert(
        chance.randrange(len(pieces)), chance.choice((b"zz\r\n", b"-5\r\nabcde\r\n", b"5\r\nab\r\n", b"\r\n"))
    )
    return Sent((_head(b"Transfer-Encoding: chunked") + b"".join(pieces) + b"0\r\n\r\n",), close=True), False


def lost_chunk(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    """HTTP sees nothing wrong; the JSON is cut in the middle."""
    half = chance.randrange(1, len(text))
    pieces = _chunks(text[:half], chance)
    return Sent((_head(b"Transfer-Encoding: chunked") + b"".join(pieces) + b"0\r\n\r\n",)), False


def packed(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    name, content = chance.choice(((b"gzip", gzip.compress(text)), (b"deflate", zlib.compress(text))))
    return Sent((_sized(content, b"Content-Encoding: " + name),)), True


def packed_and_cut(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    content = gzip.compress(text)
    return Sent((_sized(content[: chance.randrange(1, len(content))], b"Content-Encoding: gzip"),)), False


def packed_and_altered(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    content = bytearray(gzip.compress(text))
    content[chance.randrange(10, len(content) - 8)] ^= 1 << chance.randrange(8)
    return Sent((_sized(bytes(content), b"Content-Encoding: gzip"),)), _unpacks_to(bytes(content), text)


def _unpacks_to(content: bytes, text: bytes) -> bool:
    """A bit that only fills the last byte up may be any."""
    try:
        return gzip.decompress(content) == text
    except (OSError, EOFError, zlib.error):
        return False


def bomb(chance: random.Random, _text: bytes) -> tuple[Sent, bool]:
    content = gzip.compress(b" " * LONGEST_BODY * chance.randrange(2, 9))
    return Sent((_sized(content, b"Content-Encoding: gzip"),)), False


def too_long(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    return Sent((_sized(text + b" " * (LONGEST_BODY + chance.randrange(1, 1000))),)), False


def other_packing(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    word = chance.choice((b"br", b"zstd", b"gzip, gzip", b"x-unheard-of", b"gzip"))
    return Sent((_sized(text, b"Content-Encoding: " + word),)), False


def trickle(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    whole = _sized(text)
    cut = chance.randrange(len(whole) - 5, len(whole)) if chance.random() < 0.5 else chance.randrange(1, 20)
    return Sent((whole[:cut], *(b" " for _ in range(200))), pause=0.005), False


def slow_but_whole(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    whole = _sized(text)
    cut = chance.randrange(1, len(whole))
    return Sent((whole[:cut], whole[cut:]), pause=0.002), True


def silence(_chance: random.Random, _text: bytes) -> tuple[Sent, bool]:
    return Sent(()), False


def early_close(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    whole = _sized(text)
    return Sent((whole[: chance.randrange(len(whole))],), close=True), False


def not_http(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    first = chance.choice(
        (
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"HTTP/1.1 abc OK\r\n\r\n",
            b"\x16\x03\x01\x02",
            b"\r\n\r\n",
            b"HTTP/1.1 99999 X\r\n\r\n",
        )
    )
    return Sent((first + text,), close=True), False


def bad_header(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    line = chance.choice((b"bad header", b": nothing", b"X\x00: y", b"X: " + b"y" * 300_000, b" folded"))
    return Sent((_sized(text, line),), close=True), False


def odd_header(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    line = chance.choice(
        (
            b"Set-Cookie: name=\xe4\xff; Path=/",
            b"Retry-After: \xff",
            b"Date: Mon, 99 Foo 99999 99:99:99 GMT",
            b"X-RateLimit-Reset: 9999-12-31T23:59:59-05:00\r\nX-RateLimit-Remaining: 0",
            b"Content-Type: text/plain; charset=nonesuch",
            b"Content-Encoding: identity",
            b"Connection: close",
            b"Location: http://a..b/",
        )
    )
    return Sent((_sized(text, line),), close=line.startswith(b"Conn")), True


def redirect(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    status = chance.choice((b"301 M", b"302 F", b"303 S", b"307 T", b"308 P"))
    to = chance.choice(
        (b"/admin/v1/orgs", b"//evil.example/", b"http://a..b/", b"mailto:ann@acme.example", b"//[", b"")
    )
    return Sent((_sized(text, b"Location: " + to, status=b"HTTP/1.1 " + status),)), False


def early_hints(_chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    return Sent((b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _sized(text),)), True


def not_text(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    at = chance.randrange(1, len(text))
    content = chance.choice((text[:at] + b"\xe4\xff" + text[at:], text.decode().encode("utf-16"), b"\x00" + text))
    return Sent((_sized(content),)), False


def more_after_it(chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    more = chance.choice((b"{}", text, b"]", b"\x00", b",", b"0"))
    return Sent((_sized(text + more),)), False


def marked(_chance: random.Random, text: bytes) -> tuple[Sent, bool]:
    return Sent((_sized(b"\xef\xbb\xbf" + text),)), True


def refused(chance: random.Random, _text: bytes) -> tuple[Sent, bool]:
    status = chance.choice((400, 401, 403, 404, 408, 418, 429, 500, 502, 503, 504))
    wait = chance.choice((b"-1", b"soon", b"1", b"99999999999999999999", b"9999-12-31T23:59:59-05:00"))
    return answer(status, chance.choice(("", "{}", "<html>", '{"message": "no"}')), b"Retry-After: " + wait), False


HARMS: tuple[Harm, ...] = (
    body_cut, length_too_small, length_too_large, two_lengths, odd_length, no_length, no_length_and_cut, chunked,
    chunks_without_end, broken_chunk, lost_chunk, packed, packed_and_cut, packed_and_altered, bomb, too_long,
    other_packing, trickle, slow_but_whole, silence, early_close, not_http, bad_header, odd_header, redirect,
    early_hints, not_text, more_after_it, marked, refused,
)  # fmt: skip


async def case(bench: Bench, family: str, seed: int) -> tuple[list[str], int, list[str]]:
    """What was done to the answers, how many findings passed, and what is wrong."""
    chance = random.Random(f"{family}/{seed}")
    organization = organization_of(seed)
    answers = lists.valid(chance, organization)
    served = {name: [(200, written(page)) for page in pages] for name, pages in answers.items()}
    done: list[str] = []
    harmed: dict[tuple[str, int], Sent] = {}
    once: set[tuple[str, int]] = set()
    for _ in range(chance.choice((1, 1, 1, 2, 3, 12))):
        name = chance.choice(("workspaces", "policies", *answers))
        place = name, chance.randrange(len(served[name]))
        if place in harmed:
            continue
        harm = chance.choice(HARMS)
        text = served[name][place[1]][1]
        harmed[place], whole = harm(chance, text.encode())
        if chance.random() < 0.2:
            once.add(place)
        elif not whole:
            served[name][place[1]] = (0, text)
        done.append(f"{harm.__name__} {name} {place[1]}{' once' if place in once else ''}")
    told = {name: [(200, text) for _, text in pages] for name, pages in served.items()}
    usual = lists.replying(told, organization)

    def reply(asked: Asked) -> Sent:
        name = "org" if asked.endpoint == organization else asked.endpoint
        number = 0 if asked.cursor is None else int(asked.cursor.removeprefix("c") or 0)
        sent = harmed.get((name, number))
        if sent is None:
            return usual(asked)
        if (name, number) in once:
            del harmed[name, number]
        return sent

    bench.reply = reply
    job = audit_job(bench, organization, lists.POLICY, read_seconds=READ_SECONDS)
    try:
        with (
            patch.object(body, "LONGEST_BODY", LONGEST_BODY),
            patch.object(transport, "ANSWER_SECONDS", ANSWER_SECONDS),
        ):
            report = await audit(job)
    except ContribauditError as error:
        return done, 0, [f"crash: {error}"] if error.exit_code == exit_codes.TOOL else []
    findings = report.findings
    snapshot = job.store.snapshot(organization, report.run.id)
    now = datetime.now(UTC)
    wrong = list(lists.wrong(served, snapshot, findings, now, organization))
    apps = next(one for one in snapshot.collections if one.collector == "workspaces")
    if apps.status is not CollectionStatus.OK:
        # The list says itself that it is short: a page took too long, or was not asked for again.
        wrong = [told for told in wrong if not told.startswith("vanished: ari:")]
    if report.run.exit_code == exit_codes.OK and not all(map(Oracle(served, organization).whole, NEEDED)):
        wrong.append("false pass: exit 0, and not every list arrived whole")
    return done, sum(one.outcome is Outcome.PASS for one in findings), wrong
