"""`--attach clipboard`: reads the picture on this computer's clipboard with the platform's own tool."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from contribaudit.attestations import files
from contribaudit.core.model.attestation import Attachment
from contribaudit.errors import UsageError
from contribaudit.settings import file

CLIPBOARD = "clipboard"
"""The word that means the clipboard in place of a file. To name a file called clipboard, write ./clipboard."""
_NAME = "clipboard.png"
_TO_FILE = "{file}"
_MACOS = (
    'set picture to (the clipboard as «class PNGf»)\nset place to open for access POSIX file "{file}" with write'
    " permission\nwrite picture to place\nclose access place"
)
_WINDOWS = (
    "Add-Type -AssemblyName System.Windows.Forms; $picture = [System.Windows.Forms.Clipboard]::GetImage();"
    " if ($picture -eq $null) { exit 1 }; $picture.Save('{file}', [System.Drawing.Imaging.ImageFormat]::Png)"
)
_TOOLS: Mapping[str, Sequence[tuple[str, ...]]] = {
    "darwin": (("pngpaste", _TO_FILE), ("osascript", "-e", _MACOS)),
    "win32": (("powershell", "-NoProfile", "-STA", "-Command", _WINDOWS),),
    "linux": (
        ("wl-paste", "--type", "image/png"),
        ("xclip", "-selection", "clipboard", "-target", "image/png", "-out"),
    ),
}
"""Commands by platform, in the order in which they are tried; one without a file writes the picture to stdout."""
_SECONDS = 20


def pictures(sources: Sequence[str | Path]) -> tuple[tuple[Attachment, ...], dict[str, bytes]]:
    """Screenshots from files, or from the clipboard for a source of "clipboard". Raises UsageError.

    Returns the attachments, and their bytes by digest.
    """
    with TemporaryDirectory(prefix="contribaudit-") as folder:
        picture = Path(folder) / _NAME
        return files.read_attachments(
            [_save_clipboard(picture) if str(source) == CLIPBOARD else file.expanded(source) for source in sources]
        )


def _save_clipboard(place: Path) -> Path:
    tools = next((tools for platform, tools in _TOOLS.items() if sys.platform.startswith(platform)), ())
    there = [tool for tool in tools if shutil.which(tool[0])]
    if not there:
        names = " or ".join(tool[0] for tool in tools) or "a tool for it"
        raise UsageError(
            "There is no clipboard to read pictures from", hint=f"Install {names}, or save the screenshot to a file"
        )
    for tool in there:
        command = [part.replace(_TO_FILE, str(place)) for part in tool]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603  ours
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0 and not place.exists() and done.stdout:
            place.write_bytes(done.stdout)
        if done.returncode == 0 and place.exists():
            return place
    raise UsageError("The clipboard holds no picture", hint="Copy the screenshot, or save it to a file and name that")
