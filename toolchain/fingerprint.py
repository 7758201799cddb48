"""Which toolchain this is, and in which surroundings, in one string: part of the key of everything that is cached.

It has to change when the compiler is edited or upgraded, when a plugin is installed or removed, and when wasmtime or
libbinaryen are replaced; and every cached run computes it, so it only asks the file system for sizes and times.
"""

from __future__ import annotations

import os
import sys

from wasmlathe.cache import key
from wasmlathe.wasm_runtime.panics import EngineMissing
from wasmlathe.wasm_runtime.wasmtime_c import library_file

# In a source tree these lie next to toolchain/, in an installation below the package.
_OTHER_PACKAGES = ("passes", "plugins", "stdlib", "wasm_runtime")
_OWN_SUFFIXES = (".py", ".tova", ".ir", ".js")
_SITE_FOLDERS = ("site-packages", "dist-packages")
_BINARYEN_FILES = (
    "/usr/lib/x86_64-linux-gnu/libbinaryen.so",
    "/usr/lib/aarch64-linux-gnu/libbinaryen.so",
    "/usr/lib/libbinaryen.so",
    "/usr/local/lib/libbinaryen.so",
    "/opt/homebrew/lib/libbinaryen.dylib",
    "/usr/local/lib/libbinaryen.dylib",
)


def fingerprint() -> str:
    """The same string as long as the same toolchain would compile the same source to the same bytes."""
    lines = [sys.version]
    for folder in _own_folders():
        _describe_tree(folder, lines)
    lines += [_describe(path) for path in (*_libraries(), *_site_folders())]
    return key(*lines)


def _own_folders() -> list[str]:
    package = os.path.dirname(os.path.abspath(__file__))
    beside = [os.path.join(os.path.dirname(package), name) for name in _OTHER_PACKAGES]
    installed = os.path.isdir(os.path.join(package, _OTHER_PACKAGES[0]))
    return [package] if installed else [package, *beside]


def _describe_tree(folder: str, lines: list[str]) -> None:
    """Add name, size and time of every source file below `folder`, in an order that does not depend on the disk."""
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.endswith(_OWN_SUFFIXES):
            status = entry.stat()
            lines.append(f"{entry.path} {status.st_size} {status.st_mtime_ns}")
        elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
            _describe_tree(entry.path, lines)


def _libraries() -> list[str]:
    try:
        engine = [library_file()]
    except EngineMissing:
        engine = []
    return [*engine, *_BINARYEN_FILES]


def _site_folders() -> list[str]:
    """The folders into which plugins are installed; an installation changes their time."""
    return [folder for folder in sys.path if folder.endswith(_SITE_FOLDERS)]


def _describe(path: str) -> str:
    try:
        status = os.stat(path)
    except OSError:
        return f"{path} absent"
    return f"{path} {status.st_size} {status.st_mtime_ns}"
