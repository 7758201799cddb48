"""Artifacts and their source maps as bytes."""

from __future__ import annotations

import marshal

import pytest
from wasmlathe.artifact import Artifact, ArtifactDamaged, SourceMap
from wasmlathe.sealed import seal

PLACES = {10: ("a.tova", 1, 5), 20: ("b.tova", 2, 1), 25: None, 40: ("a.tova", 70_000, 300)}
MANIFEST = {"name": "demo", "entry": None, "exports": {}, "sites": [], "sources": {"a.tova": "é"}}


def test_a_source_map_answers_with_the_greatest_offset_not_above():
    lookup = SourceMap.from_dict(PLACES).lookup
    assert [lookup(offset) for offset in (9, 10, 19, 20, 24)] == [
        None,
        ("a.tova", 1, 5),
        ("a.tova", 1, 5),
        ("b.tova", 2, 1),
        ("b.tova", 2, 1),
    ]
    assert [lookup(offset) for offset in (25, 39, 40, 1 << 30)] == [None, None, *[("a.tova", 70_000, 300)] * 2]


def test_an_empty_source_map_knows_nothing():
    assert SourceMap.from_dict({}).lookup(0) is None


def test_a_source_map_is_the_dict_it_came_from():
    assert SourceMap.from_dict(dict(reversed(PLACES.items()))).to_dict() == PLACES


def test_bytes_and_back():
    original = Artifact(b"\0asm", PLACES, MANIFEST)
    copy = Artifact.from_bytes(original.to_bytes())
    assert (copy.wasm, copy.manifest, copy.source_map.to_dict(), copy.name) == (b"\0asm", MANIFEST, PLACES, "demo")
    assert copy.to_bytes() == original.to_bytes()


@pytest.mark.parametrize("cut", [0, 1, 20, -1, -40])
def test_cut_bytes_are_refused(cut):
    with pytest.raises(ArtifactDamaged):
        Artifact.from_bytes(Artifact(b"\0asm", PLACES, MANIFEST).to_bytes()[:cut])


def test_a_changed_byte_is_noticed():
    data = bytearray(Artifact(b"\0asm", PLACES, MANIFEST).to_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(ArtifactDamaged):
        Artifact.from_bytes(bytes(data))


@pytest.mark.parametrize("payload", [marshal.dumps(("wasmlathe artifact", 0)), marshal.dumps(7), b"", b"\xff", b"("])
def test_sealed_bytes_of_another_version_are_refused(payload):
    with pytest.raises(ArtifactDamaged):
        Artifact.from_bytes(seal(payload))
