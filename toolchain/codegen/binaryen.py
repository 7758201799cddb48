"""Binaryen behind one door: the only module that imports pybinaryen.

    module = BinaryenModule()
    body = module.binary("AddInt64", module.local_get(0, I64), module.const(I64, 1))
    module.add_function("inc", [I64], (I64,), [], body, [])
    wasm, places = module.write(names=True)

The C library prints what it dislikes to the process's standard error: that is caught here and becomes an exception.
"""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from functools import cache
from struct import Struct
from typing import Any, Self

from ..ir import types as t
from ..ir.core import Loc
from . import pybinaryen_release, sourcemap

FEATURES = (
    "MutableGlobals",
    "SignExt",
    "NontrappingFPToInt",
    "BulkMemory",
    "SIMD128",
    "Multivalue",
    "TailCall",
)
UNLIMITED = 0xFFFF_FFFF
MEMORY_NAME = b"0"
#: The function that calls others when the module is instantiated.
_START = "rt-start"

Expression = Any  # an opaque pointer of Binaryen; each may be used in one place only
Place = sourcemap.Place

_PLACE_COMMENT = re.compile(r"^(?P<indent> *);;@ .*:(?P<number>\d+)\n", re.MULTILINE)

_DOUBLE, _BITS = Struct("<d"), Struct("<q")


class BinaryenMissing(Exception):
    """Binaryen cannot be used; the text says why, `command` mends it."""

    def __init__(self, why: str, command: str) -> None:
        super().__init__(f"{why}; run: {command}")
        self.command = command


class InvalidModule(Exception):
    """Binaryen refuses what code generation or a pass made: the fault is in wasmlathe."""

    def __init__(self, complaint: str) -> None:
        super().__init__(f"Binaryen refuses the module, which is a bug in wasmlathe, not in the program:\n{complaint}")


class Library:
    """The imported pybinaryen, and what is asked of it once for all modules."""

    __slots__ = ("_free", "_memory_tail", "_operations", "ffi", "lib", "types")

    def __init__(self, ffi: Any, lib: Any) -> None:
        self.ffi = ffi
        self.lib = lib
        self.types = {
            t.I32: lib.BinaryenTypeInt32(),
            t.BOOL: lib.BinaryenTypeInt32(),
            t.I64: lib.BinaryenTypeInt64(),
            t.F32: lib.BinaryenTypeFloat32(),
            t.F64: lib.BinaryenTypeFloat64(),
            t.V128: lib.BinaryenTypeVec128(),
        }
        self._operations: dict[str, int] = {}
        self._memory_tail: dict[str, tuple[Any, ...]] = {}
        self._free = _libc_free()

    def operation(self, name: str) -> int:
        """The number of the unary or binary instruction `name`, as rows of the op table spell it."""
        number = self._operations.get(name)
        if number is None:
            number = self._operations[name] = getattr(self.lib, f"Binaryen{name}")()
        return number

    def memory_tail(self, function: str, plain: int, *tail: Any) -> tuple[Any, ...]:
        """What `function` wants after its first `plain` arguments: since libbinaryen 112 the memory is named."""
        found = self._memory_tail.get(function)
        if found is None:
            wanted = len(self.ffi.typeof(getattr(self.lib, function)).args)
            found = self._memory_tail[function] = tail[: wanted - plain]
        return found

    def take_text(self, pointer: Any) -> str:
        """The text at a pointer that the caller owns; frees it."""
        text: str = self.ffi.string(pointer).decode("utf-8", "replace")
        self._free(pointer)
        return text

    def take_bytes(self, pointer: Any, size: int) -> bytes:
        data = bytes(self.ffi.buffer(pointer, size))
        self._free(pointer)
        return data


def _libc_free() -> Any:
    from cffi import FFI  # type: ignore[import-untyped]  # has no types; pybinaryen is built on it

    libc = FFI()
    libc.cdef("void free(void *);")
    return libc.dlopen(None).free


@cache
def library() -> Library:
    """pybinaryen, imported when first needed. Raises BinaryenMissing when it or libbinaryen is missing or unfit."""
    installed = pybinaryen_release.installed_version()
    try:
        with redirect_stderr(io.StringIO()):  # it prints what it misses, and raises the same
            import binaryen  # type: ignore[import-untyped]  # has no types
    except (ImportError, AttributeError) as problem:
        raise _missing(f"pybinaryen cannot be loaded ({problem})") from None
    if installed is not None and binaryen.__version__ != _fitting_release(installed):
        raise _missing(f"pybinaryen {binaryen.__version__} does not match libbinaryen {installed}")
    return Library(binaryen.ffi, binaryen.lib)


def _fitting_release(version: int) -> str:
    try:
        return pybinaryen_release.release_for(version)
    except pybinaryen_release.NoMatchingRelease as problem:
        raise BinaryenMissing(str(problem), pybinaryen_release.APT_COMMAND) from None


def _missing(why: str) -> BinaryenMissing:
    try:
        wanted = pybinaryen_release.requirement()
    except pybinaryen_release.NoMatchingRelease as problem:
        return BinaryenMissing(f"{why}: {problem}", pybinaryen_release.APT_COMMAND)
    return BinaryenMissing(why, f"{sys.executable} -m pip install --force-reinstall {wanted}")


class BinaryenModule:
    """A module in Binaryen's IR. Types are those of our IR; `bool` is an i32 that is 0 or 1."""

    def __init__(self) -> None:
        self._library = library()
        self._lib = self._library.lib
        self._ffi = self._library.ffi
        self._types = self._library.types
        self._module = self._lib.BinaryenModuleCreate()
        self._files: dict[str, int] = {}
        self._table = b""
        #: Whether functions have to stay in the order in which they are added.
        self.keeps_order = False
        #: By number: what an expression is, and its place in the source. Number 0 in the first line of the first file
        #: is where Binaryen begins, and does not write a mapping for.
        self._places: list[tuple[str, Place | None]] = [(sourcemap.PLAIN, None)]
        self._auto = self._lib.BinaryenTypeAuto()
        self._none = self._lib.BinaryenTypeNone()
        self._null = self._ffi.NULL
        features = 0
        for name in FEATURES:
            features |= getattr(self._lib, f"BinaryenFeature{name}")()
        self._lib.BinaryenModuleSetFeatures(self._module, features)

    def dispose(self) -> None:
        """Free the module; nothing else may be called afterwards. A second call does nothing."""
        if self._module is not None:
            self._lib.BinaryenModuleDispose(self._module)
            self._module = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.dispose()

    def __del__(self) -> None:
        if getattr(self, "_module", None) is not None:
            self.dispose()

    # Types

    def type_of(self, types: Sequence[t.Type]) -> int:
        """Binaryen's type of none, one or several values."""
        if len(types) == 1:
            return int(self._types[types[0]])
        return int(self._lib.BinaryenTypeCreate([self._types[x] for x in types], len(types)))

    # Module items

    def add_function(
        self,
        name: str,
        params: Sequence[t.Type],
        results: Sequence[t.Type],
        variables: Sequence[int],
        body: Expression,
        places: Sequence[tuple[Expression, str, Loc | None]],
    ) -> None:
        """Add a function. `variables` are Binaryen types of the locals after the parameters.

        `places`: expressions, what each is to the source map (`sourcemap.CALL`, ...), and where it comes from.
        """
        function = self._lib.BinaryenAddFunction(
            self._module,
            name.encode(),
            self.type_of(params),
            self.type_of(results),
            list(variables),
            len(variables),
            body,
        )
        set_location, table, files = self._lib.BinaryenFunctionSetDebugLocation, self._places, self._files
        for expression, kind, loc in places:
            file = loc.file if loc is not None else ""
            number = files.get(file)
            if number is None:
                number = files[file] = self._lib.BinaryenModuleAddDebugInfoFileName(self._module, file.encode())
            # Instead of the column its number: see `sourcemap`.
            set_location(function, expression, number, loc.line if loc is not None else 0, len(table))
            table.append((kind, (loc.file, loc.line, loc.col) if loc is not None else None))

    def add_import(
        self, name: str, module: str, base: str, params: Sequence[t.Type], results: Sequence[t.Type]
    ) -> None:
        """Import `module.base` as the function `name`."""
        self._lib.BinaryenAddFunctionImport(
            self._module, name.encode(), module.encode(), base.encode(), self.type_of(params), self.type_of(results)
        )

    def add_export(self, name: str, external: str) -> None:
        self._lib.BinaryenAddFunctionExport(self._module, name.encode(), external.encode())

    def set_start(self, *names: str) -> None:
        """Let the functions run, in this order, when the module is instantiated."""
        name = names[0]
        if len(names) > 1:
            name = _START
            self.add_function(name, (), (), [], self.block(None, [self.call(each, [], ()) for each in names]), ())
        self._lib.BinaryenSetStart(self._module, self._lib.BinaryenGetFunction(self._module, name.encode()))

    def add_global_export(self, name: str, external: str) -> None:
        self._lib.BinaryenAddGlobalExport(self._module, name.encode(), external.encode())

    def add_table_export(self, name: str, external: str) -> None:
        self._lib.BinaryenAddTableExport(self._module, name.encode(), external.encode())

    def add_global(self, name: str, type_: t.Type, mutable: bool, init: float | bool) -> None:
        self._lib.BinaryenAddGlobal(self._module, name.encode(), self._types[type_], mutable, self.const(type_, init))

    def set_memory(self, initial_pages: int, segments: Sequence[tuple[int, bytes]], export: str) -> None:
        """The only memory, without an upper limit (the host has one), with contents at addresses."""
        ffi, count = self._ffi, len(segments)
        datas = [ffi.from_buffer("char[]", content) for _address, content in segments]
        names = [ffi.new("char[]", b"%d" % index) for index in range(count)]
        plain = (
            datas,
            [False] * count,
            [self.const(t.I32, address) for address, _content in segments],
            [len(content) for _address, content in segments],
            count,
            False,
        )
        wanted = len(ffi.typeof(self._lib.BinaryenSetMemory).args)
        named = (names,) if wanted > 12 else ()
        self._lib.BinaryenSetMemory(
            self._module,
            initial_pages,
            UNLIMITED,
            export.encode(),
            *named,
            *plain,
            *(False, MEMORY_NAME)[: wanted - 4 - len(named) - len(plain)],
        )

    def add_table(self, name: str, size: int) -> None:
        """The only table, of functions, which never changes its size."""
        self._table = name.encode()
        self._lib.BinaryenAddTable(self._module, self._table, size, size, self._lib.BinaryenTypeFuncref())

    def fill_table(self, functions: Sequence[str]) -> None:
        """Let the table hold these functions from its start on."""
        names = [self._ffi.new("char[]", function.encode()) for function in functions]
        self._lib.BinaryenAddActiveElementSegment(
            self._module, self._table, b"functions", names, len(names), self.const(t.I32, 0)
        )

    def add_further_table(self, name: str, functions: Sequence[str]) -> None:
        """A table besides the one that `call_indirect` uses; older engines do not know several."""
        features = self._lib.BinaryenModuleGetFeatures(self._module) | self._lib.BinaryenFeatureReferenceTypes()
        self._lib.BinaryenModuleSetFeatures(self._module, features)
        table, count = name.encode(), len(functions)
        self._lib.BinaryenAddTable(self._module, table, count, count, self._lib.BinaryenTypeFuncref())
        names = [self._ffi.new("char[]", function.encode()) for function in functions]
        self._lib.BinaryenAddActiveElementSegment(self._module, table, table, names, count, self.const(t.I32, 0))

    # Expressions

    def const(self, type_: t.Type, value: float | bool) -> Expression:
        lib = self._lib
        if type_ is t.F64:
            # By its bits, so that the sign of a NaN and of zero stay as they are.
            literal = lib.BinaryenLiteralFloat64Bits(_BITS.unpack(_DOUBLE.pack(value))[0])
        elif type_ is t.I64:
            literal = lib.BinaryenLiteralInt64(value)
        else:
            literal = lib.BinaryenLiteralInt32((int(value) + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000)
        return lib.BinaryenConst(self._module, literal)

    def local_get(self, index: int, type_: int) -> Expression:
        return self._lib.BinaryenLocalGet(self._module, index, type_)

    def local_set(self, index: int, value: Expression) -> Expression:
        return self._lib.BinaryenLocalSet(self._module, index, value)

    def global_get(self, name: str, type_: t.Type) -> Expression:
        return self._lib.BinaryenGlobalGet(self._module, name.encode(), self._types[type_])

    def global_set(self, name: str, value: Expression) -> Expression:
        return self._lib.BinaryenGlobalSet(self._module, name.encode(), value)

    def unary(self, operation: str, value: Expression) -> Expression:
        return self._lib.BinaryenUnary(self._module, self._library.operation(operation), value)

    def binary(self, operation: str, left: Expression, right: Expression) -> Expression:
        return self._lib.BinaryenBinary(self._module, self._library.operation(operation), left, right)

    def select(self, condition: Expression, if_true: Expression, if_false: Expression) -> Expression:
        return self._lib.BinaryenSelect(self._module, condition, if_true, if_false, self._auto)

    def load(self, size_bytes: int, signed: bool, offset: int, type_: t.Type, address: Expression) -> Expression:
        tail = self._library.memory_tail("BinaryenLoad", 7, MEMORY_NAME)
        return self._lib.BinaryenLoad(
            self._module, size_bytes, signed, offset, size_bytes, self._types[type_], address, *tail
        )

    def store(self, size_bytes: int, offset: int, type_: t.Type, address: Expression, value: Expression) -> Expression:
        tail = self._library.memory_tail("BinaryenStore", 7, MEMORY_NAME)
        return self._lib.BinaryenStore(
            self._module, size_bytes, offset, size_bytes, address, value, self._types[type_], *tail
        )

    def bytes_equal(self, address: Expression, byte: Expression) -> Expression:
        """Which of the sixteen bytes at an address equal one."""
        return self._matching("EqVecI8x16", address, byte)

    def bytes_upto(self, address: Expression, byte: Expression) -> Expression:
        """Which of the sixteen bytes at an address are, as signed numbers, at most one."""
        return self._matching("LeSVecI8x16", address, byte)

    def _matching(self, comparison: str, address: Expression, byte: Expression) -> Expression:
        tail = self._library.memory_tail("BinaryenLoad", 7, MEMORY_NAME)
        vector = self._lib.BinaryenLoad(self._module, 16, False, 0, 1, self._types[t.V128], address, *tail)
        compared = self.binary(comparison, vector, self.unary("SplatVecI8x16", byte))
        return self.unary("BitmaskVecI8x16", compared)

    def memory_size(self) -> Expression:
        tail = self._library.memory_tail("BinaryenMemorySize", 1, MEMORY_NAME, False)
        return self._lib.BinaryenMemorySize(self._module, *tail)

    def memory_grow(self, pages: Expression) -> Expression:
        tail = self._library.memory_tail("BinaryenMemoryGrow", 2, MEMORY_NAME, False)
        return self._lib.BinaryenMemoryGrow(self._module, pages, *tail)

    def memory_copy(self, to: Expression, source: Expression, size: Expression) -> Expression:
        tail = self._library.memory_tail("BinaryenMemoryCopy", 4, MEMORY_NAME, MEMORY_NAME)
        return self._lib.BinaryenMemoryCopy(self._module, to, source, size, *tail)

    def memory_fill(self, to: Expression, byte: Expression, size: Expression) -> Expression:
        tail = self._library.memory_tail("BinaryenMemoryFill", 4, MEMORY_NAME)
        return self._lib.BinaryenMemoryFill(self._module, to, byte, size, *tail)

    def call(self, name: str, operands: Sequence[Expression], results: Sequence[t.Type]) -> Expression:
        return self._lib.BinaryenCall(self._module, name.encode(), list(operands), len(operands), self.type_of(results))

    def call_indirect(
        self, index: Expression, operands: Sequence[Expression], params: Sequence[t.Type], results: Sequence[t.Type]
    ) -> Expression:
        """Call the function in the only table at an index."""
        return self._lib.BinaryenCallIndirect(
            self._module,
            self._table,
            index,
            list(operands),
            len(operands),
            self.type_of(params),
            self.type_of(results),
        )

    def return_call_indirect(
        self, table: str, index: Expression, operands: Sequence[Expression], params: Sequence[t.Type]
    ) -> Expression:
        """Leave the function, which has no results, by calling one of a table that has none either."""
        return self._lib.BinaryenReturnCallIndirect(
            self._module, table.encode(), index, list(operands), len(operands), self.type_of(params), self._none
        )

    def tuple_of(self, values: Sequence[Expression]) -> Expression:
        return self._lib.BinaryenTupleMake(self._module, list(values), len(values))

    def tuple_part(self, value: Expression, index: int) -> Expression:
        return self._lib.BinaryenTupleExtract(self._module, value, index)

    def drop(self, value: Expression) -> Expression:
        return self._lib.BinaryenDrop(self._module, value)

    def return_(self, value: Expression | None) -> Expression:
        return self._lib.BinaryenReturn(self._module, self._null if value is None else value)

    def unreachable(self) -> Expression:
        return self._lib.BinaryenUnreachable(self._module)

    def block(self, label: str | None, body: Sequence[Expression]) -> Expression:
        """The statements behind each other; a branch to `label` continues after them."""
        if label is None:
            if len(body) == 1:
                return body[0]
            return self._lib.BinaryenBlock(self._module, self._null, list(body), len(body), self._auto)
        # Its type is none, because something branches to its end. Made with its body, Binaryen would look for that branch in
        # all that it holds: in blocks within blocks, as those of a long `match`, again for each.
        block = self._lib.BinaryenBlock(self._module, label.encode(), [], 0, self._none)
        for child in body:
            self._lib.BinaryenBlockAppendChild(block, child)
        return block

    def loop(self, label: str, body: Sequence[Expression]) -> Expression:
        """The statements; a branch to `label` starts them again."""
        return self._lib.BinaryenLoop(self._module, label.encode(), self.block(None, body))

    def if_(self, condition: Expression, then: Sequence[Expression], orelse: Sequence[Expression] = ()) -> Expression:
        otherwise = self.block(None, orelse) if orelse else self._null
        return self._lib.BinaryenIf(self._module, condition, self.block(None, then), otherwise)

    def branch(self, label: str, condition: Expression | None = None) -> Expression:
        return self._lib.BinaryenBreak(
            self._module, label.encode(), self._null if condition is None else condition, self._null
        )

    def branch_table(self, labels: Sequence[str], default: str, index: Expression) -> Expression:
        names = [self._ffi.new("char[]", label.encode()) for label in labels]
        return self._lib.BinaryenSwitch(self._module, names, len(names), default.encode(), index, self._null)

    # The whole module

    def validate(self) -> None:
        """Raises InvalidModule, with what Binaryen says."""
        with _stderr_captured() as captured:
            is_valid = self._lib.BinaryenModuleValidate(self._module)
            complaint = captured()
        if not is_valid:
            raise InvalidModule(complaint.strip())

    def run_passes(self, names: Sequence[str], optimize_level: int = 2, shrink_level: int = 0) -> None:
        """Run Binaryen's passes. A name that Binaryen does not know ends the process: callers have a checked list."""
        lib, ffi = self._lib, self._ffi
        lib.BinaryenSetOptimizeLevel(optimize_level)
        lib.BinaryenSetShrinkLevel(shrink_level)
        passes = [ffi.new("char[]", name.encode()) for name in names]
        with _stderr_captured():  # passes may print notes, which say nothing to users
            lib.BinaryenModuleRunPasses(self._module, passes, len(passes))

    def text(self) -> str:
        """The module in WebAssembly's text format."""
        text = self._library.take_text(self._lib.BinaryenModuleAllocateAndWriteText(self._module))
        return _PLACE_COMMENT.sub(self._place_comment, text)

    def _place_comment(self, comment: re.Match[str]) -> str:
        """The comment in front of an expression, with its column instead of its number."""
        place = self._places[int(comment["number"])][1]
        return f"{comment['indent']};;@ {place[0]}:{place[1]}:{place[2]}\n" if place is not None else ""

    def write(self, names: bool) -> tuple[bytes, dict[int, Place | None]]:
        """The binary, and which byte offset comes from where in the source. `names`: with the name section."""
        self._lib.BinaryenSetDebugInfo(names)
        # An empty address of the source map: with it the map is made, and no section of the binary points to it.
        written = self._lib.BinaryenModuleAllocateAndWrite(self._module, b"")
        wasm = self._library.take_bytes(written.binary, written.binaryBytes)
        found = sourcemap.entries(self._library.take_text(written.sourceMap))
        opened = [(offset, number) for offset, (_file, _line, number) in found]
        return wasm, sourcemap.locate(wasm, opened, self._places)


@contextmanager
def _stderr_captured() -> Iterator[Any]:
    """While the block runs, file descriptor 2 leads to a file; calling the value gives what was written so far."""
    if sys.stderr is not None:
        sys.stderr.flush()
    with tempfile.TemporaryFile() as caught:
        try:
            saved = os.dup(2)
        except OSError:  # the process has no standard error
            yield lambda: ""
            return
        os.dup2(caught.fileno(), 2)

        def read() -> str:
            if sys.stderr is not None:
                sys.stderr.flush()
            caught.seek(0)
            return caught.read().decode("utf-8", "replace")

        try:
            yield read
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
