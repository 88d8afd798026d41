"""The raw answers in a pack: sixteen files of JSON lines at most, by the first digit of each answer's SHA-256.

A line is `{"sha256": …, "body": …}`: `body` is the answer's canonical JSON as a text, so that
`jq -rj 'select(.sha256 == "DIGEST").body' responses/D.jsonl | sha256sum` gives the digest back. Packs of older versions
have one file for each answer, `responses/DIGEST.json`; both kinds are read here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby

from contribaudit.errors import EvidenceDamaged, StoreDamaged
from contribaudit.evidence.pack import ASK, Pack, shown

FOLDER = "responses"
_LONGEST_LINE = 1 << 26
"""Bytes of one answer as it is written."""


def file_of(digest: str) -> str:
    """The file that holds the answer, as a path in the pack."""
    return f"{FOLDER}/{digest[0]}.jsonl"


def bundles(answers: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Path and lines of each file. `answers` come with their digests and sorted by them; take each file's lines first.

    Lone surrogates, which JSON can carry, are kept.
    """
    for path, some in groupby(answers, key=lambda one: file_of(one[0])):
        yield path, (_line(digest, body) for digest, body in some)


def _line(digest: str, body: bytes) -> bytes:
    text = json.dumps({"sha256": digest, "body": body.decode("utf-8", "surrogatepass")})
    return f"{text}\n".encode()


def is_bundle(path: str) -> bool:
    """Whether the file holds answers line by line."""
    folder, _, name = path.rpartition("/")
    return folder == FOLDER and name.endswith(".jsonl")


def digests(pack: Pack, paths: Iterable[str]) -> Iterator[str]:
    """Digest of each answer in the pack whose files these are.

    Raises EvidenceDamaged for a line that this tool does not write, and for an answer that is not what its digest says.
    """
    for path in paths:
        if is_bundle(path):
            last = ""
            for digest, _ in _answers(pack, path):
                if not digest > last:
                    raise EvidenceDamaged(f"{path} holds an answer twice, or out of order", hint=ASK)
                last = digest
                yield digest
        elif path.startswith(f"{FOLDER}/"):
            yield path.removeprefix(f"{FOLDER}/").removesuffix(".json")


def _answers(pack: Pack, path: str) -> Iterator[tuple[str, bytes]]:
    with pack.open(path) as file:
        number = 0
        while line := file.readline(_LONGEST_LINE):
            number += 1
            digest, body = _read(line)
            if not digest or file_of(digest) != path or sha256(body).hexdigest() != digest:
                raise EvidenceDamaged(f"{shown(path)}, line {number}, does not hold what its digest says", hint=ASK)
            yield digest, body


def _read(line: bytes) -> tuple[str, bytes]:
    """Digest and answer; "" for a line that is not as it was written."""
    try:
        told = json.loads(line)
        digest, body = told["sha256"], told["body"].encode("utf-8", "surrogatepass")
        whole = isinstance(digest, str) and _line(digest, body) == line
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    return (digest, body) if whole else ("", b"")


def answer(pack: Pack, digest: str) -> bytes:
    """The raw answer with this digest.

    Raises StoreDamaged where the pack does not hold it, EvidenceDamaged where it was altered.
    """
    there = {name for name, _ in pack.sizes()}
    single = f"{FOLDER}/{digest}.json"
    if digest.isalnum() and single in there:
        body = pack.read(single)
        if sha256(body).hexdigest() != digest:
            raise EvidenceDamaged(f"{single} was modified", hint=ASK)
        return body
    if digest.isalnum() and file_of(digest) in there:
        for found, body in _answers(pack, file_of(digest)):
            if found == digest:
                return body
    raise StoreDamaged(
        f"The raw response {digest} is not in this evidence",
        hint="Packs without names of people contain none; open it on the machine with the history",
    )
