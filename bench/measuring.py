"""Measuring kernels: which peers there are, preparing the sides of a kernel, sampling them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from wasmlathe.diagnostics import CompileError
from wasmlathe.pipeline.broken import PassBrokeFunction

from .catalog import Kernel
from .failures import Failed
from .results import Result, result_of
from .runners import ours
from .runners.peer import Peer
from .sampling import Plan, Run, sampled

#: Told while measuring: the kernel (or "") and a sentence.
Note = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What is measured and how: `size` None is each kernel's usual one."""

    plan: Plan
    peers: Mapping[str, Peer] = field(default_factory=dict)
    size: int | None = None
    pipeline: str = "O3"
    engine: str = ours.WASM


def installed(peers: Mapping[str, Peer], note: Note) -> dict[str, Peer]:
    """The peers whose tools are here; the others are told and left out."""
    here = {}
    for name, peer in peers.items():
        missing = peer.missing_tools()
        if missing:
            note(
                "", f"{peer.title} is left out: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
            )
        else:
            here[name] = peer
    return here


def measured(kernel: Kernel, request: Request, note: Note) -> Result:
    """One kernel's figures. A peer that cannot be built, fails or prints something else is told by `note` and left out.

    Raises Failed if our own side fails, or if a peer fails that ran before.
    """
    args = kernel.arguments(request.size)
    sides: dict[str, Run] = {ours.NAME: _our_run(kernel, args, request)}
    for name, peer in request.peers.items():
        if peer.source(kernel.name).exists():
            try:
                sides[name] = peer.prepare(kernel.name, args)
            except Failed as failure:
                note(kernel.name, str(failure))
    seconds, failures = sampled(sides, request.plan)
    for why in failures.values():
        note(kernel.name, str(why))
    return result_of(kernel.name, request.size, seconds)


def _our_run(kernel: Kernel, args: Sequence[str], request: Request) -> Run:
    try:
        return ours.prepare(kernel.program, args, request.pipeline, request.engine)
    except CompileError as error:
        raise Failed(f"it does not compile: {error}") from error
    except PassBrokeFunction as error:
        raise Failed(f"the compiler failed: {error}") from error
