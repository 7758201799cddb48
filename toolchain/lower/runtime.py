"""Functions in mem IR that lowered code calls: the allocator, and what would be too long in line.

`Runtime.call` adds a function to the module when it is first wanted, so a program that allocates nothing has no allocator.

Memory is one heap that only grows: `__heap` is the next free address, `__limit` the end of memory. Both start as 0, which
leaves no room, so that the first allocation takes the slow path and finds out where the heap begins. Objects are never
freed; fresh memory is therefore zero, which nobody relies on: every object writes all that it will read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..ir import types as t
from ..ir.core import Block, Function, Global, Module, Target, Value
from ..ir.ops import Effects
from . import layout
from .emit import Emitter
from .representation import record, stride

HEAP, LIMIT = "__heap", "__limit"
ALLOC = "__alloc"

PAGE_BITS = 16
MAX_PAGES = 65535  # the last page stays unused, so that no address behind an object is 2^32
MIN_GROWTH_PAGES = 16  # 1 MiB

MIN_GROWN_BYTES = 32  # room for elements of an array that had none

ARRAY_TOO_LARGE = "array is too large"
STRING_TOO_LARGE = "string is too large"
OUT_OF_MEMORY = "out of memory"

SMALL_COPY_BYTES = 64  # up to here loads and stores beat memory.copy, whose fixed cost is 4 ns


class Code(Emitter):
    """The body of one runtime function while it is written."""

    __slots__ = ("function", "runtime")

    def __init__(self, function: Function, runtime: Runtime) -> None:
        super().__init__(function.add_block("entry"))
        self.function = function
        self.runtime = runtime

    def label(self, name: str, *params: t.Type, cold: bool = False) -> Block:
        """A new block behind the others."""
        block = self.function.add_block(name)
        block.cold = cold
        for number, type_ in enumerate(params):
            block.add_param(type_, f"{name}.{number}")
        return block

    def get(self, name: str) -> Value:
        return self.emit("global.get", (), (t.I32,), None, name=name).results[0]

    def set(self, name: str, value: Value) -> None:
        self.emit("global.set", (value,), (), None, name=name)

    def alloc(self, size: Value) -> Value:
        return self.runtime.call(self, ALLOC, [size])[0]

    def panic_if(self, condition: Value, message: str) -> None:
        """Continue in a new block unless the condition holds."""
        bad, good = self.label("bad", cold=True), self.label("good")
        self.cond_br(condition, bad, good)
        self.at_end(bad)
        self.panic(message)
        self.at_end(good)

    def string_object(self, address: Value, length: Value, characters: Value, start: Value, buffer: Value) -> None:
        self.header(address, layout.TYPE_STRING, layout.STRING_OBJECT_BYTES)
        self.store_word(address, length, layout.STRING_BYTE_LENGTH, "string.length")
        self.store_word(address, characters, layout.STRING_CHARACTERS, "string.characters")
        self.store_word(address, start, layout.STRING_START, "string.bytes_ptr")
        self.store_word(address, buffer, layout.STRING_BUFFER, "string.buffer")


def _alloc(code: Code, size: Value) -> None:
    """The address of `size` fresh bytes, a positive multiple of 8 and at most MAX_OBJECT_BYTES."""
    fast, slow = code.label("fast"), code.label("slow", cold=True)
    start = code.get(HEAP)
    room = code.op("i32.sub", code.get(LIMIT), start)
    code.cond_br(code.op("i32.le_u", size, room), fast, slow)
    code.at_end(fast)
    code.set(HEAP, code.add(start, size))
    code.ret(start)
    code.at_end(slow)
    code.ret(*code.runtime.call(code, "__grow_heap", [size]))


def _grow_heap(code: Code, size: Value) -> None:
    """Allocate `size` bytes when there may be no room for them; panics when memory cannot grow."""
    begun = code.get(HEAP)
    start = code.op("select", code.op("i32.eq", begun, code.i32(0)), code.op("mem.heap_base"), begun)
    pages = code.op("mem.size")
    end = code.op("i64.add", code.wide(start), code.wide(size))
    end_page = code.narrow(code.op("i64.shr_u", code.op("i64.add", end, code.i64(0xFFFF)), code.i64(PAGE_BITS)))
    code.panic_if(code.op("i32.gt_u", end_page, code.i32(MAX_PAGES)), OUT_OF_MEMORY)
    grow, exactly, failed, done = (
        code.label("grow"),
        code.label("exactly", cold=True),
        code.label("failed", cold=True),
        code.label("done"),
    )
    code.cond_br(code.op("i32.le_u", end_page, pages), done, grow)

    code.at_end(grow)
    missing = code.op("i32.sub", end_page, pages)
    step = code.op("i32.or", code.op("i32.shr_u", pages, code.i32(3)), code.i32(MIN_GROWTH_PAGES))
    wanted = code.op("select", code.op("i32.lt_u", missing, step), step, missing)
    left = code.op("i32.sub", code.i32(MAX_PAGES), pages)
    wanted = code.op("select", code.op("i32.lt_u", wanted, left), wanted, left)
    refused = code.op("i32.eq", code.op("mem.grow", wanted), code.i32(-1))
    code.cond_br(refused, exactly, done)

    code.at_end(exactly)  # a limit of the host may leave room for what is needed, if not for more
    refused = code.op("i32.eq", code.op("mem.grow", missing), code.i32(-1))
    code.cond_br(refused, failed, done)

    code.at_end(failed)
    code.panic(OUT_OF_MEMORY)

    code.at_end(done)
    code.set(LIMIT, code.op("i32.shl", code.op("mem.size"), code.i32(PAGE_BITS)))
    code.set(HEAP, code.add(start, size))
    code.ret(start)


def _array_new(code: Code, capacity: Value, stride: Value) -> None:
    """An empty array with room for `capacity` elements of `stride` bytes."""
    size = code.op("i64.mul", capacity, code.wide(stride))
    too_many = code.op("i64.gt_u", capacity, code.i64(layout.MAX_OBJECT_BYTES))
    code.panic_if(code.op("bool.or", too_many, _exceeds_object(code, size, layout.ARRAY_BYTES)), ARRAY_TOO_LARGE)
    data_size = code.align(code.narrow(size), layout.DATA_ELEMENTS)
    array = code.alloc(code.add(data_size, layout.ARRAY_BYTES))
    code.header(array, layout.TYPE_ARRAY, layout.ARRAY_BYTES)
    code.store_word(array, 0, layout.ARRAY_LENGTH, "array.length")
    code.store_word(array, code.narrow(capacity), layout.ARRAY_CAPACITY, "array.capacity")
    code.header(array, layout.TYPE_DATA, data_size, layout.ARRAY_BYTES)
    code.store_word(
        array, code.add(array, layout.ARRAY_BYTES + layout.DATA_ELEMENTS), layout.ARRAY_ELEMENTS, "array.elements"
    )
    code.ret(array)


def _exceeds_object(code: Code, size: Value, beside: int = 0) -> Value:
    """True if an object with `size` bytes of content, unsigned, would be too large with `beside` bytes next to it."""
    return code.op("i64.gt_u", size, code.i64(layout.MAX_OBJECT_BYTES - beside - 2 * layout.ALIGNMENT))


def _array_reserve(code: Code, array: Value, wanted: Value, stride: Value) -> None:
    """Room for `wanted` elements, more than there is room for now: at least twice as many as now.

    In place if nothing was allocated since: allocations are contiguous, so the next one is what lies behind the Data object.
    """
    width = code.wide(stride)
    needed = code.op("i64.mul", wanted, width)
    too_many = code.op("i64.gt_u", wanted, code.i64(layout.MAX_OBJECT_BYTES))
    code.panic_if(code.op("bool.or", too_many, _exceeds_object(code, needed)), ARRAY_TOO_LARGE)
    capacity = code.load_word(array, layout.ARRAY_CAPACITY, "array.capacity")
    doubled = code.op("i64.mul", code.op("i64.shl", code.wide(capacity), code.i64(1)), width)
    enough = code.op("bool.or", code.op("i64.gt_u", needed, doubled), _exceeds_object(code, doubled))
    grown = code.narrow(code.op("select", enough, needed, doubled))
    least = code.i32(MIN_GROWN_BYTES)
    room = code.align(code.op("select", code.op("i32.lt_u", grown, least), least, grown))
    size = code.add(room, layout.DATA_ELEMENTS)
    elements = code.load_word(array, layout.ARRAY_ELEMENTS, "array.elements")
    has_data, move = code.label("has_data"), code.label("move")
    in_place, done = code.label("in_place"), code.label("done", t.I32)
    code.cond_br(code.op("i32.eq", elements, code.i32(0)), move, has_data)

    code.at_end(has_data)
    data = code.op("i32.sub", elements, code.i32(layout.DATA_ELEMENTS))
    old_size = code.load_word(data, layout.HEADER_SIZE, "header")
    code.cond_br(code.op("i32.eq", code.add(data, old_size), code.get(HEAP)), in_place, move)

    code.at_end(in_place)
    code.alloc(code.op("i32.sub", size, old_size))
    code.store_word(data, size, layout.HEADER_SIZE, "header")
    code.br(done, elements)

    code.at_end(move)
    fresh = code.alloc(size)
    code.header(fresh, layout.TYPE_DATA, size)
    moved = code.add(fresh, layout.DATA_ELEMENTS)
    length = code.load_word(array, layout.ARRAY_LENGTH, "array.length")
    code.emit("mem.copy", (moved, elements, code.op("i32.mul", length, stride)), ())
    code.br(done, moved)

    code.at_end(done)
    code.store_word(array, done.params[0], layout.ARRAY_ELEMENTS, "array.elements")
    code.store_word(array, code.op("i32.div_u", room, stride), layout.ARRAY_CAPACITY, "array.capacity")
    code.ret()


def _string_view(code: Code, source: Value, offset: Value, length: Value, characters: Value) -> None:
    """The `length` bytes of `source` from `offset` on, sharing them."""
    start = code.load_word(source, layout.STRING_START, "string.bytes_ptr", invariant=True)
    buffer = code.load_word(source, layout.STRING_BUFFER, "string.buffer", invariant=True)
    view = code.alloc(code.i32(layout.STRING_OBJECT_BYTES))
    code.string_object(view, code.narrow(length), code.narrow(characters), code.add(start, code.narrow(offset)), buffer)
    code.ret(view)


def _string_new(code: Code, length: Value, characters: Value) -> None:
    """A string of `length` bytes that are to be written."""
    code.panic_if(_exceeds_object(code, length, layout.STRING_OBJECT_BYTES), STRING_TOO_LARGE)
    string, _ = _string_with_buffer(code, code.narrow(length), code.narrow(length), code.narrow(characters))
    code.ret(string)


def _string_with_buffer(code: Code, capacity: Value, length: Value, characters: Value) -> tuple[Value, Value]:
    """A new string with a buffer of its own for `capacity` bytes, and the address of the first byte."""
    size = code.align(capacity, layout.BUFFER_START)
    string = code.alloc(code.add(size, layout.STRING_OBJECT_BYTES))
    buffer = code.add(string, layout.STRING_OBJECT_BYTES)
    start = code.add(string, layout.STRING_OBJECT_BYTES + layout.BUFFER_START)
    code.string_object(string, length, characters, start, buffer)
    code.header(buffer, layout.TYPE_BUFFER, size)
    code.store_word(buffer, length, layout.BUFFER_USED, "buffer.used")
    return string, start


def _string_extend(code: Code, source: Value, more_bytes: Value, more_characters: Value) -> None:
    """A string that starts with `source` and has more bytes, which are to be written.

    If `source` ends where its buffer's bytes in use end and there is room behind, the new string shares the buffer. If
    there is no room, the copy gets twice what it needs, so that a string grown piece by piece is copied seldom.
    """
    source_length = code.load_word(source, layout.STRING_BYTE_LENGTH, "string.length", invariant=True)
    start = code.load_word(source, layout.STRING_START, "string.bytes_ptr", invariant=True)
    buffer = code.load_word(source, layout.STRING_BUFFER, "string.buffer", invariant=True)
    old_characters = code.load_word(source, layout.STRING_CHARACTERS, "string.characters", invariant=True)
    total = code.op("i64.add", code.wide(source_length), more_bytes)
    code.panic_if(_exceeds_object(code, total, layout.STRING_OBJECT_BYTES), STRING_TOO_LARGE)
    length = code.narrow(total)
    characters = code.add(old_characters, code.narrow(more_characters))
    owned, last = code.label("owned"), code.label("last")
    in_place, copy = code.label("in_place"), code.label("copy", t.I32)
    code.cond_br(code.op("i32.eq", buffer, code.i32(0)), Target(copy, [length]), owned)

    code.at_end(owned)
    used = code.load_word(buffer, layout.BUFFER_USED, "buffer.used")
    used_end = code.add(code.add(buffer, layout.BUFFER_START), used)
    is_last = code.op("i32.eq", code.add(start, source_length), used_end)
    code.cond_br(is_last, last, Target(copy, [length]))

    code.at_end(last)
    end = code.add(buffer, code.load_word(buffer, layout.HEADER_SIZE, "header"))
    fits = code.op("i32.le_u", code.add(start, length), end)
    is_huge = code.op("i32.gt_u", length, code.i32(layout.MAX_OBJECT_BYTES // 4))
    doubled = code.op("i32.shl", length, code.i32(1))
    code.cond_br(fits, in_place, Target(copy, [code.op("select", is_huge, length, doubled)]))

    code.at_end(in_place)
    code.store_word(buffer, code.add(used, code.narrow(more_bytes)), layout.BUFFER_USED, "buffer.used")
    view = code.alloc(code.i32(layout.STRING_OBJECT_BYTES))
    code.string_object(view, length, characters, start, buffer)
    code.ret(view)

    code.at_end(copy)
    string, target = _string_with_buffer(code, copy.params[0], length, characters)
    code.emit("mem.copy", (target, start, source_length), (), alias="bytes")
    code.ret(string)


def _copy_bytes(code: Code, target: Value, source: Value, size: Value) -> None:
    """Copy `size` bytes between ranges that do not overlap, short ones without a call of memory.copy."""
    big, small = code.label("big"), code.label("small")
    words, loop, tail = code.label("words"), code.label("loop", t.I32), code.label("tail")
    few, four, three, one, done = (code.label(name) for name in ("few", "four", "three", "one", "done"))

    def move(load: str, store: str, *offsets: Value | None) -> None:
        """Load all of the pieces, then store them: they may overlap each other."""
        at = [(target, source) if o is None else (code.add(target, o), code.add(source, o)) for o in offsets]
        pieces = [code.op(load, source, offset=0, alias="bytes") for _, source in at]
        for (address, _), piece in zip(at, pieces, strict=True):
            code.emit(store, (address, piece), (), None, offset=0, alias="bytes")

    code.cond_br(code.op("i32.gt_u", size, code.i32(SMALL_COPY_BYTES)), big, small)
    code.at_end(big)
    code.emit("mem.copy", (target, source, size), (), alias="bytes")
    code.ret()

    code.at_end(small)
    code.cond_br(code.op("i32.ge_u", size, code.i32(8)), words, few)
    code.at_end(words)
    last = code.op("i32.sub", size, code.i32(8))
    code.br(loop, code.i32(0))
    code.at_end(loop)
    (offset,) = loop.params
    move("mem.load_i64", "mem.store_i64", offset)
    following = code.add(offset, 8)
    code.cond_br(code.op("i32.lt_u", following, last), Target(loop, [following]), tail)
    code.at_end(tail)
    move("mem.load_i64", "mem.store_i64", last)
    code.ret()

    code.at_end(few)
    code.cond_br(code.op("i32.ge_u", size, code.i32(4)), four, three)
    code.at_end(four)
    move("mem.load_i32", "mem.store_i32", None, code.op("i32.sub", size, code.i32(4)))
    code.ret()
    code.at_end(three)
    code.cond_br(code.op("i32.eq", size, code.i32(0)), done, one)
    code.at_end(one)  # one, two or three bytes: the first, the middle and the last
    half = code.op("i32.shr_u", size, code.i32(1))
    move("mem.load8_u", "mem.store8", None, half, code.op("i32.sub", size, code.i32(1)))
    code.ret()
    code.at_end(done)
    code.ret()


@dataclass(frozen=True, slots=True)
class RuntimeFunction:
    """A function of the runtime: what writes its body, and its signature (names and types of parameters, results)."""

    write: Callable[..., Any]
    params: dict[str, t.Type]
    results: tuple[t.Type, ...] = ()
    attrs: dict[str, Any] = field(default_factory=dict)
    uses_heap: bool = False


_ADDRESS = (t.I32,)
_ALWAYS, _NEVER = {"inline": "always"}, {"inline": "never"}

FUNCTIONS: dict[str, RuntimeFunction] = {
    ALLOC: RuntimeFunction(_alloc, {"size": t.I32}, _ADDRESS, _ALWAYS, uses_heap=True),
    "__grow_heap": RuntimeFunction(_grow_heap, {"size": t.I32}, _ADDRESS, _NEVER, uses_heap=True),
    "__array_new": RuntimeFunction(_array_new, {"capacity": t.I64, "stride": t.I32}, _ADDRESS),
    "__array_reserve": RuntimeFunction(
        _array_reserve, {"array": t.I32, "wanted": t.I64, "stride": t.I32}, (), _NEVER, uses_heap=True
    ),
    "__string_view": RuntimeFunction(
        _string_view, {"source": t.I32, "offset": t.I64, "length": t.I64, "characters": t.I64}, _ADDRESS
    ),
    "__string_new": RuntimeFunction(_string_new, {"length": t.I64, "characters": t.I64}, _ADDRESS),
    "__string_extend": RuntimeFunction(
        _string_extend, {"source": t.I32, "more_bytes": t.I64, "more_characters": t.I64}, _ADDRESS
    ),
    "__copy_bytes": RuntimeFunction(_copy_bytes, {"target": t.I32, "source": t.I32, "size": t.I32}),
}


def fill_function(element: t.Type) -> tuple[str, RuntimeFunction]:
    """Name and making of the function that stores one value into the elements from `address` to before `end`."""
    fields, step = record((element,)), stride(element)

    def write(code: Code, address: Value, end: Value, *values: Value) -> None:
        loop, store, done = code.label("loop", t.I32), code.label("store"), code.label("done")
        code.br(loop, address)
        code.at_end(loop)
        (at,) = loop.params
        code.cond_br(code.op("i32.lt_u", at, end), store, done)
        code.at_end(store)
        code.store_fields(fields, at, values, 0, "elem.")
        code.br(loop, code.add(at, step))
        code.at_end(done)
        code.ret()

    params = {f"value.{number}": f.type for number, f in enumerate(fields)}
    name = "__fill_" + "_".join(f.kind for f in fields)
    return name, RuntimeFunction(write, {"address": t.I32, "end": t.I32, **params})


#: Host functions that lowering itself calls: parameters and effects. Their results are none.
IMPORTS: dict[str, tuple[list[t.Type], Effects]] = {
    "write": ([t.I32, t.I32], Effects.IO | Effects.READS),
}


class Runtime:
    """The runtime functions and imports of one module, added when they are first called."""

    __slots__ = ("module",)

    def __init__(self, module: Module) -> None:
        self.module = module

    def function(self, name: str, making: RuntimeFunction | None = None) -> Function:
        """The runtime function `name`, in the module from now on. `making` is for those that are not in `FUNCTIONS`."""
        found = self.module.functions.get(name)
        if found is not None:
            return found
        what = making or FUNCTIONS[name]
        function = Function(name, list(what.params.values()), what.results)
        function.attrs.update(what.attrs)
        self.module.add(function)
        code = Code(function, self)
        params = [code.block.add_param(type_, param) for param, type_ in what.params.items()]
        if what.uses_heap:
            for variable in (HEAP, LIMIT):
                self.module.globals.setdefault(variable, Global(variable, t.I32, 0))
        what.write(code, *params)
        return function

    def call(self, at: Emitter, name: str, operands: Sequence[Value]) -> list[Value]:
        """Call the runtime function `name` at the position of `at`; its results."""
        return at.call(name, operands, self.function(name).results).results

    def call_fill(self, at: Emitter, element: t.Type, operands: Sequence[Value]) -> None:
        """Call the function that fills arrays of this element type."""
        name, making = fill_function(element)
        at.call(name, operands, self.function(name, making).results)

    def call_host(self, at: Emitter, name: str, operands: Sequence[Value]) -> None:
        """Call the host function `name` of module "env"."""
        callee = f"env.{name}"
        if callee not in self.module.functions:
            params, effects = IMPORTS[name]
            function = Function(callee, list(params), ())
            function.attrs.update({"import": ("env", name), "effects": effects})
            self.module.add(function)
        at.call(callee, operands, ())
