"""Compiled functions as Python functions.

    inst = Instance(artifact)
    inst.fib(30)                    832040
    inst.dot(numpy_array, [1, 2])   arrays are copied in; results come back as lists and str

A call must cost well under a microsecond, so a Python function is made for each signature from a template: it checks types
in line, pokes scalars into slots that exist once per instance, and calls wasmtime with arguments that were made once.
Whatever a function of scalars does not need is off that path.

A call runs on the caller's thread, with its stack, and one at a time per instance. Ctrl-C is heard when the program calls
the host or returns; give a time limit to programs that may do neither.
"""

from __future__ import annotations

import _thread
import ctypes
import functools
from typing import Any, Self

from wasmlathe import cache as caches
from wasmlathe.artifact import Artifact
from wasmlathe.lower import layout
from wasmlathe.wasm_runtime import values
from wasmlathe.wasm_runtime import wasmtime_c as c
from wasmlathe.wasm_runtime.engine import MEGABYTE, NO_LIMITS, Guest, Limits
from wasmlathe.wasm_runtime.grants import Grants
from wasmlathe.wasm_runtime.host import Host, guard_interrupts
from wasmlathe.wasm_runtime.output import Output
from wasmlathe.wasm_runtime.panics import InternalError, ProgramPanic

# Half of the caller's stack, since Python uses it too.
_LARGEST_STACK = 16 * MEGABYTE
_UNKNOWN_STACK = MEGABYTE // 2

_SLOT_WORDS = 2  # a raw value takes 16 bytes
_MISSING: Any = object()

# By type: the class that needs no conversion, where it is stored, and how the result is taken from its slot. What has no
# row is an object in memory.
_EXACT = {"Int": "int", "Float": "float", "Bool": "bool"}
_STORES = {"Int": "ints[{word}] = {arg}", "Float": "floats[{word}] = {arg}", "Bool": "ints[{word}] = {arg}"}
_RESULTS = {"Int": "ints[0]", "Float": "floats[0]", "Bool": "(ints[0] & 1) == 1", "Nil": "None"}

# What a conversion raises, and as what the caller sees it, with the function and the argument named.
_ARGUMENT_ERRORS = {values.Mismatch: TypeError, OverflowError: OverflowError, UnicodeError: ValueError}

_TEMPLATE = """\
def bind(call, context, address, slots, count, trap, ints, floats, lock, pending, flush, MISSING, Image, calls):
    convert, lower, place, result, fail, dropped = (
        calls.convert, calls.lower, calls.place, calls.result, calls.fail, calls.dropped)
    wrong_count, wrong_store = calls.wrong_count, calls.wrong_store
    def function({params}*rest):
        if {is_wrong_count}:
            raise wrong_count(({args}*rest,))
        {checks}
        with lock:
            try:
                {stores}
                error = call(context, address, slots, count, trap)
            except ValueError:
                raise wrong_store(({args})) from None
            except KeyboardInterrupt:
                dropped()
                raise
            if error or ints[{trap_word}]:
                fail(error)
            if pending:
                flush()
            return {result}
    return function
"""


class Signature:
    """A function of the manifest: names and types of its parameters, type of its result."""

    __slots__ = ("name", "params", "result", "symbol")

    def __init__(self, name: str, entry: dict[str, Any]) -> None:
        self.name = name
        self.symbol: str = entry["symbol"]
        self.params = tuple((param["name"], param["type"]) for param in entry["params"])
        self.result: str = entry["result"]

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(type_name for _name, type_name in self.params)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{name}: {kind}' for name, kind in self.params)}) -> {self.result}"


class Instance:
    """A program instantiated for being called: its exported functions are the attributes (and items) of this object.

    A panic raises ProgramPanic, and the instance can be used further.
    """

    def __init__(
        self,
        artifact: Artifact,
        limits: Limits = NO_LIMITS,
        *,
        stdout: Any = None,
        args: tuple[str, ...] = (),
        grants: Grants | None = None,
        cache: caches.Cache | None = None,
    ) -> None:
        """`stdout` gets the program's output after each call; None is sys.stdout of that moment.

        Raises what the program's start ends with, as the calls do: ProgramPanic, ProgramExit, InternalError.
        """
        host = Host(c.load(), artifact.manifest["sites"], args, Output(stdout), grants)
        guard_interrupts()
        cache = cache if cache is not None else caches.Cache()
        guest = Guest(artifact, limits, host, _caller_stack_bytes(), cache)
        self._name = artifact.name
        self._signatures = {name: Signature(name, entry) for name, entry in artifact.manifest["exports"].items()}
        self._shared = _Shared(guest, max((len(s.params) for s in self._signatures.values()), default=0))
        with _TimeLimited(guest):
            try:
                guest.instantiate()
            finally:
                host.output.flush()
        initializer = artifact.manifest["initializer"]
        if initializer is not None:
            top_level = Signature("the top level", {"symbol": initializer, "params": [], "result": "Nil"})
            _Calls(self._name, top_level, self._shared).make()()

    def __getattr__(self, name: str) -> Any:
        """Functions are made when first asked for, and are plain attributes from then on."""
        if name.startswith("_"):  # what Python asks objects for must not depend on the program
            raise AttributeError(name)
        self.__dict__[name] = function = self[name]
        return function

    def __getitem__(self, name: str) -> Any:
        """A function whose name is no attribute here: `inst["close"]`, `inst["_hidden"]`."""
        signature = self._signatures.get(name)
        if signature is None:
            raise AttributeError(self._unknown(name))
        return _Calls(self._name, signature, self._shared).make()

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._signatures})

    def __repr__(self) -> str:
        return f"<Instance of {self._name}: {', '.join(map(str, self._signatures.values()))}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Free memory and code now, not when the last function is forgotten. Later calls raise RuntimeError."""
        self._shared.close()

    def _unknown(self, name: str) -> str:
        from difflib import get_close_matches

        near = get_close_matches(name, self._signatures, n=1)
        if near:
            return f"{self._name} exports no function {name!r}; did you mean {near[0]!r}?"
        return f"{self._name} exports no function {name!r}; it has {', '.join(sorted(self._signatures)) or 'none'}"


class _Shared:
    """What the calls into one instance have in common: the lock, and the slots for arguments, result and trap."""

    __slots__ = ("_slots", "allocator", "floats", "guest", "ints", "lock", "slots_address", "trap_word")

    def __init__(self, guest: Guest, most_params: int) -> None:
        self.guest = guest
        self.allocator: _Allocator | None = None  # many programs have no need of one, and do not export it
        self.lock = _thread.RLock()
        self.trap_word = _SLOT_WORDS * max(most_params, 1)
        self._slots = (ctypes.c_int64 * (self.trap_word + _SLOT_WORDS))()
        self.slots_address = ctypes.addressof(self._slots)
        raw = memoryview(self._slots).cast("B")
        self.ints = raw.cast("q")
        self.floats = raw.cast("d")

    def close(self) -> None:
        with self.lock:
            if not self.guest.is_closed:
                self.ints.release()  # a function that is called later finds out when it stores its arguments
                self.floats.release()
                self.guest.close()


class _Allocator:
    """The program's `__alloc`, with everything that a call of it needs."""

    __slots__ = ("_address", "_arguments", "_call", "_guest", "_slots", "_trap")

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._address = guest.function("__alloc")
        self._slots = (ctypes.c_int64 * _SLOT_WORDS)()
        self._trap = ctypes.c_void_p()
        self._call = guest.library.raw_call()
        self._arguments = (
            ctypes.c_void_p(guest.context),
            ctypes.c_void_p(ctypes.addressof(self._address)),
            self._slots,
            ctypes.c_size_t(1),
            ctypes.byref(self._trap),
        )

    def allocate(self, size: int) -> int:
        """Address of `size` bytes of the program's memory. Raises ProgramPanic if there are none."""
        if size > layout.MAX_OBJECT_BYTES:
            raise ProgramPanic("out of memory")
        self._slots[0] = size
        error = self._call(*self._arguments)
        if error or self._trap.value:
            trap, self._trap.value = self._trap.value, None
            raise self._guest.failure(error, trap or 0)
        base = self._slots[0] & 0xFFFF_FFFF
        host = self._guest.host
        if base + size > host.memory_size:
            self._guest.refresh_memory()
            if base + size > host.memory_size:
                raise InternalError("the program's allocator returned an address outside its memory")
        return base


class _Calls:
    """One exported function: makes the Python function, and holds what that does off its fast path."""

    __slots__ = ("_address", "_guest", "_program", "_shared", "_signature")

    def __init__(self, program: str, signature: Signature, shared: _Shared) -> None:
        self._program = program
        self._signature = signature
        self._shared = shared
        self._guest = shared.guest
        with shared.lock:
            if self._guest.is_closed:
                raise self._closed()
            self._address = self._guest.function(signature.symbol)

    def make(self) -> Any:
        shared, signature = self._shared, self._signature
        slots = shared.slots_address
        function = _binder(signature.types, signature.result, shared.trap_word)(
            self._guest.library.raw_call(),
            ctypes.c_void_p(self._guest.context),
            ctypes.c_void_p(ctypes.addressof(self._address)),
            ctypes.c_void_p(slots),
            ctypes.c_size_t(max(len(signature.params), 1)),
            ctypes.c_void_p(slots + 8 * shared.trap_word),
            shared.ints,
            shared.floats,
            shared.lock,
            self._guest.host.output.pending,
            self._guest.host.output.flush,
            _MISSING,
            values.Image,
            self,
        )
        if self._guest.limits.timeout_seconds is not None:
            function = _time_limited(function, self._guest)
        function.__name__ = function.__qualname__ = signature.name
        function.__doc__ = f"{signature}\n\nCompiled from {self._program}. Arrays are copied."
        return function

    # Arguments

    def convert(self, index: int, value: object) -> Any:
        """A scalar that is not of the very class that is expected."""
        kind = self._signature.params[index][1]
        return self._checked(index, lambda: values.SCALARS[kind](value))

    def lower(self, index: int, value: object, image: values.Image) -> int:
        """An object in memory: its offset in the image."""
        kind = self._signature.params[index][1]
        offset: int = self._checked(index, lambda: image.add(kind, value))
        return offset

    def place(self, image: values.Image) -> int:
        """Write the objects of this call's arguments into memory; where."""
        if self._shared.allocator is None:
            self._shared.allocator = _Allocator(self._guest)
        base = self._shared.allocator.allocate(image.size)
        image.write(self._guest.host.memory, base)
        return base

    def wrong_count(self, args: tuple[object, ...]) -> TypeError:
        given = sum(arg is not _MISSING for arg in args)
        return TypeError(f"{self._signature}: takes {len(self._signature.params)} arguments, {given} given")

    def wrong_store(self, args: tuple[Any, ...]) -> Exception:
        """Why an argument could not be put into its slot, although it is of the right class."""
        if self._guest.is_closed:
            return self._closed()
        name, value = next(
            (name, arg)
            for (name, kind), arg in zip(self._signature.params, args, strict=True)
            if kind == "Int" and not values.INT_MIN <= arg <= values.INT_MAX
        )
        return OverflowError(f"{self._signature}: argument {name}: {values.describe(value)} does not fit 64 bits")

    # Results

    def result(self) -> Any:
        """The object in memory whose address is the result."""
        host = self._guest.host
        self._guest.refresh_memory()
        return values.read(self._signature.result, host.memory[: host.memory_size], self._shared.ints[0] & 0xFFFF_FFFF)

    def fail(self, error: int) -> None:
        """Raise what the call ended with, after the output up to there."""
        failure = self._guest.failure(error, self._take_trap())
        self._guest.host.output.flush()
        raise failure

    def dropped(self) -> None:
        """Ctrl-C came just as the call returned: forget how it ended."""
        trap = self._take_trap()
        if trap:
            self._guest.library.wasm_trap_delete(trap)
        self._guest.host.take_failure()
        self._guest.empty_vm_stack()
        self._guest.host.output.flush()

    def _take_trap(self) -> int:
        ints, word = self._shared.ints, self._shared.trap_word
        trap, ints[word] = ints[word], 0
        return trap

    def _checked(self, index: int, conversion: Any) -> Any:
        try:
            return conversion()
        except tuple(_ARGUMENT_ERRORS) as error:
            kind = next(raised for caught, raised in _ARGUMENT_ERRORS.items() if isinstance(error, caught))
            raise kind(f"{self._signature}: argument {self._signature.params[index][0]}: {error}") from None

    def _closed(self) -> RuntimeError:
        return RuntimeError(f"{self._signature}: this instance of {self._program} is closed")


@functools.lru_cache(maxsize=256)
def _binder(types: tuple[str, ...], result: str, trap_word: int) -> Any:
    """The `bind` of _TEMPLATE for functions of these types."""
    args = [f"a{i}" for i in range(len(types))]
    objects = [i for i, kind in enumerate(types) if kind not in values.SCALARS]
    checks = ["image = Image()"] if objects else []
    stores = ["base = place(image)"] if objects else []
    word = 0
    for i, (kind, arg) in enumerate(zip(types, args, strict=True)):
        if kind in _EXACT:
            checks.append(f"if type({arg}) is not {_EXACT[kind]}: {arg} = convert({i}, {arg})")
            stores.append(_STORES[kind].format(word=word, arg=arg))
        elif kind in values.SCALARS:
            checks.append(f"convert({i}, {arg})")
            continue  # Nil is not passed
        else:
            checks.append(f"{arg} = lower({i}, {arg}, image)")
            stores.append(f"ints[{word}] = base + {arg}")
        word += _SLOT_WORDS
    source = _TEMPLATE.format(
        params="".join(f"{arg}=MISSING, " for arg in args),
        args="".join(f"{arg}, " for arg in args),
        is_wrong_count=f"rest or {args[-1]} is MISSING" if args else "rest",
        checks="\n        ".join(checks or ["pass"]),
        # Every call stores something, because that is where it finds out that the instance was closed.
        stores="\n                ".join(stores or ["ints[0] = 0"]),
        trap_word=trap_word,
        result=_RESULTS.get(result, "result()"),
    )
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 made of the tables above and of numbers only, never of names from the program
    return names["bind"]


class _TimeLimited:
    """While it is entered, the guest has its time limit, if it has one, and a thread that watches it."""

    __slots__ = ("_ended", "_guard", "_guest", "_wake")

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._ended = False
        self._guard = _thread.allocate_lock()
        self._wake = _thread.allocate_lock()

    def __enter__(self) -> None:
        limit = self._guest.limits.timeout_seconds
        if limit is None:
            return
        self._wake.acquire()
        if self._guest.context:
            self._guest.set_deadline(1)
        _thread.start_new_thread(self._watch, (min(limit, _thread.TIMEOUT_MAX),))

    def __exit__(self, *_exception: object) -> None:
        with self._guard:
            self._ended = True
        if self._wake.locked():
            self._wake.release()

    def _watch(self, seconds: float) -> None:
        if not self._wake.acquire(timeout=seconds):
            with self._guard:  # so that the epoch never advances in the next call
                if not self._ended:
                    self._guest.advance_epoch()


def _time_limited(function: Any, guest: Guest) -> Any:
    def limited(*args: object) -> Any:
        with _TimeLimited(guest):
            return function(*args)

    return limited


def _caller_stack_bytes() -> int:
    """How much of its thread's stack a call may use."""
    try:
        import resource
    except ImportError:  # Windows: 1 MB for the main thread
        return _UNKNOWN_STACK
    limit, _hard = resource.getrlimit(resource.RLIMIT_STACK)
    own = _thread.stack_size()  # of threads that Python starts, if somebody set it
    known = [size for size in (limit, own) if size > 0]  # unlimited is -1
    return min(min(known) // 2, _LARGEST_STACK) if known else _UNKNOWN_STACK
