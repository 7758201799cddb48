"""Hand-written modules as the compiler would hand them over: WAT, and a manifest around it.

The pieces below are what compiled programs share, so that a test only writes the function it is about.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import wasmtime
from wasmlathe.artifact import Artifact

MEMORY = (
    '(memory (export "memory") 1) (data (i32.const 16) "hello\\n") (data (i32.const 32) "a\\c3\\a9\\f0\\9f\\98\\80")'
)

IMPORTS = {
    "write": '(import "env" "write" (func $write (param i32 i32)))',
    "panic": '(import "env" "panic" (func $panic (param i32)))',
    "panic_text": '(import "env" "panic_text" (func $panic_text (param i32 i32 i32)))',
    "now": '(import "env" "now" (func $now (result f64)))',
    "random": '(import "env" "random" (func $random (result f64)))',
    "exit": '(import "env" "exit" (func $exit (param i32)))',
    "arg_count": '(import "env" "arg_count" (func $arg_count (result i32)))',
    "arg_size": '(import "env" "arg_size" (func $arg_size (param i32) (result i32)))',
    "arg_read": '(import "env" "arg_read" (func $arg_read (param i32 i32)))',
}

HELLO = "(call $write (i32.const 16) (i32.const 6))"

ALLOC = """
  (global $top (mut i32) (i32.const 1024))
  (func (export "__alloc") (param $size i32) (result i32)
    (local $start i32)
    (local.set $start (global.get $top))
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get $size)) (i32.const 7)) (i32.const -8)))
    (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
      (then (if (i32.eq (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16)))) (i32.const -1))
        (then (call $panic (i32.const 1))))))
    (local.get $start))
"""

DEPTH = """
  (func $depth (export "depth") (param $n i64) (result i64)
    (if (result i64) (i64.eqz (local.get $n))
      (then (i64.const 0))
      (else (i64.add (i64.const 1) (call $depth (i64.sub (local.get $n) (i64.const 1)))))))
"""

SITES = [
    {"message": "index out of range", "file": "main.tova", "line": 3, "col": 9},
    {"message": "out of memory", "file": "main.tova", "line": 7, "col": 1},
]


@functools.cache
def assemble(text: str) -> bytes:
    return bytes(wasmtime.wat2wasm(text))


def artifact(
    body: str,
    *,
    imports: tuple[str, ...] = (),
    exports: Mapping[str, tuple[str, str]] | None = None,
    entry: str | None = "_start",
    entry_result: str | None = None,
    initializer: str | None = None,
    source_map: Mapping[int, Any] | None = None,
) -> Artifact:
    """`exports`: name -> (parameters as "a: Int, b: [Float]", result)."""
    text = f"(module {' '.join(IMPORTS[name] for name in imports)} {MEMORY} {body})"
    table = {name: export(name, *signature) for name, signature in (exports or {}).items()}
    manifest = {
        "name": "main",
        "entry": entry,
        "entry_result": entry_result,
        "initializer": initializer,
        "memory": {"export": "memory"},
        "exports": table,
        "sites": SITES,
        "sources": {"main.tova": ""},
    }
    return Artifact(assemble(text), source_map or {}, manifest)


def program(body: str, *, imports: tuple[str, ...] = ("write",), result: str | None = None, rest: str = "") -> Artifact:
    """A program whose entry is `body`."""
    signature = f"(result {result})" if result else ""
    return artifact(f'{rest} (func (export "_start") {signature} {body})', imports=imports, entry_result=result)


def export(symbol: str, params: str, result: str) -> dict[str, Any]:
    pairs = [part.strip().split(": ") for part in params.split(",")] if params else []
    return {"symbol": symbol, "params": [{"name": name, "type": kind} for name, kind in pairs], "result": result}


def offset_of(artifact: Artifact, code: bytes) -> int:
    """Byte offset of the first of some instructions that occur once in the module."""
    assert artifact.wasm.count(code) == 1
    return artifact.wasm.index(code)
