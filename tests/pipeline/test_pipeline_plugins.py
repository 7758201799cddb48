from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pipelines import make_pass, make_plugin, make_registry
from wasmlathe.diagnostics import CompileError
from wasmlathe.pipeline.frontends import Frontend
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.plugins import Plugin, Plugins, announced, hook_names, load_plugins
from wasmlathe.pipeline.registry import Registry
from wasmlathe.pipeline.spec import Order


def fails() -> list[Any]:
    raise KeyError("x")


def nothing() -> list[Any]:
    return []


def test_built_in_plugins_are_announced_by_our_own_distribution() -> None:
    built_in = {a.name for a in announced() if a.is_builtin}
    assert {"tova", "scalar", "calls", "binaryen"} <= built_in
    assert all(a.origin.startswith("wasmlathe ") for a in announced() if a.is_builtin)


def test_plugins_are_asked_in_an_order_that_registration_does_not_change() -> None:
    plugins = [make_plugin(make_pass(n), name=n, is_builtin=n == "c") for n in "bca"]
    for order in (plugins, plugins[::-1]):
        asked = [plugin.name for plugin, _ in Plugins(order).ask("wasmlathe_passes", active_only=False)]
        assert asked == ["c", "a", "b"]


def test_a_hook_that_raises_is_told_with_plugin_and_distribution() -> None:
    with pytest.raises(CompileError, match=r"plugin 'fake' \(fakes 1.0\) failed in wasmlathe_rewrites: KeyError"):
        make_registry(wasmlathe_rewrites=fails)


@pytest.mark.parametrize("answer", [None, ["x"], 3])
def test_a_hook_that_returns_something_else_is_told(answer: object) -> None:
    with pytest.raises(CompileError, match=r"plugin 'fake' \(fakes 1.0\) returned .*wasmlathe_frontends"):
        make_registry(wasmlathe_frontends=lambda: answer)


def test_an_unknown_hook_names_the_nearest_one() -> None:
    with pytest.raises(CompileError, match="has a hook wasmlathe_rewrite, .* did you mean wasmlathe_rewrites"):
        Plugins([make_plugin(wasmlathe_rewrite=nothing)])


def test_a_hook_with_unknown_parameters_is_refused() -> None:
    with pytest.raises(CompileError, match="cannot be registered"):
        Plugins([make_plugin(wasmlathe_cli=lambda nonsense: None)])


def test_a_hook_without_the_mark_is_refused() -> None:
    module = SimpleNamespace(wasmlathe_passes=list)
    with pytest.raises(CompileError, match="not marked with @hookimpl"):
        Plugins([Plugin("p", "fakes 1.0", False, True, module)])


def test_tryfirst_is_refused_because_order_is_data() -> None:
    module = SimpleNamespace(wasmlathe_passes=hookimpl(nothing, tryfirst=True))
    with pytest.raises(CompileError, match="tryfirst"):
        Plugins([Plugin("p", "fakes 1.0", False, True, module)])


def test_only_active_plugins_change_what_is_made() -> None:
    idle = make_plugin(make_pass("p"), is_builtin=False, is_active=False, wasmlathe_rewrites=lambda: ["rule"])
    registry = Registry(Plugins([idle]))
    assert registry.rules == ()
    assert "p" in registry.passes


def test_two_passes_of_one_name_are_refused() -> None:
    plugins = [make_plugin(make_pass("p"), name="a"), make_plugin(make_pass("p"), name="b")]
    with pytest.raises(CompileError, match="plugin 'b' .* has a pass 'p', which plugin 'a' .* has too"):
        Registry(Plugins(plugins))


def test_two_languages_for_one_suffix_are_refused() -> None:
    language = Frontend("x", (".x",), lambda *_: None)  # type: ignore[arg-type, return-value]  # never called
    plugins = [make_plugin(name=n, wasmlathe_frontends=lambda: [language]) for n in "ab"]
    with pytest.raises(CompileError, match=r"claims files '\*\.x'"):
        Registry(Plugins(plugins))


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        (make_pass("Bad_Name"), "kebab-case"),
        (make_pass("p", stage="middle"), "a stage 'middle' that does not exist"),
        (make_pass("p", scope="block"), "scope 'block'"),
        (make_pass("p", stage="wasm"), "scope `module`"),
        (make_pass("p", options=int), "no dataclass"),
    ],
)
def test_a_malformed_pass_is_told(spec: Any, complaint: str) -> None:
    with pytest.raises(CompileError, match=complaint):
        make_registry(spec)


def test_demands_that_contradict_each_other_are_told_with_their_reasons() -> None:
    passes = [make_pass("a", after=(Order("b", "b feeds a"),)), make_pass("b", after=(Order("a", "a feeds b"),))]
    with pytest.raises(CompileError, match="contradict") as caught:
        make_registry(*passes)
    assert any("b feeds a" in note for note in caught.value.diagnostics[0].notes)
    assert any("a feeds b" in note for note in caught.value.diagnostics[0].notes)


def test_a_plugin_in_a_file_is_loaded_and_active(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("from wasmlathe.pipeline.hookspecs import hookimpl\n@hookimpl\ndef wasmlathe_passes(): return []\n")
    plugin = load_plugins([str(file)]).named("mine")
    assert plugin is not None
    assert plugin.is_active
    assert plugin.files() == [str(file)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("import nonsense_that_is_missing", "ModuleNotFoundError"), ("def f(:", "SyntaxError"), ("1/0", "ZeroDivision")],
)
def test_a_plugin_that_cannot_be_imported_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "broken.py"
    file.write_text(text)
    with pytest.raises(CompileError, match=f"plugin 'broken' .* cannot be loaded: {complaint}"):
        load_plugins([str(file)])


def test_unknown_plugins_are_told_with_the_nearest_name() -> None:
    with pytest.raises(CompileError, match="unknown plugin 'scaler'") as caught:
        load_plugins(["scaler"])
    assert caught.value.diagnostics[0].hint == "did you mean 'scalar'?"
    with pytest.raises(CompileError, match="--disable-plugin"):
        load_plugins(disabled=["scaler"])
    with pytest.raises(CompileError, match="there is no plugin file"):
        load_plugins(["./no_such_file.py"])


def test_a_disabled_plugin_contributes_nothing() -> None:
    assert "dce" not in Registry(load_plugins(disabled=["scalar"])).passes


def test_every_hook_of_the_contract_exists() -> None:
    assert hook_names() == [
        "wasmlathe_frontends",
        "wasmlathe_passes",
        "wasmlathe_rewrites",
        "wasmlathe_pipeline",
        "wasmlathe_ops",
        "wasmlathe_emit",
        "wasmlathe_host",
        "wasmlathe_before_pass",
        "wasmlathe_after_pass",
        "wasmlathe_cli",
    ]
