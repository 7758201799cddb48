"""What programs see of the world: granted files, environment variables, standard input, arguments. On both engines."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import wasmlathe
from wasmlathe.diagnostics import SourceFile
from wasmlathe.driver import Compilation, CompileOptions, compile_source
from wasmlathe.pipeline.preparing import PipelineRequest
from wasmlathe.wasm_runtime import engine, python_engine
from wasmlathe.wasm_runtime.grants import Grants
from wasmlathe.wasm_runtime.panics import ProgramPanic
from wasmlathe.wasm_runtime.world import World

LIMITS = engine.Limits(20.0, 256 << 20)

TELL = "fn tell(r) { match r { Ok(v) => print(v), Err(e) => print(e) } }\n"
READ = TELL + "fn main(path) { tell(readText(path)) }\n"
WRITE = TELL + "fn main(path, text) { tell(writeText(path, text).map(fn(_) 0)) }\n"


@cache
def compiled(text: str) -> Compilation:
    return compile_source(SourceFile("program.tova", text), CompileOptions(PipelineRequest("O1"), verify=True))


Run = Callable[..., str]


@pytest.fixture(params=["wasm", "python"])
def run(request: pytest.FixtureRequest) -> Run:
    """Compile and run a program; what it prints."""

    def run(
        text: str, *args: str, grants: Grants | None = None, stdin: bytes = b"", limits: engine.Limits = LIMITS
    ) -> str:
        compilation, output = compiled(text), io.BytesIO()
        world = {"grants": grants, "stdin": io.BytesIO(stdin)}
        if request.param == "wasm":
            assert compilation.artifact is not None
            engine.run(compilation.artifact, args, limits, output, **world)  # type: ignore[arg-type]
        else:
            python_engine.run(compilation.modules["mem"], args, limits, output, **world)  # type: ignore[arg-type]
        return output.getvalue().decode()

    return run


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_granted_file_is_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("héllo\n", encoding="utf-8")
    assert run(READ, str(tmp_path / "a.txt"), grants=Grants([str(tmp_path / "a.txt")])) == "héllo\n\n"


def test_a_file_that_is_not_granted_is_not_read_and_the_option_is_named(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("secret")
    assert run(READ, str(file)) == f"'{file}' is not granted: run with --allow-read {file}\n"


@pytest.mark.parametrize("path", ["in/../../a.txt", "link", "in/../in2/b.txt", "in2/b.txt"])
def test_a_granted_folder_does_not_lead_outside(run: Run, tmp_path: Path, path: str) -> None:
    (tmp_path / "a.txt").write_text("secret")
    (tmp_path / "granted/in").mkdir(parents=True)
    (tmp_path / "granted/in2").symlink_to(tmp_path / "other")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/b.txt").write_text("secret")
    (tmp_path / "granted/link").symlink_to(tmp_path / "a.txt")
    assert "is not granted" in run(READ, f"{tmp_path}/granted/{path}", grants=Grants([str(tmp_path / "granted")]))


def test_a_folder_beside_a_granted_one_is_not_granted(run: Run, tmp_path: Path) -> None:
    for name in ("data", "data2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(name)
    grants = Grants([str(tmp_path / "data")])
    assert run(READ, f"{tmp_path}/data/a.txt", grants=grants) == "data\n"
    assert "is not granted" in run(READ, f"{tmp_path}/data2/a.txt", grants=grants)


def test_links_inside_a_granted_folder_and_granted_links_work(run: Run, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.txt").write_text("text")
    (tmp_path / "real/b.txt").symlink_to("a.txt")
    (tmp_path / "link").symlink_to("real")
    grants = Grants([str(tmp_path / "link")])
    assert run(READ, f"{tmp_path}/link/b.txt", grants=grants) == "text\n"
    assert run(READ, f"{tmp_path}/real/a.txt", grants=grants) == "text\n"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing", "No such file or directory"),
        ("folder", "Is a directory"),
        ("a\0b", "null"),
        ("a.txt/b", "Not a dir"),
    ],
)
def test_what_cannot_be_read_says_why(run: Run, tmp_path: Path, path: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.txt").write_text("")
    told = run(READ, f"{tmp_path}/{path}", grants=Grants([str(tmp_path)]))
    assert told.startswith("cannot read '")
    assert reason in told


def test_an_empty_file_and_one_that_tells_no_size_are_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    assert run(READ, f"{tmp_path}/empty", grants=Grants([str(tmp_path)])) == "\n"
    if os.path.exists("/proc/self/comm"):
        assert len(run(READ, "/proc/self/comm", grants=Grants(["/proc"]))) > 1


VALID = [
    "",
    "a" * 70,
    "ä" * 70,
    "aä€😀" * 20,
    "x" * 31 + "€",
    "x" * 64 + "😀y",
    "\u0800\uffff\ud7ff\ue000\U00010000\U0010ffff",
]
INVALID = [
    b"\x80", b"abc\xff", b"\xc3", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"\xe2\x28\xa1", b"a" * 40 + b"\xc3\x28",
]  # fmt: skip


def test_the_characters_of_a_file_are_counted_and_bad_bytes_are_refused(run: Run, tmp_path: Path) -> None:
    text = "fn main(path, n) { for i in 0..toInt(n) { r = readText(path + to_string(i))\nmatch r { Ok(t) => print(len(t)), Err(e) => print(e) } } }\n"
    contents = [valid.encode() for valid in VALID] + INVALID
    for number, content in enumerate(contents):
        (tmp_path / f"f{number}").write_bytes(content)
    told = run(text, f"{tmp_path}/f", str(len(contents)), grants=Grants([str(tmp_path)])).splitlines()
    assert told[: len(VALID)] == [str(len(valid)) for valid in VALID]
    assert told[len(VALID) :] == [
        f"cannot read '{tmp_path}/f{number}': it is not UTF-8 text" for number in range(len(VALID), len(contents))
    ]


def test_bytes_of_a_file_are_read_whatever_they_are(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x00\xff\x80A")
    text = "fn main(path) { b = readBytes(path).unwrap()\nprint(len(b), b[0], b[1], b[2], b[3]) }\n"
    assert run(text, f"{tmp_path}/a", grants=Grants([str(tmp_path)])) == "4 0 255 128 65\n"


def test_a_large_file_is_read_whole(run: Run, tmp_path: Path) -> None:
    (tmp_path / "large").write_text("0123456789abcdeé" * 20_000)
    text = 'fn main(path) { t = readText(path).unwrap()\nprint(len(t), countOf(t, "é"), t[-1], t[1600]) }\n'
    assert run(text, f"{tmp_path}/large", grants=Grants([str(tmp_path)])) == "320000 20000 é 0\n"


def test_a_file_of_many_pages_fills_the_memory_it_is_given(tmp_path: Path) -> None:
    content = os.urandom(9 << 20)
    (tmp_path / "large").write_bytes(content)
    world = World(Grants([str(tmp_path)]))
    assert world.open_file(os.fsencode(tmp_path / "large")) == len(content)
    memory = bytearray(len(content) + 5)
    with memoryview(memory) as view, view[5:] as target:
        assert world.take(target) == len(content)
    assert memory[5:] == content
    memory.extend(b"x")  # nobody holds it any more


def test_a_file_that_shrinks_while_it_is_read_is_as_long_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("long text")
    world = World(Grants([str(tmp_path)]))
    assert world.open_file(os.fsencode(file)) == 9
    file.write_text("long")
    assert world.take(memoryview(bytearray(9))) == 4


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_granted_file_is_written_and_replaced(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "out.txt"
    grants = Grants(writes=[str(file)])
    assert run(WRITE, str(file), "ünt", grants=grants) == "0\n"
    assert file.read_text(encoding="utf-8") == "ünt"
    run(WRITE, str(file), "", grants=grants)
    assert file.read_bytes() == b""


def test_leave_to_read_is_no_leave_to_write(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "out.txt"
    told = run(WRITE, str(file), "x", grants=Grants(reads=[str(tmp_path)]))
    assert told == f"'{file}' is not granted: run with --allow-write {file}\n"
    assert not file.exists()
    assert "is not granted" in run(READ, str(file), grants=Grants(writes=[str(tmp_path)]))


def test_writing_does_not_follow_a_link_out_of_a_granted_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "granted").mkdir()
    (tmp_path / "granted/link").symlink_to(tmp_path / "outside")
    assert "is not granted" in run(
        WRITE, f"{tmp_path}/granted/link", "x", grants=Grants(writes=[f"{tmp_path}/granted"])
    )
    assert not (tmp_path / "outside").exists()


# --- environment, arguments, time -------------------------------------------------------------------------------------


def test_a_granted_variable_is_seen(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WL_ONE", "éins")
    monkeypatch.delenv("WL_TWO", raising=False)
    text = 'print(env("WL_ONE"), env("WL_TWO"), env("WL_TWO", "none"), len(env("WL_ONE") ?? ""))\n'
    assert run(text, grants=Grants(names=["WL_ONE", "WL_TWO"])) == "éins nil none 4\n"


def test_a_variable_that_is_not_granted_panics(run: Run) -> None:
    with pytest.raises(ProgramPanic, match="'HOME' is not granted: run with --allow-env HOME"):
        run('print(env("HOME"))\n')


def test_arguments(run: Run) -> None:
    assert run('print(len(args()), args().join("|"))\n', "a", "ü b", "") == "3 a|ü b|\n"


def test_sleeping_ends_at_the_time_limit(run: Run) -> None:
    start = time.monotonic()
    with pytest.raises(ProgramPanic, match="timed out"):
        run("sleep(20000)\nvar n = 1\nwhile n > 0 { n = n % 7 + 1 }\n", limits=engine.Limits(0.1))
    assert time.monotonic() - start < 15.0


# --- standard input ---------------------------------------------------------------------------------------------------

LINES = 'for line in readLines() { print("<" + line + ">") }\nprint("end")\n'


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\n\nb\xc3\xa9\n", ["a", "", "bé"]),
        (("ä" * 100_000 + "\nx\n").encode(), ["ä" * 100_000, "x"]),
        (b"12345678\n" * 3 + b"123456789", ["12345678"] * 3 + ["123456789"]),
    ],
)
def test_lines_of_standard_input(run: Run, given: bytes, lines: list[str]) -> None:
    assert run(LINES, stdin=given).splitlines() == [*(f"<{line}>" for line in lines), "end"]


class _Typing(io.RawIOBase):
    """Input that comes in pieces; counts how many were read."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces
        self.count = 0

    def read(self, _size: int = -1) -> bytes:
        self.count += 1
        return self.pieces.pop(0) if self.pieces else b""


def test_no_more_input_is_read_than_lines_are_asked_for() -> None:
    compilation, output = compiled("for line in readLines() { print(line)\nbreak }\n"), io.BytesIO()
    typed = _Typing([b"on", b"e\xc3", b"\xa4\ntwo\n", b"three\n"])
    assert compilation.artifact is not None
    engine.run(compilation.artifact, stdout=output, stdin=typed)
    assert output.getvalue().decode() == "oneä\n"
    assert typed.count == 3


def test_the_rest_of_standard_input_is_one_text(run: Run) -> None:
    text = "t = readStdin()\nprint(len(t), len(readStdin()))\nprint(t)\n"
    assert run(text, stdin="aé\nb".encode()) == "4 0\naé\nb\n"


@pytest.mark.parametrize("text", ["print(readStdin())", LINES])
def test_input_that_is_not_text_panics(run: Run, text: str) -> None:
    with pytest.raises(ProgramPanic, match="the standard input is not UTF-8 text"):
        run(text, stdin=b"ab\xff\n")


def test_lines_of_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one\n\ntwo é\nthree")
    text = "fn main(path) { for i, line in readLines(path) { print(i, line) } }\n"
    assert run(text, f"{tmp_path}/a", grants=Grants([str(tmp_path)])) == "0 one\n1 \n2 two é\n3 three\n"


def test_lines_of_a_file_that_cannot_be_read_panic(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ProgramPanic, match="--allow-read"):
        run("fn main(path) { for line in readLines(path) { print(line) } }\n", f"{tmp_path}/a")


def test_hosts_grant_files_to_modules(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    text = f'fn size(n) {{ readText("{tmp_path}/a").map(fn(t) len(t) + n).unwrapOr(-1) }}'
    module = wasmlathe.compile(text, exports={"size": ["Int"]})
    assert module.instantiate().size(1) == -1
    assert module.instantiate(grants=wasmlathe.Grants(reads=[str(tmp_path)])).size(1) == 5
