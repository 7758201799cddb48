"""Run an artifact in wasmtime: compile or map its code, instantiate it, call its entry, say how it ended.

    artifact --(native code, from the cache if it is there)--> Guest --(entry, on a thread with a large stack)--> exit code

A program runs on a thread of its own for two reasons: a new thread's stack can be as large as deep recursion wants, and
Python's main thread stays free to hear Ctrl-C and to watch the clock. Such a thread costs 80 microseconds.
"""

from __future__ import annotations

import _thread
import ctypes
import os
import sys

from wasmlathe import cache as caches
from wasmlathe.artifact import PANIC_SITE
from wasmlathe.wasm_runtime import large_pages
from wasmlathe.wasm_runtime import wasmtime_c as c
from wasmlathe.wasm_runtime.host import ADDRESS_SPACE, Host, link
from wasmlathe.wasm_runtime.output import Output
from wasmlathe.wasm_runtime.panics import Frame, InternalError, Location, ProgramExit, ProgramPanic, TimeLimit

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from wasmlathe.artifact import Artifact

    Look = Callable[[memoryview, int, tuple[int, int]], object]
    from wasmlathe.wasm_runtime.grants import Grants

MEGABYTE = 1 << 20
# The first that the system grants. 240 MB hold 5 million frames of a simple recursion and 10,000 of 24 KB each.
THREAD_STACKS = (256 * MEGABYTE, 64 * MEGABYTE, 16 * MEGABYTE)
# Below the limit of wasm's stack a host function still has to run, with whatever Python code flushes the output.
HOST_STACK = 4 * MEGABYTE

NATIVE_KIND = "native"
EXIT_BROKEN_PIPE = 128 + 13  # what a shell reports of a program that SIGPIPE ended
INTERRUPT_GRACE_SECONDS = 0.2

OUT_OF_BOUNDS = 1
STACK_OVERFLOW, INTEGER_OVERFLOW, DIVISION_BY_ZERO, BAD_CONVERSION, UNREACHABLE, INTERRUPTED = 0, 6, 7, 8, 9, 10
PANICS = {
    STACK_OVERFLOW: "stack overflow",
    INTEGER_OVERFLOW: "integer overflow",
    DIVISION_BY_ZERO: "division by zero",
    BAD_CONVERSION: "not a number cannot become an Int",
}
FAULTS = {
    OUT_OF_BOUNDS: "it accessed memory out of bounds",
    3: "it accessed a table out of bounds",
    4: "it called through an empty table slot",
    5: "it called a function with another signature",
    UNREACHABLE: "it reached code that is unreachable",
    13: "it used a null reference",
}


#: An access out of bounds under so many open calls means that the shadow stack overflowed, whose end is that of memory.
#: (wasmtime shows 20.)
MANY_FRAMES = 16


class Limits:
    """What a program may use; None is no limit. A time limit compiles the program with checks in its loops."""

    __slots__ = ("max_memory_bytes", "timeout_seconds")

    def __init__(self, timeout_seconds: float | None = None, max_memory_bytes: int | None = None) -> None:
        self.timeout_seconds = timeout_seconds
        self.max_memory_bytes = max_memory_bytes


NO_LIMITS = Limits()

#: The VM's stack is memory of the module, but takes the place of a thread's stack, which no limit counts either.
_NO_VM = {"room": 0}
#: The exported global that says where the frames of the VM end (`bytecode_frames.TOP`, which is not loaded before it is needed).
VM_TOP = "vm-top"


class Guest:
    """One instance of an artifact in wasmtime, with its store and engine. `close` frees them."""

    __slots__ = (
        "_callbacks",
        "_engine",
        "_instance",
        "_module",
        "_store",
        "artifact",
        "context",
        "host",
        "library",
        "limits",
        "memory_item",
        "stopped",
    )

    def __init__(self, artifact: Artifact, limits: Limits, host: Host, stack_bytes: int, cache: caches.Cache) -> None:
        """Load the code; `instantiate` comes later, because it may already run some of the program."""
        self.artifact = artifact
        self.limits = limits
        self.host = host
        self.library = host.library
        self._callbacks: list[Any] = []
        self._instance = (ctypes.c_uint64 * 2)()
        self._store: int | None = None
        self._module: int | None = None
        self.context = 0
        #: Where the VM was when the program failed, in memory: instruction and frame.
        self.stopped = (0, 0)
        self.memory_item: c.Extern | None = None
        self._engine: int | None = _new_engine(self.library, stack_bytes, limits.timeout_seconds is not None)
        self._module = _load_module(self.library, self._engine, artifact, limits, cache)

    def instantiate(self) -> None:
        """Create the instance. Raises what the program's start function ends with."""
        library = self.library
        self._store = library.wasmtime_store_new(self._engine, None, None)
        self.context = library.wasmtime_store_context(self._store)
        if self.limits.max_memory_bytes is not None:
            most = self.limits.max_memory_bytes + self.artifact.manifest.get("vm", _NO_VM)["room"]
            library.wasmtime_store_limiter(self._store, most, -1, -1, -1, -1)
        if self.limits.timeout_seconds is not None:
            self.set_deadline(1)
        names = _import_names(library, self._module)
        externs, self._callbacks = link(self.host, self.context, names)
        trap = ctypes.c_void_p()
        error = library.wasmtime_instance_new(
            self.context, self._module, externs, len(names), self._instance, ctypes.byref(trap)
        )
        if trap.value or (error and self.host.failure is not None):
            raise self.failure(error, trap.value or 0)
        if error:
            self._fail_to_instantiate(library.take_error(error))
        self.memory_item = self._export("memory", c.EXTERN_MEMORY)
        if self.memory_item is not None:
            self.host.attach(self.context, self.memory_item)
            base = library.wasmtime_memory_data(self.context, ctypes.byref(self.memory_item, c.Extern.item.offset))
            large_pages.ask(base, base + ADDRESS_SPACE)
            for address, content in self.artifact.manifest.get("data", ()):
                self.host.memory[address : address + len(content)] = content

    def function(self, name: str) -> Any:
        """The `wasmtime_func_t` of an export, which lives as long as the instance."""
        item = self._export(name, c.EXTERN_FUNC)
        if item is None:
            raise InternalError(f"the program does not export {name}")
        return (ctypes.c_uint64 * 2)(item.item[0], item.item[1])

    def refresh_memory(self) -> None:
        """Learn how large the memory is now."""
        if self.memory_item is not None:
            self.host.attach(self.context, self.memory_item)

    def set_deadline(self, ticks: int) -> None:
        """End the program when the epoch has advanced so often."""
        self.library.wasmtime_context_set_epoch_deadline(self.context, ticks)

    def advance_epoch(self) -> None:
        """Bring deadlines nearer. May be called from another thread."""
        self.library.wasmtime_engine_increment_epoch(self._engine)

    def failure(self, error: int, trap: int) -> BaseException:
        """Why a call ended in `error` or `trap` (which are freed), as an exception with place and frames.

        wasmtime reports its own traps as traps, and a trap that one of our callbacks returned as an error.
        """
        cause = self.host.take_failure()
        if error:
            frames = self._frames(self.library.wasmtime_error_wasm_trace, error)
            message = self.library.take_error(error)
            failure = InternalError(f"wasmtime refused a call: {message}", None, frames) if cause is None else cause
        else:
            frames = self._frames(self.library.wasm_trap_trace, trap)
            failure = self._trap_failure(trap, frames) if cause is None else cause
            self.library.wasm_trap_delete(trap)
        if isinstance(failure, (ProgramPanic, InternalError)):
            failure.frames = frames
            if failure.location is None:
                failure.location = next((frame.location for frame in frames if frame.location), None)
        return failure

    def empty_vm_stack(self) -> None:
        """Give up the VM's frames of a call that failed: functions of the instance may be called again."""
        vm = self.artifact.manifest.get("vm", _NO_VM)
        if "stack" in vm:
            self._set_global(VM_TOP, vm["stack"])

    @property
    def is_closed(self) -> bool:
        return self._engine is None

    def __del__(self) -> None:
        if getattr(self, "_engine", None) is not None:  # not if the code could not be loaded
            self.close()

    def close(self) -> None:
        """Free everything. The guest must not be running."""
        self.host.memory = memoryview(b"")
        self.host.memory_size = 0
        if self._store:
            self.library.wasmtime_store_delete(self._store)
            self._store = None
        if self._module:
            self.library.wasmtime_module_delete(self._module)
            self._module = None
        if self._engine:
            self.library.wasm_engine_delete(self._engine)
            self._engine = None

    def _export(self, name: str, kind: int) -> c.Extern | None:
        if not self._instance[0]:  # not there yet: a time limit ended what runs while it is made, such as unpacking
            return None
        item, text = c.Extern(), name.encode()
        found = self.library.wasmtime_instance_export_get(
            self.context, self._instance, text, len(text), ctypes.byref(item)
        )
        return item if found and item.kind == kind else None

    def _fail_to_instantiate(self, message: str) -> None:
        limit = self.limits.max_memory_bytes
        if limit is not None and "memory" in message and "limit" in message:
            raise ProgramPanic(f"out of memory: the program needs more than {limit} bytes to start")
        raise InternalError(f"wasmtime refused the program: {message}")

    def _trap_failure(self, trap: int, frames: tuple[Frame, ...]) -> BaseException:
        number = ctypes.c_uint8()
        has_code = self.library.wasmtime_trap_code(trap, ctypes.byref(number))
        code = number.value if has_code else None
        location = next((frame.location for frame in frames if frame.location), None)
        if code == INTERRUPTED:
            return TimeLimit(f"timed out after {self.limits.timeout_seconds:g} s", location, frames)
        if code in PANICS:
            return ProgramPanic(PANICS[code], location, frames)
        if code == UNREACHABLE and (site := self._take_panic_site()):
            return ProgramPanic(self.host.sites[site - 1]["message"], self.host.location(site - 1), frames)
        if code == OUT_OF_BOUNDS and self.artifact.manifest.get("shadow") and len(frames) >= MANY_FRAMES:
            return ProgramPanic(PANICS[STACK_OVERFLOW], location, frames)  # it was the shadow stack, which is smaller
        what = FAULTS.get(number.value) if has_code else None
        what = what or self._trap_message(trap)
        if self.artifact.manifest.get("foreign"):
            return ProgramPanic(f"the image does what no compiled program does: {what}", location, frames)
        return InternalError(f"the compiled program failed: {what}", location, frames)

    def _take_panic_site(self) -> int:
        """The number that a panic left, which is cleared; 0 if there was no panic."""
        item = self._export(PANIC_SITE, c.EXTERN_GLOBAL)
        if item is None:
            return 0
        value, place = c.Val(), ctypes.byref(item, c.Extern.item.offset)
        self.library.wasmtime_global_get(self.context, place, ctypes.byref(value))
        site = value.number & 0xFFFF_FFFF
        value.number = 0
        self.library.wasmtime_global_set(self.context, place, ctypes.byref(value))
        return site if site <= len(self.host.sites) else 0

    def _trap_message(self, trap: int) -> str:
        text = c.Vec()
        self.library.wasm_trap_message(trap, ctypes.byref(text))
        return text.take_bytes(self.library.wasm_byte_vec_delete).rstrip(b"\0 \n").decode("utf-8", "replace")

    def _frames(self, trace: Any, failed: int) -> tuple[Frame, ...]:
        vec = c.Vec()
        trace(failed, ctypes.byref(vec))
        handles = (ctypes.c_void_p * vec.size).from_address(vec.data) if vec.size else ()
        frames = tuple(self._frame(handle) for handle in handles)
        self.library.wasm_frame_vec_delete(ctypes.byref(vec))
        vm = self.artifact.manifest.get("vm")
        return frames if vm is None else self._with_bytecode(frames, vm)

    def _with_bytecode(self, frames: tuple[Frame, ...], vm: dict[str, Any]) -> tuple[Frame, ...]:
        from wasmlathe.wasm_runtime import bytecode_frames

        self.refresh_memory()
        place, frame, top = (self._global(name) for name in bytecode_frames.GLOBALS)
        # A program that wrote over its frames must not make us look where there is no memory.
        memory = self.host.memory[: self.host.memory_size]
        self.empty_vm_stack()
        self.stopped = bytecode_frames.stopped_at(frames, memory, place, frame, top)
        return bytecode_frames.expand(frames, vm, memory, *self.stopped)

    def _global(self, name: str) -> int:
        """The value of an exported i32."""
        item = self._export(name, c.EXTERN_GLOBAL)
        if item is None:
            return 0
        value = c.Val()
        self.library.wasmtime_global_get(self.context, ctypes.byref(item, c.Extern.item.offset), ctypes.byref(value))
        return value.number & 0xFFFF_FFFF

    def _set_global(self, name: str, number: int) -> None:
        item = self._export(name, c.EXTERN_GLOBAL)
        if item is not None:
            place = ctypes.byref(item, c.Extern.item.offset)
            value = c.Val()
            self.library.wasmtime_global_get(self.context, place, ctypes.byref(value))  # for its type
            value.number = number
            self.library.wasmtime_global_set(self.context, place, ctypes.byref(value))

    def _frame(self, handle: int) -> Frame:
        offset = self.library.wasm_frame_module_offset(handle)
        name = self.library.name_at(self.library.wasmtime_frame_func_name(handle))
        place = self.artifact.source_map.lookup(offset)
        number = self.library.wasm_frame_func_index(handle)
        if not name:
            names = self.artifact.manifest.get("vm", {}).get("names", {})
            name = names.get(number, f"function {number}")
        return Frame(name, Location(*place) if place else None, offset)


def _new_engine(library: c.Library, stack_bytes: int, interruptible: bool) -> int:
    config = library.wasm_config_new()
    # wasmtime wants the stack of its own coroutines, which we never use, to be no smaller than the other.
    library.wasmtime_config_async_stack_size_set(config, stack_bytes + MEGABYTE)
    library.wasmtime_config_max_wasm_stack_set(config, stack_bytes)
    if interruptible:
        library.wasmtime_config_epoch_interruption_set(config, True)
    engine: int = library.wasm_engine_new_with_config(config)
    return engine


def _load_module(library: c.Library, engine: int, artifact: Artifact, limits: Limits, cache: caches.Cache) -> int:
    """The native code of the artifact, mapped from the cache, or compiled and put there."""
    module = ctypes.c_void_p()
    name = _native_key(library, artifact, limits)
    path = cache.file(NATIVE_KIND, name)
    if path is not None:
        error = library.wasmtime_module_deserialize_file(engine, os.fsencode(path), ctypes.byref(module))
        if not error:
            return module.value or 0
        library.take_error(error)  # made by another wasmtime, or removed a moment ago: compile
    error = library.wasmtime_module_new(engine, artifact.wasm, len(artifact.wasm), ctypes.byref(module))
    if error:
        raise InternalError(f"wasmtime refused the compiled module: {library.take_error(error)}")
    native = c.Vec()
    error = library.wasmtime_module_serialize(module, ctypes.byref(native))
    if error:
        library.take_error(error)  # code that cannot be kept still runs
    else:
        cache.put(NATIVE_KIND, name, native.take_bytes(library.wasm_byte_vec_delete))
    return module.value or 0


def _native_key(library: c.Library, artifact: Artifact, limits: Limits) -> str:
    status = os.stat(library.path)
    interruptible = limits.timeout_seconds is not None
    return caches.key(artifact.wasm, f"{status.st_size} {status.st_mtime_ns} {c.machine()} {interruptible}")


def _import_names(library: c.Library, module: int | None) -> list[tuple[str, str]]:
    vec = c.Vec()
    library.wasmtime_module_imports(module, ctypes.byref(vec))
    handles = (ctypes.c_void_p * vec.size).from_address(vec.data) if vec.size else ()
    names = [
        (library.name_at(library.wasm_importtype_module(handle)), library.name_at(library.wasm_importtype_name(handle)))
        for handle in handles
    ]
    library.wasm_importtype_vec_delete(ctypes.byref(vec))
    return names


def run(
    artifact: Artifact,
    args: Sequence[str] = (),
    limits: Limits = NO_LIMITS,
    stdout: Any = None,
    cache: caches.Cache | None = None,
    prepare: Callable[[Host], object] | None = None,
    grants: Grants | None = None,
    stdin: Any = None,
    functions: Sequence[str] | None = None,
    look: Look | None = None,
) -> int:
    """Run the program's entry and return its exit status; its output goes to `stdout`, or else to sys.stdout.

    The program sees of the world what `grants` says; its input is the binary stream `stdin`, or else the process's.
    `functions` are exported functions to be called, one after the other, instead of the entry: then the program's `exit`
    raises ProgramExit. `prepare` is called with the host before the program starts (the hook `wasmlathe_host`), `look` when
    it has ended, if it had begun, with its memory, the address of "rt-heap" (`heap_stats`), and where the VM was if the
    program failed (`Guest.stopped`).
    Raises ProgramPanic (TimeLimit), InternalError, EngineMissing, KeyboardInterrupt, or what `stdout` raises; the output
    up to there is flushed. Ctrl-C in a loop that calls nothing and has no time limit ends the whole process, after a flush:
    there is no other way out of it. When nobody reads the output any more the program ends quietly with EXIT_BROKEN_PIPE.
    """
    output = Output(stdout)
    host = Host(c.load(), artifact.manifest["sites"], args, output, grants, stdin)
    if prepare is not None:
        prepare(host)
    job = _Job(artifact, limits, host, cache if cache is not None else caches.Cache(), functions, look)
    try:
        status = _status(job) if functions is None else job.run()
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


def _status(job: _Job) -> int:
    try:
        return job.run()
    except ProgramExit as leaving:
        return leaving.code & 0xFF


class _Job:
    """One run of an entry on a thread of its own."""

    __slots__ = (
        "_artifact",
        "_cache",
        "_done",
        "_error",
        "_functions",
        "_guest",
        "_host",
        "_is_started",
        "_limits",
        "_look",
        "_status",
    )

    def __init__(
        self,
        artifact: Artifact,
        limits: Limits,
        host: Host,
        cache: caches.Cache,
        functions: Sequence[str] | None,
        look: Look | None,
    ) -> None:
        self._look = look
        self._artifact = artifact
        self._limits = limits
        self._host = host
        self._cache = cache
        self._functions = functions
        self._done = _thread.allocate_lock()
        self._status = 0
        self._is_started = False
        self._error: BaseException | None = None
        self._guest: Guest

    def run(self) -> int:
        self._start()
        self._wait()
        if self._look is not None and self._is_started:
            self._guest.refresh_memory()
            memory = self._host.memory[: self._host.memory_size]
            self._look(memory, self._artifact.manifest.get("heap", 0), self._guest.stopped)
        self._guest.close()
        if self._error is not None:
            raise self._error
        return self._status

    def _start(self) -> None:
        """Start the thread with the largest stack there is; the engine has to know its size before it loads the code."""
        self._done.acquire()
        for stack_bytes in THREAD_STACKS:
            self._guest = Guest(self._artifact, self._limits, self._host, stack_bytes - HOST_STACK, self._cache)
            before = _thread.stack_size(stack_bytes)
            try:
                _thread.start_new_thread(self._body, ())
                return
            except RuntimeError:  # no such stack under this system's limits
                self._guest.close()
            finally:
                _thread.stack_size(before)
        raise InternalError(f"no thread with a stack of {THREAD_STACKS[-1]} bytes can be started")

    def _body(self) -> None:
        try:
            self._guest.instantiate()
            self._is_started = True
            entry = self._artifact.manifest["entry"]
            functions = self._functions
            if functions is None and entry is not None:
                functions = [entry]
            for name in functions or ():
                self._call(name)
        except BaseException as error:  # noqa: BLE001 carried over to the thread that waits
            self._error = error
        finally:
            self._done.release()

    def _call(self, entry: str) -> None:
        slots = (ctypes.c_int64 * 2)()
        trap = ctypes.c_void_p()
        guest = self._guest
        call = guest.library.raw_call()
        slots[0] = self._artifact.manifest.get("entry_argument", 0)
        context, count = ctypes.c_void_p(guest.context), ctypes.c_size_t(1)
        error = call(context, guest.function(entry), slots, count, ctypes.byref(trap))
        if error or trap.value:
            raise guest.failure(error, trap.value or 0)
        if self._artifact.manifest["entry_result"] is not None:
            self._status = slots[0] & 0xFF

    def _wait(self) -> None:
        """Until the program has ended. Python hears signals while it waits for a lock, which it cannot inside wasm."""
        limit = self._limits.timeout_seconds
        try:
            if limit is None or not self._done.acquire(timeout=min(limit, _thread.TIMEOUT_MAX)):
                if limit is not None:
                    self._host.is_late = True
                    self._guest.advance_epoch()
                self._done.acquire()
        except KeyboardInterrupt:
            self._interrupt()
            raise

    def _interrupt(self) -> None:
        """Ctrl-C: end the program if it calls the host or checks its time limit soon, else the whole process."""
        self._host.interrupt(KeyboardInterrupt())
        if self._limits.timeout_seconds is not None:
            self._guest.advance_epoch()
        if self._done.acquire(timeout=INTERRUPT_GRACE_SECONDS):
            self._guest.close()
            return
        # Nothing stops a loop that was compiled without checks, so the process ends as Ctrl-C ends one by default.
        import signal

        try:
            self._host.output.flush()
            if sys.stderr is not None:
                sys.stderr.flush()
        finally:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.raise_signal(signal.SIGINT)
