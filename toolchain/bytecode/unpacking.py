"""The functions of a module that unpack its bytecode when it is instantiated, as `packing` says.

    vm-unpack:  for each byte of the code: if vm-unpack-bit(zero?) is 0: eight times vm-unpack-bit     (400 bytes of wasm)

Packed bytes and counts lie where the VM's stack will be: nobody needs them later.
"""

from __future__ import annotations

from ..codegen.binaryen import BinaryenModule, Expression
from ..codegen.emit import UNPACK_CODE
from ..ir import types as t
from .packing import CONTEXTS, LEAST_RANGE, MOST, STEP, ZERO_CONTEXTS, pack

_BIT = "vm-unpack-bit"
_CODE, _RANGE, _NEXT = "vm-unpack-code", "vm-unpack-range", "vm-unpack-next"

#: The stack's first header has to stay zero: there is no frame around it.
_COUNTS = 64
_COUNT_BYTES = 2 * CONTEXTS
_PACKED = _COUNTS + _COUNT_BYTES
#: These are read into `_CODE`, which is a constant.
_FIRST_BYTES = 4
_WORD_MASK, _PLACE_BITS = 7, 8


def add_unpacking(out: BinaryenModule, code: bytes, address: int, room: int) -> tuple[int, bytes]:
    """Add `vm-unpack`, which writes `code` to an address. `room` is the address of zeros that may be used.

    The result is what memory has to hold before: address, bytes.
    """
    packed = pack(code)
    first = int.from_bytes(packed[:_FIRST_BYTES].ljust(_FIRST_BYTES, b"\0"), "big")
    for name, value in ((_CODE, first), (_RANGE, -1), (_NEXT, room + _PACKED)):
        out.add_global(name, t.I32, True, value)
    _Writer(out).add(address, len(code), room + _COUNTS)
    return room + _PACKED, packed[_FIRST_BYTES:]


class _Writer:
    def __init__(self, out: BinaryenModule) -> None:
        self._out = out
        self._i32 = out.type_of([t.I32])

    def add(self, address: int, size: int, counts: int) -> None:
        out = self._out
        out.add_function(_BIT, [t.I32], [t.I32], [self._i32] * 2, out.block(None, self._bit()), [])
        out.add_function(UNPACK_CODE, (), (), [self._i32] * 4, self._all(address, size, counts), [])

    # Expressions

    def _number(self, number: int) -> Expression:
        return self._out.const(t.I32, number)

    def _get(self, local: int) -> Expression:
        return self._out.local_get(local, self._i32)

    def _op(self, name: str, a: Expression, b: Expression | int) -> Expression:
        return self._out.binary(f"{name}Int32", a, self._number(b) if isinstance(b, int) else b)

    def _state(self, name: str) -> Expression:
        return self._out.global_get(name, t.I32)

    def _set(self, name: str, value: Expression) -> Expression:
        return self._out.global_set(name, value)

    def _byte(self, address: Expression, offset: int = 0) -> Expression:
        return self._out.load(1, False, offset, t.I32, address)

    # vm-unpack-bit(address of the context's counts): the next bit

    def _bit(self) -> list[Expression]:
        out, op, get = self._out, self._op, self._get
        counts, bound, bit = 0, 1, 2

        def weight(occurred: Expression, more: int) -> Expression:
            return op("Add", op("Mul", occurred, STEP), more)

        both = op("Add", self._byte(get(counts)), self._byte(get(counts), 1))
        share = op("DivU", self._state(_RANGE), weight(both, 2))
        counter = op("Add", get(counts), get(bit))
        halved = op("And", op("ShrU", out.load(2, False, 0, t.I32, get(counts)), 1), 0x7F7F)
        return [
            out.local_set(bound, op("Mul", share, weight(self._byte(get(counts)), 1))),
            out.local_set(bit, op("GeU", self._state(_CODE), get(bound))),
            out.if_(
                get(bit),
                [
                    self._set(_CODE, op("Sub", self._state(_CODE), get(bound))),
                    self._set(_RANGE, op("Sub", self._state(_RANGE), get(bound))),
                ],
                [self._set(_RANGE, get(bound))],
            ),
            self._widen(),
            # The bound is done with: the counter's address.
            out.local_set(bound, counter),
            out.store(1, 0, t.I32, get(bound), op("Add", self._byte(get(bound)), 1)),
            out.if_(op("GtU", self._byte(get(bound)), MOST), [out.store(2, 0, t.I32, get(counts), halved)]),
            get(bit),
        ]

    def _widen(self) -> Expression:
        """Read bytes until the range is wide enough."""
        out, op = self._out, self._op
        following = op("Or", op("Shl", self._state(_CODE), 8), self._byte(self._state(_NEXT)))
        turn = [
            self._set(_RANGE, op("Shl", self._state(_RANGE), 8)),
            self._set(_CODE, following),
            self._set(_NEXT, op("Add", self._state(_NEXT), 1)),
            out.branch("wider"),
        ]
        return out.loop("wider", [out.if_(op("LtU", self._state(_RANGE), LEAST_RANGE), turn)])

    # vm-unpack()

    def _all(self, address: int, size: int, counts: int) -> Expression:
        out, op, get = self._out, self._op, self._get
        at, opcode, known, place = range(4)

        def next_bit(context: Expression) -> Expression:
            return out.call(_BIT, [op("Add", op("Shl", context, 1), counts)], [t.I32])

        kind = op("Or", op("And", get(place), 1), op("Shl", op("GtU", get(place), 1), 1))
        in_kind = op("Add", op("Add", op("Shl", kind, _PLACE_BITS), get(known)), ZERO_CONTEXTS)
        bits = [
            out.local_set(known, op("Or", op("Shl", get(known), 1), next_bit(in_kind))),
            out.branch("bits", op("LtU", get(known), 256)),
        ]
        is_zero = next_bit(op("Or", op("Shl", get(place), _PLACE_BITS), get(opcode)))
        not_zero = [
            out.local_set(known, self._number(1)),
            out.loop("bits", bits),
            out.store(1, address, t.I32, get(at), get(known)),
        ]
        turn = [
            out.local_set(place, op("And", get(at), _WORD_MASK)),
            out.if_(out.unary("EqZInt32", is_zero), not_zero),
            out.if_(out.unary("EqZInt32", get(place)), [out.local_set(opcode, self._byte(get(at), address))]),
            out.local_set(at, op("Add", get(at), 1)),
            out.branch("bytes", op("Ne", get(at), size)),
        ]
        return out.loop("bytes", turn)
