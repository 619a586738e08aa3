# make plan   set up, build the Shaoguan demo, plan it, print the run folder and the map
# make test   set up and run every test
# make check  everything CI runs: lint, types, floors, tests, notebooks
# make docs   the documentation as a site that opens offline: site/index.html
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO ?= data/shaoguan
KERNELS := tests/selection tests/coverage/test_coverage.py \
  $(wildcard tests/coverage/test_terrain*.py tests/radio/test_sweep*.py tests/radio/test_sectors*.py) \
  tests/radio/test_shadowing.py

.PHONY: setup demo plan test lint kernels notebooks docs check bench bundle lock clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

$(DEMO)/project.toml: $(READY)
	$(BIN)/siteplan demo $(DEMO)

demo: $(DEMO)/project.toml

plan: $(DEMO)/project.toml
	$(BIN)/siteplan plan $(DEMO)

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python scripts/architecture.py --check
	$(BIN)/lint-imports
	$(BIN)/biome lint

# numba kernels as plain Python, then compiled with bounds checks (a cache of its own)
kernels: $(READY)
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest $(KERNELS) -m "not long_without_jit"
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=.cache/boundscheck $(BIN)/python -m pytest $(KERNELS)

notebooks: $(READY)
	$(BIN)/python notebooks/run.py

# tables of docs/data.md from the registry of columns, then a strict build without any request
docs: $(READY)
	$(BIN)/python docs/make_tables.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

check: lint test kernels notebooks

bench: $(DEMO)/project.toml
	$(BIN)/python benchmarks/ranking.py $(DEMO)
	$(BIN)/python benchmarks/sweep.py
	$(BIN)/python benchmarks/terrain_accuracy.py
	$(BIN)/python benchmarks/datum.py $(DEMO)
	$(BIN)/python benchmarks/addresses.py $(DEMO)
	$(BIN)/python benchmarks/health.py $(DEMO)
	$(BIN)/python benchmarks/door.py $(DEMO)
	$(BIN)/python benchmarks/webmap.py $(DEMO)

# dist/siteplan-bundle: installs on Windows (Python 3.11, 3.12) without internet
bundle: $(READY)
	$(BIN)/python scripts/make_bundle.py

lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock

clean:
	rm -rf $(VENV) .cache $(DEMO)
