"""What passes run over, seen from outside: an IR function, an IR module, or the Binaryen module of stage `wasm`."""

from __future__ import annotations

import marshal
from typing import Any

from ..ir.compact import Symbols, decode, encode
from ..ir.core import Function, Loc, Module, Op
from ..ir.types import parse as parse_type


def is_ir(unit: Any) -> bool:
    return isinstance(unit, (Function, Module))


def unit_name(unit: Any) -> str:
    """The unit as an error names it."""
    if isinstance(unit, Function):
        return f"function @{unit.name}"
    return "the module" if isinstance(unit, Module) else "the WebAssembly module"


def text_of(unit: Any) -> str:
    """The unit as text: IR, or WAT."""
    if is_ir(unit):
        from ..ir import print as ir_print

        return ir_print.print(unit)
    return unit.text()


class Shot:
    """A unit as it was. `state` is equal for shots between which nothing was changed, and far cheaper than the text."""

    __slots__ = ("_function", "_text", "state")

    def __init__(self, unit: Any) -> None:
        packed = _packed(unit) if isinstance(unit, Function) else None
        self._function = unit if packed is not None else None
        self._text = text_of(unit) if packed is None else None
        self.state: Any = state_of(unit) if packed is None else packed

    def is_still(self, unit: Any) -> bool:
        """True if nothing in `unit` was changed or replaced since."""
        return bool(self.state == (_packed(unit) if self._function is not None else state_of(unit)))

    def text(self) -> str:
        """The text of the unit at that time."""
        if self._text is None:
            self._text = text_of(_unpacked(self.state, self._function))
        return self._text


#: What `marshal` writes in this version only depends on the value: floats by their bits, 1 and True told apart.
_CANONICAL = 2


def _packed(function: Function) -> bytes | None:
    """Everything about `function`; None if an attribute is of a kind that only lives in this process."""
    symbols = Symbols()
    types = [t.text for t in function.param_types], [t.text for t in function.results]
    head = function.name, function.source_name, function.exported, types, symbols.place(function.loc), function.attrs
    body = encode(function, symbols)
    locs = [tuple(loc) for loc in symbols.locs.items]
    try:
        return marshal.dumps((head, body, locs, symbols.data.items), _CANONICAL)
    except ValueError:
        return None


def _unpacked(packed: bytes, like: Function | None) -> Function:
    """A function that reads like the one that was packed; it is in no module, but knows that of `like`."""
    (name, source_name, exported, (params, results), place, attrs), body, locs, data = marshal.loads(packed)
    symbols = Symbols()
    for loc in locs:
        symbols.place(Loc(*loc))
    for segment in data:
        symbols.data.number(segment)
    function = Function(name, list(map(parse_type, params)), tuple(map(parse_type, results)), symbols.loc(place))
    function.source_name, function.exported, function.attrs = source_name, exported, attrs
    function.blocks = decode(body, function, symbols)
    if like is not None:
        function.module = like.module
    return function


def state_of(unit: Any) -> Any:
    """Something that is equal as long as nothing in the unit is changed or replaced; far cheaper than its text.

    It holds the parts themselves, so it must not outlive the next change by much.
    """
    if isinstance(unit, Function):
        return _function_state(unit)
    return _module_state(unit) if isinstance(unit, Module) else unit.text()


def _function_state(function: Function) -> Any:
    head = (
        function.name,
        list(function.param_types),
        function.results,
        function.exported,
        _attrs_state(function.attrs),
    )
    return head, [
        (block, block.cold, [(p, p.type, p.name) for p in block.params], list(map(_op_state, block.ops)))
        for block in function.blocks
    ]


def _op_state(op: Op) -> Any:
    targets = [(target.block, list(target.args)) for target in op.targets]
    results = [(result, result.type, result.name) for result in op.results]
    return op.row, op.loc, results, list(op.operands), _attrs_state(op.attrs), targets


def _attrs_state(attrs: dict[str, Any]) -> Any:
    # The representation tells 0.0 from -0.0 and 1 from True, and a list as it is now from what it will be.
    return list(attrs), [value if type(value) is str else repr(value) for value in attrs.values()]


def _module_state(module: Module) -> Any:
    functions = [(f, _function_state(f)) for f in module.functions.values()]
    return (
        functions,
        [
            [(name, [repr(getattr(entry, slot)) for slot in entry.__slots__]) for name, entry in table.items()]
            for table in (module.globals, module.data, module.closures, module.layouts)
        ],
        repr(module.exports),
    )


def problems_of(unit: Any) -> list[str]:
    """What the verifier says about the unit."""
    if is_ir(unit):
        from ..ir.verify import verify, verify_function

        found = verify(unit) if isinstance(unit, Module) else verify_function(unit)
        return [str(problem) for problem in found]
    from ..codegen.binaryen import InvalidModule

    try:
        unit.validate()
    except InvalidModule as complaint:
        return [str(complaint)]
    return []
