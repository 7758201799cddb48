"""The pass on textual IR: what it changes, and the nearest cases that it must leave alone."""

from __future__ import annotations

import pytest
import wasmlathe_fast_math as plugin
from wasmlathe.ir import print as ir_print
from wasmlathe.ir.core import Function
from wasmlathe.ir.parse import parse
from wasmlathe.ir.verify import verify
from wasmlathe.pipeline.analyses import AnalysisCache
from wasmlathe.pipeline.spec import PassContext, Remark

DIVISION = """
module "t" mem

func @f(%x: f64) -> f64 {{
^entry:
  %c: f64 = f64.const {divisor}
  %q: f64 = f64.div {operands}
  ret %q
}}
"""


def optimized(divisor: str, exact: bool = True, operands: str = "%x, %c") -> tuple[bool, Function, list[Remark]]:
    """Whether the pass changed the division, the function after it, and the remarks."""
    module = parse(DIVISION.format(divisor=divisor, operands=operands))
    remarks: list[Remark] = []
    context = PassContext(plugin.Options(exact=exact), AnalysisCache(), remarks)
    changed = plugin.run(module.functions["f"], context)
    assert not verify(module)
    return changed, module.functions["f"], remarks


def test_division_by_a_power_of_two_becomes_multiplication() -> None:
    changed, function, remarks = optimized("2.0")
    assert changed
    text = ir_print.print(function)
    assert "f64.div" not in text
    assert "f64.const 0.5" in text
    assert [remark.kind for remark in remarks] == ["reciprocal"]


def test_other_divisors_stay_unless_asked_for() -> None:
    assert not optimized("3.0")[0]
    assert optimized("3.0", exact=False)[0]


@pytest.mark.parametrize("divisor", ["0.0", "-0.0", "inf", "nan", "1e308", "5e-324"])
def test_divisors_without_a_good_reciprocal_stay_even_when_asked_for(divisor: str) -> None:
    assert not optimized(divisor, exact=False)[0]


def test_a_constant_divided_by_a_variable_stays() -> None:
    assert not optimized("2.0", exact=False, operands="%c, %x")[0]


@pytest.mark.parametrize("divisor", [2.0, -0.25, 2.0**60, 2.0**-60])
@pytest.mark.parametrize("x", [0.0, -0.0, 1.0, 1 / 3, -7e300, 5e-324, float("inf")])
def test_exact_replacements_change_no_result(divisor: float, x: float) -> None:
    _changed, function, _remarks = optimized(repr(divisor))
    factor = next(op.attrs["value"] for op in function.ops() if op.name == "f64.const" and op.attrs["value"] != divisor)
    assert repr(x * factor) == repr(x / divisor)
