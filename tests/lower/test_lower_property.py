"""Random programs over one array do what a Python list does: each read is compared inside the program."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from lowering_harness import ARRAYS, OUT_OF_RANGE, lower, run

INDEXES = st.integers(-12, 12)
VALUES = st.integers(-(1 << 63), (1 << 63) - 1)
STEPS = st.one_of(
    st.tuples(st.just("push"), VALUES),
    st.tuples(st.just("push_many"), st.integers(0, 9), VALUES),
    st.tuples(st.just("get"), INDEXES),
    st.tuples(st.just("set"), INDEXES, VALUES),
    st.tuples(st.just("truncate"), st.integers(0, 6)),
    st.tuples(st.just("fill"), st.integers(0, 6), st.integers(0, 6), VALUES),
    st.tuples(st.just("copy"), st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)),
    st.tuples(st.just("reserve"), st.integers(-1, 40)),
    st.tuples(st.just("other"), st.integers(0, 5)),
)


@dataclass
class Script:
    """A typed function under construction, and the list that its array ought to equal."""

    model: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    names: int = 0

    def emit(self, text: str) -> str:
        self.names += 1
        self.lines.append(f"  %v{self.names}: {text}")
        return f"%v{self.names}"

    def const(self, value: int) -> str:
        return self.emit(f"i64 = i64.const {value}")

    def expect(self, actual: str, value: int) -> None:
        same = self.emit(f"bool = i64.eq {actual}, {self.const(value)}")
        self.names += 1
        ok = f"ok{self.names}"
        self.lines += [f"  cond_br {same}, ^{ok}, ^wrong", f"^{ok}:"]

    def in_range(self, index: int) -> bool:
        return -len(self.model) <= index < len(self.model)

    def push(self, value: int) -> None:
        self.lines.append(f"  call @push %a, {self.const(value)}")
        self.model.append(value)

    def push_many(self, count: int, value: int) -> None:
        for number in range(count):
            self.push((value + number) % (1 << 63))

    def get(self, index: int) -> None:
        self.expect(self.emit(f"i64 = data.array_get %a, {self.const(index)}"), self.model[index])
        self.expect(self.emit(f"i64 = call @read %a, {self.const(index)}"), self.model[index])

    def set(self, index: int, value: int) -> None:
        self.lines.append(f"  call @write %a, {self.const(index)}, {self.const(value)}")
        self.model[index] = value

    def truncate(self, length: int) -> None:
        length = min(length, len(self.model))
        self.lines.append(f"  data.array_set_len %a, {self.const(length)}")
        del self.model[length:]

    def fill(self, start: int, count: int, value: int) -> None:
        start = min(start, len(self.model))
        count = min(count, len(self.model) - start)
        self.lines.append(f"  data.array_fill %a, {self.const(start)}, {self.const(count)}, {self.const(value)}")
        self.model[start : start + count] = [value] * count

    def copy(self, to: int, start: int, count: int) -> None:
        count = max(min(count, len(self.model) - max(to, start)), 0)
        operands = f"%a, {self.const(to)}, %a, {self.const(start)}, {self.const(count)}"
        self.lines.append(f"  data.array_copy {operands}")
        if count:
            self.model[to : to + count] = self.model[start : start + count]

    def reserve(self, count: int) -> None:
        self.lines.append(f"  data.array_reserve %a, {self.const(count)}")

    def other(self, count: int) -> None:
        """Allocate something else, so that the array cannot grow in place."""
        self.emit(f"array<i64> = data.array_new {self.const(count)}")


ACCESS = """
func @read(%a: array<i64>, %i: i64) -> i64 {
^entry:
  %v: i64 = data.array_get %a, %i
  ret %v
}
func @write(%a: array<i64>, %i: i64, %v: i64) {
^entry:
  data.array_set %a, %i, %v
  ret
}
"""


def text(script: Script, capacity: int) -> str:
    head = [f"  %n: i64 = i64.const {capacity}", "  %a: array<i64> = data.array_new %n"]
    tail = ["  ret", "^wrong:", '  panic "wrong"']
    return "\n".join(
        [ARRAYS.replace("T", "i64"), ACCESS, "func @main() {", "^entry:", *head, *script.lines, *tail, "}"]
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25), st.integers(0, 4))
def test_arrays_behave_as_lists(steps, capacity):
    script, expected = Script(), ()
    for name, *args in steps:
        if name in ("get", "set") and not script.in_range(args[0]):
            array_op = f"array_{name} %a, {script.const(args[0])}" + (f", {script.const(0)}" if name == "set" else "")
            script.lines.append(f"  data.{array_op}" if name == "set" else f"  %unused: i64 = data.{array_op}")
            expected = OUT_OF_RANGE
            break
        getattr(script, name)(*args)
    assert run(lower(text(script, capacity)), "main") == expected
    if expected == ():
        for index, value in enumerate(script.model):
            script.expect(script.emit(f"i64 = data.array_at %a, {script.const(index)}"), value)
        script.expect(script.emit("i64 = data.array_len %a"), len(script.model))
        assert run(lower(text(script, capacity)), "main") == ()
