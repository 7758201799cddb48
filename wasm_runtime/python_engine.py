"""The reference interpreter: mem IR over a bytearray, in Python alone.

    program = Program(module)                   translated to one Python function for each function of the IR
    program.call("f", 2, 3)        (5,)

Every op means what the `eval` of its row says; ops without one (memory, calls, globals) are written here. For speed the
most frequent ops have a text of their own (`TEMPLATES`), and a test holds each of them against its row.

A block with one way in is written where that is; the others get numbers, and a loop goes by them:

    while True:
        if b < 1: ...; b = 1; continue
        else:     v4 = v2 + v3; ...; return v4

Which line of that text came from where in the source is remembered, so that a failure has its place.
"""

from __future__ import annotations

import _thread
import ctypes
import math
import struct
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any

from wasmlathe.codegen.memory_image import PAGE_BYTES, MemoryImage
from wasmlathe.ir import types as t
from wasmlathe.ir.core import Block, Function, Loc, Module, Op, Target, Value
from wasmlathe.ir.ops.mem import MATCHED_BYTES
from wasmlathe.ir.ops.numeric import M64, bits_of_f64
from wasmlathe.ir.ops.row import Load, Special, Store, Trap
from wasmlathe.lower.heap_state import HEAP, SHADOW
from wasmlathe.wasm_runtime.engine import (
    EXIT_BROKEN_PIPE,
    MANY_FRAMES,
    MEGABYTE,
    NO_LIMITS,
    PANICS,
    STACK_OVERFLOW,
    Limits,
)
from wasmlathe.wasm_runtime.grants import Grants
from wasmlathe.wasm_runtime.output import Output
from wasmlathe.wasm_runtime.panics import Frame, InternalError, Location, ProgramExit, ProgramPanic, TimeLimit
from wasmlathe.wasm_runtime.world import World, sleep

#: Calls of the program that may be open at once; a frame takes some 400 bytes.
MAX_FRAMES = 200_000
#: Python calls Python without the system's stack, but not everywhere it might.
THREAD_STACKS = (256 * MEGABYTE, 64 * MEGABYTE, 16 * MEGABYTE)
#: How many of the innermost calls a failure shows.
MAX_SHOWN_FRAMES = 64
MAX_PAGES = 65536
#: Blocks nest so deep in the text before one gets a number; Python's parser has a limit of 100.
MAX_NESTING = 24

_FILE = "<mem IR>"
_START = "_start"

_WRAP32 = "(t if -2147483648 <= (t := {}) <= 2147483647 else w32(t))"
_WRAP64 = "(t if -9223372036854775808 <= (t := {}) <= 9223372036854775807 else w64(t))"

_SAME_ON_INTEGERS = {
    "and": "{} & {}",
    "or": "{} | {}",
    "xor": "{} ^ {}",
    "eq": "{} == {}",
    "ne": "{} != {}",
    "lt_s": "{} < {}",
    "le_s": "{} <= {}",
    "gt_s": "{} > {}",
    "ge_s": "{} >= {}",
}

#: Texts with the meaning of the row's `eval`; `t` is free for use.
TEMPLATES: dict[str, str] = {
    **{f"i32.{name}": text for name, text in _SAME_ON_INTEGERS.items()},
    **{f"i64.{name}": text for name, text in _SAME_ON_INTEGERS.items()},
    **{f"i32.{name}": _WRAP32.format(f"{{}} {sign} {{}}") for name, sign in (("add", "+"), ("sub", "-"), ("mul", "*"))},
    **{f"i64.{name}": _WRAP64.format(f"{{}} {sign} {{}}") for name, sign in (("add", "+"), ("sub", "-"), ("mul", "*"))},
    "i32.lt_u": "({} & 4294967295) < ({} & 4294967295)",
    "i32.le_u": "({} & 4294967295) <= ({} & 4294967295)",
    "i32.gt_u": "({} & 4294967295) > ({} & 4294967295)",
    "i32.ge_u": "({} & 4294967295) >= ({} & 4294967295)",
    "i64.lt_u": "({} & 18446744073709551615) < ({} & 18446744073709551615)",
    "i64.ge_u": "({} & 18446744073709551615) >= ({} & 18446744073709551615)",
    "i32.shl": _WRAP32.format("{} << ({} & 31)"),
    "i64.shl": _WRAP64.format("{} << ({} & 63)"),
    "i32.shr_s": "{} >> ({} & 31)",
    "i64.shr_s": "{} >> ({} & 63)",
    "i32.wrap_i64": _WRAP32.format("{}"),
    "i64.extend_i32_s": "{}",
    "i64.extend_i32_u": "{} & 4294967295",
    "f64.add": "{} + {}",
    "f64.sub": "{} - {}",
    "f64.mul": "{} * {}",
    "f64.neg": "-{}",
    "f64.eq": "{} == {}",
    "f64.ne": "{} != {}",
    "f64.lt": "{} < {}",
    "f64.le": "{} <= {}",
    "f64.gt": "{} > {}",
    "f64.ge": "{} >= {}",
    "bool.and": "{} & {}",
    "bool.or": "{} | {}",
    "bool.xor": "{} ^ {}",
    "bool.eq": "{} == {}",
    "bool.not": "not {}",
}

# Format of a value of a type in so many bytes of memory.
FORMATS = {
    (t.I64, 8, False): "q",
    (t.F64, 8, False): "d",
    (t.I32, 4, False): "i",
    (t.I32, 2, False): "H",
    (t.I32, 2, True): "h",
}

_HELPERS = """\
def w32(x):
    return ((x + 2147483648) & 4294967295) - 2147483648
def w64(x):
    return ((x + 9223372036854775808) & 18446744073709551615) - 9223372036854775808
"""


class UnknownFunction(ValueError):
    """The module has no function of this name."""


class _Stopped(SystemExit):
    """Raised inside the running program from outside. A thread that ends by a SystemExit, even too late, says nothing."""


class Program:
    """A module ready to run: its text, its memory, its globals, and the host functions it imports."""

    def __init__(
        self,
        module: Module,
        args: Sequence[str] = (),
        limits: Limits = NO_LIMITS,
        output: Output | None = None,
        world: World | None = None,
    ) -> None:
        """Raises ProgramPanic if the memory limit is too small for the program's data."""
        self.world = world or World()
        self.module = module
        self.image = MemoryImage(module)
        self.max_pages = MAX_PAGES
        if limits.max_memory_bytes is not None:
            self.max_pages = min(MAX_PAGES, limits.max_memory_bytes // PAGE_BYTES)
        self.output = output if output is not None else Output()
        self.arguments = [arg.encode("utf-8", "surrogateescape") for arg in args]
        self.memory = bytearray()
        if _uses_memory(module):
            if self.image.initial_pages > self.max_pages:
                limit = limits.max_memory_bytes
                raise ProgramPanic(f"out of memory: the program needs more than {limit} bytes to start")
            self.memory.extend(self.image.content.ljust(self.image.initial_pages * PAGE_BYTES, b"\0"))
        text = _Text(module, self.image)
        self.source = text.source()
        self._places = text.places
        self._names = text.names
        self._functions = {function: name for name, function in text.names.items()}
        self.namespace: dict[str, Any] = {**text.constants, **_support(self), **_globals_of(text)}
        exec(compile(self.source, _FILE, "exec", dont_inherit=True), self.namespace)  # noqa: S102 text of our own

    def call(self, name: str, *args: Any) -> tuple[Any, ...]:
        """The results of a function. Raises ProgramPanic, ProgramExit and InternalError."""
        if name not in self._functions:
            raise UnknownFunction(f"no function @{name}")
        function = self.module.functions[name]
        try:
            with _deep_calls():
                result = self.namespace[self._functions[name]](*args)
        except (Trap, RecursionError, MemoryError, struct.error, IndexError, _Unreachable, _Outside) as error:
            raise self.failure(error) from None
        return () if not function.results else result if len(function.results) > 1 else (result,)

    def failure(self, error: BaseException) -> ProgramPanic | InternalError:
        """How `error`, raised out of the program's text, looks to the user: with its place and the calls."""
        frames = tuple(self.frames(error.__traceback__))
        location = next((frame.location for frame in frames if frame.location), None)
        if isinstance(error, Trap):
            return ProgramPanic(error.message, location, frames)
        if isinstance(error, RecursionError):
            return ProgramPanic(PANICS[STACK_OVERFLOW], location, frames)
        if isinstance(error, MemoryError):
            return ProgramPanic("out of memory", location, frames)
        if (
            isinstance(error, (struct.error, IndexError))
            and SHADOW in self.image.addresses
            and len(frames) >= MANY_FRAMES
        ):
            return ProgramPanic(PANICS[STACK_OVERFLOW], location, frames)  # of the shadow stack
        what = str(error) if isinstance(error, (_Unreachable, _Outside)) else "it accessed memory out of bounds"
        return InternalError(f"the interpreted program failed: {what}", location, frames)

    def frames(self, traceback: TracebackType | None) -> Iterator[Frame]:
        """The innermost calls in a traceback that are the program's own, innermost first."""
        shown: deque[tuple[str, int]] = deque(maxlen=MAX_SHOWN_FRAMES)
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if code.co_filename == _FILE and code.co_name in self._names:
                shown.append((code.co_name, traceback.tb_lineno))
            traceback = traceback.tb_next
        for name, line in reversed(shown):
            loc = self._places.get(line)
            yield Frame(self._names[name], _location(loc) if loc is not None else None, 0)

    # What the text calls

    def grow(self, pages: int) -> int:
        old = len(self.memory) // PAGE_BYTES
        pages &= 0xFFFF_FFFF
        if old + pages > self.max_pages:
            return -1
        try:
            self.memory.extend(bytes(pages * PAGE_BYTES))
        except MemoryError:
            return -1
        return old

    def span(self, address: int, size: int) -> slice:
        """The place of `size` bytes at `address`. Raises _Outside."""
        address, size = address & 0xFFFF_FFFF, size & 0xFFFF_FFFF
        if address + size > len(self.memory):
            raise _Outside("it accessed memory out of bounds")
        return slice(address, address + size)

    def copy(self, to: int, source: int, size: int) -> None:
        self.memory[self.span(to, size)] = self.memory[self.span(source, size)]

    def fill(self, to: int, byte: int, size: int) -> None:
        self.memory[self.span(to, size)] = bytes((byte & 0xFF,)) * (size & 0xFFFF_FFFF)

    def bytes_equal(self, address: int, byte: int) -> int:
        byte &= 0xFF
        return sum((found == byte) << i for i, found in enumerate(self.memory[self.span(address, MATCHED_BYTES)]))

    def bytes_upto(self, address: int, byte: int) -> int:
        most = (byte & 0xFF) ^ 0x80  # numbers with a sign are in order when their sign is flipped
        content = self.memory[self.span(address, MATCHED_BYTES)]
        return sum((found ^ 0x80 <= most) << i for i, found in enumerate(content))

    def text_at(self, address: int, size: int) -> str:
        return self.memory[self.span(address, size)].decode("utf-8", "replace")

    # What the host offers

    def write(self, address: int, size: int) -> None:
        pending = self.output.pending
        pending.extend(self.memory[self.span(address, size)])
        if len(pending) > self.output.limit:
            self.output.flush()

    def exit(self, code: int) -> None:
        raise ProgramExit(code)

    def argument(self, index: int) -> bytes:
        if not 0 <= index < len(self.arguments):
            raise _Outside("it asked for an argument that there is not")
        return self.arguments[index]

    def arg_read(self, index: int, address: int) -> None:
        data = self.argument(index)
        self.memory[self.span(address, len(data))] = data

    def bytes_at(self, address: int, size: int) -> bytes:
        return bytes(self.memory[self.span(address, size)])

    def input_some(self, most: int) -> int:
        self.output.flush()
        return self.world.read_input(most)

    def take(self, address: int) -> int:
        with memoryview(self.memory) as memory, memory[self.span(address, self.world.ready)] as target:
            return self.world.take(target)

    def sleep(self, milliseconds: float) -> None:
        self.output.flush()
        sleep(milliseconds / 1000.0, lambda: False)  # `_Job.stop` raises an exception in it


class _Unreachable(Exception):
    """The program came to an op that says nothing comes there."""


class _Outside(Exception):
    """The program handed the host something that does not exist."""


def run(
    module: Module,
    args: Sequence[str] = (),
    limits: Limits = NO_LIMITS,
    stdout: Any = None,
    grants: Grants | None = None,
    stdin: Any = None,
    functions: Sequence[str] | None = None,
    look: Callable[[memoryview, int, tuple[int, int]], object] | None = None,
) -> int:
    """Run the program's entry and return its exit status; its output goes to `stdout`, or else to sys.stdout.

    `grants`, `stdin`, `functions` and `look` are as for `engine.run`. Raises ProgramPanic (TimeLimit), InternalError, KeyboardInterrupt, or what `stdout` raises, as `engine.run` does.
    """
    output = Output(stdout)
    try:
        try:
            program = Program(module, args, limits, output, World(grants, stdin))
            try:
                status = _Job(program, limits).run([_START] if functions is None else functions)
            finally:
                if look is not None:
                    look(memoryview(program.memory), program.image.addresses.get(HEAP, 0), (0, 0))
        except ProgramExit as leaving:
            if functions is not None:
                raise
            status = leaving.code & 0xFF
        output.flush()
    except BrokenPipeError:
        return EXIT_BROKEN_PIPE
    except BaseException:
        try:
            output.flush()
        except BrokenPipeError:
            pass  # why the program failed says more
        raise
    return status


def call(module: Module, name: str, args: Iterable[Any] = ()) -> tuple[Any, ...]:
    """The results of one function of a module, in a fresh memory. Raises ProgramPanic, InternalError, UnknownFunction."""
    return Program(module).call(name, *args)


class _Job:
    """One run of an entry on a thread of its own, which has a large stack and can be stopped."""

    def __init__(self, program: Program, limits: Limits) -> None:
        self.program = program
        self.limits = limits
        self.done = _thread.allocate_lock()
        self.error: BaseException | None = None
        self.status = 0
        self.thread = 0

    def run(self, names: Sequence[str]) -> int:
        """Call the functions that are exported under these names; the last one's result."""
        exported = {f.exported: f for f in self.program.module.functions.values() if f.exported is not None}
        self.start([exported[name] for name in names if name in exported])
        self.wait()
        if self.error is not None:
            raise self.error
        return self.status

    def start(self, entries: Sequence[Function]) -> None:
        self.done.acquire()
        for stack_bytes in THREAD_STACKS:
            before = _thread.stack_size(stack_bytes)
            try:
                self.thread = _thread.start_new_thread(self.body, (entries,))
                return
            except RuntimeError:  # no such stack under this system's limits
                continue
            finally:
                _thread.stack_size(before)
        raise InternalError(f"no thread with a stack of {THREAD_STACKS[-1]} bytes can be started")

    def body(self, entries: Sequence[Function]) -> None:
        try:
            for entry in entries:
                results = self.program.call(entry.name)
                self.status = int(results[0]) & 0xFF if results else 0
        except _Stopped as stopped:
            frames = tuple(self.program.frames(stopped.__traceback__))
            location = next((frame.location for frame in frames if frame.location), None)
            self.error = TimeLimit(f"timed out after {self.limits.timeout_seconds or 0:g} s", location, frames)
        except BaseException as error:  # noqa: BLE001 carried over to the thread that waits
            self.error = error
        finally:
            self.done.release()

    def wait(self) -> None:
        limit = self.limits.timeout_seconds
        try:
            if not self.done.acquire(timeout=-1 if limit is None else min(limit, _thread.TIMEOUT_MAX)):
                self.stop()
        except KeyboardInterrupt:
            self.stop()
            raise

    def stop(self) -> None:
        """End the program, wherever it is; it may be in a host function, so try until it has ended."""
        raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
        while True:
            is_alive = raise_in(ctypes.c_ulong(self.thread), ctypes.py_object(_Stopped))
            if self.done.acquire(timeout=0.1) or not is_alive:
                return


class _deep_calls:
    """While it is entered, Python allows calls as deep as a program may need."""

    def __enter__(self) -> None:
        self.before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(self.before, MAX_FRAMES))

    def __exit__(self, *_: object) -> None:
        sys.setrecursionlimit(self.before)


def _location(loc: Loc) -> Location:
    return Location(loc.file, loc.line, loc.col)


def _uses_memory(module: Module) -> bool:
    if module.data:
        return True
    ops = (op for function in module.functions.values() for op in function.ops())
    return any(op.row.family == "mem" or op.name == "panic_text" for op in ops)


def _globals_of(text: _Text) -> dict[str, Any]:
    return {
        name: variable.init
        for name, variable in zip(text.variables.values(), text.module.globals.values(), strict=True)
    }


def _support(program: Program) -> dict[str, Any]:
    """The names that the text uses besides its own."""
    names: dict[str, Any] = {
        "mem": program.memory,
        "Trap": Trap,
        "Unreachable": _Unreachable,
        "inf": math.inf,
        "grow": program.grow,
        "bytes_equal": program.bytes_equal,
        "bytes_upto": program.bytes_upto,
        "copy": program.copy,
        "fill": program.fill,
        "text_at": program.text_at,
    }
    for format_ in set(FORMATS.values()):
        packing = struct.Struct(f"<{format_}")
        names[f"unpack_{format_}"] = packing.unpack_from
        names[f"pack_{format_}"] = packing.pack_into
    return names | {_host_name(name): function for name, function in _host(program).items()}


def _host(program: Program) -> dict[str, Callable[..., Any]]:
    """The functions of module "env", as in `host.IMPORTS`."""
    from random import Random

    return {
        "write": program.write,
        "now": lambda: time.time() * 1000.0,
        "random": Random().random,
        "exit": program.exit,
        "arg_count": lambda: len(program.arguments),
        "arg_size": lambda index: len(program.argument(index)),
        "arg_read": program.arg_read,
        "env_find": lambda name, size: program.world.find_variable(program.bytes_at(name, size)),
        "file_open": lambda path, size: program.world.open_file(program.bytes_at(path, size)),
        "file_save": lambda path, path_size, text, size: program.world.save_file(
            program.bytes_at(path, path_size), program.bytes_at(text, size)
        ),
        "input_some": program.input_some,
        "input_all": program.world.read_all_input,
        "take": program.take,
        "sleep": program.sleep,
    }


def _host_name(name: str) -> str:
    return f"host_{name}"


class _Text:
    """The Python text of a module, line by line, with the places that lines come from."""

    def __init__(self, module: Module, image: MemoryImage) -> None:
        self.module = module
        self.image = image
        self.lines: list[str] = _HELPERS.splitlines()
        #: Line of the text, from 1 -> place in the source.
        self.places: dict[int, Loc] = {}
        #: Python name of a function -> its name in the IR.
        self.names: dict[str, str] = {}
        self.callees: dict[str, str] = {}
        for index, function in enumerate(module.functions.values()):
            if function.is_import:
                self.callees[function.name] = _host_name(function.attrs["import"][1])
            else:
                self.callees[function.name] = f"f{index}"
                self.names[f"f{index}"] = function.name
        self.variables = {name: f"g{index}" for index, name in enumerate(module.globals)}
        #: Meanings of rows, by the names under which the text calls them.
        self.constants: dict[str, Any] = {}

    def source(self) -> str:
        for function in self.module.functions.values():
            if not function.is_import:
                _FunctionText(self, function).write()
        return "\n".join(self.lines) + "\n"

    def add(self, depth: int, line: str, loc: Loc | None = None) -> None:
        self.lines.append(" " * depth + line)
        if loc is not None:
            self.places[len(self.lines)] = loc

    def meaning(self, op: Op) -> str:
        name = "op_" + op.name.replace(".", "_")
        self.constants[name] = op.row.eval
        return name


class _FunctionText:
    """Writes one function."""

    def __init__(self, text: _Text, function: Function) -> None:
        self.text = text
        self.function = function
        self.values: dict[Value, str] = {}
        self.heads = _heads(function)
        #: The head whose code is being written, if it is a loop that only it continues.
        self.loop: Block | None = None

    def write(self) -> None:
        function, text = self.function, self.text
        params = ", ".join(self.name(value) for value in function.params)
        text.add(0, f"def {text.callees[function.name]}({params}):")
        written = sorted({op.attrs["name"] for op in function.ops() if op.name == "global.set"})
        if written:
            text.add(1, f"global {', '.join(text.variables[name] for name in written)}")
        if len(self.heads) == 1:
            self.block(function.entry, 1)
            return
        text.add(1, "b = 0")
        text.add(1, "while True:")
        self.dispatch(list(self.heads), 0, 2)

    def dispatch(self, heads: list[Block], first: int, depth: int) -> None:
        """Find the head that is number `b` by halving."""
        if len(heads) == 1:
            self.head(heads[0], depth)
            return
        middle = len(heads) // 2
        self.text.add(depth, f"if b < {first + middle}:")
        self.dispatch(heads[:middle], first, depth + 1)
        self.text.add(depth, "else:")
        self.dispatch(heads[middle:], first + middle, depth + 1)

    def head(self, block: Block, depth: int) -> None:
        if not self.returns_to(block):
            self.block(block, depth)
            return
        self.text.add(depth, "while True:")
        self.loop = block
        self.block(block, depth + 1)
        self.loop = None

    def returns_to(self, head: Block) -> bool:
        """True if the code that starts with `head`, up to the next heads, branches back to it."""
        seen = {head}
        todo = [head]
        while todo:
            for succ in todo.pop().successors:
                if succ is head:
                    return True
                if succ not in self.heads and succ not in seen:
                    seen.add(succ)
                    todo.append(succ)
        return False

    def name(self, value: Value) -> str:
        name = self.values.get(value)
        if name is None:
            op = value.op
            if op is not None and isinstance(op.row.wasm, Special) and op.row.wasm.name in _LITERALS:
                name = _LITERALS[op.row.wasm.name](self, op)
            else:
                name = f"v{len(self.values)}"
            self.values[value] = name
        return name

    def names(self, values: Iterable[Value]) -> list[str]:
        return [self.name(value) for value in values]

    def block(self, block: Block, depth: int) -> None:
        """The code of a block and of those that only it leads to."""
        for op in block.ops[:-1]:
            for line in self.op(op):
                self.text.add(depth, line, op.loc)
        end = block.terminator
        operands = self.names(end.operands)
        if end.name == "br":
            self.edge(end.targets[0], depth)
        elif end.name == "cond_br":
            # No `else`: the code of an edge never comes to its end.
            self.text.add(depth, f"if {operands[0]}:")
            self.edge(end.targets[0], depth + 1)
            self.edge(end.targets[1], depth)
        elif end.name == "switch":
            for case, target in zip(end.attrs["cases"], end.targets, strict=False):
                self.text.add(depth, f"if {operands[0]} == {case}:")
                self.edge(target, depth + 1)
            self.edge(end.targets[-1], depth)
        else:
            self.text.add(depth, _ENDS[end.name](self, end, operands), end.loc)

    def edge(self, target: Target, depth: int) -> None:
        block = target.block
        pairs = [
            (self.name(param), self.name(arg))
            for param, arg in zip(block.params, target.args, strict=True)
            if param is not arg
        ]
        if pairs:
            self.text.add(depth, f"{', '.join(p for p, _ in pairs)} = {', '.join(a for _, a in pairs)}")
        number = self.heads.get(block)
        if number is None:
            self.block(block, depth)
        elif block is self.loop:
            self.text.add(depth, "continue")
        else:
            self.text.add(depth, f"b = {number}")
            self.text.add(depth, "continue" if self.loop is None else "break")

    def op(self, op: Op) -> list[str]:
        """The lines for an op that is no terminator."""
        row, wasm = op.row, op.row.wasm
        if isinstance(wasm, Special) and wasm.name in _LITERALS:
            return []
        if wasm == _NOTHING:
            return []
        operands = self.names(op.operands)
        if isinstance(wasm, Load):
            expression = load_text(op, wasm, operands[0])
        elif isinstance(wasm, Store):
            return [store_text(op, wasm, *operands)]
        elif row.name in TEMPLATES:
            expression = TEMPLATES[row.name].format(*operands)
        elif row.name == "select":
            expression = f"{operands[1]} if {operands[0]} else {operands[2]}"
        elif row.eval is not None:
            expression = f"{self.text.meaning(op)}({', '.join(operands)})"
        else:
            expression = _EXPRESSIONS[row.name](self, op, operands)
        results = ", ".join(self.names(op.results))
        return [f"{results} = {expression}" if results else expression]


def _heads(function: Function) -> dict[Block, int]:
    """The blocks that get a number: the entry, those with several ways in, and those that would nest too deep."""
    ways_in: dict[Block, int] = {}
    for block in function.blocks:
        for succ in block.successors:
            ways_in[succ] = ways_in.get(succ, 0) + 1
    heads = {function.entry: 0}
    nesting = {function.entry: 0}
    todo = [function.entry]
    while todo:
        block = todo.pop()
        inner = nesting[block] + 1
        for succ in block.successors:
            if succ in nesting:
                continue
            is_head = ways_in[succ] > 1 or inner > MAX_NESTING
            nesting[succ] = 0 if is_head else inner
            if is_head:
                heads[succ] = len(heads)
            todo.append(succ)
    return heads


def _address(op: Op, base: str) -> str:
    offset = op.attrs["offset"]
    masked = f"({base} & 4294967295)"
    return f"{masked} + {offset}" if offset else masked


def load_text(op: Op, wasm: Load, base: str) -> str:
    """Python for what a load gives; `base` is the text of its address."""
    address, type_ = _address(op, base), op.result.type
    if wasm.bytes == 1:
        byte = f"mem[{address}]"
        return f"{byte} != 0" if type_ is t.BOOL else f"({byte} ^ 128) - 128" if wasm.signed else byte
    return f"unpack_{FORMATS[type_, wasm.bytes, wasm.signed]}(mem, {address})[0]"


def store_text(op: Op, wasm: Store, base: str, value: str) -> str:
    """Python for a store."""
    address, type_ = _address(op, base), op.operands[1].type
    if wasm.bytes == 1:
        return f"mem[{address}] = {value}" if type_ is t.BOOL else f"mem[{address}] = {value} & 255"
    if wasm.bytes == 2:
        value = f"{value} & 65535"
    return f"pack_{FORMATS[type_, wasm.bytes, False]}(mem, {address}, {value})"


def _constant(self: _FunctionText, op: Op) -> str:
    value = op.attrs["value"]
    if isinstance(value, float) and math.isnan(value):
        name = f"nan_{bits_of_f64(value) & M64:x}"  # with its sign and payload
        self.text.constants[name] = value
        return name
    text = repr(value)
    return f"({text})" if text.startswith("-") else text


def _global_set(self: _FunctionText, op: Op, operands: list[str]) -> str:
    return f"{self.text.variables[op.attrs['name']]} = {operands[0]}"


def _panic(self: _FunctionText, op: Op, operands: list[str]) -> str:
    return f"raise Trap({op.attrs['message']!r})"


_NOTHING = Special("nothing")

#: Values that are written at every use: the texts, by the name of the `Special`.
_LITERALS: dict[str, Callable[[_FunctionText, Op], str]] = {
    "const": _constant,
    "data_addr": lambda self, op: str(self.text.image.addresses[op.attrs["data"]]),
    "heap_base": lambda self, op: str(self.text.image.heap_base),
    "shadow": lambda self, op: "0",
}

#: Ops whose rows have no `eval`, because they depend on more than operands.
_EXPRESSIONS: dict[str, Callable[[_FunctionText, Op, list[str]], str]] = {
    "call": lambda self, op, operands: f"{self.text.callees[op.attrs['callee']]}({', '.join(operands)})",
    "global.get": lambda self, op, operands: self.text.variables[op.attrs["name"]],
    "global.set": _global_set,
    "mem.bytes_equal": lambda self, op, operands: f"bytes_equal({', '.join(operands)})",
    "mem.bytes_upto": lambda self, op, operands: f"bytes_upto({', '.join(operands)})",
    "mem.copy": lambda self, op, operands: f"copy({', '.join(operands)})",
    "mem.fill": lambda self, op, operands: f"fill({', '.join(operands)})",
    "mem.size": lambda self, op, operands: f"len(mem) // {PAGE_BYTES}",
    "mem.grow": lambda self, op, operands: f"grow({operands[0]})",
}

#: Terminators without targets.
_ENDS: dict[str, Callable[[_FunctionText, Op, list[str]], str]] = {
    "ret": lambda self, op, operands: f"return {', '.join(operands)}",
    "unreachable": lambda self, op, operands: "raise Unreachable('it reached code that is unreachable')",
    "panic": _panic,
    "panic_text": lambda self, op, operands: f"raise Trap(text_at({', '.join(operands)}))",
}
