"""The functions a compiled program imports, as bare callbacks on wasmtime's unchecked interface.

A callback gets the address of the raw argument slots and returns null, or a trap, which unwinds the WebAssembly frames.
So whatever leaves the program early (a panic, `exit`, an exception in the caller's output stream) is first remembered as
a Python exception in `Host.failure`; the trap only carries control, and the outside raises what was remembered.
Nothing may be raised out of a callback: ctypes would print it and hand wasmtime an undefined pointer.
"""

from __future__ import annotations

import ctypes
import sys
import time

from wasmlathe.wasm_runtime import wasmtime_c as c
from wasmlathe.wasm_runtime.output import Output
from wasmlathe.wasm_runtime.panics import InternalError, Location, ProgramExit, ProgramPanic

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType, FrameType
    from typing import Any

    from wasmlathe.wasm_runtime.grants import Grants
    from wasmlathe.wasm_runtime.world import World

    Slots = Any  # ctypes pointer to u32 or double
    Callback = Callable[[int, int, Slots, int], int | None]

ADDRESS_SPACE = 1 << 32  # wasmtime reserves all of a 32-bit memory at once, so it never moves
_SECOND, _THIRD, _FOURTH = c.WORDS_PER_SLOT, 2 * c.WORDS_PER_SLOT, 3 * c.WORDS_PER_SLOT
_MASK = 0xFFFF_FFFF


class Host:
    """The outside world of one instance: its output, its arguments, and how it ended."""

    __slots__ = (
        "_arguments",
        "_grants",
        "_interrupt",
        "_stdin",
        "_world",
        "failure",
        "is_late",
        "library",
        "memory",
        "memory_size",
        "output",
        "sites",
    )

    def __init__(
        self,
        library: c.Library,
        sites: Sequence[dict[str, Any]],
        args: Sequence[str],
        output: Output,
        grants: Grants | None = None,
        stdin: Any = None,
    ) -> None:
        self.library = library
        self.sites = sites
        self.output = output
        self.failure: BaseException | None = None
        self.memory = memoryview(b"")
        self.memory_size = 0  # as far as known; a callback that needs more asks
        self._arguments = [arg.encode("utf-8", "surrogateescape") for arg in args]
        self._interrupt: BaseException | None = None
        #: The time limit has passed.
        self.is_late = False
        self._grants = grants
        self._stdin = stdin
        self._world: World | None = None

    @property
    def world(self) -> World:
        """What the program may see of the world; most programs do not look."""
        if self._world is None:
            from wasmlathe.wasm_runtime.world import World

            self._world = World(self._grants, self._stdin)
        return self._world

    # Ending early

    def leave(self, failure: BaseException) -> int:
        """Remember why the program ends; the trap to return from the callback."""
        self.failure = failure
        trap: int = self.library.wasmtime_trap_new(b"", 0)
        return trap

    def take_failure(self) -> BaseException | None:
        failure, self.failure = self.failure, None
        return failure

    def interrupt(self, failure: BaseException) -> None:
        """Make the next host call end the program. May be called from another thread or a signal handler."""
        self._interrupt = failure
        self.memory_size = -1  # sends `write` to `see_memory`, and costs it nothing otherwise

    def raise_interrupt(self) -> None:
        if self._interrupt is not None:
            failure, self._interrupt = self._interrupt, None
            self.memory_size = 0
            raise failure

    # Memory

    def see_memory(self, caller: int, end: int) -> None:
        """Look at the calling instance's memory anew, because bytes up to `end` are needed.

        Raises what `interrupt` was given, and InternalError if the memory is not that large.
        """
        self.raise_interrupt()
        item = c.Extern()
        if not self.library.wasmtime_caller_export_get(caller, b"memory", 6, ctypes.byref(item)):
            raise InternalError("a program without memory handed an address to the host")
        self.attach(self.library.wasmtime_caller_context(caller), item)
        if end > self.memory_size:
            raise InternalError(f"a program handed the host the address {end:#x}, outside its memory")

    def attach(self, context: int, item: c.Extern) -> None:
        address = ctypes.addressof(item) + c.Extern.item.offset
        if not self.memory:
            base = self.library.wasmtime_memory_data(context, address)
            self.memory = memoryview((ctypes.c_char * ADDRESS_SPACE).from_address(base)).cast("B")
        self.memory_size = self.library.wasmtime_memory_data_size(context, address)

    def bytes_at(self, caller: int, start: int, length: int) -> bytes:
        if start + length > self.memory_size:
            self.see_memory(caller, start + length)
        return bytes(self.memory[start : start + length])

    # What the program asks for

    def location(self, site: int) -> Location | None:
        """Where a panic stands in the source; None for one in code that has no source, which counts for its caller."""
        entry = self.sites[site]
        return Location(entry["file"], entry["line"], entry["col"]) if entry["line"] else None

    def panic(self, _caller: int, slots: Slots) -> None:
        site = slots[0]
        raise ProgramPanic(self.sites[site]["message"], self.location(site))

    def panic_text(self, caller: int, slots: Slots) -> None:
        text = self.bytes_at(caller, slots[0], slots[_SECOND])
        raise ProgramPanic(text.decode("utf-8", "replace"), self.location(slots[_THIRD]))

    def exit(self, _caller: int, slots: Slots) -> None:
        raise ProgramExit(slots[0])

    def arg_count(self, _caller: int, slots: Slots) -> None:
        slots[0] = len(self._arguments)

    def arg_size(self, _caller: int, slots: Slots) -> None:
        slots[0] = len(self._arguments[slots[0]])

    def arg_read(self, caller: int, slots: Slots) -> None:
        data, start = self._arguments[slots[0]], slots[_SECOND]
        end = start + len(data)
        if end > self.memory_size:
            self.see_memory(caller, end)
        self.memory[start:end] = data

    def env_find(self, caller: int, slots: Slots) -> None:
        slots[0] = self.world.find_variable(self.bytes_at(caller, slots[0], slots[_SECOND])) & _MASK

    def file_open(self, caller: int, slots: Slots) -> None:
        slots[0] = self.world.open_file(self.bytes_at(caller, slots[0], slots[_SECOND])) & _MASK

    def file_save(self, caller: int, slots: Slots) -> None:
        path = self.bytes_at(caller, slots[0], slots[_SECOND])
        start = slots[_THIRD]
        data = self.view(caller, start, start + slots[_FOURTH])
        slots[0] = self.world.save_file(path, data) & _MASK

    def input_some(self, _caller: int, slots: Slots) -> None:
        self.output.flush()  # what asks for the input should be seen
        slots[0] = self.world.read_input(slots[0]) & _MASK

    def input_all(self, _caller: int, slots: Slots) -> None:
        slots[0] = self.world.read_all_input() & _MASK

    def take(self, caller: int, slots: Slots) -> None:
        start = slots[0]
        slots[0] = self.world.take(self.view(caller, start, start + self.world.ready))

    def view(self, caller: int, start: int, end: int) -> memoryview:
        if end > self.memory_size:
            self.see_memory(caller, end)
        return self.memory[start:end]

    def sleep(self, _caller: int, slots: Slots) -> None:
        from wasmlathe.wasm_runtime.world import sleep

        self.output.flush()
        sleep(slots[0] / 1000.0, lambda: self._interrupt is not None or self.is_late)


def _write(host: Host) -> Callback:
    """`write`: what every printing program spends its time in, so its names are all local."""
    output = host.output
    pending = output.pending
    collect = pending.extend
    limit = output.limit

    def callback(_env: int, caller: int, slots: Slots, _count: int) -> int | None:
        try:
            start = slots[0]
            end = start + slots[_SECOND]
            if end > host.memory_size:
                host.see_memory(caller, end)
            collect(host.memory[start:end])
            if len(pending) > limit:
                output.flush()
            return None
        except BaseException as failure:  # noqa: BLE001 must not pass through C frames; raised again outside
            return host.leave(failure)

    return callback


def _guarded(method: Callable[[Host, int, Slots], None]) -> Callable[[Host], Callback]:
    """A callback out of a method that may raise."""

    def bind(host: Host) -> Callback:
        def callback(_env: int, caller: int, slots: Slots, _count: int) -> int | None:
            try:
                if host.memory_size < 0:
                    host.raise_interrupt()
                method(host, caller, slots)
                return None
            except IndexError:
                return host.leave(InternalError("the program gave the host a number of no panic site or argument"))
            except BaseException as failure:  # noqa: BLE001 must not pass through C frames; raised again outside
                return host.leave(failure)

        return callback

    return bind


def _number(source: Callable[[], Callable[[], float]], scale: float) -> Callable[[Host], Callback]:
    """A callback without parameters whose result is `scale` times what the function from `source` returns."""

    def bind(host: Host) -> Callback:
        read = source()

        def callback(_env: int, _caller: int, slots: Slots, _count: int) -> int | None:
            try:
                if host.memory_size < 0:
                    host.raise_interrupt()
                slots[0] = read() * scale
                return None
            except BaseException as failure:  # noqa: BLE001 must not pass through C frames; raised again outside
                return host.leave(failure)

        return callback

    return bind


def _random_numbers() -> Callable[[], float]:
    from _random import Random  # the generator without the module around it, which takes 3 ms to import

    return Random().random


class Import:
    """One import of module "env": parameter and result kinds, how its slots are seen, and its callback."""

    __slots__ = ("bind", "params", "prototype", "results")

    def __init__(
        self, params: str, results: str, bind: Callable[[Host], Callback], prototype: Any = c.CALLBACK_WORDS
    ) -> None:
        self.params = params
        self.results = results
        self.bind = bind
        self.prototype = prototype


IMPORTS = {
    "write": Import("ii", "", _write),
    "panic": Import("i", "", _guarded(Host.panic)),
    "panic_text": Import("iii", "", _guarded(Host.panic_text)),
    "now": Import("", "d", _number(lambda: time.time, 1000.0), c.CALLBACK_DOUBLES),
    "random": Import("", "d", _number(_random_numbers, 1.0), c.CALLBACK_DOUBLES),
    "exit": Import("i", "", _guarded(Host.exit)),
    "arg_count": Import("", "i", _guarded(Host.arg_count)),
    "arg_size": Import("i", "i", _guarded(Host.arg_size)),
    "arg_read": Import("ii", "", _guarded(Host.arg_read)),
    "env_find": Import("ii", "i", _guarded(Host.env_find)),
    "file_open": Import("ii", "i", _guarded(Host.file_open)),
    "file_save": Import("iiii", "i", _guarded(Host.file_save)),
    "input_some": Import("i", "i", _guarded(Host.input_some)),
    "input_all": Import("", "i", _guarded(Host.input_all)),
    "take": Import("i", "i", _guarded(Host.take)),
    "sleep": Import("d", "", _guarded(Host.sleep), c.CALLBACK_DOUBLES),
}
_KINDS = {"i": c.I32, "d": c.F64}


def link(host: Host, context: int, names: Sequence[tuple[str, str]]) -> tuple[Any, list[Any]]:
    """The imports `names` as an array of externs for instantiation, and the callbacks, which must outlive the instance."""
    externs = (c.Extern * max(len(names), 1))()
    callbacks = []
    for extern, (module, name) in zip(externs, names, strict=False):
        row = IMPORTS.get(name) if module == "env" else None
        if row is None:
            raise InternalError(f"the program imports {module}.{name}, which this host does not have")
        callback = row.prototype(row.bind(host))
        callbacks.append(callback)
        kind = _function_type(host.library, row)
        address = ctypes.cast(callback, ctypes.c_void_p)
        item = ctypes.addressof(extern) + c.Extern.item.offset
        host.library.wasmtime_func_new_unchecked(context, kind, address, None, None, item)
        host.library.wasm_functype_delete(kind)
        extern.kind = c.EXTERN_FUNC
    return externs, callbacks


def _function_type(library: c.Library, row: Import) -> int:
    params, results = _value_types(library, row.params), _value_types(library, row.results)
    kind: int = library.wasm_functype_new(ctypes.byref(params), ctypes.byref(results))
    return kind


def _value_types(library: c.Library, kinds: str) -> c.Vec:
    types = (ctypes.c_void_p * max(len(kinds), 1))(*[library.wasm_valtype_new(_KINDS[kind]) for kind in kinds])
    vec = c.Vec()
    library.wasm_valtype_vec_new(ctypes.byref(vec), len(kinds), types)
    return vec


# Ctrl-C while a call into an instance runs on the main thread

_CALLBACK_CODES: tuple[CodeType, ...] = tuple(
    next(const for const in maker.__code__.co_consts if hasattr(const, "co_firstlineno"))
    for maker in (_write, _guarded(Host.panic), _number(_random_numbers, 1.0))
)


def guard_interrupts() -> None:
    """Keep KeyboardInterrupt from being raised where a callback cannot catch it.

    Python runs signal handlers when it enters a function: a Ctrl-C that arrived inside wasm is raised on the first line
    of the next callback, before its `try`. There our handler notes it instead, and the callback ends the program. Only
    Python's own handler is replaced, and everywhere else ours does what that one does.
    """
    import signal

    if sys.modules.get("threading") is not None:
        threading = sys.modules["threading"]
        if threading.current_thread() is not threading.main_thread():
            return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _on_interrupt)


def _on_interrupt(number: int, frame: FrameType | None) -> None:
    if frame is not None and frame.f_code in _CALLBACK_CODES and frame.f_lineno == frame.f_code.co_firstlineno:
        frame.f_locals["host"].interrupt(KeyboardInterrupt())
        return
    import signal

    signal.default_int_handler(number, frame)
