"""What is said of an evidence pack that is to be written, and of one that was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from contribaudit.core.model.several import counted
from contribaudit.exporters.text import safe_text

if TYPE_CHECKING:
    from contribaudit.evidence.verify import Verified

PERIODS = (
    ("the newest run, judged now", ""),
    ("the last 30 days, every run", "30"),
    ("the last 90 days, every run", "90"),
    ("the last 365 days, every run", "365"),
)
PEOPLE = (
    ("named", "named"),
    ("pseudonyms, the same for the same person", "pseudonym"),
    ("left out", "omit"),
)
FORMS = (("a folder", "folder"), ("one .zip file", "zip"))


def signing(fingerprint: str | None, trouble: str = "") -> Text:
    """Whether the pack will be signed, and with what."""
    if trouble:
        return Text.assemble((f"The signing key cannot be used: {safe_text(trouble)}", "bold yellow"))
    if fingerprint is None:
        said = "Not signed: no key is configured. `contribaudit evidence keygen` makes one; until then keep the digest."
        return Text.assemble((said, "yellow"))
    return Text(f"Signed with the key {fingerprint}.")


def written(pack: Verified, shown: str) -> Text:
    """Path and digest on lines of their own, to be copied; then what verifying it showed. `shown` is the path."""
    manifest = pack.manifest
    said = Text("Written and verified\n", "bold")
    said.append(f"{safe_text(shown)}\n", "bold")
    said.append(f"{manifest.sha256}\n", "bold")
    said.append(
        f"{counted(pack.files, 'file')}, {pack.size_bytes / 1e6:,.1f} MB, run {manifest.judged.run}, judged by "
        f"{safe_text(manifest.judged.policy_name)}. Every file is as the manifest says.\n"
    )
    if pack.signed_with:
        said.append(f"Signed with {pack.signed_with}. Give its public part to the auditor by another way.\n")
    else:
        said.append("Not signed: send the digest by another way than the pack, so that it can be compared.\n", "yellow")
    return said.append(
        "y copies the digest, Y the path. An auditor checks with: contribaudit evidence verify PATH", "dim"
    )
