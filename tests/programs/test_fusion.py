"""Chains of `map`, `filter` and `reduce` mean the same whether or not they become one loop."""

from __future__ import annotations

import pytest

from programs.running import everywhere

CHAINS = {
    "pure callbacks": (
        """
        xs = [i for i in 0..20]
        print(xs.map(fn(x) x * x + 1).filter(fn(x) x % 3 == 2).reduce(fn(a, b) a * 3 + b, 7))
        print("{xs.filter(fn(x) x % 2 == 1).map(fn(x) x * 10)}")
        print(xs.map(fn(x) x + 1).map(fn(x) "<{x}>").filter(fn(s) len(s) > 3).join(","))
        """,
        "15220583\n10,30,50,70,90,110,130,150,170,190\n<10>,<11>,<12>,<13>,<14>,<15>,<16>,<17>,<18>,<19>,<20>\n",
    ),
    "callbacks that print come in the order of the loops": (
        """
        xs = [1, 2, 3]
        r = xs.map(fn(x) { print("map {x}"); x * 2 }).filter(fn(x) { print("filter {x}"); x > 2 })
        print("{r}")
        """,
        "map 1\nmap 2\nmap 3\nfilter 2\nfilter 4\nfilter 6\n4,6\n",
    ),
    "a callback that changes the array": (
        """
        xs = [1, 2, 3]
        r = xs.map(fn(x) x + 1).map(fn(x) { xs[0] = 9; xs[1] = 8; x * 10 })
        print("{r} {xs}")
        """,
        "20,30,40 9,8,3\n",
    ),
    "the index of the second callback counts what it gets": (
        """
        print("{[5, 6, 7, 8].filter(fn(x) x % 2 == 0).map(fn(x, i) x * 100 + i)}")
        """,
        "600,801\n",
    ),
    "an array that is used twice": (
        """
        ys = [1, 2, 3].map(fn(x) x * 2)
        print("{ys.filter(fn(y) y > 2)} {len(ys)}")
        """,
        "4,6 3\n",
    ),
    "nothing in it": (
        """
        var none = [1]
        none.pop()
        print(none.map(fn(x) x + 1).filter(fn(x) x > 0).reduce(fn(a, b) a + b, 5))
        """,
        "5\n",
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_gives_what_its_loops_one_after_the_other_give(name: str) -> None:
    text, expected = CHAINS[name]
    outcome = everywhere(text)
    assert (outcome.panic, outcome.stdout) == (None, expected)


def test_the_first_panic_is_that_of_the_first_loop() -> None:
    text = """
    xs = [3, 2, 1, 0]
    print(xs.map(fn(x) 6 % x).filter(fn(x) [1, 2][x + 5] > 1))
    """
    outcome = everywhere(text)
    assert outcome.panic == "division by zero", outcome
