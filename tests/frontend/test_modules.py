"""Programs of several files: what is imported, in which order files are executed, and what is refused."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from wasmlathe import compile as compile_program
from wasmlathe.diagnostics import CompileError, Diagnostic
from wasmlathe.driver import Compilation, CompileOptions, compile_file
from wasmlathe.pipeline.preparing import PipelineRequest
from wasmlathe.wasm_runtime import engine, python_engine
from wasmlathe.wasm_runtime.panics import ProgramPanic

Files = dict[str, str]

SHAPES = """\
pub unit = 2
pub var count = 10
factor = 5
pub fn area(x) { helper(x) * x }
fn helper(x) { x }
pub fn scaled(x) { x * factor }
pub fn bump() { count += 1 }
"""


def compiled(folder: Path, files: Files, level: str = "O1") -> Compilation:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return compile_file(str(folder / "main.tova"), CompileOptions(PipelineRequest(level), verify=True))


def output_of(folder: Path, files: Files) -> str:
    """What the program `main.tova` prints, on both engines."""
    compilation = compiled(folder, files)
    assert compilation.artifact is not None
    native, interpreted = io.BytesIO(), io.BytesIO()
    engine.run(compilation.artifact, stdout=native)
    python_engine.run(compilation.modules["mem"], stdout=interpreted)
    assert native.getvalue() == interpreted.getvalue()
    return native.getvalue().decode()


def errors_of(folder: Path, files: Files) -> list[Diagnostic]:
    with pytest.raises(CompileError) as caught:
        compiled(folder, files)
    return caught.value.diagnostics


def test_names_are_imported_under_their_own_or_another_name(tmp_path: Path) -> None:
    main = 'import {area, scaled as times, unit} from "./shapes"\nprint(area(3), times(2), unit)\n'
    assert output_of(tmp_path, {"main.tova": main, "shapes.tova": SHAPES}) == "9 10 2\n"


def test_a_whole_module_is_imported_as_a_name(tmp_path: Path) -> None:
    main = 'import * as sh from "./shapes.tova"\nprint(sh.area(4), sh.unit, [1, 2].map(sh.scaled))\n'
    assert output_of(tmp_path, {"main.tova": main, "shapes.tova": SHAPES}) == "16 2 [5,10]\n"


def test_a_variable_of_another_module_is_seen_as_it_is_now(tmp_path: Path) -> None:
    main = 'import {count, bump} from "./shapes"\nprint(count)\nbump()\nprint(count)\nfn later() { count }\nprint(later())\n'
    assert output_of(tmp_path, {"main.tova": main, "shapes.tova": SHAPES}) == "10\n11\n11\n"


@pytest.mark.parametrize(
    ("exported", "use"),
    [
        ("export default fn twice(x) { x * 2 }", "d(4)"),
        ("fn twice(x) { x * 2 }\nexport default twice", "d(4)"),
        ("export default fn(x) x * 2", "d(4)"),
        ("n = 3\nexport default n + 5", "d"),
    ],
)
def test_a_default_export_is_imported_under_any_name(tmp_path: Path, exported: str, use: str) -> None:
    main = f'import d from "./m"\nprint({use})\n'
    assert output_of(tmp_path, {"main.tova": main, "m.tova": exported}) == "8\n"


def test_private_names_of_different_files_do_not_meet(tmp_path: Path) -> None:
    module = "fn helper() { {} }\nvalue = {}\npub fn tell() {{ helper() + value }}\n"
    files = {
        "main.tova": 'import {tell as a} from "./a/m"\nimport {tell as b} from "./b/m"\n'
        "fn helper() { 100 }\nvalue = 200\nprint(a(), b(), helper() + value)\n",
        "a/m.tova": module.replace("{ {} }", "{ 1 }").replace("{}", "2").replace("{{", "{").replace("}}", "}"),
        "b/m.tova": module.replace("{ {} }", "{ 3 }").replace("{}", "4").replace("{{", "{").replace("}}", "}"),
    }
    assert output_of(tmp_path, files) == "3 7 300\n"


def test_each_file_is_executed_once_and_dependencies_first(tmp_path: Path) -> None:
    files = {
        "main.tova": 'import {b} from "./b"\nimport {c} from "./sub/../c"\nprint("main")\n',
        "b.tova": 'import {c} from "./c"\nprint("b")\npub b = c + 1\n',
        "c.tova": 'print("c")\npub c = 1\n',
    }
    assert output_of(tmp_path, files) == "c\nb\nmain\n"


def test_main_runs_after_all_files_and_only_the_one_of_the_program(tmp_path: Path) -> None:
    files = {
        "main.tova": 'import {value} from "./m"\nprint("top")\nfn main() { print("main", value) }\n',
        "m.tova": 'pub value = 7\nprint("module")\nfn main() { print("not this one") }\n',
    }
    assert output_of(tmp_path, files) == "module\ntop\nmain 7\n"


def test_names_are_exported_on(tmp_path: Path) -> None:
    files = {
        "main.tova": 'import {area, twice, unit, own} from "./all"\nprint(area(2), twice(3), unit, own)\n',
        "all.tova": 'pub {area, scaled as twice} from "./shapes"\npub * from "./shapes"\nown = 1\npub {own}\n',
        "shapes.tova": SHAPES,
    }
    assert output_of(tmp_path, files) == "4 15 2 1\n"


def test_functions_in_a_circle_of_imports_work(tmp_path: Path) -> None:
    files = {
        "main.tova": 'import {even} from "./even"\nprint(even(10), even(7))\n',
        "even.tova": 'import {odd} from "./odd"\npub fn even(n) { if n == 0 { true } else { odd(n - 1) } }\n',
        "odd.tova": 'import {even} from "./even"\npub fn odd(n) { if n == 0 { false } else { even(n - 1) } }\n',
    }
    assert output_of(tmp_path, files) == "true false\n"


@pytest.mark.parametrize("use", ["print(value)", "fn early() { value }\nprint(early())"])
def test_a_value_read_before_its_file_has_run_panics(tmp_path: Path, use: str) -> None:
    files = {
        "main.tova": 'import {value} from "./a"\nprint(value)\n',
        "a.tova": 'import {other} from "./b"\npub value = 1\nprint(other)\n',
        "b.tova": f'import {{value}} from "./a"\npub other = 2\n{use}\n',
    }
    compilation = compiled(tmp_path, files)
    assert compilation.artifact is not None
    with pytest.raises(ProgramPanic, match="cannot access 'value' before initialization") as caught:
        engine.run(compilation.artifact, stdout=io.BytesIO())
    assert caught.value.location is not None
    assert caught.value.location.file == str(tmp_path / "b.tova")


def test_a_file_may_import_itself(tmp_path: Path) -> None:
    main = 'import {fact as f} from "./main"\nimport * as me from "./main"\npub fn fact(n) { if n < 2 { 1 } else { n * f(n - 1) } }\nprint(me.fact(5))\n'
    assert output_of(tmp_path, {"main.tova": main}) == "120\n"


def test_a_text_without_a_file_imports_relative_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shapes.tova").write_text(SHAPES)
    monkeypatch.chdir(tmp_path)
    module = compile_program('import {area} from "./shapes"\npub fn f(x: Int) { area(x) }\n')
    assert module.instantiate().f(5) == 25


def test_hosts_get_the_top_levels_of_all_files_executed(tmp_path: Path) -> None:
    (tmp_path / "m.tova").write_text("pub var n = 40\nn += 1\n")
    (tmp_path / "main.tova").write_text('import {n} from "./m"\npub fn f(x: Int) { n + x }\n')
    assert compile_program(tmp_path / "main.tova").instantiate().f(1) == 42


GEO = """\
pub type Shape { Circle(radius: Float), Square(side: Float) }
impl Shape {
  fn unit() { Square(1.0) }
  fn double(self) { match self { Circle(r) => Circle(r * 2.0), Square(s) => Square(side: s * 2.0) } }
}
pub type Point { x: Int, y: Int }
pub type Color = Red | Green
pub type Maybe = Shape | Nil
pub trait Named { fn name(self) -> String { "nobody" } }
type Hidden { n: Int }
pub fn hide(n) { Hidden(n) }
pub fn unhide(h) { match h { Hidden(n) => n } }
pub fn pick(n) -> Maybe { if n > 0 { Circle(1.0) } else { nil } }
pub fn countdown(n) { for i in range(n, 0, -1) { yield i } }
"""


@pytest.mark.parametrize(
    ("imports", "text", "printed"),
    [
        ("{Circle, Square}", "print(match Circle(2.0) { Circle(r) => r, Square(_) => 0.0 })", "2"),
        ("{Point as P}", "p = P(y: 5, x: 1)\np.x += 1\nprint(p.x * 10 + p.y, p is P)", "25 true"),
        ("{Circle}", "print(Circle(radius: 2.0).double())", "Circle(radius: 4)"),
        ("{Shape}", "print(Shape.unit().double(), Shape.Circle(1.0))", "Square(side: 2) Circle(radius: 1)"),
        ("{Red, Color}", "fn f(c: Color) { c is Red }\nprint(f(Red))", "true"),
        ("{Maybe, pick}", "fn f(m: Maybe) { m == nil }\nprint(f(pick(1)), f(pick(0)))", "false true"),
        ("{Named}", "type Cat { n: Int }\nimpl Named for Cat { }\nprint(Cat(1).name())", "nobody"),
        ("{hide, unhide}", 'type Hidden { text: String }\nprint(unhide(hide(3)), Hidden("x").text)', "3 x"),
        ("{countdown}", "for n in countdown(2) { print(n) }", "2\n1"),
        (
            "* as g",
            "print(g.Point(1, 2).y, g.Red, g.Shape.unit(), g.Shape.Circle(3.0))",
            "2 Red Square(side: 1) Circle(radius: 3)",
        ),
        (
            "* as g",
            "s = g.Circle(3.0)\nprint(match s { g.Circle(r) => r, _ => 0.0 }, s is g.Circle, s is g.Shape)",
            "3 true true",
        ),
        ("* as g", "print([1.0, 2.0].map(g.Circle).map(fn(c) c.double())[1])", "Circle(radius: 4)"),
    ],
)
def test_types_and_variants_are_imported(tmp_path: Path, imports: str, text: str, printed: str) -> None:
    main = f'import {imports} from "./geo"\n{text}\n'
    assert output_of(tmp_path, {"main.tova": main, "geo.tova": GEO}) == printed + "\n"


def test_fields_of_one_files_types_in_another_ones(tmp_path: Path) -> None:
    files = {
        "main.tova": 'import {Line} from "./line"\nimport {Point} from "./geo"\nprint(Line(Point(1, 2), Point(4, 6)).width())\n',
        "line.tova": 'import {Point} from "./geo"\npub type Line { a: Point, b: Point }\nimpl Line { fn width(self) { self.b.x - self.a.x } }\n',
        "geo.tova": GEO,
    }
    assert output_of(tmp_path, files) == "3\n"


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code", "message", "hint"),
    [
        ('import {aria} from "./shapes"', "E0209", "'./shapes' does not export 'aria'", "did you mean 'area'?"),
        ('import {helper} from "./shapes"', "E0209", "'helper' is private in './shapes'", "write `pub`"),
        ('import d from "./shapes"', "E0209", "'./shapes' has no default export", "import names"),
        ('import {area} from "./shaped"', "E0208", "there is no module './shaped'", "did you mean './shapes'?"),
        ('import {area} from "shapes"', "E0208", "'shapes' is no path of a module", 'write "./shapes"'),
        ('import {area} from "./none/shapes"', "E0208", "there is no module './none/shapes'", "there is no folder"),
        ('import * as s from "./shapes"\nprint(s.aria(1))', "E0209", "does not export 'aria'", "did you mean 'area'?"),
        ('import {area, area} from "./shapes"', "E0201", "'area' is imported twice", "use `as`"),
        ('import {area} from "./shapes"\nfn area(x) { x }', "E0201", "'area' is already defined", None),
        (
            'import {count} from "./shapes"\ncount = 5',
            "E0202",
            "cannot assign to 'count' of another module",
            "function",
        ),
        ('import {count} from "./shapes"\nfn f() { count += 5 }', "E0202", "cannot assign to 'count'", "function"),
        ('fn f() { import {area} from "./shapes" }', "E0010", "an import stands at the top level", None),
        ('import * as s from "./shapes"\nmatch 1 { s.Cirkle(r) => r, _ => 0 }', "E0209", "a variant 'Cirkle'", None),
        ('import {Shape} from "./shapes"', "E0209", "does not export 'Shape'", None),
        ("pub {nothing}", "E0200", "'nothing' is not defined", None),
        ('pub {aria} from "./shapes"', "E0209", "'./shapes' does not export 'aria'", "did you mean 'area'?"),
    ],
)
def test_mistakes_are_told_with_their_place(
    tmp_path: Path, line: str, code: str, message: str, hint: str | None
) -> None:
    found = errors_of(tmp_path, {"main.tova": line + "\n", "shapes.tova": SHAPES})
    assert [d.code for d in found] == [code]
    assert message in found[0].message
    assert (hint or "") in (found[0].hint or "")
    assert found[0].span is not None
    assert found[0].span.file.name == str(tmp_path / "main.tova")


@pytest.mark.parametrize("mistake", ["x = = 1", "y = missing", 'z = "a" * "b"'])
def test_errors_of_imported_files_are_told_in_these_files(tmp_path: Path, mistake: str) -> None:
    found = errors_of(tmp_path, {"main.tova": 'import {a} from "./m"\nprint(a)\n', "m.tova": f"pub a = 1\n{mistake}\n"})
    places = {(d.span.file.name, d.span.file.position(d.span.start)[0]) for d in found if d.span is not None}
    assert places == {(str(tmp_path / "m.tova"), 2)}


def test_imported_names_do_not_become_names_of_the_importing_file(tmp_path: Path) -> None:
    found = errors_of(
        tmp_path,
        {
            "main.tova": 'import {area} from "./m"\nprint(area(1))\n',
            "m.tova": 'import {area} from "./shapes"\n',
            "shapes.tova": SHAPES,
        },
    )
    assert "'area' is private in './m'" in found[0].message


def test_the_compilation_depends_on_every_file(tmp_path: Path) -> None:
    compilation = compiled(
        tmp_path, {"main.tova": 'import {area} from "./shapes"\nprint(area(1))', "shapes.tova": SHAPES}
    )
    assert {str(tmp_path / "main.tova"), str(tmp_path / "shapes.tova")} <= set(compilation.dependencies)
