"""Finding, loading and asking plugins.

    announcements (entry points, files) --load--> Plugin objects --register with pluggy--> Plugins.ask(hook, ...)

Every installed plugin is loaded and contributes its passes, ops, languages and commands. What would change the output of
a build merely because something was installed is asked of *active* plugins only: the built-in ones, and those that the
pipeline's `plugins` or `--plugin` name. A built-in plugin that must be asked for says `ON_REQUEST = True`.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pluggy

from ..diagnostics import CompileError, Diagnostic, nearest
from . import hookspecs

OWN_DISTRIBUTION = "wasmlathe"
_PREFIX = "wasmlathe_"


@dataclass(frozen=True, slots=True)
class Announcement:
    """A plugin that can be loaded. `origin` is its distribution and version, or its file."""

    name: str
    origin: str
    is_builtin: bool
    load: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A loaded plugin."""

    name: str
    origin: str
    is_builtin: bool
    is_active: bool
    module: Any

    @property
    def options_type(self) -> type | None:
        """The dataclass of the plugin's own options (`OPTIONS` of its module), if it has any."""
        return getattr(self.module, "OPTIONS", None)

    def files(self) -> list[str]:
        """The Python files that the plugin consists of, as far as they are loaded."""
        root = getattr(self.module, "__name__", "").partition(".")[0]
        loaded = [m for name, m in list(sys.modules.items()) if name == root or name.startswith(f"{root}.")]
        return sorted({file for m in loaded if (file := getattr(m, "__file__", None))})

    def __str__(self) -> str:
        return f"plugin '{self.name}' ({self.origin})"


def problem(code: str, message: str, hint: str | None = None) -> CompileError:
    """One error without a place, ready to be raised."""
    return CompileError([Diagnostic("error", code, message, hint=hint)])


def plugin_failure(plugin: Plugin | Announcement, what: str, code: str = "E0507") -> CompileError:
    """The error for a plugin that misbehaves: names it and where it comes from."""
    way_out = None if plugin.is_builtin else f"run with --disable-plugin {plugin.name} to do without it"
    return problem(code, f"plugin '{plugin.name}' ({plugin.origin}) {what}", way_out)


@functools.cache
def announced() -> tuple[Announcement, ...]:
    """Every plugin that an installed distribution announces, by name. Reading the metadata takes 40 ms."""
    found = {}
    for entry in importlib.metadata.entry_points(group=hookspecs.GROUP):
        distribution = entry.dist.name if entry.dist else "unknown distribution"
        origin = f"{distribution} {entry.dist.version}" if entry.dist else distribution
        found[entry.name, origin] = Announcement(entry.name, origin, distribution == OWN_DISTRIBUTION, entry.load)
    return tuple(found[key] for key in sorted(found))


def is_file(request: str) -> bool:
    """True if a `plugins` entry means a file rather than a name."""
    return request.endswith(".py") or "/" in request or os.sep in request


def announce_file(path: str) -> Announcement:
    """The plugin in a single Python file; it is called by the file's name."""
    name = os.path.splitext(os.path.basename(path))[0]
    return Announcement(name, os.path.relpath(path), False, lambda: _import_file(os.path.abspath(path)))


_file_modules: dict[tuple[str, bytes], ModuleType] = {}


def _import_file(path: str) -> ModuleType:
    """The module in a file, one object for each content, so that its op rows are not defined twice."""
    with open(path, "rb") as stream:
        content = stream.read()
    module = _file_modules.get((path, content))
    if module is None:
        name = f"wasmlathe_file_plugin_{len(_file_modules)}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None  # `path` ends in .py or was found to be a file
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses look their module up
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        _file_modules[path, content] = module
    return module


def load(announcement: Announcement, is_requested: bool) -> Plugin:
    """Import a plugin. Raises CompileError, caused by whatever the plugin raised."""
    try:
        module = announcement.load()
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything; it is told, with the name
        raise plugin_failure(announcement, f"cannot be loaded: {_described(error)}", "E0503") from error
    by_default = announcement.is_builtin and not getattr(module, "ON_REQUEST", False)
    return Plugin(announcement.name, announcement.origin, announcement.is_builtin, by_default or is_requested, module)


def _described(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} (line {error.lineno})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{type(error).__name__}: {error}"


class Plugins:
    """The plugins of one compilation, in the order in which they are asked: built-in ones first, then by name."""

    __slots__ = ("_implementations", "items")

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        """Raises CompileError for plugins that share a name or have hooks that do not exist."""
        self.items = sorted(plugins, key=lambda plugin: (not plugin.is_builtin, plugin.name))
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        for plugin in self.items:
            _register(manager, plugin)
        self._implementations = {
            name: _implementations(getattr(manager.hook, name), self.items) for name in hook_names()
        }

    def named(self, name: str) -> Plugin | None:
        return next((plugin for plugin in self.items if plugin.name == name), None)

    def with_observers(self, observers: Sequence[Any]) -> Plugins:
        """These plugins and objects whose hooks are called after theirs."""
        extra = [
            Plugin(f"{type(observer).__name__} {number}", OWN_DISTRIBUTION, False, True, observer)
            for number, observer in enumerate(observers)
        ]
        return Plugins([*self.items, *extra])

    def ask(self, hook: str, *, active_only: bool, **arguments: Any) -> list[tuple[Plugin, Any]]:
        """What each plugin returns from `hook`. Raises CompileError, caused by whatever a plugin raised."""
        answers = []
        for plugin, function, names in self._implementations[hook]:
            if plugin.is_active or not active_only:
                answers.append((plugin, self._call(plugin, hook, function, [arguments[name] for name in names])))
        return answers

    def listeners(self, hook: str) -> list[Callable[[Any], None]]:
        """The active implementations of a hook with one argument, guarded like `ask`, for calling often."""

        def guarded(plugin: Plugin, function: Callable[..., Any], has_argument: bool) -> Callable[[Any], None]:
            return lambda event: self._call(plugin, hook, function, [event] if has_argument else [])

        found = self._implementations[hook]
        return [guarded(plugin, function, bool(names)) for plugin, function, names in found if plugin.is_active]

    def has_listeners(self, hook: str) -> bool:
        """Whether an active plugin implements `hook`."""
        return any(plugin.is_active for plugin, _function, _names in self._implementations[hook])

    def collect(self, hook: str, kind: type | tuple[type, ...], *, active_only: bool) -> list[tuple[Plugin, Any]]:
        """The records that plugins return in lists, one by one. Raises CompileError for anything else."""
        records = []
        for plugin, answer in self.ask(hook, active_only=active_only):
            if not isinstance(answer, (list, tuple)):
                raise plugin_failure(plugin, f"returned {answer!r} from {hook}, not a list")
            for record in answer:
                if not isinstance(record, kind):
                    raise plugin_failure(plugin, f"returned a list with {record!r} from {hook}")
                records.append((plugin, record))
        return records

    @staticmethod
    def _call(plugin: Plugin, hook: str, function: Callable[..., Any], arguments: list[Any]) -> Any:
        try:
            return function(*arguments)
        except CompileError:
            raise  # a plugin that reports what the user did wrong
        except Exception as error:  # a stranger's code may raise anything; it is told, with the name
            raise plugin_failure(plugin, f"failed in {hook}: {_described(error)}") from error


def hook_names() -> list[str]:
    """All hooks, in the order of the reference."""
    return [name for name in vars(hookspecs) if name.startswith(_PREFIX)]


def _register(manager: pluggy.PluginManager, plugin: Plugin) -> None:
    for name in dir(plugin.module):
        if name.startswith(_PREFIX) and not hasattr(getattr(plugin.module, name), f"{hookspecs.PROJECT}_impl"):
            raise plugin_failure(plugin, f"has a function {name} that is not marked with @hookimpl")
    before = set(vars(manager.hook))
    try:
        manager.register(plugin.module, name=plugin.name)
    except (ValueError, pluggy.PluginValidationError) as error:
        raise plugin_failure(plugin, f"cannot be registered: {error}".replace("\n", " ")) from error
    for name in sorted(set(vars(manager.hook)) - before):
        hint = nearest(name, hook_names())
        raise plugin_failure(plugin, f"has a hook {name}, which does not exist; did you mean {hint or 'another one'}?")


def _implementations(
    caller: pluggy.HookCaller, plugins: list[Plugin]
) -> list[tuple[Plugin, Callable[..., Any], tuple[str, ...]]]:
    found = {}
    for implementation in caller.get_hookimpls():
        plugin = next(plugin for plugin in plugins if plugin.name == implementation.plugin_name)
        ordered = implementation.hookwrapper or implementation.wrapper or implementation.tryfirst
        if ordered or implementation.trylast:
            raise plugin_failure(
                plugin, f"marks {caller.name} as a wrapper, tryfirst or trylast, which is not supported"
            )
        found[plugin.name] = (plugin, implementation.function, implementation.argnames)
    return [found[plugin.name] for plugin in plugins if plugin.name in found]


def load_plugins(requests: Sequence[str] = (), disabled: Sequence[str] = ()) -> Plugins:
    """All installed plugins and the requested files, without the disabled ones. Raises CompileError with all problems.

    `requests` are names and file paths; those make a plugin active.
    """
    available = {announcement.name: announcement for announcement in announced()}
    for name in disabled:
        if name not in available:
            raise CompileError([_unknown_name(name, "--disable-plugin: ")])
    wanted = [item for name, item in available.items() if name not in disabled]
    names = set()
    for request in requests:
        unknown = unknown_plugin(request)
        if unknown is not None:
            raise CompileError([unknown])
        if is_file(request):
            wanted.append(announce_file(request))
            names.add(wanted[-1].name)
        else:
            names.add(request)
    plugins: list[Plugin] = []
    failures: list[CompileError] = []
    for announcement in wanted:
        try:
            plugins.append(load(announcement, announcement.name in names))
        except CompileError as error:
            failures.append(error)
    if failures:
        raise CompileError([d for failure in failures for d in failure.diagnostics]) from failures[0].__cause__
    return Plugins(plugins)


def unknown_plugin(request: str) -> Diagnostic | None:
    """The error for a name or file that is no plugin; None if it may be one."""
    if is_file(request):
        return None if os.path.isfile(request) else Diagnostic("error", "E0503", f"there is no plugin file '{request}'")
    return None if any(announcement.name == request for announcement in announced()) else _unknown_name(request)


def _unknown_name(name: str, option: str = "") -> Diagnostic:
    close = nearest(name, [announcement.name for announcement in announced()])
    hint = f"did you mean '{close}'?" if close else "`wasmlathe plugins` lists what is installed"
    return Diagnostic("error", "E0503", f"{option}unknown plugin '{name}'", hint=hint)
