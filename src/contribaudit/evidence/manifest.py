"""manifest.json: the digest of every file of an evidence folder, what judged the run, and the preceding manifest.

The bytes are JSON in the canonical form of RFC 8785 (https://www.rfc-editor.org/rfc/rfc8785), so that anyone who parses
the file and writes it in that form gets the same bytes, and the same digest and signature.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contribaudit.errors import EvidenceDamaged, EvidenceNewer, invalid

SCHEMA = "contribaudit.manifest/1"
NAME = "manifest.json"
SIGNATURE = "manifest.json.sig"
PUBLIC_KEY = "public-key.pem"
SUMS = "SHA256SUMS"
UNLISTED = frozenset((NAME, SIGNATURE, PUBLIC_KEY))
"""Files of the folder that the manifest cannot list."""

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


class _ManifestPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Tool(_ManifestPart):
    """What wrote the folder."""

    name: Literal["contribaudit"]
    version: str
    code_sha256: Digest
    """SHA-256 over the files of the tool itself."""


class Scope(_ManifestPart):
    """What the folder covers."""

    kind: Literal["run", "period"]
    organizations: list[str]
    """IDs, sorted."""
    runs: list[int]
    """Runs covered, oldest first."""
    from_: Annotated[Time | None, Field(alias="from")]
    until: Time | None
    people: Literal["named", "pseudonym", "omit"]
    """How people appear in the folder."""
    sites: list[str]
    """Hosts of the sites that the folder is limited to, sorted; empty for all."""


class Judged(_ManifestPart):
    """The newest run of the folder, and the policy and rulebook that judged it."""

    run: int
    finished_at: Time
    complete: bool
    exit_code: int
    policy_name: str
    policy_sha256: Digest
    rulebook_version: str
    rulebook_sha256: Digest
    ledger_sha256: Digest | None
    """Digest of ledger.csv; None when the run has no stored ledger."""
    clock_skew_seconds: int | None
    """The API's `Date` minus the local clock during the run; None when no answer had a date."""


class Before(_ManifestPart):
    """The preceding manifest of the same organizations."""

    sha256: Digest
    written_at: Time


class Entry(_ManifestPart):
    """A file of the folder."""

    path: str
    """Relative to the folder, with slashes."""
    size_bytes: int
    sha256: Digest


class Manifest(_ManifestPart):
    """The whole of manifest.json."""

    schema_: Annotated[Literal["contribaudit.manifest/1"], Field(alias="schema")]
    tool: Tool
    written_at: Time
    scope: Scope
    judged: Judged
    previous: Before | None
    """None for the first of a chain."""
    files: list[Entry]
    """Sorted by path."""
    signed_with: Digest | None
    """Fingerprint of the signing key, so that a signature cannot be removed unnoticed; None when it is not signed."""

    def canonical(self) -> bytes:
        """The bytes of manifest.json."""
        import rfc8785

        return rfc8785.dumps(self.model_dump(mode="json", by_alias=True))

    def is_canonical(self, data: bytes) -> bool:
        """True when the bytes are this manifest in its canonical form."""
        import rfc8785

        try:
            return self.canonical() == data
        except rfc8785.CanonicalizationError:  # a lone surrogate, or a number beyond 2**53
            return False

    @property
    def sha256(self) -> str:
        """The digest by which the next manifest, or a person, refers to this one."""
        return sha256(self.canonical()).hexdigest()


_DEVICES = frozenset(("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))))
_LONGEST_PATH = 200


def plain_path(path: str) -> bool:
    """True for a relative path of harmless names, which every system and archive accepts."""
    return len(path) <= _LONGEST_PATH and all(
        part.isascii()
        and part[:1].isalnum()
        and not part.endswith(".")
        and all(c.isalnum() or c in "._-" for c in part)
        and part.partition(".")[0].casefold() not in _DEVICES
        for part in path.split("/")
    )


def read_manifest(data: bytes) -> Manifest:
    """The manifest in these bytes.

    Raises EvidenceNewer for the schema of a later version, EvidenceDamaged for anything that this version did not
    write.
    """
    import json

    try:
        document: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise EvidenceDamaged(f"{NAME} is not JSON", hint=ASK) from None
    word = document.get("schema") if isinstance(document, dict) else None
    if isinstance(word, str) and word.startswith("contribaudit.manifest/") and word != SCHEMA:
        raise EvidenceNewer(f"{NAME} has the schema {word[:60]}, which this version does not know", hint=_UPDATE)
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        raise EvidenceDamaged(f"{NAME}, {invalid(error)}", hint=ASK) from None
    if not manifest.is_canonical(data):
        raise EvidenceDamaged(f"{NAME} was rewritten: it is not in the form in which it was made", hint=ASK)
    return manifest


ASK = "Ask whoever made the evidence for the original"
_UPDATE = "Update contribaudit"


_SUFFIXES = (".py", ".jq", ".toml", ".html", ".jinja", ".css", ".js", ".tcss", ".mako")


@cache
def code_sha256() -> str:
    """SHA-256 over the lines that `sha256sum` would print for the package's code files, sorted by path."""
    lines = sorted(_digest_lines(resources.files("contribaudit"), ""), key=lambda line: line[66:])
    return sha256("".join(lines).encode()).hexdigest()


def _digest_lines(folder: Traversable, prefix: str) -> list[str]:
    lines: list[str] = []
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                lines += _digest_lines(entry, f"{path}/")
        elif entry.name.endswith(_SUFFIXES):
            lines.append(f"{sha256(entry.read_bytes()).hexdigest()}  {path}\n")
    return lines
