"""Bytes with a trailer that tells whether they arrived whole.

    payload  ->  payload  b"lathe-01"  u64 length  16 bytes of BLAKE2b

The mark stands at the end, not at the start, so that a sealed ELF file is still an ELF file and can be mapped into
memory as it is. The digest finds damage (a full disk, a cut copy, a foreign file); it is no signature.
"""

from __future__ import annotations

try:
    from _blake2 import blake2b as new_digest  # hashlib would load OpenSSL: 3 ms that a cached run does not have
except ImportError:  # an interpreter built without its own BLAKE2
    from hashlib import blake2b as new_digest

__all__ = ("MARK", "TRAILER_BYTES", "digest", "new_digest", "seal", "unseal")

MARK = b"lathe-01"
_DIGEST_BYTES = 16
_LENGTH_BYTES = 8
TRAILER_BYTES = len(MARK) + _LENGTH_BYTES + _DIGEST_BYTES


def digest(data: bytes | memoryview) -> bytes:
    return new_digest(data, digest_size=_DIGEST_BYTES).digest()


def seal(payload: bytes) -> bytes:
    return b"".join((payload, MARK, len(payload).to_bytes(_LENGTH_BYTES, "little"), digest(payload)))


def unseal(data: bytes | memoryview) -> memoryview | None:
    """The payload of sealed bytes; None if they are damaged or were never sealed."""
    view = memoryview(data)
    length = len(view) - TRAILER_BYTES
    if length < 0:
        return None
    payload, trailer = view[:length], bytes(view[length:])
    return payload if trailer == MARK + length.to_bytes(_LENGTH_BYTES, "little") + digest(payload) else None
