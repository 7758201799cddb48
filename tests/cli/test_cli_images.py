"""`build --image` and `run NAME.tvb`: programs as files of bytecode, which are verified before they run."""

from __future__ import annotations

import os
import random
import struct
from pathlib import Path

import pytest
from cli_programs import DIVIDES_BY_ZERO, RETURNS_55, RUNS_FOREVER
from wasmlathe.artifact import SourceMap
from wasmlathe.bytecode.image import Image
from wasmlathe.bytecode.instructions import HEADER, table
from wasmlathe.cli import main
from wasmlathe.sealed import TRAILER_BYTES, seal

pytestmark = pytest.mark.usefixtures("base_in_cache")

HELLO = 'fn main(name) { print("hello {name}") }\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def build(folder: Path, text: str) -> Path:
    """The image file of a program."""
    (folder / "p.tova").write_text(text)
    assert main(["build", "--image", "-O1", "p.tova", "-o", "out"]) == 0
    return folder / "out" / "p.tvb"


def test_an_image_is_built_and_runs_without_the_source(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = build(folder, HELLO)
    assert capfd.readouterr().out == f"out/p.tvb  {path.stat().st_size} bytes\n"
    assert [file.name for file in (folder / "out").iterdir()] == ["p.tvb"]
    (folder / "p.tova").unlink()
    assert main(["run", "out/p.tvb", "world"]) == 0
    assert capfd.readouterr() == ("hello world\n", "")


def test_it_ends_as_the_program_does(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    build(folder, RETURNS_55)
    assert main(["run", "--engine", "vm", "out/p.tvb"]) == 55
    build(folder, DIVIDES_BY_ZERO)
    capfd.readouterr()
    told = []
    for file in ("p.tova", "out/p.tvb"):
        assert main(["run", file]) == 1
        told.append(capfd.readouterr().err)
    assert "error: division by zero" in told[0]
    assert told[0] == told[1]
    build(folder, RUNS_FOREVER)
    assert main(["run", "out/p.tvb", "--timeout", "0.2"]) == 1
    assert "timed out after 0.2 s" in capfd.readouterr().err


def test_a_file_that_is_no_image_or_was_cut_is_refused(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = build(folder, HELLO)
    content = path.read_bytes()
    for wrong in (b"", b"\0asm\1\0\0\0", content[:-1], content[: len(content) // 2], content[:-TRAILER_BYTES]):
        path.write_bytes(wrong)
        assert main(["run", "out/p.tvb"]) == 2
        err = capfd.readouterr().err
        assert err.startswith("error[E0512]: 'out/p.tvb' cannot be read: not an image, or damaged\n")
        assert "hint: build it with `wasmlathe build --image`" in err
    path.write_bytes(seal(content[: -TRAILER_BYTES - 1]))
    assert main(["run", "out/p.tvb"]) == 2
    assert "E0512" in capfd.readouterr().err


def test_an_image_for_another_base_module_is_refused(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = build(folder, HELLO)
    image = Image.from_bytes(path.read_bytes())
    image.base = random.Random(1).randbytes(16)
    path.write_bytes(image.to_bytes())
    capfd.readouterr()
    assert main(["run", "out/p.tvb"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "error[E0512]: 'out/p.tvb' cannot be run: image: base: it was made for another base module" in err
    assert "hint: build the image again, with this version of wasmlathe" in err


def test_bytecode_that_breaks_a_rule_is_told_and_not_executed(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = build(folder, HELLO)
    image = Image.from_bytes(path.read_bytes())
    entry = image.entry or 0
    image.code = image.code[:entry] + b"\xff\xff" + image.code[entry + 2 :]
    path.write_bytes(image.to_bytes())
    capfd.readouterr()
    assert main(["run", "out/p.tvb", "world"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "cannot be run: @_start+0: opcode: 65535 is no instruction" in err
    assert "hint: the file was changed or made by another tool: build the image again" in err


@pytest.mark.parametrize("name", ["pipe", ".", "none", "a\0b", "/dev/zero"])
def test_the_source_of_a_panic_may_be_anything(name: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = build(folder, DIVIDES_BY_ZERO)
    os.mkfifo(folder / "pipe")
    image = Image.from_bytes(path.read_bytes())
    image.sites = tuple((message, name, line, column) for message, _file, line, column in image.sites)
    image.places = SourceMap.from_dict({0: (name, 0xFFFF_FFFF, 0xFFFF_FFFF)})
    path.write_bytes(image.to_bytes())
    capfd.readouterr()
    assert main(["run", "out/p.tvb"]) == 1
    assert capfd.readouterr().err.startswith(f"error: division by zero\n  --> {name}:")


def test_what_a_changed_image_does_wrong_is_not_told_as_a_bug(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = build(folder, "fn main() { print(args()) }\n")
    image = Image.from_bytes(path.read_bytes())
    assert image.entry is not None
    address, load, leave = (table()[name].code for name in ("const", "mem.load_i64", "ret"))
    words = struct.pack("<HHi", address, HEADER, -16) + struct.pack("<HHHH", load, HEADER, HEADER, 0)
    end = min((offset for _name, offset, *_ in image.functions if offset > image.entry), default=len(image.code))
    words += struct.pack("<Q", leave) * ((end - image.entry - len(words)) // len(struct.pack("<Q", 0)))
    image.code = image.code[: image.entry] + words + image.code[end:]
    path.write_bytes(image.to_bytes())
    capfd.readouterr()
    assert main(["run", "out/p.tvb"]) == 1
    err = capfd.readouterr().err
    assert err.startswith("error: the image does what no compiled program does: it accessed memory out of bounds")
    assert "bug" not in err


def test_a_program_that_does_not_fit_is_told_why(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "p.tova").write_text(HELLO)
    assert main(["build", "--image", "--gc-stress", "p.tova", "-o", "out"]) == 2
    err = capfd.readouterr().err
    assert "error[E0512]: 'p.tova' cannot be an image: its '" in err
    assert "hint: build it without --image, as a module of its own" in err
    assert not (folder / "out").exists()


def test_an_image_is_shown_whether_it_may_run_or_not(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = build(
        folder,
        "fn twice(n) { twice_(n) * 2 }\nfn twice_(n) { if n < 1 { 0 } else { twice(n - 1) } }\nfn main() { twice(3) }\n",
    )
    image = Image.from_bytes(path.read_bytes())
    name, offset, *_ = next(row for row in image.functions if row[0].startswith("twice"))
    capfd.readouterr()
    assert main(["ir", "out/p.tvb", "--function", name]) == 0
    shown = capfd.readouterr().out
    assert shown.startswith(f"@{name}  (frame ")
    assert "@twice" in shown.split("call", 1)[1].split("\n", 1)[0]
    assert "; p.tova:" in shown
    image.code = image.code[:offset] + b"\xff\xff" + image.code[offset + 2 :]
    path.write_bytes(image.to_bytes())
    assert main(["ir", "out/p.tvb", "--stage", "bytecode"]) == 0
    assert "     0  invalid 65535" in capfd.readouterr().out
    assert main(["ir", "out/p.tvb", "--function", "none"]) == 2
    assert "error[E0502]: no function 'none'" in capfd.readouterr().err
    assert main(["ir", "out/p.tvb", "--stage", "mem"]) == 2
    assert "there is only the bytecode to be shown" in capfd.readouterr().err


@pytest.mark.parametrize("option", [["--engine", "python"], ["--stats"], ["--engine", "vm", "--count"]])
def test_options_that_an_image_cannot_have(option: list[str], folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    build(folder, RETURNS_55)
    assert main(["run", "out/p.tvb", *option]) == 2
    assert "error: an image (.tvb) runs on the VM, without --stats and --count" in capfd.readouterr().err


def test_a_file_that_is_not_there(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "none.tvb"]) == 2
    assert capfd.readouterr().err.startswith("error[E0500]: cannot use 'none.tvb': No such file")
    (folder / "d.tvb").mkdir()
    assert main(["run", "d.tvb"]) == 2
    assert capfd.readouterr().err.startswith("error[E0500]: cannot use 'd.tvb'")
