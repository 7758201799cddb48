"""Bad usage: exit status 2, a message with a hint on stderr, nothing on stdout."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_programs import HAS_TWO_ERRORS, RETURNS_55
from wasmlathe import cache
from wasmlathe.cli import main


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "program.tova"
    path.write_text(RETURNS_55)
    return str(path)


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["rnu", "FILE"], "unknown command 'rnu'", "did you mean 'run'?"),
        (["run"], "missing argument 'FILE'", "--help"),
        (["run", "--engin", "wasm", "FILE"], "unknown option '--engin'", "did you mean '--engine'?"),
        (["run", "FILE", "-7"], "unknown option '-7'", "go behind `--`"),
        (["run", "--engine", "pyton", "FILE"], "unknown engine 'pyton'", "did you mean 'python'?"),
        (["run", "-O9", "FILE"], "unknown level '9'", "there is 0, 1, 2, 3, s"),
        (["run", "-O2", "--pipeline", "O3", "FILE"], "give either -O or --pipeline", ""),
        (["run", "--pipeline", "O33", "FILE"], "error[E0504]: unknown pipeline 'O33'", "did you mean 'O3'?"),
        (["run", "--timeout", "soon", "FILE"], "'soon' is no positive number of seconds", ""),
        (["run", "--timeout", "-1", "FILE"], "no positive number", ""),
        (["run", "--max-memory", "much", "FILE"], "'much' is no size", ""),
        (["run", "--without", "simplify-cgf", "FILE"], "unknown pass 'simplify-cgf'", "did you mean 'simplify-cfg'?"),
        (["run", "--set", "inline", "FILE"], "--set takes PASS.OPTION=VALUE", ""),
        (["run", "-O1", "--set", "inline.bugdet=3", "FILE"], "'inline' has no option 'bugdet'", "'budget'"),
        (["run", "-O1", "--set", "inline.budget=x", "FILE"], "inline.budget cannot be 'x'", ""),
        (["run", "--plugin", "scaler", "FILE"], "error[E0503]: unknown plugin 'scaler'", "'scalar'"),
        (["run", "--plugin", "./none.py", "FILE"], "there is no plugin file './none.py'", ""),
        (["run", "--print-after", "inlne", "FILE"], "error[E0501]: unknown pass 'inlne'", "did you mean 'inline'?"),
        (["build", "FILE", "-o", "out", "--print-after", "inlne"], "unknown pass 'inlne'", "did you mean 'inline'?"),
        (["run", "--disable-plugin", "nobody", "FILE"], "unknown plugin 'nobody'", "wasmlathe plugins"),
        (["run", "no-such-file.tova"], "error[E0500]: cannot read 'no-such-file.tova'", ""),
        (["build", "FILE"], "missing option '-o'", ""),
        (["build", "FILE", "-o", "out", "--target", "web"], "the target 'web' is not supported yet", ""),
        (["build", "FILE", "-o", "out", "--target", "hots"], "unknown target 'hots'", "did you mean 'host'?"),
        (["ir", "FILE", "--stage", "type"], "unknown stage 'type'", "did you mean 'typed'?"),
        (["ir", "FILE", "--stage", "bytecode", "-O0", "--function", "fob"], "no function 'fob'", "did you mean 'fib'?"),
        (["ir", "FILE", "--function", "fob", "-O0"], "no function 'fob'", "did you mean 'fib'?"),
        (["ir", "FILE", "-O1", "--diff", "dce", "--function", "fob"], "no function 'fob'", "did you mean 'fib'?"),
        (["ir", "FILE", "--diff", "dead-function"], "unknown pass 'dead-function'", "did you mean 'dead-functions'?"),
        (["ir", "FILE", "-O0", "--diff", "licm"], "does not run 'licm'", "its passes are"),
        (["profile", "FILE"], "the command 'profile' is not supported yet", ""),
        (["passes", "dec"], "unknown pass 'dec'", "did you mean"),
        (["cache", "cler"], "cler", "clear"),
    ],
)
def test_bad_usage_is_told_with_a_hint(
    words: list[str], message: str, hint: str, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([program if word == "FILE" else word for word in words])
    told = capsys.readouterr()
    assert status == 2
    assert told.out == ""
    assert message in told.err
    assert hint in told.err
    assert "Traceback" not in told.err


def test_all_errors_of_a_program_are_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.tova"
    path.write_text(HAS_TWO_ERRORS)
    for command in ("run", "check"):
        assert main([command, str(path)]) == 2
        told = capsys.readouterr().err
        assert "missing_one" in told
        assert "missing_two" in told
        assert f"--> {path}:3:7" in told


def test_a_build_that_fails_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "wrong.tova"
    path.write_text(HAS_TWO_ERRORS)
    assert main(["build", str(path), "-o", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


def test_a_file_of_an_unknown_language_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "program.txt"
    path.write_text("hello")
    assert main(["run", str(path)]) == 2
    assert "*.tova" in capsys.readouterr().err


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "program.tova"
    path.write_bytes(b"x = '\xff'")
    assert main(["run", str(path)]) == 2
    assert "error[E0001]" in capsys.readouterr().err


def test_a_broken_configuration_is_told_at_its_line(
    program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wasmlathe.toml").write_text('[pipeline.mine]\nextends = "O2"\nremove = ["unrol"]\n')
    assert main(["run", "--pipeline", "mine", program]) == 2
    told = capsys.readouterr().err
    assert "error[E0501]" in told
    assert "wasmlathe.toml:3:12" in told


@pytest.mark.parametrize("plugin", ["scaler", "./none.py"])
def test_an_unknown_plugin_of_a_configuration_is_told_at_its_line(
    plugin: str, program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wasmlathe.toml").write_text(f'[pipeline.mine]\nextends = "O2"\nplugins = ["{plugin}"]\n')
    assert main(["run", "--pipeline", "mine", program]) == 2
    told = capsys.readouterr().err
    assert "error[E0503]" in told
    assert "wasmlathe.toml:3:13" in told


def test_a_pass_is_shown_with_the_configuration_beside_the_program(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wasmlathe.toml").write_text('[pipeline.mine]\nextends = "O1"\n')
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["ir", program, "--pipeline", "mine", "--print-after", "dce"]) == 0
    assert "; after dce" in capsys.readouterr().out


def test_a_project_file_that_has_no_table_of_tools_is_passed_over(
    program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text("tool = 3\n")
    assert main(["run", "--pipeline", "mine", program]) == 2
    assert "unknown pipeline 'mine'" in capsys.readouterr().err


BROKEN_PLUGINS = {
    "raises at import": ("1 / 0", "cannot be loaded: ZeroDivisionError"),
    "raises in a hook": (
        "@hookimpl\ndef wasmlathe_passes():\n    return missing",
        "failed in wasmlathe_passes: NameError",
    ),
    "returns no list": ("@hookimpl\ndef wasmlathe_passes():\n    return 3", "returned 3 from wasmlathe_passes"),
    "has an unknown hook": ("@hookimpl\ndef wasmlathe_pases():\n    return []", "did you mean wasmlathe_passes"),
}


@pytest.mark.parametrize("case", BROKEN_PLUGINS)
def test_a_broken_plugin_is_named_with_its_origin(
    case: str, program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, complaint = BROKEN_PLUGINS[case]
    plugin = tmp_path / "mine.py"
    plugin.write_text(f"from wasmlathe.pipeline.hookspecs import hookimpl\n{text}\n")
    assert main(["run", "--plugin", str(plugin), program]) == 2
    told = capsys.readouterr().err
    assert "plugin 'mine' (" in told
    assert "mine.py)" in told
    assert complaint in told
    assert "Traceback" not in told
    assert main(["run", "--traceback", "--plugin", str(plugin), program]) == 2
    assert "Traceback" in capsys.readouterr().err


PASS_THAT_BREAKS_IR = """
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.spec import PassSpec

def run(fn, ctx):
    fn.blocks[0].ops.pop()
    return True

@hookimpl
def wasmlathe_passes():
    return [PassSpec("cut", "mem", run, "Break everything.")]

@hookimpl
def wasmlathe_pipeline(pipeline):
    pipeline.insert("cut")
"""


def test_a_plugin_that_breaks_ir_is_named_with_the_function_before_and_after(
    program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text(PASS_THAT_BREAKS_IR)
    assert main(["run", "-O0", "--plugin", str(plugin), program]) == 2
    told = capsys.readouterr().err
    assert "pass 'cut' of plugin 'mine'" in told
    assert "before:" in told
    assert "after:" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("fn.blocks[0].ops[0] = None", "left something that is no IR"),
        ("raise SystemExit(3)", "raised SystemExit: 3"),
        ("run(fn, ctx)", "raised RecursionError"),
    ],
)
def test_a_pass_that_goes_wild_is_named(
    statement: str, complaint: str, program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text(PASS_THAT_BREAKS_IR.replace("fn.blocks[0].ops.pop()", statement))
    assert main(["run", "-O0", "--plugin", str(plugin), program]) == 2
    told = capsys.readouterr().err
    assert "pass 'cut' of plugin 'mine'" in told
    assert complaint in told


def test_the_cache_can_be_seen_and_cleared(capsys: pytest.CaptureFixture[str]) -> None:
    cache.Cache().put("run", "abc", b"x" * 100)
    assert main(["cache", "info"]) == 0
    assert "entries  1\n" in capsys.readouterr().out
    assert main(["cache", "clear"]) == 0
    assert "removed 1 entry" in capsys.readouterr().out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    for command in ("run", "build", "check", "opt", "ir", "explain", "passes", "plugins", "doctor", "cache", "bisect"):
        assert f"\n  {command} " in told
