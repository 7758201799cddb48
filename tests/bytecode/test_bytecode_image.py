"""Images as bytes, and back."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from wasmlathe.bytecode import plain
from wasmlathe.bytecode.image import MARK, Image, ImageDamaged
from wasmlathe.sealed import TRAILER_BYTES, seal


def image(**facts: Any) -> Image:
    given: dict[str, Any] = {
        "name": "demo é\udcff",
        "base": bytes(range(16)),
        "start": 4096,
        "code": b"12345678" * 3,
        "functions": [("main", 0, 16, "", "l"), ("f", 8, 32, "ldib", "")],
        "entry": 0,
        "entry_result": "l",
        "pieces": [(4120, b"data"), (5000, b"")],
        "memory_end": 0xFFFF_FFF8,
        "sites": [("no é", "p.tova", 70_000, 3), ("", "", 0, 0)],
        "places": {0: ("p.tova", 1, 2), 8: None, 16: ("q.tova", 3, 4)},
        "extras": {"shadow": True, "exports": {"f": ([1, -2], (None, False), b"\xff", "é")}},
    }
    return Image(**given | facts)


def facts_of(image: Image) -> dict[str, Any]:
    return {name: getattr(image, name) for name in Image.__slots__ if name != "places"} | image.places.to_dict()


@pytest.mark.parametrize(
    "original",
    [
        image(),
        image(entry=None, entry_result=None),
        image(functions=[], pieces=[], sites=[], places={}, extras={}, code=b"", name=""),
    ],
    ids=["full", "without a start", "empty"],
)
def test_bytes_and_back(original: Image) -> None:
    data = original.to_bytes()
    copy = Image.from_bytes(data)
    assert facts_of(copy) == facts_of(original)
    assert copy.to_bytes() == data


def test_every_cut_is_refused_even_if_it_is_sealed() -> None:
    payload = image().to_bytes()[:-TRAILER_BYTES]
    for size in range(len(payload)):
        with pytest.raises(ImageDamaged):
            Image.from_bytes(seal(payload[:size]))
        with pytest.raises(ImageDamaged):
            Image.from_bytes(payload[:size])


def test_what_is_behind_the_end_is_refused() -> None:
    payload = image().to_bytes()[:-TRAILER_BYTES]
    for more in (b"\0", bytes(8)):
        with pytest.raises(ImageDamaged):
            Image.from_bytes(seal(payload + more))


def test_a_changed_byte_is_noticed() -> None:
    data = bytearray(image().to_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(ImageDamaged, match="not an image, or damaged"):
        Image.from_bytes(data)


@pytest.mark.parametrize("payload", [b"", b"wasmlathe image 2 little", b"\0asm\1\0\0\0", MARK, MARK + bytes(20)])
def test_sealed_bytes_of_something_else_are_refused(payload: bytes) -> None:
    with pytest.raises(ImageDamaged):
        Image.from_bytes(seal(payload))


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, -1, (1 << 63) - 1, "", "é\udcff", b"\0", (), [], {}, {"a": [(1, {"b": None})], 3: "c"}],
)
def test_plain_data_and_back(value: Any) -> None:
    assert repr(plain.load(plain.dump(value))) == repr(value)


@pytest.mark.parametrize("value", [1.5, {1, 2}, object(), {"a": [print]}])
def test_other_data_is_no_plain_data(value: Any) -> None:
    with pytest.raises(TypeError, match="is not plain data"):
        plain.dump(value)


NESTED = b"t" + (1).to_bytes(8, "little")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"nn",
        b"i123",
        b"s" + (5).to_bytes(8, "little") + b"four",
        b"t" + (1 << 60).to_bytes(8, "little"),
        b"x" + bytes(8),
        NESTED * 100_000 + b"n",
        b"d" + (1).to_bytes(8, "little") + NESTED + b"n" + b"n",
    ],
)
def test_bytes_that_are_no_plain_data_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        plain.load(data)


def test_reading_an_image_loads_none_of_the_compiler() -> None:
    """It is the first thing that a cached run does."""
    code = "import sys; old = set(sys.modules); import wasmlathe.bytecode.image; print(*set(sys.modules) - old)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "wasmlathe.bytecode.image" in loaded
    assert {name for name in loaded if name.startswith("wasmlathe")} <= {
        "wasmlathe",
        "wasmlathe.artifact",
        "wasmlathe.bytecode",
        "wasmlathe.bytecode.image",
        "wasmlathe.bytecode.plain",
        "wasmlathe.sealed",
    }
    assert not {"typing", "dataclasses", "enum", "json", "re", "collections"} & set(loaded)
