from __future__ import annotations

from pathlib import Path

import pytest
from pipelines import make_pass, make_registry
from test_pipeline_plan import WITH_OPTIONS
from wasmlathe.diagnostics import CompileError
from wasmlathe.pipeline import config
from wasmlathe.pipeline.config import find_config, make_pipeline, requested_plugins
from wasmlathe.pipeline.plan import Group, Pipeline

PRESET = {"Os": {"mem": ["inline", "unroll"]}}
PASSES = [WITH_OPTIONS, make_pass("unroll"), make_pass("strip-asserts"), make_pass("dce")]


@pytest.fixture(autouse=True)
def _presets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "PRESETS", PRESET)


def build(folder: Path, text: str, name: str = "edge") -> Pipeline:
    (folder / "wasmlathe.toml").write_text(text)
    return make_pipeline(find_config(str(folder)), name, make_registry(*PASSES))


def error_of(folder: Path, text: str, name: str = "edge") -> tuple[str, str | None, str]:
    """Message, hint and source line of the first error."""
    with pytest.raises(CompileError) as caught:
        build(folder, text, name)
    first = caught.value.diagnostics[0]
    assert first.span is not None
    line, _column = first.span.file.position(first.span.start)
    return first.message, first.hint, first.span.file.line_text(line)


def test_the_example_of_the_design(tmp_path: Path) -> None:
    pipeline = build(
        tmp_path,
        """
[pipeline.edge]
extends = "Os"
insert  = [{ pass = "strip-asserts", after = "inline" }]
remove  = ["unroll"]
[pipeline.edge.options]
inline = { budget = 80 }
""",
    )
    assert pipeline.labels() == ["inline", "strip-asserts"]
    assert next(pipeline.steps()).options.budget == 80
    assert not pipeline.has_names or pipeline.name == "edge"


def test_a_pipeline_may_replace_whole_stages_and_extend_another_one(tmp_path: Path) -> None:
    pipeline = build(
        tmp_path,
        """
[pipeline.base.passes]
mem = ["dce", { repeat = 3, passes = ["unroll", "dce#2"] }]
[pipeline.edge]
extends = "base"
remove = ["dce#2"]
""",
    )
    _unroll, group = pipeline.stages["mem"]
    assert isinstance(group, Group)
    assert (group.limit, [step.label for step in group.steps]) == (3, ["unroll"])


def test_plugin_files_are_relative_to_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("")
    (tmp_path / "wasmlathe.toml").write_text('[pipeline.p]\nplugins = ["scalar", "./mine.py"]\n')
    inner = tmp_path / "src"
    inner.mkdir()
    assert requested_plugins(find_config(str(inner)), "p") == ["scalar", str(tmp_path / "mine.py")]


def test_pyproject_is_read_where_it_speaks_of_wasmlathe(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.wasmlathe.pipeline.outer]\nextends = "Os"\n')
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[project]\nname = "x"\n')
    found = find_config(str(inner))
    assert set(found.pipelines) == {"outer"}
    assert found.probed[:2] == (str(inner / "wasmlathe.toml"), str(inner / "pyproject.toml"))


HEAD = '[pipeline.edge]\nextends = "Os"\n'


@pytest.mark.parametrize(
    ("text", "message", "hint", "line"),
    [
        (HEAD + "remove = [", "broken TOML: invalid value", None, ""),
        (HEAD + 'remoe = ["unroll"]', "unknown key 'remoe'", "did you mean 'remove'?", 'remoe = ["unroll"]'),
        ('[pipelines.edge]\nextends = "Os"', "unknown key 'pipelines'", "did you mean 'pipeline'?", "[pipelines.edge]"),
        ('[pipeline.edge]\nextends = "Oz"', "unknown pipeline 'Oz'", None, 'extends = "Oz"'),
        (HEAD + 'remove = ["unrol"]', "unknown pass 'unrol'", "did you mean 'unroll'?", 'remove = ["unrol"]'),
        (
            HEAD + 'insert = [{ pass = "dce", after = "licm" }]',
            "unknown pass 'licm'",
            None,
            'insert = [{ pass = "dce", after = "licm" }]',
        ),
        (
            HEAD + "insert = [{ after = 'inline' }]",
            "an insertion needs a `pass`",
            None,
            "insert = [{ after = 'inline' }]",
        ),
        (
            HEAD + "[pipeline.edge.options]\ninline = { bugdet = 80 }",
            "'inline' has no option 'bugdet'",
            "did you mean 'budget'?",
            "inline = { bugdet = 80 }",
        ),
        (
            HEAD + "[pipeline.edge.options]\ninline = { budget = 'x' }",
            "inline.budget cannot be 'x'; it takes: integer",
            None,
            "inline = { budget = 'x' }",
        ),
        (
            HEAD + '[pipeline.edge.passes]\nmemory = ["dce"]',
            "unknown stage 'memory'",
            "did you mean 'mem'?",
            'memory = ["dce"]',
        ),
        (HEAD + "remove = 3", "expected a list for 'remove', not 3", None, "remove = 3"),
        (HEAD + "[pipeline.Os]", "'Os' is a preset; a pipeline needs a name of its own", None, "[pipeline.Os]"),
        ('[pipeline.edge]\nextends = "edge"', "pipeline 'edge' extends itself", None, "[pipeline.edge]"),
    ],
)
def test_what_means_nothing_is_told_at_its_line(
    tmp_path: Path, text: str, message: str, hint: str | None, line: str
) -> None:
    told, its_hint, its_line = error_of(tmp_path, text)
    assert told == message
    assert hint is None or its_hint == hint
    assert not line or its_line == line


def test_several_errors_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        build(tmp_path, HEAD + 'remove = ["one", "two"]')
    assert len(caught.value.diagnostics) == 2
