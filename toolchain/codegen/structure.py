"""Control-flow graph to structured control flow.

    ^a: cond_br ^b, ^c                  block $d
    ^b: br ^d                 =>          if (a's condition)  b;  br $d  end
    ^c: br ^d                             c
    ^d: ret                             end
                                        d; return

N. Ramsey, "Beyond Relooper: recursive translation of unstructured control flow to structured control flow" (ICFP 2022):
what a block dominates is placed inside its code, or behind it if several branches lead there. Three things differ.

* A block that leaves a loop is placed behind the loop, and a cold one that ends the program at the end of the function:
  loops then hold what they repeat and nothing else.
* A region with several entries (irreducible) gets a new header that branches by a state variable to the entries.
* `if` without `else` where one side does not come back, so that long chains of conditions do not nest.

The recursion runs on a stack of generators, not on Python's: functions with thousands of nested blocks are fine.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol, TypeVar, cast

from ..ir.core import Block, Function, Target
from ..passes.analysis.dominators import immediate_dominators

Statement = Any
Condition = Any

#: A `switch` of so few cases becomes a chain of comparisons, which beats a table there.
CHAIN_CASES = 4
#: Where conditions nest deeper than this, the two sides of an `if` are put behind each other.
DEEP = 40


class Emitter(Protocol):
    """What makes the statements. Every block is given to `straight` once, before anything else of it."""

    def straight(self, block: Block) -> list[Statement]:
        """The ops before the terminator."""

    def leave(self, block: Block) -> list[Statement]:
        """A terminator without targets."""

    def condition(self, block: Block) -> Condition:
        """The condition of the block's `cond_br`."""

    def negate(self, condition: Condition) -> Condition: ...

    def discard(self, condition: Condition) -> list[Statement]:
        """Statements for a condition nobody asks."""

    def switch_value(self, block: Block) -> tuple[list[Statement], Any]:
        """The operand of the block's `switch`, kept for several uses of `case_test`."""

    def case_test(self, value: Any, case: int) -> Condition: ...

    def switch_jump(self, block: Block, labels: Sequence[str]) -> list[Statement]:
        """Branch to the label of the case that the operand is; the last label is the default."""

    def needs_moves(self, target: Target) -> bool: ...

    def moves(self, target: Target) -> list[Statement]:
        """Hand the arguments of an edge to the parameters."""

    def may_move_ahead(self, target: Target, other: Target) -> bool:
        """Has the edge moves, and does nothing on the other edge of the branch need what they overwrite?"""

    def move_ahead(self, condition: Condition, target: Target, other: Target) -> tuple[list[Statement], Condition]:
        """The condition evaluated, then the moves of an edge for which `may_move_ahead`; what to branch on."""

    def set_state(self, state: int) -> Statement: ...

    def state_jump(self, labels: Sequence[str]) -> Statement: ...

    def branch(self, label: str, condition: Condition | None = None) -> Statement: ...

    def labeled(self, label: str, body: list[Statement]) -> Statement: ...

    def loop(self, label: str, body: list[Statement]) -> Statement: ...

    def when(self, condition: Condition, then: list[Statement], orelse: list[Statement]) -> Statement: ...


class _Edge:
    """From one node to another: by a target of a terminator, and by way of a dispatcher if `state` is given."""

    __slots__ = ("node", "state", "target")

    def __init__(self, node: int, target: Target | None, state: int | None = None) -> None:
        self.node = node
        self.target = target
        self.state = state


class _Part:
    """Statements; do they continue behind their end (`falls`), and are they just a branch to `jump`?"""

    __slots__ = ("falls", "jump", "statements")

    def __init__(self, statements: list[Statement], falls: bool, jump: str | None = None) -> None:
        self.statements = statements
        self.falls = falls
        self.jump = jump


_Steps = Generator[Any, Any, _Part]
_Result = TypeVar("_Result")


def structure(function: Function, emitter: Emitter) -> list[Statement]:
    """The body of `function` as statements of `emitter`; control never comes to their end."""
    graph = _Graph(function)
    return _run(_Builder(graph, emitter).function()).statements


def _run(steps: Generator[Any, Any, _Result]) -> _Result:
    """Run a generator that yields the generators it wants to call, without using Python's stack for them."""
    stack = [steps]
    value: Any = None
    while True:
        try:
            stack.append(stack[-1].send(value))
            value = None
        except StopIteration as done:
            stack.pop()
            value = done.value
            if not stack:
                return cast("_Result", value)


class _Graph:
    """Reachable blocks as numbers, made reducible: node 0 is the entry, a node without a block is a dispatcher."""

    def __init__(self, function: Function) -> None:
        self.blocks: list[Block | None] = []
        self.edges: list[list[_Edge]] = []
        self._number(function)
        #: For each header of a loop the nodes of the loop.
        self.loops: dict[int, set[int]] = {}
        self._find_loops()
        succs = [[edge.node for edge in edges] for edges in self.edges]
        order = _reverse_postorder(succs)
        self.position = {node: index for index, node in enumerate(order)}
        preds: list[list[int]] = [[] for _ in succs]
        for node in order:
            for succ in succs[node]:
                preds[succ].append(node)
        self.dominator = immediate_dominators(succs, preds)
        #: How often a node is the target of an edge that is no back edge.
        self.entries = [0] * len(succs)
        for node in order:
            for succ in succs[node]:
                self.entries[succ] += self.position[node] < self.position[succ]
        self._place(order)

    def _number(self, function: Function) -> None:
        numbers = {function.entry: 0}
        self.blocks.append(function.entry)
        index = 0
        while index < len(self.blocks):
            block = self.blocks[index]
            edges = []
            for target in block.terminator.targets if block is not None else ():
                node = numbers.get(target.block)
                if node is None:
                    node = numbers[target.block] = len(self.blocks)
                    self.blocks.append(target.block)
                edges.append(_Edge(node, target))
            self.edges.append(edges)
            index += 1

    def _find_loops(self) -> None:
        """Find loops from the outside in, and give those with several entries a dispatcher as their header."""
        regions = [set(range(len(self.blocks)))]
        while regions:
            for component in _cycles(self.edges, regions.pop()):
                header = self._header_of(component)
                self.loops[header] = component | {header}
                regions.append(component - {header})

    def _header_of(self, component: set[int]) -> int:
        """The only node of the component that is entered from outside: a new one if there were several."""
        entries = sorted(
            {
                edge.node
                for node, edges in enumerate(self.edges)
                if node not in component
                for edge in edges
                if edge.node in component
            }
        )
        if len(entries) == 1:
            return entries[0]
        dispatcher = len(self.blocks)
        states = {entry: state for state, entry in enumerate(entries)}
        for edges in self.edges:
            for edge in edges:
                if edge.node in states:
                    edge.state, edge.node = states[edge.node], dispatcher
        self.blocks.append(None)
        self.edges.append([_Edge(entry, None) for entry in entries])
        for nodes in self.loops.values():
            if component <= nodes:
                nodes.add(dispatcher)
        return dispatcher

    def _place(self, order: list[int]) -> None:
        """Decide where the code of each node goes, if not to the only branch that leads there."""
        enclosing = self._enclosing_loops()
        #: Behind what a node's own code branches to, in order: nodes that it dominates.
        self.inside: dict[int, list[int]] = {}
        #: Behind the loop of a header, in order.
        self.behind: dict[int, list[int]] = {}
        #: At the end of the function.
        self.last: list[int] = []
        self.placed: set[int] = set()
        for node in order[1:]:
            parent = self.dominator[node]
            left = [header for header in enclosing[parent] if node not in self.loops[header]]
            if left and self._is_cold_end(node):
                self.last.append(node)
            elif left:
                self.behind.setdefault(left[0], []).append(node)
            elif self.entries[node] > 1:
                self.inside.setdefault(parent, []).append(node)
            else:
                continue
            self.placed.add(node)

    def _is_cold_end(self, node: int) -> bool:
        block = self.blocks[node]
        return block is not None and block.cold and not self.edges[node]

    def _enclosing_loops(self) -> list[list[int]]:
        """For each node the headers of the loops it is in, the outermost first."""
        headers: list[list[int]] = [[] for _ in self.blocks]
        for header, nodes in self.loops.items():  # an outer loop is found before those in it
            for node in nodes:
                headers[node].append(header)
        return headers


def _reverse_postorder(succs: list[list[int]]) -> list[int]:
    postorder = []
    seen = {0}
    stack = [(0, iter(succs[0][::-1]))]
    while stack:
        node, rest = stack[-1]
        for succ in rest:
            if succ not in seen:
                seen.add(succ)
                stack.append((succ, iter(succs[succ][::-1])))
                break
        else:
            postorder.append(node)
            stack.pop()
    return postorder[::-1]


def _cycles(edges: list[list[_Edge]], inside: set[int]) -> list[set[int]]:
    """The strongly connected components of the nodes `inside` that hold a cycle (Tarjan 1972)."""
    components: list[set[int]] = []
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    on_path: set[int] = set()
    for root in sorted(inside):
        if root in index:
            continue
        stack = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        path.append(root)
        on_path.add(root)
        while stack:
            node, rest = stack[-1]
            for edge in rest:
                succ = edge.node
                if succ not in inside:
                    continue
                if succ not in index:
                    index[succ] = low[succ] = len(index)
                    path.append(succ)
                    on_path.add(succ)
                    stack.append((succ, iter(edges[succ])))
                    break
                if succ in on_path:
                    low[node] = min(low[node], index[succ])
            else:
                stack.pop()
                if stack:
                    low[stack[-1][0]] = min(low[stack[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = path.index(node) if path[-1] != node else len(path) - 1
                    component = set(path[cut:])
                    del path[cut:]
                    on_path -= component
                    if len(component) > 1 or any(edge.node == node for edge in edges[node]):
                        components.append(component)
    return components


class _Builder:
    """The recursion. `follow` is the node that control comes to behind the code being made, None for no such node."""

    def __init__(self, graph: _Graph, emitter: Emitter) -> None:
        self.graph = graph
        self.emitter = emitter
        self.used: set[str] = set()
        self.thunks = 0

    def function(self) -> _Steps:
        part: _Part = yield self.tree(0, None, 0)
        for node in self.graph.last:
            part = yield self.behind(part, node, None, 0)
        return part

    def tree(self, node: int, follow: int | None, depth: int) -> _Steps:
        """The node and all that is placed under it."""
        behind = self.graph.behind.get(node, [])
        if node in self.graph.loops:
            body = yield self.within(node, behind[0] if behind else follow, depth)
            part = _Part([self.emitter.loop(_loop_label(node), body.statements)], body.falls)
        else:
            part = yield self.within(node, follow, depth)
        for index, later in enumerate(behind):
            part = yield self.behind(part, later, behind[index + 1] if index + 1 < len(behind) else follow, depth)
        return part

    def within(self, node: int, follow: int | None, depth: int) -> _Steps:
        inside = self.graph.inside.get(node, [])
        part: _Part = yield self.node(node, inside[0] if inside else follow, depth)
        for index, later in enumerate(inside):
            part = yield self.behind(part, later, inside[index + 1] if index + 1 < len(inside) else follow, depth)
        return part

    def behind(self, before: _Part, node: int, follow: int | None, depth: int) -> _Steps:
        """`before`, and behind it the tree of `node`, to which branches in `before` lead."""
        statements = before.statements
        label = _block_label(node)
        if label in self.used:
            statements = [self.emitter.labeled(label, statements)]
        part = yield self.tree(node, follow, depth)
        return _Part(statements + part.statements, part.falls)

    def node(self, node: int, follow: int | None, depth: int) -> _Steps:
        block, edges = self.graph.blocks[node], self.graph.edges[node]
        if block is None:
            part: _Part = yield self.thunked(edges, node, follow, depth, self.emitter.state_jump)
            return part
        statements = self.emitter.straight(block)
        if not edges:
            return _Part(statements + self.emitter.leave(block), False)
        if len(edges) == 1:
            rest = yield self.edge(edges[0], node, follow, depth)
        elif len(edges) == 2 and block.terminator.name == "cond_br":
            rest = yield self.choice(self.emitter.condition(block), edges, node, follow, depth)
        elif len(edges) <= CHAIN_CASES + 1:
            rest = yield self.chain(block, edges, node, follow, depth)
        else:

            def jump(labels: Sequence[str]) -> list[Statement]:
                return self.emitter.switch_jump(block, labels)

            rest = yield self.thunked(edges, node, follow, depth, jump)
        return _Part(statements + rest.statements, rest.falls, rest.jump if not statements else None)

    def edge(self, edge: _Edge, source: int, follow: int | None, depth: int) -> _Steps:
        """Moves, then the way to the end of the edge."""
        statements = self.emitter.moves(edge.target) if edge.target is not None else []
        if edge.state is not None:
            statements = [*statements, self.emitter.set_state(edge.state)]
        node = edge.node
        if self.graph.position[node] <= self.graph.position[source]:
            return self.jump(statements, _loop_label(node))
        if node not in self.graph.placed:
            part = yield self.tree(node, follow, depth)
            return _Part(statements + part.statements, part.falls, part.jump if not statements else None)
        if node == follow:
            return _Part(statements, True)
        return self.jump(statements, _block_label(node))

    def jump(self, statements: list[Statement], label: str) -> _Part:
        self.used.add(label)
        return _Part([*statements, self.emitter.branch(label)], False, label if not statements else None)

    def choice(self, condition: Condition, edges: list[_Edge], source: int, follow: int | None, depth: int) -> _Steps:
        emitter = self.emitter
        for back, other in (edges, edges[::-1]):
            if self.may_go_back_at_once(back, other, source):
                part = yield self.back_at_once(condition, back, other, back is edges[0], source, follow, depth)
                return part
        # In the depth, the first side branches to what follows, and the second is behind the `if`, not in it.
        then = yield self.edge(edges[0], source, follow if depth < DEEP else None, depth + 1)
        orelse = yield self.edge(edges[1], source, follow, depth + 1)
        if not then.falls and (orelse.falls or not self.belongs_in_if(edges[1], orelse, edges[0], then)):
            return _Part([self.when(condition, then), *orelse.statements], orelse.falls)
        if not orelse.falls:
            return _Part([self.when(emitter.negate(condition), orelse), *then.statements], then.falls)
        if not then.statements and not orelse.statements:
            return _Part(emitter.discard(condition), True)
        if not then.statements:
            return _Part([emitter.when(emitter.negate(condition), orelse.statements, [])], True)
        return _Part([emitter.when(condition, then.statements, orelse.statements)], True)

    def may_go_back_at_once(self, back: _Edge, other: _Edge, source: int) -> bool:
        """Is an edge the way back of a loop, whose moves may come before the branch?

        So the branch is one jump to the head of the loop. Moves behind the condition would be a block of their own, into
        which Cranelift also puts what else of the loop it can: a second jump in every turn.
        """
        if self.graph.position[back.node] > self.graph.position[source] or back.state is not None:
            return False
        if back.target is None or other.target is None:
            return False
        return self.emitter.may_move_ahead(back.target, other.target)

    def back_at_once(
        self,
        condition: Condition,
        back: _Edge,
        other: _Edge,
        is_first: bool,
        source: int,
        follow: int | None,
        depth: int,
    ) -> _Steps:
        assert back.target is not None
        assert other.target is not None
        statements, test = self.emitter.move_ahead(condition, back.target, other.target)
        label = _loop_label(back.node)
        self.used.add(label)
        statements.append(self.emitter.branch(label, test if is_first else self.emitter.negate(test)))
        rest: _Part = yield self.edge(other, source, follow, depth)
        return _Part(statements + rest.statements, rest.falls)

    def belongs_in_if(self, edge: _Edge, part: _Part, other_edge: _Edge, other: _Part) -> bool:
        """Of two sides that do not come back, does the `if` get the first, so that the second follows it?"""
        if (part.jump is None) != (other.jump is None):
            return part.jump is not None
        return self.is_cold(edge) and not self.is_cold(other_edge)

    def is_cold(self, edge: _Edge) -> bool:
        block = self.graph.blocks[edge.node]
        return block is not None and block.cold

    def when(self, condition: Condition, part: _Part) -> Statement:
        if part.jump is not None:
            return self.emitter.branch(part.jump, condition)
        return self.emitter.when(condition, part.statements, [])

    def chain(self, block: Block, edges: list[_Edge], source: int, follow: int | None, depth: int) -> _Steps:
        """A `switch` as comparisons, one behind the other."""
        statements, value = self.emitter.switch_value(block)
        for case, edge in zip(block.terminator.attrs["cases"], edges, strict=False):
            part = yield self.edge(edge, source, None, depth + 1)
            statements.append(self.when(self.emitter.case_test(value, case), part))
        rest = yield self.edge(edges[-1], source, follow, depth)
        return _Part(statements + rest.statements, rest.falls)

    def thunked(self, edges: list[_Edge], source: int, follow: int | None, depth: int, jump: Any) -> _Steps:
        """A jump by a table: to blocks themselves where that suffices, else to the code of an edge behind the jump."""
        labels: list[str] = []
        thunks: dict[tuple[Any, ...], tuple[str, _Edge]] = {}
        for edge in edges:
            label = self.direct_label(edge, source)
            if label is None:
                args = tuple(edge.target.args) if edge.target is not None else ()
                made = (f"t{self.thunks}", edge)
                label, kept = thunks.setdefault((edge.node, edge.state, args), made)
                self.thunks += kept is edge
            else:
                self.used.add(label)
            labels.append(label)
        part = _Part(jump(labels), False)
        waiting = len(thunks)
        for label, edge in thunks.values():
            waiting -= 1
            rest = yield self.edge(edge, source, None if waiting else follow, depth + 1)
            part = _Part([self.emitter.labeled(label, part.statements), *rest.statements], rest.falls)
        return part

    def direct_label(self, edge: _Edge, source: int) -> str | None:
        """The label of the node at the end of the edge, if nothing has to be done on the way."""
        if edge.state is not None or (edge.target is not None and self.emitter.needs_moves(edge.target)):
            return None
        if self.graph.position[edge.node] <= self.graph.position[source]:
            return _loop_label(edge.node)
        return _block_label(edge.node) if edge.node in self.graph.placed else None


def _loop_label(node: int) -> str:
    return f"l{node}"


def _block_label(node: int) -> str:
    return f"b{node}"
