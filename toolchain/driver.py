"""The compile driver: source text through every stage to an artifact.

    SourceFile -front-end-> hir -infer-> typed -lower_data-> mem -generate-> wasm -finish-> Artifact

Between two arrows run the passes that the pipeline has for the stage. The `Compilation` keeps each stage's module as its
passes left it, so that tools can show them.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from .diagnostics import Diagnostic, Diagnostics, SourceFile, nearest
from .pipeline.budget import Budget, Omission, OverBudget
from .pipeline.frontends import Frontend, SourceReader
from .pipeline.manager import PassManager
from .pipeline.plugins import Plugins, problem
from .pipeline.preparing import PipelineRequest, Prepared, prepare
from .pipeline.spec import Remark

if TYPE_CHECKING:
    from .artifact import Artifact
    from .bytecode.image import Image
    from .bytecode.link import Program
    from .cache import Cache
    from .function_cache import FunctionCache
    from .ir.core import Function, Module

#: The stages in order; `package` is the artifact.
STAGES = ("hir", "typed", "mem", "wasm", "package")

#: The function with which a program starts.
ENTRY = "_start"

#: Warnings that `--strict` turns into errors.
STRICT_CODES = frozenset({"W0102", "W0204"})

_RECURSION_LIMIT = 20_000
_COLLECTION_THRESHOLD = 200_000

#: So many passes may go over their budgets before compiling is given up.
_MOST_OMISSIONS = 3
#: Passes that take longer together are worth a warning.
_SLOW_SECONDS = 20.0


@dataclass(slots=True)
class CompileOptions:
    """What a compilation is asked for, besides its source."""

    pipeline: PipelineRequest = field(default_factory=PipelineRequest)
    #: The program's own functions become bytecode for the VM, which is part of the module.
    bytecode: bool = False
    #: Functions that are rarely executed become bytecode, the program's and the library's (`bytecode.coldness`).
    cold: bool = False
    #: Keep bytecode packed in the module, which then is smaller and takes longer to instantiate.
    packed: bool = False
    #: Let the VM count how often blocks are executed, and which kinds of values come to operations that take several.
    count: bool = False
    #: What gives the base module for which the program becomes an image, if that can be; else it is bytecode in a module of
    #: its own. Asked when it is needed: making a base takes seconds.
    base: Callable[[], Artifact] | None = None
    #: Make of library functions what does not depend on the program, for one that runs on a base module, or becomes one.
    shares_library: bool = False
    #: Collect garbage at every allocation, and overwrite what is free.
    gc_stress: bool = False
    #: Count what is allocated, and measure the collector's pauses.
    gc_stats: bool = False
    #: Functions callable from outside: source name -> parameter types.
    exports: Mapping[str, list[str]] | None = None
    #: Check the IR after every pass and stage.
    verify: bool = False
    strict: bool = False
    #: Compile the program's test blocks, for the `test` command.
    tests: bool = False
    #: The last stage to be made.
    stop_at: str = "package"
    #: Run only so many applications of passes.
    limit: int | None = None
    #: Objects whose before/after hooks are called.
    observers: Sequence[Any] = ()
    #: Where optimized functions are kept; by default nowhere.
    cache: Cache | None = None
    #: How much one application of a pass may take.
    budget: Budget = field(default_factory=Budget)
    #: Whoever shows how far a compilation is. Unlike an observer it does not make every pass run.
    progress: Progress | None = None


class Progress(Protocol):
    """Shows how far a compilation is."""

    def watch(self, manager: PassManager) -> None:
        """The compilation begins; `manager` tells how many passes ran, and which one does."""

    def part(self, name: str) -> None:
        """A part of the compilation begins."""


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a part of the compilation took: `parse`, `infer`, or `mem passes`."""

    name: str
    seconds: float
    #: When it began, on the clock of `time.perf_counter`.
    started: float


@dataclass(slots=True)
class Compilation:
    """Everything that a compilation made and learned."""

    source: SourceFile
    prepared: Prepared
    modules: dict[str, Any] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    timings: list[StageTime] = field(default_factory=list)
    artifact: Artifact | None = None
    #: The program as data for the base module; `artifact` is the two of them.
    image: Image | None = None
    #: Why the program is no image, although there was a base module.
    unshared: str | None = None
    #: The functions that became bytecode.
    bytecode: Program | None = None
    #: Files that the result depends on; for those that do not exist, that they don't.
    dependencies: list[str] = field(default_factory=list)
    #: How many applications of passes ran.
    applied: int = 0
    #: Whether no pass had to be left out because it took too long: then the next compilation makes the same.
    is_whole: bool = True
    progress: Progress | None = None

    @property
    def plugins(self) -> Plugins:
        return self.prepared.registry.plugins

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the time of the block to `timings`."""
        if self.progress is not None:
            self.progress.part(name)
        started = time.perf_counter()
        yield
        self.timings.append(StageTime(name, time.perf_counter() - started, started))


def compile_file(path: str, options: CompileOptions | None = None) -> Compilation:
    """Compile the program at `path`. Raises CompileError, PassBrokeFunction, BinaryenMissing."""
    options = options or CompileOptions()
    reader = SourceReader()
    source = reader.load(path)
    options.pipeline.folder = os.path.dirname(os.path.abspath(path))
    return compile_source(source, options, reader)


def compile_source(
    source: SourceFile,
    options: CompileOptions | None = None,
    reader: SourceReader | None = None,
    front: Compilation | None = None,
) -> Compilation:
    """Compile a text; the end of its name tells the language. Raises CompileError, PassBrokeFunction, BinaryenMissing.

    `front` is a compilation of the same source, with the same exports and tests, whose HIR and typed IR are copied instead
    of made again: one that `stop_at="typed"` left as inference made them (no passes at these stages, as in O0).
    """
    options = options or CompileOptions()
    omitted: dict[Omission, Diagnostic] = {}
    while True:
        try:
            compilation = _compile(source, options, reader or SourceReader(), front, omitted)
        except OverBudget as over:
            if over.omission in omitted or over.step.spec.final or len(omitted) == _MOST_OMISSIONS:
                raise over.as_error() from None
            omitted[over.omission] = _warning(over)
        else:
            compilation.warnings += omitted.values()
            return compilation


def _compile(
    source: SourceFile,
    options: CompileOptions,
    reader: SourceReader,
    front: Compilation | None,
    omitted: Collection[Omission],
) -> Compilation:
    """One attempt to compile. Raises OverBudget."""
    prepared = prepare(options.pipeline)
    compilation = Compilation(source, prepared, progress=options.progress)
    plugins = compilation.plugins
    if options.observers:
        plugins = plugins.with_observers(options.observers)
    from .pipeline.analyses import AnalysisCache
    from .pipeline.reuse import Reuse

    with compiler_settings(), _function_cache(options.cache) as functions:
        manager = PassManager(
            prepared.pipeline,
            plugins,
            AnalysisCache(),
            verify=options.verify,
            limit=options.limit,
            remarks=compilation.remarks,
            reuse=Reuse(functions, prepared.pipeline) if functions is not None else None,
            budget=options.budget,
            omitted=omitted,
        )
        if options.progress is not None:
            options.progress.watch(manager)
        _Run(compilation, options, reader, manager, front).until(options.stop_at)
    compilation.applied = manager.applied
    compilation.is_whole = not omitted
    compilation.dependencies = [*reader.paths, *prepared.dependencies]
    compilation.warnings += _slowness(manager.seconds)
    return compilation


def _warning(over: OverBudget) -> Diagnostic:
    return Diagnostic("warning", "W0511", f"{over}; the result was made without it", hint=over.hint)


def _slowness(seconds: Mapping[str, float]) -> list[Diagnostic]:
    """A warning that tells which pass took long, if passes took long."""
    total = sum(seconds.values())
    if total < _SLOW_SECONDS:
        return []
    label = max(seconds, key=lambda label: seconds[label])
    message = f"the passes took {total:.0f} seconds, of which {seconds[label]:.0f} went to '{label}'"
    hint = f"run with -O1 or --without {label.partition('#')[0]}; --time-passes shows all"
    return [Diagnostic("warning", "W0512", message, hint=hint)]


@contextmanager
def _function_cache(cache: Cache | None) -> Iterator[FunctionCache | None]:
    """The optimized functions kept in `cache`, if there is one. What a compilation that fails has made is of use too."""
    if cache is None:
        yield None
        return
    from .function_cache import FunctionCache

    functions = FunctionCache(cache)
    try:
        yield functions
    finally:
        functions.close()


@contextmanager
def compiler_settings() -> Iterator[None]:
    """Python as a compiler needs it.

    Recursive algorithms go as deep as users nest, which the parser bounds. And IR is a few large structures that live
    to the end, so looking for garbage as often as Python does by default costs a tenth of the time and finds little.
    """
    recursion, collection = sys.getrecursionlimit(), gc.get_threshold()
    sys.setrecursionlimit(max(recursion, _RECURSION_LIMIT))
    gc.set_threshold(_COLLECTION_THRESHOLD, *collection[1:])
    try:
        yield
    finally:
        sys.setrecursionlimit(recursion)
        gc.set_threshold(*collection)


class _Run:
    """One walk through the stages."""

    def __init__(
        self,
        compilation: Compilation,
        options: CompileOptions,
        reader: SourceReader,
        manager: PassManager,
        front: Compilation | None = None,
    ) -> None:
        self._compilation = compilation
        self._options = options
        self._reader = reader
        self._manager = manager
        self._ready: Mapping[str, Module] = front.modules if front is not None else {}
        self._diagnostics = Diagnostics()
        self._generated: Any = None
        #: Bytes of the module when nothing is bytecode, if that was found out.
        self._compiled_bytes: int | None = None

    def until(self, last: str) -> None:
        """Make every stage up to `last`."""
        if last not in STAGES:
            close = nearest(last, STAGES)
            hint = f"did you mean '{close}'?" if close else f"the stages are {', '.join(STAGES)}"
            raise problem("E0504", f"unknown stage '{last}'", hint)
        module: Any = None
        for stage in STAGES[: STAGES.index(last) + 1]:
            if stage == "wasm" and self._options.base is not None and self._share(module, self._options.base()):
                break
            module = self._copy(stage) if stage in self._ready else getattr(self, f"_{stage}")(module)
            if stage == "package":
                break
            if self._options.shares_library and stage in ("typed", "mem"):
                from .bytecode.marking import mark_library

                mark_library(module)
            self._compilation.modules[stage] = module
            if self._options.verify:
                self._verify(stage, module)
            with self._compilation.timed(f"{stage} passes"):
                self._manager.run_stage(stage, module)
            self._raise_if_wrong()

    def _copy(self, stage: str) -> Module:
        from .ir.clone import clone_module

        return clone_module(self._ready[stage])

    def _hir(self, _nothing: None) -> Module:
        source = self._compilation.source
        frontend = frontend_for(source.name, self._compilation.prepared)
        to_hir = frontend.to_test_hir if self._options.tests else frontend.to_hir
        if to_hir is None:
            raise problem("E0500", f"'{source.name}': the language {frontend.name} has no tests")
        with self._compilation.timed("front-end"):
            module = to_hir(source, self._diagnostics, self._reader)
        self._raise_if_wrong()
        return module

    def _typed(self, hir: Module) -> Module:
        from .infer import infer

        with self._compilation.timed("infer"):
            sources = self._reader.sources | {self._compilation.source.name: self._compilation.source}
            remarks, options = self._compilation.remarks, self._options
            typed = infer(hir, self._diagnostics, remarks, sources, options.exports, options.count)
        self._raise_if_wrong()
        return typed

    def _mem(self, typed: Module) -> Module:
        from .lower.lower_data import LowerOptions, lower_data

        # Only a host that passes arrays and strings has to allocate them.
        taken = {param["type"] for export in typed.exports.values() for param in export["params"]}
        options = LowerOptions(
            host_allocates=not taken <= {"Int", "Float", "Bool"},
            gc_stress=self._options.gc_stress,
            gc_stats=self._options.gc_stats,
        )
        with self._compilation.timed("lower-data"):
            return lower_data(typed, options)

    def _share(self, mem: Module, base: Artifact) -> bool:
        """Link the program for a base module; False if it needs a module of its own."""
        from .bytecode import sharing
        from .bytecode.base import Facts
        from .wasm_runtime.images import artifact_of

        compilation = self._compilation
        with compilation.timed("bytecode"):
            try:
                compilation.image = sharing.link(mem, Facts.of(base), ENTRY)
            except sharing.NotShareable as reason:
                compilation.unshared = str(reason)
                return False
        if self._options.verify:
            self._verify_image(compilation.image, base)
        compilation.artifact = artifact_of(compilation.image, base)
        return True

    def _verify_image(self, image: Image, base: Artifact) -> None:
        from .bytecode.base import Facts
        from .bytecode.verify import Surroundings, verify

        problems = verify(image, Surroundings.of(Facts.of(base)))
        if problems:
            raise StageBroken("bytecode", [str(problem) for problem in problems])

    def _wasm(self, mem: Module) -> Any:
        from .codegen.emit import generate

        program = None
        if self._options.bytecode or self._options.cold:
            with self._compilation.timed("bytecode"):
                mem, program = self._link(mem)
                self._compilation.bytecode = program
        with self._compilation.timed("codegen"):
            self._generated = generate(mem, program)
        return self._generated.binaryen

    def _link(self, mem: Module) -> tuple[Module, Program | None]:
        """The module with functions that are bytecode; as it is if none are."""
        from .bytecode.link import link
        from .bytecode.marking import is_users
        from .ir.clone import clone_module

        wanted = is_users if self._options.bytecode else self._is_cold(mem)
        module = clone_module(mem)  # the stage stays as its passes left it
        program = link(module, wanted, self._options.count)
        program.is_packed = self._options.packed
        return (mem, None) if self._options.cold and not program.functions else (module, program)

    def _is_cold(self, mem: Module) -> Callable[[Function], bool]:
        """Which functions become bytecode. What they weigh as code is found out by compiling everything."""
        from .bytecode.splitting import split
        from .codegen.code_sizes import code_sizes
        from .codegen.emit import generate
        from .codegen.sections import without_names
        from .infer.program import initializer_of

        compilation = self._compilation
        compiled = generate(mem).binaryen
        prepared = compilation.prepared
        self._manager.unobserved(compilation.plugins).run_stage("wasm", compiled)
        wasm, _places = compiled.write(names=True)
        compiled.dispose()
        self._compiled_bytes = len(wasm if prepared.options.names else without_names(wasm))
        once = [ENTRY, initializer_of(compilation.modules["hir"]) or ENTRY]
        chosen, remarks = split(mem, code_sizes(wasm), once)
        compilation.remarks += remarks
        return lambda function: function.name in chosen

    def _package(self, _wasm: Any) -> None:
        from .codegen.emit import finish
        from .infer.program import initializer_of

        compilation = self._compilation
        exports = compilation.modules["typed"].exports
        mem = compilation.modules["mem"]
        entry = mem.functions.get(ENTRY)
        with compilation.timed("write"):
            compilation.artifact = finish(
                self._generated,
                name=mem.name,
                names=compilation.prepared.options.names,
                entry=ENTRY if entry is not None else None,
                entry_result="Int" if entry is not None and entry.results else None,
                initializer=initializer_of(compilation.modules["hir"]) if exports else None,
                exports=exports,
                sources=self._reader.paths,
                vm=compilation.bytecode.manifest() if compilation.bytecode is not None else None,
            )

        self._compare_sizes(len(compilation.artifact.wasm))

    def _compare_sizes(self, size: int) -> None:
        """Warn of a split that does not make the module smaller."""
        compiled, program = self._compiled_bytes, self._compilation.bytecode
        if compiled is None or size < compiled:
            return
        if program is None:
            message, hint = "no function became bytecode", "`wasmlathe explain --cold vm` tells why"
        else:
            count = len(program.functions)
            functions = f"{count} cold function{'s' * (count != 1)}"
            message = f"with bytecode for {functions} the module has {size} bytes, without {compiled}"
            hint = "the interpreter takes more than that saves: build without --cold"
        self._compilation.warnings.append(Diagnostic("warning", "W0513", message, hint=hint))

    def _verify(self, stage: str, module: Any) -> None:
        """Check what the stage made, before any pass sees it."""
        from .pipeline.units import problems_of

        problems = problems_of(module)
        if problems:
            raise StageBroken(stage, problems)

    def _raise_if_wrong(self) -> None:
        """Raise CompileError if there are errors; with `strict`, some warnings are."""
        if self._options.strict:
            for diagnostic in [d for d in self._diagnostics.items if d.code in STRICT_CODES]:
                if diagnostic.severity == "warning":
                    diagnostic.severity = "error"
                    self._diagnostics.error_count += 1
        self._diagnostics.raise_if_errors()
        self._compilation.warnings = [d for d in self._diagnostics.sorted() if d.severity == "warning"]


class StageBroken(Exception):
    """A stage made IR that the verifier refuses: the fault is in wasmlathe."""

    def __init__(self, stage: str, problems: list[str]) -> None:
        super().__init__(f"stage {stage} starts with broken IR: " + "; ".join(problems))
        self.stage = stage
        self.problems = problems


def frontend_for(name: str, prepared: Prepared) -> Frontend:
    """The front-end for a file name. Raises CompileError for a suffix that nobody claims."""
    suffix = os.path.splitext(name)[1]
    frontends = prepared.registry.frontends
    if suffix in frontends:
        return frontends[suffix]
    known = ", ".join(f"*{known}" for known in sorted(frontends))
    raise problem("E0500", f"no language is known for '{name}'", f"files are recognized by their names: {known}")
