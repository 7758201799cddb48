"""The kernels: what each does, what it is measured with, and the ratio to Go that it should reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import data

FOLDER = Path(__file__).resolve().parent
PROGRAMS = FOLDER / "programs"
PEERS = FOLDER / "peers"


@dataclass(frozen=True, slots=True)
class Kernel:
    """One benchmark. `target` is the ratio to Go to reach, `c_like` says that clang -O3 wasm32 is the measure as well."""

    name: str
    kind: str
    work: str
    target: float = 1.0
    c_like: bool = False

    @property
    def program(self) -> Path:
        return PROGRAMS / f"{self.name}.tova"

    def arguments(self, size: int | None) -> list[str]:
        """What every side gets on its command line: nothing for the usual size, which is written in the programs."""
        if self.name in data.DATA:
            return [str(data.file_for(self.name, size))]
        return [] if size is None else [str(size)]


_ROWS = (
    Kernel("fib", "recursion", "calls: Fibonacci 40", 0.57),
    Kernel("tak", "recursion", "calls with three arguments (TAK)", 0.85),
    Kernel("fib_iter", "iteration", "a loop with two values, 50 million turns", 0.45),
    Kernel("collatz", "integer loops", "a loop that depends on its data, up to 1 million"),
    Kernel("sieve", "sieve", "the primes up to 10 million", 0.65, c_like=True),
    Kernel("matmul", "matrices", "the product of two matrices of 200 rows", 0.9, c_like=True),
    Kernel("spectral_norm", "matrices", "the power method on 1000 rows", 1.05, c_like=True),
    Kernel("map_filter_reduce", "array pipelines", "map, filter, reduce of 1 million Ints", 0.4),
    Kernel("find", "array pipelines", "the first element that fits, 100 times in 1 million", 0.45),
    Kernel("parallel_map", "parallel map", "a costly function of 300,000 numbers, on one thread"),
    Kernel("dot", "typed arrays", "the dot product of 1 million Floats, 100 times"),
    Kernel("norm", "typed arrays", "the norm of 1 million Floats, 100 times"),
    Kernel("kahan", "typed arrays", "the compensated sum of 1 million Floats, 100 times"),
    Kernel("vadd", "typed arrays", "the sum of two arrays of 1 million Floats, 100 times"),
    Kernel("string_build", "strings", "200,000 pieces joined, split, searched, replaced"),
    Kernel("join", "strings", "1 million pieces to one text, ten times", 0.35),
    Kernel("split", "strings", "one text to 1 million pieces, ten times", 0.5),
    Kernel("replace", "strings", "all places of a text that are the same, ten times", 0.6),
    Kernel("contains", "strings", "a text searched for another, ten times", 1.0),
    Kernel("nbody", "n-body", "5 million steps of five planets", 1.05, c_like=True),
    Kernel("match_dispatch", "pattern matching", "`match` on variants in a loop, 10 million", 1.2),
    Kernel("match_create", "pattern matching", "variants made and matched, 10 million", 0.5),
    Kernel("match_10arm", "if and match", "a `match` of ten arms as a value, 10 million", 0.6),
    Kernel("result_check", "Result and Option", "results made and asked, 10 million", 1.0),
    Kernel("result_map3", "Result and Option", "three maps of a Result, 10 million", 0.05),
    Kernel("result_flatmap", "Result and Option", "flatMap of Results, 10 million", 0.4),
    Kernel("option_unwrap_or", "Result and Option", "unwrapOr of Options, 10 million", 0.55),
    Kernel("closure_counter", "closures", "a closure with a variable of its own, 10 million calls", 1.0),
    Kernel("sort_ints", "sort", "1 million Ints made and sorted", 0.1),
    Kernel("sort_floats", "sort", "1 million Floats made and sorted", 0.15),
    Kernel("mandelbrot", "numbers", "a picture of 600 x 600 points", 1.0, c_like=True),
    Kernel("fannkuch", "numbers", "all orders of 10 pancakes", 1.05, c_like=True),
    Kernel("fft", "numbers", "the fast Fourier transform of 131,072 points and back, five times"),
    Kernel("bfs", "graphs", "breadth-first search in a maze of 1500 x 1500 cells"),
    Kernel("dijkstra", "graphs", "shortest paths over 1 million edges, with a binary heap"),
    Kernel("binary_trees", "allocation", "trees of depth 18", 0.35),
    Kernel("deriv", "allocation", "1 million derivatives of an expression", 0.25),
    Kernel("sha256", "bytes", "SHA-256 of 10 MB, the rounds written out", 1.15, c_like=True),
    Kernel("base64", "bytes", "1 MB encoded and decoded, 50 times"),
    Kernel("lz", "bytes", "4 MB compressed and back", 0.85, c_like=True),
    Kernel("huffman", "bytes", "Huffman's code of 4 MB, there and back"),
    Kernel("levenshtein", "texts", "the edit distance of texts of 2000 letters", 0.55, c_like=True),
    Kernel("word_count", "texts", "the words of a file of 20 MB in a Map", 0.4),
    Kernel("brc", "texts", "1 million rows `Station;-12.3` of a file in a Map (1BRC)", 0.7),
    Kernel("json_parse", "JSON", "a file of 11 MB to records", 0.25),
    Kernel("json_stringify", "JSON", "100,000 records of 7 fields to text", 0.2),
)

#: Name -> kernel, in the order in which they are shown.
KERNELS = {kernel.name: kernel for kernel in _ROWS}
