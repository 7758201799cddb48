"""What the compiler makes of the kernel. After an intended change `pytest --snapshot-update`, and read the diff."""

KERNEL = {
    "pipeline": "kernel",  # of wasmlathe.toml
    "exports": {"total": ["[Int]"], "length": ["Float", "Float"], "brightest": ["[Int]", "Int"]},
}


def test_the_loop_of_total_has_no_checks(wasmlathe_snapshot):
    wasmlathe_snapshot("kernel.tova", function="total", **KERNEL)


def test_the_point_is_never_allocated(wasmlathe_snapshot):
    wasmlathe_snapshot("kernel.tova", function="length", include=("passes", "remarks", "size", "wat"), **KERNEL)


def test_map_and_reduce_are_one_loop(wasmlathe_snapshot):
    wasmlathe_snapshot("kernel.tova", function="brightest", include=("passes", "remarks", "size"), **KERNEL)


def test_a_text_can_be_a_program_too(wasmlathe_snapshot):
    wasmlathe_snapshot("fn twice(n) { n + n }\n", exports={"twice": ["Int"]}, include=("ir", "wat"))
