"""Names of types: declarations, `impl` and traits, annotations, variants in patterns and tests.

Types are declared, and methods attached to them, when their block is entered, as functions are: so they are known in
the whole block. The bodies of methods are resolved with those of functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from wasmlathe.diagnostics import Diagnostics, SourceFile, Span, nearest

from . import syntax as s
from .declared import (
    BUILTIN_TYPES,
    DERIVED,
    TESTABLE_TYPES,
    AliasInfo,
    CaseInfo,
    FieldInfo,
    TraitInfo,
    TypeInfo,
    TypeParameter,
    counted,
    is_type_name,
    takes_self,
)
from .symbols import FunctionInfo, ModuleName, Resolution, Scope, Symbol, Variable


class TypeScopes:
    """The part of the resolver that knows types."""

    source: SourceFile
    diagnostics: Diagnostics
    scope: Scope
    function: FunctionInfo
    top: FunctionInfo
    internal: bool
    result: Resolution
    used_names: set[str]
    statement_number: int
    _declare: Callable[[str, Symbol, int], None]
    _span: Callable[[s.Node], Span]
    _visit: Callable[[s.Node], None]
    #: A name for a function or type that no other one of the file has.
    _unique_name: Callable[[str], str]

    def _prepare_types(self) -> None:
        #: Methods and functions of types by their names, for the calls that may mean them.
        self.methods: dict[str, list[FunctionInfo]] = {}
        #: Calls of methods: the function that contains it, the name, the place, the top-level statement.
        self.method_calls: list[tuple[FunctionInfo, str, s.Node, int]] = []

    def _error(self, code: str, message: str, node: s.Node, hint: str | None = None) -> None:
        self.diagnostics.error(code, message, self._span(node), hint)

    def _warn(self, code: str, message: str, node: s.Node, hint: str | None = None) -> None:
        self.diagnostics.warning(code, message, self._span(node), hint)

    def library_type(self, name: str) -> Symbol | None:
        """The type or constructor of the library with this name."""
        from .library import type_symbol  # the library is resolved in the same way

        return type_symbol(name, self.internal)

    def _word(self, node: s.Node, name: str) -> s.Name:
        """Where a name stands in a declaration: its first occurrence."""
        found = re.compile(rf"\b{re.escape(name)}\b").search(self.source.text, node.start, node.end)
        start = found.start() if found is not None else node.start
        return s.Name(start, start + len(name), name)

    # --- declaring ---------------------------------------------------------------------------------------------------

    def _declare_types(self, statements: list[s.Stmt]) -> None:
        """Declare the types, aliases and traits of a block, in whatever order they stand."""
        declarations = [st.statement if isinstance(st, s.Pub) else st for st in statements]
        siblings = {st.name for st in declarations if isinstance(st, s.TypeDecl | s.TypeAlias | s.Trait)}
        siblings |= {item.alias for st in declarations if isinstance(st, s.Import) for item in st.items}
        for statement in declarations:
            if isinstance(statement, s.TypeDecl):
                self._declare_type(statement)
            elif isinstance(statement, s.TypeAlias):
                self._declare_alias(statement, siblings)
            elif isinstance(statement, s.Trait):
                self._declare_trait(statement)
                self._declare_defaults(statement)

    def _declare_type(self, node: s.TypeDecl) -> None:
        is_sum = bool(node.variants)
        info = self._new_type(node.name, node.type_params, is_sum, node)
        info.derives = frozenset(node.derives)
        for name in node.derives:
            if name not in DERIVED:
                self._warn(
                    "W0303",
                    f"'{name}' cannot be derived",
                    self._word(node, name),
                    f"what can be: {', '.join(sorted(DERIVED))}",
                )
        self._declare(node.name, info, info.start)
        if is_sum:
            for variant in node.variants:
                self._add_case(info, variant.name, variant.fields, variant)
        else:
            self._add_case(info, node.name, node.fields, node)

    def _new_type(self, name: str, params: list[str], is_sum: bool, node: s.Node) -> TypeInfo:
        unique = self._unique_name(name)
        info = TypeInfo(self.top.prefix + unique, name, params, is_sum, self.source, self._word(node, name).start)
        self.result.types.append(info)
        self.result.meaning[node] = info
        return info

    def _add_case(self, type_: TypeInfo, name: str, fields: list[s.Field], node: s.Node) -> None:
        if type_.case(name) is not None:
            self._error("E0201", f"'{name}' is already defined in this type", node)
            return
        infos: list[FieldInfo] = []
        for number, field in enumerate(fields):
            if field.name is not None and any(field.name == known.name for known in infos):
                self._error("E0201", f"the field '{field.name}' is already defined in '{name}'", field)
            infos.append(FieldInfo(field.name or f"_{number}", field.type, field.name is not None))
        case = CaseInfo(type_, name, infos, node.start)
        type_.cases.append(case)
        self.used_names.add(case.function_name.removeprefix(self.top.prefix))
        if name != type_.source_name:
            self._declare(name, case, node.start)

    def _declare_alias(self, node: s.TypeAlias, siblings: set[str]) -> None:
        constants = self._constants(node, siblings)
        if constants is None:
            start = self._word(node, node.name).start
            alias = AliasInfo(node.name, node.type_params, node.type, start, self.result.meaning)
            self.result.meaning[node] = alias
            self._declare(node.name, alias, alias.start)
            return
        info = self._new_type(node.name, node.type_params, True, node)
        self._declare(node.name, info, info.start)
        for option in constants:
            self._add_case(info, option.name, [], option)

    def _constants(self, node: s.TypeAlias, siblings: set[str]) -> list[s.NamedType] | None:
        """The options of `type C = A | B`, if it declares constants: capitalised names none of which is a type."""
        if not isinstance(node.type, s.UnionType):
            return None
        options = [o for o in node.type.options if isinstance(o, s.NamedType) and not o.args and o.name[0].isupper()]
        if len(options) < len(node.type.options):
            return None
        known = siblings | BUILTIN_TYPES | set(node.type_params)
        return None if any(o.name in known or self._is_type(self._type_named(o.name)) for o in options) else options

    @staticmethod
    def _is_type(symbol: Symbol | None) -> bool:
        return isinstance(symbol, TypeInfo | AliasInfo | TraitInfo | TypeParameter)

    def _type_named(self, name: str) -> Symbol | None:
        return self.scope.find(name) or self.library_type(name)

    def _declare_trait(self, node: s.Trait) -> None:
        trait = TraitInfo(
            node.name, {method.name: method for method in node.methods}, self._word(node, node.name).start
        )
        self.result.meaning[node] = trait
        self._declare(node.name, trait, trait.start)

    # --- methods -----------------------------------------------------------------------------------------------------

    def _declare_methods(self, statements: list[s.Stmt]) -> None:
        """Make functions of the methods in the `impl`s of a block."""
        for statement in statements:
            if isinstance(statement, s.Impl):
                self._declare_impl(statement)

    def _declare_defaults(self, node: s.Trait) -> None:
        trait = self.result.meaning[node]
        assert isinstance(trait, TraitInfo)
        for method in node.methods:
            if method.body is not None:
                trait.functions[method.name] = self._new_method(
                    method, self._unique_name(f"{node.name}.{method.name}"), []
                )

    def _declare_impl(self, node: s.Impl) -> None:
        type_ = self._impl_type(node)
        if type_ is None:
            return
        for method in node.methods:
            table = type_.methods if takes_self(method) else type_.statics
            if method.name in type_.methods or method.name in type_.statics:
                self._error(
                    "E0201",
                    f"'{method.name}' is already defined for '{type_.source_name}'",
                    _name_node(method),
                )
                continue
            unique = self._unique_method(type_, method.name)
            table[method.name] = self._new_method(method, unique, type_.params)
        if node.trait_name is not None:
            self._implement(node, node.trait_name, type_)

    def _unique_method(self, type_: TypeInfo, name: str) -> str:
        candidate = f"{type_.name.removeprefix(self.top.prefix)}.{name}"
        unique, number = candidate, 1
        while unique in self.used_names:
            number += 1
            unique = f"{candidate}.{number}"
        self.used_names.add(unique)
        return unique

    def _impl_type(self, node: s.Impl) -> TypeInfo | None:
        found = self._type_named(node.type_name)
        if isinstance(found, TypeInfo) and found.home is self.source:
            return found
        name = node.type_name
        if found is not None or name in BUILTIN_TYPES:
            self._error(
                "E0210", f"methods can be added only to types that the same file declares, not to '{name}'", self._word(node, name),
                "write a function; `x |> f()` calls it like a method",
            )  # fmt: skip
        else:
            self._unknown_type(name, self._word(node, name))
        return None

    def _new_method(self, node: s.FnDecl, unique: str, type_params: list[str]) -> FunctionInfo:
        info = FunctionInfo(unique, node.name, node, self.function)
        self.result.meaning[node] = info
        self.result.functions.append(info)
        self.bodies.append((info, self._with_parameters(type_params, of_type=False)))
        self.methods.setdefault(node.name, []).append(info)
        return info

    def _with_parameters(self, names: Iterable[str], of_type: bool) -> Scope:
        """A scope with these type parameters."""
        scope = Scope(self.scope.function, self.scope)
        for name in names:
            scope.names[name] = TypeParameter(name, of_type)
        return scope

    def _implement(self, node: s.Impl, trait_name: str, type_: TypeInfo) -> None:
        """Check a type against a trait; it inherits the methods that have a body there."""
        trait = self._type_named(trait_name)
        if not isinstance(trait, TraitInfo):
            known = sorted(name for name, symbol in self._visible_types() if isinstance(symbol, TraitInfo))
            close = nearest(trait_name, known)
            self._warn(
                "W0303",
                f"unknown trait '{trait_name}'",
                self._word(node, trait_name),
                f"did you mean '{close}'?" if close else None,
            )
            return
        given = {method.name: method for method in node.methods}
        for name, wanted in trait.methods.items():
            known = type_.methods.get(name) or type_.statics.get(name)
            method = given.get(name) or (known.node if known is not None else None)
            if isinstance(method, s.FnDecl):
                self._check_conformance(trait, wanted, method)
            elif name in trait.functions:
                table = type_.methods if takes_self(wanted) else type_.statics
                table[name] = trait.functions[name]
            else:
                shown = f"{name}({', '.join(_parameter_names(wanted))})"
                message = f"'{type_.source_name}' lacks the method '{name}' of '{trait.name}'"
                self._warn("W0300", message, self._word(node, trait_name), f"add `fn {shown} {{ ... }}`")

    def _check_conformance(self, trait: TraitInfo, wanted: s.FnDecl, method: s.FnDecl) -> None:
        place = _name_node(method)
        if len(wanted.params) != len(method.params):
            self._warn(
                "W0301",
                f"'{method.name}' has {counted(len(method.params), 'parameter')}, in '{trait.name}' "
                f"{len(wanted.params)}",
                place,
            )
        elif wanted.result is not None and method.result is not None and _dump(wanted.result) != _dump(method.result):
            self._warn("W0302", f"'{method.name}' has another result type than in '{trait.name}'", place)

    # --- where names of types stand ----------------------------------------------------------------------------------

    def _visit_TypeDecl(self, node: s.TypeDecl) -> None:
        self._in_type_scope(node.type_params, [field.type for field in node.fields])
        for variant in node.variants:
            self._in_type_scope(node.type_params, [field.type for field in variant.fields])

    def _visit_TypeAlias(self, node: s.TypeAlias) -> None:
        if isinstance(self.result.meaning[node], AliasInfo):
            self._in_type_scope(node.type_params, [node.type])

    def _in_type_scope(self, params: list[str], types: list[s.TypeExpr | None]) -> None:
        outer = self.scope
        self.scope = self._with_parameters(params, of_type=True)
        for type_ in types:
            if type_ is not None:
                self._visit(type_)
        self.scope = outer

    def _visit_Impl(self, node: s.Impl) -> None:
        """Its methods were declared when the block was entered."""

    _visit_Trait = _visit_Impl

    def _visit_NamedType(self, node: s.NamedType) -> None:
        found = self._type_named(node.name)
        if self._is_type(found):
            assert found is not None
            self.result.meaning[node] = found
            self._check_type_arguments(node, found)
        elif node.name not in BUILTIN_TYPES and not is_type_name(node.name):
            self._unknown_type(node.name, node)
        for argument in node.args:
            self._visit(argument)

    def _check_type_arguments(self, node: s.NamedType, symbol: Symbol) -> None:
        if isinstance(symbol, TypeInfo | AliasInfo) and node.args and len(node.args) != len(symbol.params):
            count = counted(len(symbol.params), "type parameter")
            self._error("E0206", f"'{node.name}' has {count}, not {len(node.args)}", node)

    def _unknown_type(self, name: str, node: s.Node) -> None:
        close = nearest(name, sorted({*BUILTIN_TYPES, "Option", "Result", *(n for n, _ in self._visible_types())}))
        self._error("E0207", f"unknown type '{name}'", node, f"did you mean '{close}'?" if close else None)

    def _visible_types(self) -> Iterable[tuple[str, Symbol]]:
        scope: Scope | None = self.scope
        while scope is not None:
            for name, symbol in scope.names.items():
                if self._is_type(symbol):
                    yield name, symbol
            scope = scope.parent

    # --- variants ----------------------------------------------------------------------------------------------------

    def _case_named(self, qualifier: str | None, name: str, node: s.Node) -> CaseInfo | None:
        """The constructor that a pattern or test names; None, reported, if there is none."""
        if qualifier is not None:
            return self._qualified_case(qualifier, name, node)
        found = self.scope.find(name)
        if found is None:
            found = self.library_type(name)
        if isinstance(found, TypeInfo):
            found = found.constructor
        if isinstance(found, CaseInfo):
            return found
        hint = None
        if isinstance(found, Variable):
            hint = f"to compare with the variable use a guard: `v if v == {name}`"
        elif close := nearest(name, self._visible_cases()):
            hint = f"did you mean '{close}'?"
        self._error("E0210", f"'{name}' is not a variant", node, hint)
        return None

    def _qualified_case(self, qualifier: str, name: str, node: s.Node) -> CaseInfo | None:
        type_ = self._type_named(qualifier)
        if isinstance(type_, ModuleName):
            return self._case_of_module(type_, name, node)
        if not isinstance(type_, TypeInfo):
            self._unknown_type(qualifier, node)
            return None
        case = type_.case(name)
        if case is None:
            close = nearest(name, [c.name for c in type_.cases])
            hint = f"did you mean '{qualifier}.{close}'?" if close else None
            self._error("E0210", f"'{qualifier}' has no variant '{name}'", node, hint)
        return case

    def _case_of_module(self, module: ModuleName, name: str, node: s.Node) -> CaseInfo | None:
        found = module.find(name)
        case = found.constructor if isinstance(found, TypeInfo) else found
        if isinstance(case, CaseInfo):
            return case
        close = nearest(name, module.exported())
        hint = f"did you mean '{close}'?" if close else None
        self._error("E0209", f"'{module.path}' does not export a variant '{name}'", node, hint)
        return None

    def _visible_cases(self) -> list[str]:
        names = ["Ok", "Err", "Some", "None"]
        scope: Scope | None = self.scope
        while scope is not None:
            names += [n for n, symbol in scope.names.items() if isinstance(symbol, CaseInfo | TypeInfo)]
            scope = scope.parent
        return names

    def _resolve_variant(self, node: s.VariantPattern) -> None:
        case = self._case_named(node.qualifier, node.name, node)
        if case is None:
            return
        self.result.meaning[node] = case
        if node.items is not None and len(node.items) > len(case.fields):
            has = counted(len(case.fields), "field")
            self._error("E0210", f"'{case.name}' has {has}, but the pattern names {len(node.items)}", node)

    def _visit_TypeTest(self, node: s.TypeTest) -> None:
        self._visit(node.value)
        module = None if node.qualifier is None else self._type_named(node.qualifier)
        found = self._type_named(node.name) if node.qualifier is None else None
        if isinstance(module, ModuleName):
            found = module.find(node.name)
        if isinstance(found, TypeInfo | AliasInfo | CaseInfo):
            self.result.meaning[node] = found
        elif node.qualifier is not None:
            case = self._qualified_case(node.qualifier, node.name, node)
            if case is not None:
                self.result.meaning[node] = case
        elif node.name not in TESTABLE_TYPES:
            known = {*TESTABLE_TYPES, *self._visible_cases(), *(name for name, _ in self._visible_types())}
            close = nearest(node.name, sorted(known))
            hint = f"did you mean '{close}'?" if close else None
            self._error("E0207", f"unknown type or variant '{node.name}'", node, hint)

    # --- types as receivers ------------------------------------------------------------------------------------------

    def _visit_receiver(self, receiver: s.Expr) -> None:
        """Resolve what stands before a `.`: it may be the name of a type, as in `T.f`."""
        if isinstance(receiver, s.Name):
            found = self._type_named(receiver.name)
            if isinstance(found, TypeInfo):
                self.result.meaning[receiver] = found
                return
        self._visit(receiver)

    def _check_value(self, symbol: Symbol, node: s.Node, name: str) -> bool:
        """Report the name of a type that stands for a value; True if it is none."""
        if not self._is_type(symbol) or (isinstance(symbol, TypeInfo) and symbol.constructor is not None):
            return True
        hint = None
        if isinstance(symbol, TypeInfo):
            hint = f"its constructors are {', '.join(case.name for case in symbol.cases[:5])}"
        self._error("E0210", f"'{name}' is a type, not a value", node, hint)
        return False

    def _mention_methods(self) -> None:
        """A call of a method mentions every method of that name: which one it is depends on the receiver."""
        for function, name, node, number in self.method_calls:
            for info in self.methods.get(name, ()):
                function.references.setdefault(info)
                self.mentions.append((function, info, node.start))
                if function is self.top:
                    self.top_references.append((number, info))

    def _refuse_captures_of_methods(self) -> None:
        for infos in self.methods.values():
            for info in infos:
                for variable in info.captures:
                    assert isinstance(info.node, s.FnDecl)
                    self._error(
                        "E0400", f"not supported yet: a method that uses '{variable.name}' of the enclosing function",
                        _name_node(info.node), "declare the type outside of the function",
                    )  # fmt: skip


def _name_node(node: s.FnDecl) -> s.Node:
    """The place of a function's name."""
    return s.Name(node.name_start, node.name_start + len(node.name), node.name)


def _parameter_names(node: s.FnDecl) -> list[str]:
    return [p.pattern.name if isinstance(p.pattern, s.BindPattern) else "_" for p in node.params]


def _dump(node: s.TypeExpr) -> str:
    return s.dump(node)
