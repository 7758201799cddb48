"""Optimized functions taken from the cache: the result is the same, and only what changed is optimized again."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pipelines import make_pass, make_pipeline, make_plugin
from wasmlathe.cache import Cache
from wasmlathe.cli import main
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import Compilation, CompileOptions, compile_source
from wasmlathe.function_cache import FunctionCache, count
from wasmlathe.ir.compact import Symbols, decode, encode
from wasmlathe.ir.core import Function, Module
from wasmlathe.ir.parse import parse
from wasmlathe.ir.print import print as ir_text
from wasmlathe.passes.analysis.callgraph import callgraph
from wasmlathe.passes.analysis.effects import effects
from wasmlathe.pipeline.analyses import AnalysisCache
from wasmlathe.pipeline.manager import PassManager
from wasmlathe.pipeline.observers import Timing
from wasmlathe.pipeline.plan import Pipeline
from wasmlathe.pipeline.plugins import Plugins
from wasmlathe.pipeline.preparing import PipelineRequest, prepare
from wasmlathe.pipeline.registry import Registry
from wasmlathe.pipeline.reuse import Reuse
from wasmlathe.pipeline.spec import PassSpec

PROGRAM = """
type Shape {
  Square(r: Int)
  Box(w: Int, h: Int)
}

fn area(shape) {
  match shape {
    Square(r) => r * r
    Box(w, h) => w * h
  }
}

fn total(shapes) {
  var sum = 0
  for shape in shapes { sum = sum + area(shape) }
  sum
}

fn collatz(n) {
  var steps = 0
  var x = n
  while x != 1 {
    if x % 2 == 0 { x = x / 2 } else { x = 3 * x + 1 }
    steps = steps + 1
  }
  print("steps")
  steps
}

fn even(n) { if n == 0 { true } else { odd(n - 1) } }

fn odd(n) { if n == 0 { false } else { even(n - 1) } }

fn large(numbers) { numbers.map(fn(x) x * x).filter(fn(x) x > 20) }

if even(10) { print("even") }
exit(total([Square(1), Box(2, 3)]) + collatz(27) + len(large([1, 2, 9])))
"""


@pytest.fixture(scope="module", autouse=True)
def one_toolchain() -> Iterator[None]:
    """The toolchain counts as the same, even if somebody edits it while the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wasmlathe.pipeline.reuse.fingerprint", lambda: "this one")
        yield


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(str(tmp_path / "cache"))


def compiled(text: str, cache: Cache | None, level: str = "O2", **more: Any) -> Compilation:
    options = CompileOptions(PipelineRequest(level), cache=cache, **more)
    return compile_source(SourceFile("program.tova", text), options)


def all_of(made: Compilation) -> tuple[Any, ...]:
    assert made.artifact is not None
    return made.artifact.to_bytes(), made.remarks, made.applied, ir_text(made.modules["mem"])


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[int, int]]:
    """How many functions were found and not found since the last call."""
    known = [0, 0]

    def get(self: FunctionCache, key: bytes, original: Any = FunctionCache.get) -> bytes | None:
        value: bytes | None = original(self, key)
        known[value is None] += 1
        return value

    def take() -> tuple[int, int]:
        found, missed = known
        known[:] = [0, 0]
        return found, missed

    monkeypatch.setattr(FunctionCache, "get", get)
    return take


def test_a_second_compilation_optimizes_nothing_and_makes_the_same(cache: Cache, counted: Any) -> None:
    plain = all_of(compiled(PROGRAM, None))
    assert all_of(compiled(PROGRAM, cache)) == plain
    found, missed = counted()
    assert missed > 20
    assert all_of(compiled(PROGRAM, cache)) == plain
    assert counted() == (found + missed, 0)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cache, int]:
    """A cache that has the program, and how many entries that made."""
    cache = Cache(str(tmp_path_factory.mktemp("filled") / "cache"))
    compiled(PROGRAM, cache)
    return cache, count(cache)


EDITS = {
    "a constant": ("w * h", "w * h * 2.0"),
    "a longer body": ("steps = steps + 1", "steps = steps + 1\n    if steps > 1000 { exit(x) }"),
    "in a recursion": ("odd(n - 1)", "odd(n - 1 + 0 * n)"),
    "a text": ('"steps"', '"stairs"'),
    "in the closure": ("x > 20", "x > 30"),
    "lines above": ("type Shape", "// a comment\n\n\ntype Shape"),
    "a new function": ("fn even", "fn newer(a) { exit(a * 7) }\nif even(7) { newer(4) }\nfn even"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_after_an_edit_the_result_is_as_if_there_were_no_cache(
    edit: str, filled: tuple[Cache, int], cache: Cache, counted: Any
) -> None:
    edited = PROGRAM.replace(*EDITS[edit])
    assert edited != PROGRAM
    shutil.copytree(filled[0].root, cache.root)
    total = filled[1]
    assert all_of(compiled(edited, cache)) == all_of(compiled(edited, None))
    assert counted()[1] < total / 3, "an edit of one function should leave most others alone"


def test_moving_a_program_to_other_lines_optimizes_nothing(filled: tuple[Cache, int], counted: Any) -> None:
    cache, _ = filled
    moved = "\n\n\n" + PROGRAM
    assert all_of(compiled(moved, cache)) == all_of(compiled(moved, None))
    assert counted()[1] == 0


def test_another_program_finds_the_functions_of_the_library(cache: Cache, counted: Any) -> None:
    compiled("exit([3, 1, 2].sorted()[0])", cache)
    counted()
    text = "var a = 4\nfn f(xs) { for x in xs.sorted() { if x > 2 { exit(x) } } }\nf([3, a, 2])"
    assert all_of(compiled(text, cache)) == all_of(compiled(text, None))
    found, missed = counted()
    assert found > missed


def test_levels_and_options_do_not_share_functions(cache: Cache) -> None:
    exported = MODULE.replace("func @f(%a: i64) -> i64 {", 'func @f(%a: i64) -> i64 export "f" {')

    def missed(level: str, **more: Any) -> int:
        functions = FunctionCache(cache)
        _manage(prepare(PipelineRequest(level, **more)).pipeline, parse(exported), functions)
        return functions.missed

    assert missed("O1") > 0
    assert missed("O1") == 0
    assert missed("O2") > 0
    assert missed("O2", settings=["simplify-cfg.select_budget=1"]) > 0
    assert missed("O2", without=["dce"]) > 0
    assert missed("O2") == 0


def test_another_toolchain_finds_nothing(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    run_over(MODULE, cache, nothing)
    monkeypatch.setattr("wasmlathe.pipeline.reuse.fingerprint", lambda: "another one")
    assert run_over(MODULE, cache, nothing) == list("gfh")


@pytest.mark.parametrize("watching", [{"observers": [Timing()]}, {"verify": True}, {"limit": 10_000}])
def test_whoever_watches_the_passes_sees_all_of_them(watching: Any, cache: Cache, counted: Any) -> None:
    compiled(PROGRAM, cache, "O1")
    counted()
    made = compiled(PROGRAM, cache, "O1", **watching)
    assert counted() == (0, 0)
    assert made.applied == compiled(PROGRAM, None, "O1").applied


# What is part of the key, and what makes it impossible to keep a function.

MODULE = """
module "t" mem

global @G: i64 = 4

data @d align 8 "abc"
data @e align 8 "xyz"

func @f(%a: i64) -> i64 {
^entry:
  %b: i64 = call @g %a !"x.tova":3:4
  %p: i32 = mem.data_addr @d
  ret %b
}

func @g(%a: i64) -> i64 {
^entry:
  %c: i64 = global.get @G
  %d: i64 = i64.add %a, %c
  ret %d
}

func @h(%a: i64) -> i64 {
^entry:
  ret %a
}
"""


def run_over(text: str, cache: Cache, run: Any, **more: Any) -> list[str]:
    """The functions over which a pass was really run."""
    ran: list[str] = []

    def note(fn: Function, ctx: Any) -> bool:
        ran.append(fn.name)
        return bool(run(fn, ctx))

    pipeline = make_pipeline({"mem": ["p"]}, make_pass("p", note), **more)
    _manage(pipeline, parse(text), FunctionCache(cache))
    return ran


def _manage(pipeline: Pipeline, module: Module, functions: FunctionCache) -> PassManager:
    reuse = Reuse(functions, pipeline)
    manager = PassManager(pipeline, pipeline.registry.plugins, AnalysisCache(), reuse=reuse)
    manager.run_stage("mem", module)
    functions.close()
    return manager


def nothing(_fn: Function, _ctx: Any) -> bool:
    return False


CHANGES = {
    "what is declared of the callee": (("func @g(%a: i64) -> i64 {", 'func @g(%a: i64) -> i64 source "g2" {'), "gf"),
    "what the callee does": (("%d: i64 = i64.add %a, %c", "%d: i64 = i64.div_s %a, %c"), "gf"),
    "how the callee does it": (("%d: i64 = i64.add %a, %c", "%d: i64 = i64.sub %a, %c"), "g"),
    "a global": (("@G: i64 = 4", "@G: i64 = 5"), "g"),
    "data that is used": (('"abc"', '"abd"'), "f"),
    "data that is not used": (('"xyz"', '"xyy"'), ""),
    "the name of data": (("@d", "@other"), ""),
    "lines": (('":3:4', '":5:4'), ""),
    "names of values": (("%a", "%value"), "gfh"),
    "an op": (("ret %a", "%n: i64 = i64.add %a, %a\n  ret %n"), "h"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_function_depends_on_is_in_its_key(change: str, cache: Cache) -> None:
    (old, new), expected = CHANGES[change]
    assert run_over(MODULE, cache, nothing) == list("gfh")
    assert run_over(MODULE, cache, nothing) == []
    assert old in MODULE
    assert run_over(MODULE.replace(old, new), cache, nothing) == list(expected)


def look_into_the_callee(fn: Function, _ctx: Any) -> bool:
    return any(len(fn.module.functions[op.attrs["callee"]].blocks) > 9 for op in fn.ops() if op.row.name == "call")


def look_at_signatures(fn: Function, _ctx: Any) -> bool:
    return any(len(fn.module.functions[op.attrs["callee"]].results) > 9 for op in fn.ops() if op.row.name == "call")


def look_around(fn: Function, _ctx: Any) -> bool:
    return fn.name == "f" and len(fn.module.functions) > 9


def look_at_a_stranger(fn: Function, _ctx: Any) -> bool:
    return fn.name == "f" and fn.module.functions["h"].exported is not None


def ask_about_the_module(fn: Function, ctx: Any) -> bool:
    return fn.name == "f" and not ctx.analyses.get(callgraph, fn.module).components


def ask_for_effects(fn: Function, ctx: Any) -> bool:
    return not ctx.analyses.get(effects, fn.module)[fn.name].effects.is_removable and fn.name == "?"


def add_data(fn: Function, _ctx: Any) -> bool:
    if fn.name == "f":
        fn.module.data["new"] = fn.module.data["d"]
    return False


def name_a_line(fn: Function, ctx: Any) -> bool:
    if fn.name == "f":
        ctx.remark("seen", None, "as in line 3")
    return False


@pytest.mark.parametrize(
    ("run", "again"),
    [
        (look_into_the_callee, "f"),
        (look_at_signatures, ""),
        (look_around, "f"),
        (look_at_a_stranger, "f"),
        (ask_about_the_module, "f"),
        (ask_for_effects, ""),
        (add_data, "f"),
        (name_a_line, "f"),
    ],
)
def test_a_function_is_not_kept_if_a_pass_looked_at_what_is_not_in_the_key(run: Any, again: str, cache: Cache) -> None:
    run_over(MODULE, cache, run)
    assert run_over(MODULE, cache, run) == list(again)


def test_a_strangers_pass_is_run_each_time_unless_it_says_that_it_may_be_kept(cache: Cache) -> None:
    run_over(MODULE, cache, nothing, is_builtin=False)
    assert run_over(MODULE, cache, nothing, is_builtin=False) == list("gfh")

    def run(fn: Function, _ctx: Any) -> bool:
        ran.append(fn.name)
        return False

    ran: list[str] = []
    spec = PassSpec("p", "mem", run, "Does nothing.", is_cacheable=True)
    for _ in range(2):
        plugin = make_plugin(spec, is_builtin=False)
        pipeline = Pipeline("test", Registry(Plugins([plugin])), {"mem": ["p"]})
        _manage(pipeline, parse(MODULE), FunctionCache(cache))
    assert ran == list("gfh")


def test_remarks_are_told_again_at_the_lines_of_now(cache: Cache) -> None:
    def told(text: str) -> list[Any]:
        def tell(fn: Function, ctx: Any) -> bool:
            for op in fn.ops():
                ctx.remark("seen", op.loc, op.row.name)
            return False

        pipeline = make_pipeline({"mem": ["tell"]}, make_pass("tell", tell))
        manager = _manage(pipeline, parse(text), FunctionCache(cache))
        return [(r.text, r.loc.line) for r in manager.remarks if r.loc]

    assert told(MODULE) == [("call", 3)]
    assert told(MODULE.replace('":3:4', '":5:4')) == [("call", 5)]


# The compact form.


def test_the_compact_form_is_read_as_it_was_written() -> None:
    module = compiled(PROGRAM, None).modules["mem"]
    for function in module.functions.values():
        if function.blocks:
            before, symbols = ir_text(function), Symbols()
            function.blocks = decode(encode(function, symbols), function, symbols)
            assert ir_text(function) == before


# The database.


def test_entries_are_kept_and_the_least_recently_used_go_first(cache: Cache) -> None:
    for number in range(20):
        functions = FunctionCache(cache, limit_bytes=1000)
        functions._now = number * 3600
        functions.get(b"0")
        functions.put(b"%d" % number, bytes([number]) * 100)
        functions.close()
    functions = FunctionCache(cache, limit_bytes=1000)
    kept = [number for number in range(20) if functions.get(b"%d" % number) is not None]
    functions.close()
    assert kept[0] == 0  # used all the time
    assert kept[-1] == 19
    assert 5 <= len(kept) <= 10
    assert kept[1:] == list(range(21 - len(kept), 20))


def test_damage_is_as_good_as_absence(cache: Cache) -> None:
    functions = FunctionCache(cache)
    functions.put(b"a", b"1" * 50)
    functions.close()
    path = Path(cache.root) / "functions/entries.sqlite"
    path.write_bytes(path.read_bytes().replace(b"1" * 50, b"1" * 49 + b"2"))
    functions = FunctionCache(cache)
    assert functions.get(b"a") is None
    functions.close()
    for content in (b"no database at all" * 99, b"", path.read_bytes()[:5000]):
        path.write_bytes(content)
        functions = FunctionCache(cache)
        assert functions.get(b"a") is None
        functions.put(b"a", b"3")
        functions.close()
    functions = FunctionCache(cache)
    functions.put(b"a", b"4")
    functions.close()
    assert FunctionCache(cache).get(b"a") == b"4"


def test_an_entry_that_is_something_else_is_dropped(cache: Cache) -> None:
    plain = all_of(compiled(PROGRAM, None, "O1"))
    compiled(PROGRAM, cache, "O1")
    functions = FunctionCache(cache)
    assert functions._database is not None
    keys = [key for (key,) in functions._database.execute("select key from entries")]
    for key in keys:
        functions.put(key, b"[]")
    functions.close()
    assert all_of(compiled(PROGRAM, cache, "O1")) == plain


def test_a_locked_database_is_done_without(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    monkeypatch.setattr("wasmlathe.function_cache._PATIENCE_SECONDS", 0.01)
    FunctionCache(cache).close()
    other = sqlite3.connect(Path(cache.root) / "functions/entries.sqlite")
    other.execute("begin exclusive")
    functions = FunctionCache(cache)
    assert functions.get(b"a") is None
    functions.put(b"a", b"1")
    functions.close()
    other.close()


# The command line.


def test_build_uses_the_cache_unless_told_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], counted: Any
) -> None:
    monkeypatch.setenv("WASMLATHE_CACHE", str(tmp_path / "cache"))
    program = tmp_path / "p.tova"
    program.write_text("fn f(a) { print(a)\n print(a * 2) }\nf(2)\nf(3)\n")
    words = ["build", "-O1", str(program), "-o", str(tmp_path / "out")]
    assert main([*words, "--no-cache"]) == 0
    assert counted() == (0, 0)
    assert main(words) == 0
    assert counted()[0] == 0
    assert main(words) == 0
    assert counted()[1] == 0
    capsys.readouterr()
    assert main(["cache", "info"]) == 0
    told = re.search(r"functions +(\d+)", capsys.readouterr().out)
    assert told is not None
    assert int(told[1]) > 0
    assert main(["cache", "clear"]) == 0
    assert main(words) == 0
    assert counted()[0] == 0
