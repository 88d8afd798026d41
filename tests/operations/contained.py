"""A container made by hand: a root of its own that cannot be written, any user ID, no capability, no new privilege.

What `docker run --read-only --user N --cap-drop ALL --security-opt no-new-privileges` and a restricted pod are, by
mount namespace, chroot and setpriv. It needs root, and skips where this machine does not let root do so.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import contribaudit

PROGRAM = "/opt/contribaudit/bin/contribaudit"
"""Where the Containerfile puts it."""
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
_ETC = ("hosts", "resolv.conf", "nsswitch.conf", "ld.so.cache", "localtime", "passwd", "group", "ssl")


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of this machine, at a place in the container."""

    source: Path
    place: str
    writable: bool = False


def require() -> None:
    """Skip where no such container can be made."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv", "chroot", "mount"))):
        pytest.skip("needs root, unshare and setpriv")
    tried = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("this machine lets nobody mount")


def run(
    words: Sequence[str],
    environment: Mapping[str, str],
    mounts: Sequence[Mount],
    *,
    user: int,
    group: int,
    groups: Sequence[int] = (),
    root: Path,
) -> subprocess.CompletedProcess[str]:
    """Run it there: `root` is an empty folder; the network is this machine's, so that a simulator can be reached."""
    sources = Path(contribaudit.__file__).parents[1]
    packages = [one for one in sys.path if one.endswith("-packages") and not Path(one).is_relative_to(sys.prefix)]
    inside = [
        *(Mount(Path(one), one) for one in _SYSTEM if Path(one).is_dir() and not Path(one).is_symlink()),
        *(Mount(Path("/etc") / one, f"/etc/{one}") for one in _ETC if (Path("/etc") / one).exists()),
        *(Mount(Path(one), one) for one in dict.fromkeys([sys.base_prefix, sys.prefix, str(sources), *packages])),
        *mounts,
    ]
    at = shlex.quote(str(root))
    steps = [
        "set -e",
        "mount --make-rprivate /",
        f"mount -t tmpfs -o mode=755 tmpfs {at}",
        f"mkdir {at}/tmp; mount -t tmpfs -o mode=1777 tmpfs {at}/tmp",
        *(f"ln -s {Path(one).readlink()} {at}{one}" for one in _SYSTEM if Path(one).is_symlink()),
    ]
    for one in inside:
        place = f"{at}{shlex.quote(one.place)}"
        make = f"mkdir -p {place}" if one.source.is_dir() else f"mkdir -p $(dirname {place}); touch {place}"
        steps += [make, f"mount --bind {shlex.quote(str(one.source))} {place}"]
        if not one.writable:
            steps.append(f"mount -o remount,bind,ro {place}")
    steps += [
        f"mkdir -p {at}/proc {at}/dev {at}$(dirname {PROGRAM})",
        f"mount --rbind /proc {at}/proc",
        f"mount --rbind /dev {at}/dev",
        f"printf '#!/bin/sh\\nexec %s -m contribaudit \"$@\"\\n' {shlex.quote(sys.executable)} > {at}{PROGRAM}",
        f"chmod 755 {at}{PROGRAM}",
        f"mount -o remount,ro {at}",
    ]
    others = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
    start = [
        "chroot", str(root), "setpriv", "--reuid", str(user), "--regid", str(group), *others,
        "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs",
        "env", "-i", *(f"{name}={value}" for name, value in environment.items()), *words,
    ]  # fmt: skip
    steps.append(f"exec {shlex.join(start)}")
    return subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-c", "\n".join(steps)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
