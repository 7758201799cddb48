"""Where and when a measurement is made: the machine, the commit, the date."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from .catalog import FOLDER

_CPU_FILE = Path("/proc/cpuinfo")


def machine() -> dict[str, str]:
    """What has to be the same for seconds to be compared."""
    return {"cpu": _cpu(), "cores": str(os.cpu_count() or 1), "system": f"{platform.system()} {platform.machine()}"}


def today() -> str:
    """Now, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def commit() -> str:
    """The commit of the compiler's source, with a + if it has been edited since; "" outside of a checkout.

    An installation may lie in a checkout too, that of somebody else's project, which does not have these files.
    """
    if not _git("ls-files", Path(__file__).name):
        return ""
    name = _git("rev-parse", "--short=10", "HEAD")
    return f"{name}+" if name and _git("status", "--porcelain", "--untracked-files=no") else name


def _git(*words: str) -> str:
    try:
        ended = subprocess.run(
            ["git", *words],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""


def _cpu() -> str:
    try:
        lines = _CPU_FILE.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
