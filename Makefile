# `make demo` shows the ledger at work; `make test` checks everything. Both first bring .venv in
# step with pyproject.toml, so nothing else has to be installed by hand.

UV ?= $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
STAMP := .venv/.in-step
PYTEST_ARGS ?= -n 2
PEERS := .venv-peers

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test venv lint types contracts unit docs acceptance format messages bench bench-peers mutants lock clean python

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(STAMP)  ## build a small ledger in a new folder and walk through a dispute
	@$(BIN)/taizhang demo

# The quick checks first, the scenarios last.
test: lint types contracts unit docs acceptance  ## run every check

venv: $(STAMP)  ## install the project and its tools into .venv

lint: $(STAMP)  ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)  ## mypy, strict
	$(BIN)/mypy

contracts: $(STAMP)  ## import-linter: who may import whom
	$(BIN)/lint-imports --no-logo

unit: $(STAMP)  ## pytest; PYTEST_ARGS="-m 'not slow'" for the fast ones
	$(BIN)/python -m pytest $(PYTEST_ARGS)

docs: $(STAMP)  ## build the documentation into docs/_build/html
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html

acceptance: $(STAMP)  ## run the acceptance scenarios, where they are at hand
	$(BIN)/python tests/acceptance/scenarios.py

format: $(STAMP)  ## let ruff format the code and mend what it safely can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: $(STAMP)  ## collect the messages of the code into the catalogues of cli/locale
	$(BIN)/python tests/support/make_messages.py

bench: $(STAMP)  ## measure beside peers; BENCH_ARGS="append verify --sizes 10000", or --help
	$(BIN)/python benchmarks/run $(if $(wildcard $(PEERS)),--peers $(PEERS)) $(BENCH_ARGS)

# eventsourcing-sqlalchemy pins an older SQLAlchemy, so it gets an environment of its own.
bench-peers: $(STAMP)  ## install what `make bench` compares with, into .venv and .venv-peers
	@set -e; \
	if [ -n "$(UV)" ]; then \
	  "$(UV)" pip install --quiet --python $(BIN)/python --editable '.[bench]'; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'; \
	fi; \
	$(BIN)/python -m venv --clear $(PEERS); \
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check \
	  'eventsourcing-sqlalchemy>=1.0,<2' orjson 'psycopg[binary]'

mutants: $(STAMP)  ## change policies/ in every small way and see whether a test fails; an hour
	PYTHONPATH=tests $(BIN)/python tests/support/try_mutants.py $(MUTANTS_ARGS)

# Settings of this machine must not get into the lock file.
lock:  ## renew uv.lock after a change of dependencies; LOCK_ARGS=--upgrade for newer versions
	@uv="$(or $(UV),$(wildcard $(BIN)/uv))"; \
	[ -n "$$uv" ] || { echo "make lock needs uv (python3 -m pip install uv)" >&2; exit 1; }; \
	env -u UV_DEFAULT_INDEX -u UV_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
	  -u UV_CONFIG_FILE "$$uv" lock $(LOCK_ARGS)

clean:  ## remove what the checks and builds leave behind; .venv stays
	rm -rf build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis mutants
	find cli ledger policies projections tests benchmarks docs -name __pycache__ -prune -exec rm -rf {} +

# --- the environment ------------------------------------------------------------------------------

# The first Python that is new enough and can make an environment. Each candidate is started,
# because a name on the path may be a stub of a version manager.
FIND_PYTHON = python=; \
	for name in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if "$$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	  then python=$$(command -v "$$name"); break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "taizhang needs Python 3.11 or newer with its venv module, and found none." >&2; \
	  echo "Debian, Ubuntu: apt-get install python3 python3-venv. Elsewhere: https://www.python.org" >&2; \
	  echo "A Python at another place: make PYTHON=/path/to/python3 ..." >&2; \
	  exit 1; \
	fi

# The versions of uv.lock as constraints of pip, so that a machine without uv checks the same thing.
define CONSTRAINTS
import collections, pathlib, tomllib
lock = pathlib.Path("uv.lock")
packages = tomllib.loads(lock.read_text(encoding="utf-8"))["package"] if lock.exists() else []
times = collections.Counter(package["name"] for package in packages)
for package in packages:
    if times[package["name"]] == 1 and "registry" in package["source"]:
        print(package["name"] + "==" + package["version"])
endef
export CONSTRAINTS

python:  ## print the Python that would be used
	@$(FIND_PYTHON); echo "$$python"

# With uv exactly what uv.lock says. Without it, or where it cannot reach its index (a mirror that
# only pip is told of, a proxy), the same versions through pip; `make UV= ...` asks for pip at once.
$(STAMP): pyproject.toml $(wildcard uv.lock)
	@set -e; \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  $(FIND_PYTHON); \
	  echo "making .venv with $$python"; \
	  "$$python" -m venv --clear .venv; \
	fi; \
	echo "bringing .venv in step with uv.lock; this takes a minute the first time"; \
	if [ -z "$(UV)" ] || ! UV_PROJECT_ENVIRONMENT=.venv "$(UV)" sync --quiet --extra dev --locked; then \
	  [ -z "$(UV)" ] || echo "uv could not (see above); trying pip"; \
	  $(BIN)/python -c "$$CONSTRAINTS" > .venv/constraints.txt; \
	  $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --constraint .venv/constraints.txt --editable '.[dev]'; \
	fi; \
	touch $@
