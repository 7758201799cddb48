"""Writing several files so that none is ever seen half-written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping


def write_all(folder: str, files: Mapping[str, bytes]) -> None:
    """Write all files into `folder`: first under temporary names, then, when everything is there, under their own.

    Raises OSError, and leaves nothing behind then but a folder that it had to make.
    """
    os.makedirs(folder, exist_ok=True)
    temporary: dict[str, str] = {}
    try:
        for name, content in files.items():
            descriptor, path = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
            temporary[path] = os.path.join(folder, name)
            with open(descriptor, "wb") as stream:
                stream.write(content)
            os.chmod(path, 0o666 & ~_umask())
        for path, final in temporary.items():
            os.replace(path, final)
    except BaseException:
        for path in temporary:
            if os.path.exists(path):
                os.unlink(path)
        raise


def _umask() -> int:
    """The process's mask; the system offers no way to read it without setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
