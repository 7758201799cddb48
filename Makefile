# Every target works alone on a fresh clone: ./setup.sh installs what is missing, and costs nothing when all is there.

python := .venv/bin/python
# How pytest divides the tests; a slower machine may be given another number of workers: make test workers=1
workers := 2
tests :=
kernels :=
options :=

.NOTPARALLEL:
.PHONY: help demo test snapshots bench setup clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\): *[a-z]* *## /\1\t/p' $(MAKEFILE_LIST)

demo:  ## set everything up, compile a real program through every stage and show it
	@./setup.sh
	@$(python) examples/demo.py

test:  ## set everything up and run the linter, the type checker and the tests (tests=tests/test_x.py for some)
	@./setup.sh test
	$(python) -m ruff check .
	@rm -rf build/typing && mkdir -p build/typing/wasmlathe
	@ln -s $(CURDIR)/toolchain/* $(addprefix $(CURDIR)/,passes plugins stdlib wasm_runtime) build/typing/wasmlathe
	$(python) -m mypy
	$(python) -m pytest -n $(workers) --dist worksteal $(tests)

snapshots:  ## write the goldens of the compiler and of examples/snapshot-review anew, to be read as a diff
	@./setup.sh test
	$(python) -m pytest -q -p no:xdist tests/snapshots/test_goldens.py --snapshot-update
	cd examples/snapshot-review && $(CURDIR)/$(python) -m pytest -q -p no:cacheprovider --snapshot-update

bench:  ## measure the kernels of bench/programs against the languages that are here (kernels="fib sieve" options="--peer go")
	@./setup.sh
	@$(python) -m wasmlathe bench $(kernels) $(options)

setup:  ## only set everything up, tests included
	@./setup.sh test

clean:  ## remove what was built, installed and cached in this folder
	rm -rf .venv build wasmlathe.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
