"""Lowering of what is said about types: declarations for inference, annotations as texts, constructors as functions."""

from __future__ import annotations

from collections.abc import Mapping

from wasmlathe.ir import types as t
from wasmlathe.ir.build import Builder
from wasmlathe.ir.core import Case, Declaration, Function, Module

from . import syntax as s
from .declared import BUILTIN_TYPES, AliasInfo, CaseInfo, TraitInfo, TypeInfo, TypeParameter
from .symbols import LIBRARY_PREFIX, Resolution, Symbol

#: How often aliases are followed; one that means itself never ends.
_MAX_ALIASES = 40


class TypeTexts:
    """Types as inference reads them: aliases expanded, declared types by their unique names."""

    def __init__(self, meaning: Mapping[s.Node, Symbol]) -> None:
        self._meaning = meaning

    def text(self, node: s.TypeExpr) -> str:
        return self._text(node, {}, 0)

    def _text(self, node: s.TypeExpr, bound: Mapping[str, str], depth: int) -> str:
        def inner(part: s.TypeExpr) -> str:
            return self._text(part, bound, depth)

        if isinstance(node, s.ArrayType):
            return f"[{inner(node.element)}]"
        if isinstance(node, s.UnionType):
            return " | ".join(map(inner, node.options))
        if isinstance(node, s.TupleType):
            return f"({', '.join(map(inner, node.items))})"
        if isinstance(node, s.FunctionType):
            return f"({', '.join(map(inner, node.params))}) -> {inner(node.result)}"
        assert isinstance(node, s.NamedType)
        return self._named(node, bound, depth)

    def _named(self, node: s.NamedType, bound: Mapping[str, str], depth: int) -> str:
        symbol = self._meaning.get(node)
        args = [self._text(arg, bound, depth) for arg in node.args]
        if isinstance(symbol, TypeParameter):
            return bound.get(symbol.name, symbol.name if symbol.of_type else "Any")
        if isinstance(symbol, AliasInfo):
            if depth == _MAX_ALIASES:
                return "Any"
            bound = dict(zip(symbol.params, args, strict=False))
            return TypeTexts(symbol.meaning)._text(symbol.type, bound, depth + 1)  # it may be of another file
        if isinstance(symbol, TraitInfo):
            return "Any"
        name = type_name(symbol) if isinstance(symbol, TypeInfo) else node.name
        return f"{name}<{', '.join(args)}>" if args else name


def type_name(symbol: TypeInfo) -> str:
    """How inference calls a declared type: types of the library that it knows by themselves have their short names."""
    is_known = symbol.source_name in BUILTIN_TYPES and symbol.name.startswith(LIBRARY_PREFIX)
    return symbol.source_name if is_known else symbol.name


def declaration_of(type_: TypeInfo, resolution: Resolution) -> Declaration:
    """What inference has to know of a declared type."""
    texts = TypeTexts(resolution.meaning)
    cases = [
        Case(case.name, [(field.name, None if field.type is None else texts.text(field.type)) for field in case.fields])
        for case in type_.cases
    ]
    declaration = Declaration(type_.name, type_.source_name, type_.params, cases, type_.is_sum)
    declaration.derives = type_.derives
    declaration.methods = {name: info.full_name for name, info in type_.methods.items()}
    declaration.statics = {name: info.full_name for name, info in type_.statics.items()}
    return declaration


def lower_constructor(module: Module, case: CaseInfo) -> Function:
    """The function that takes the fields of a case and makes the value: what a constructor is as a value."""
    function = Function(case.function_name, [t.DYN] * len(case.fields), (t.DYN,))
    function.source_name = case.name
    function.attrs.update(captures=0, required=len(case.fields), inline="always")
    module.add(function)
    block = function.add_block("entry")
    fields = [block.add_param(t.DYN, field.name) for field in case.fields]
    builder = Builder(block)
    builder.ret(builder.op("dyn.construct", *fields, type=case.type.name, case=case.name))
    return function
