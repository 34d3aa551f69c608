# The commands of the house. `make demo` and `make test` need nothing but Python 3.11+ and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEMO   ?= demo

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix lock clean bench bench-scale load fuzz docs

help:            ## what there is
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## /\t/' | expand -t 14

setup: $(STAMP)  ## the environment, in .venv
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "ofsight needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make setup PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup      ## synthetic releases, dataset, study, report, in ./demo
	$(BIN)/ofsight demo --to $(DEMO)

check: setup     ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: check      ## everything that must hold
	$(BIN)/pytest -n auto --dist loadfile $(PYTEST_ARGS)

fix: setup       ## what a tool can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup     ## speed, as ratios measured in one run
	$(BIN)/python -m benchmarks

bench-scale: setup  ## ten million rows over two worker processes
	$(BIN)/python -m benchmarks.scale

load: setup      ## the explorer under load on loopback: 200 requests a second, ten minutes (DATASET= STUDY= PLAN= LOAD=)
	$(BIN)/python -m benchmarks.load --dataset $(or $(DATASET),$(DEMO)/dataset) \
	  $(addprefix --study ,$(or $(STUDY),$(wildcard $(DEMO)/study))) $(addprefix --plan ,$(PLAN)) $(LOAD)

fuzz: setup      ## random files at the readers, a minute for each kind, guided by coverage (FUZZ="--seconds 600")
	$(BIN)/python tests/faults/fuzz_readers.py $(FUZZ)

docs: setup      ## the documents that are made from the code
	$(BIN)/python tools/write_docs.py

lock: setup      ## renew requirements.lock (hashes, no index address)
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --quiet --upgrade --output-file requirements.lock

clean:           ## what can be made again
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
