"""Division of floats by constants becomes multiplication by the reciprocal.

%h: f64 = f64.div %x, %two        =>        %r: f64 = f64.const 0.5
                                            %h: f64 = f64.mul %x, %r

With `exact` (the default) only where the reciprocal is a number without rounding, so that no result changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Block, Function, Op, Value
from wasmlathe.pipeline.hookspecs import hookimpl
from wasmlathe.pipeline.plan import BuildOptions, Pipeline
from wasmlathe.pipeline.spec import CFG_ANALYSES, Order, PassContext, PassSpec, option

SMALLEST_NORMAL = 2.0**-1022


@dataclass(frozen=True, slots=True)
class Options:
    exact: bool = option(True, "Only replace divisions whose result cannot change.")


def run(fn: Function, ctx: PassContext) -> bool:
    """Replace divisions in `fn`; True if there were any."""
    replaced: dict[Value, Value] = {}
    for block in fn.blocks:
        for op in list(block.ops):
            factor = reciprocal_of(op, ctx.options.exact)
            if factor is not None:
                replaced[op.result] = _replace(block, op, factor)
                ctx.remark("reciprocal", op.loc, f"division by {1 / factor:g} became multiplication by {factor:g}")
    fn.replace_uses(replaced)
    return bool(replaced)


def reciprocal_of(op: Op, exact: bool) -> float | None:
    """What to multiply by instead of the division `op`; None if it has to stay one."""
    if op.name != "f64.div" or op.operands[1].op is None or op.operands[1].op.name != "f64.const":
        return None
    divisor = op.operands[1].op.attrs["value"]
    if divisor == 0.0 or not math.isfinite(divisor):
        return None  # the quotient is an infinity or a NaN whose sign depends on the dividend's
    factor = 1.0 / divisor
    if not SMALLEST_NORMAL <= abs(factor) < math.inf:
        return None  # the reciprocal itself has lost digits
    is_power_of_two = abs(math.frexp(divisor)[0]) == 0.5
    return factor if is_power_of_two or not exact else None


def _replace(block: Block, op: Op, factor: float) -> Value:
    """Put a multiplication in the place of `op`; its result."""
    at = block.ops.index(op)
    del block.ops[at]
    builder = Builder(block, at, op.loc)
    product = builder.op("f64.mul", op.operands[0], builder.const(t.F64, factor))
    product.name = op.result.name
    return product


SPEC = PassSpec(
    "reciprocal",
    "mem",
    run,
    "Multiply by the reciprocal instead of dividing by a constant.",
    options=Options,
    preserves=CFG_ANALYSES,
    after=(Order("const-fold", "it finds the divisors that are constants"),),
)


@hookimpl
def wasmlathe_passes() -> list[PassSpec]:
    return [SPEC]


@hookimpl
def wasmlathe_pipeline(pipeline: Pipeline, options: BuildOptions) -> None:
    """Who asks for the plugin gets the pass: at the end of stage mem, unless the pipeline has a place for it."""
    if SPEC.name not in pipeline.labels():
        pipeline.insert(SPEC.name, stage=SPEC.stage)
