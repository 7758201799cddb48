"""The few functions of wasmtime's C library that the host uses, straight through ctypes.

`import wasmtime` takes 39 ms (typing, pathlib, 300 KB of bindings for functions that nobody calls here). The same shared
library, found by its place next to the package and opened by ctypes, is ready in about 5. A prototype is one row of
PROTOTYPES and is bound when its function is first used.

Handles are plain integers (addresses). Structures that the C header passes by value or keeps inline are arrays of
64-bit words: `wasmtime_func_t` and `wasmtime_instance_t` are two words, `wasmtime_extern_t` is a kind and three words.
"""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import POINTER, c_bool, c_char_p, c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

from wasmlathe.wasm_runtime.panics import EngineMissing

TYPE_CHECKING = False  # the name that type checkers know, without the import of `typing`
if TYPE_CHECKING:
    from typing import Any

OVERRIDE = "WASMLATHE_WASMTIME"
INSTALL_HINT = "install it with: python -m pip install 'wasmtime>=50,<51'"

Handle = c_void_p
Out = c_void_p  # the address of something the function fills in; a ctypes array or byref() is accepted

# name: (result, arguments)
PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "wasm_config_new": (Handle, ()),
    "wasmtime_config_max_wasm_stack_set": (None, (Handle, c_size_t)),
    "wasmtime_config_async_stack_size_set": (None, (Handle, c_size_t)),
    "wasmtime_config_epoch_interruption_set": (None, (Handle, c_bool)),
    "wasm_engine_new_with_config": (Handle, (Handle,)),
    "wasm_engine_delete": (None, (Handle,)),
    "wasmtime_engine_increment_epoch": (None, (Handle,)),
    "wasmtime_store_new": (Handle, (Handle, c_void_p, c_void_p)),
    "wasmtime_store_delete": (None, (Handle,)),
    "wasmtime_store_context": (Handle, (Handle,)),
    "wasmtime_store_limiter": (None, (Handle, c_int64, c_int64, c_int64, c_int64, c_int64)),
    "wasmtime_context_set_epoch_deadline": (None, (Handle, c_uint64)),
    "wasmtime_module_new": (Handle, (Handle, c_char_p, c_size_t, Out)),
    "wasmtime_module_delete": (None, (Handle,)),
    "wasmtime_module_serialize": (Handle, (Handle, Out)),
    "wasmtime_module_deserialize_file": (Handle, (Handle, c_char_p, Out)),
    "wasmtime_module_imports": (None, (Handle, Out)),
    "wasm_importtype_module": (Handle, (Handle,)),
    "wasm_importtype_name": (Handle, (Handle,)),
    "wasm_importtype_vec_delete": (None, (Out,)),
    "wasmtime_instance_new": (Handle, (Handle, Handle, Out, c_size_t, Out, Out)),
    "wasmtime_instance_export_get": (c_bool, (Handle, Out, c_char_p, c_size_t, Out)),
    "wasmtime_caller_export_get": (c_bool, (Handle, c_char_p, c_size_t, Out)),
    "wasmtime_caller_context": (Handle, (Handle,)),
    "wasmtime_func_new_unchecked": (None, (Handle, Handle, c_void_p, c_void_p, c_void_p, Out)),
    "wasmtime_global_get": (None, (Handle, Out, Out)),
    "wasmtime_global_set": (Handle, (Handle, Out, Out)),
    "wasmtime_memory_data": (Handle, (Handle, Out)),
    "wasmtime_memory_data_size": (c_size_t, (Handle, Out)),
    "wasm_valtype_new": (Handle, (c_uint8,)),
    "wasm_functype_new": (Handle, (Out, Out)),
    "wasm_functype_delete": (None, (Handle,)),
    "wasm_valtype_vec_new": (None, (Out, c_size_t, Out)),
    "wasmtime_trap_new": (Handle, (c_char_p, c_size_t)),
    "wasmtime_trap_code": (c_bool, (Handle, Out)),
    "wasm_trap_message": (None, (Handle, Out)),
    "wasm_trap_trace": (None, (Handle, Out)),
    "wasm_trap_delete": (None, (Handle,)),
    "wasmtime_error_wasm_trace": (None, (Handle, Out)),
    "wasm_frame_vec_delete": (None, (Out,)),
    "wasm_frame_module_offset": (c_size_t, (Handle,)),
    "wasm_frame_func_index": (c_uint32, (Handle,)),
    "wasmtime_frame_func_name": (Handle, (Handle,)),
    "wasmtime_error_message": (None, (Handle, Out)),
    "wasmtime_error_delete": (None, (Handle,)),
    "wasm_byte_vec_delete": (None, (Out,)),
}

# With kept c_void_p objects as arguments and no declared argument types a call costs two thirds of a checked one.
RAW_CALL = "wasmtime_func_call_unchecked"

# wasm_trap_t *callback(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *slots, size_t count)
# The slots are 16 bytes apart and hold arguments first, results afterwards; which view of them suits depends on the
# function, and a pointer type costs less than a cast in every call.
CALLBACK_WORDS = ctypes.CFUNCTYPE(c_void_p, c_size_t, c_size_t, POINTER(c_uint32), c_size_t)
CALLBACK_DOUBLES = ctypes.CFUNCTYPE(c_void_p, c_size_t, c_size_t, POINTER(ctypes.c_double), c_size_t)
WORDS_PER_SLOT = 4

I32, I64, F32, F64 = range(4)
EXTERN_FUNC, EXTERN_GLOBAL, EXTERN_MEMORY = 0, 1, 3


class Extern(ctypes.Structure):
    """`wasmtime_extern_t`: a kind, then the item itself."""

    _fields_ = (("kind", c_uint8), ("item", c_uint64 * 3))


class Val(ctypes.Structure):
    """`wasmtime_val_t` as far as an i32 needs it: a kind (0 is i32), then the value."""

    _fields_ = (("kind", c_uint8), ("number", c_uint64), ("_rest", c_uint64 * 3))


class Vec(ctypes.Structure):
    """Any of the `*_vec_t` structures, and `wasm_name_t`."""

    _fields_ = (("size", c_size_t), ("data", c_void_p))

    def take_bytes(self, delete: Any) -> bytes:
        """The bytes of a byte vector that belongs to the caller; frees it."""
        data = ctypes.string_at(self.data, self.size)
        delete(ctypes.byref(self))
        return data


class Library:
    """The opened library: `library.wasm_config_new()` binds and calls a function of PROTOTYPES."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._dll = ctypes.CDLL(path)
        except OSError as error:
            raise EngineMissing(f"wasmtime cannot be loaded ({error}); {INSTALL_HINT}") from None

    def __getattr__(self, name: str) -> Any:
        result, arguments = PROTOTYPES[name]
        function = self._symbol(name)
        function.restype = result
        function.argtypes = arguments
        setattr(self, name, function)
        return function

    def raw_call(self) -> Any:
        """A fresh `wasmtime_func_call_unchecked`; every argument must be a ctypes object of the right type."""
        function = self._symbol(RAW_CALL)
        function.restype = c_size_t
        return function

    def _symbol(self, name: str) -> Any:
        try:
            return self._dll[name]
        except AttributeError:
            raise EngineMissing(f"{self.path} is no wasmtime 50: it lacks {name}; {INSTALL_HINT}") from None

    def take_error(self, error: int) -> str:
        """The text of a `wasmtime_error_t`; frees it."""
        message = Vec()
        self.wasmtime_error_message(error, ctypes.byref(message))
        self.wasmtime_error_delete(error)
        return message.take_bytes(self.wasm_byte_vec_delete).decode("utf-8", "replace")

    def name_at(self, address: int | None) -> str:
        """The text of a borrowed `wasm_name_t`; empty for a null pointer."""
        if not address:
            return ""
        name = Vec.from_address(address)
        return ctypes.string_at(name.data, name.size).decode("utf-8", "replace")


def library_file() -> str:
    """Path of the shared library next to the installed `wasmtime` package, which is not imported."""
    override = os.environ.get(OVERRIDE)
    if override:
        return override
    system, prefix, suffix = {"win32": ("win32", "_", "dll"), "darwin": ("darwin", "_lib", "dylib")}.get(
        sys.platform, ("linux", "_lib", "so")
    )
    platform = f"{system}-{machine()}"
    tail = os.path.join("wasmtime", platform, f"{prefix}wasmtime.{suffix}")
    for folder in sys.path:
        path = os.path.join(folder, tail)
        if os.path.exists(path):
            return path
    raise EngineMissing(f"wasmtime for {platform} is not installed; {INSTALL_HINT}")


def machine() -> str:
    """The processor, as wasmtime's folders name it."""
    name = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name.lower(), name.lower())


_loaded: dict[str, Library] = {}


def load() -> Library:
    """The opened library, the same object every time. Raises EngineMissing, which says what to install."""
    path = library_file()
    library = _loaded.get(path)
    if library is None:
        library = _loaded[path] = Library(path)
    return library
