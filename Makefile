# What a person types. Everything runs inside .venv, which `make setup` keeps in step with pyproject.toml and constraints.txt.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.setup-stamp
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory --warn-undefined-variables
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-experiment test test-full check lint types layers house web collected bench studio docs \
        constraints clean

PYTEST_ARGS ?=
DEMO_ARGS ?=
BENCH_ARGS ?=
# Two gates at a time, each one's lines together; all of them, also when one fails.
GATES := -k -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
# Tests start hundreds of processes: each would compile all of PyScrAI where nothing compiled may be kept.
unexport PYTHONDONTWRITEBYTECODE

help: ## What there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: $(STAMP) ## The environment, as it was tested (.venv)

$(STAMP): pyproject.toml constraints.txt .ci/web/package-lock.json
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "PyScrAI needs Python 3.11 or later: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "setup: creating .venv with $$("$(PYTHON)" --version)"; "$(PYTHON)" -m venv .venv; }
	@# An old pip may not know this machine's or the packages' newer wheel tags: renew it before it installs anything.
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade 'pip>=25'
	@echo "setup: installing pyscrai[dev,studio,experiments,mixed,mcp,otel] with $$(grep -c == constraints.txt) pinned packages"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev,studio,experiments,mixed,mcp,otel]'
	@$(BIN)/python -m pip check
	@# What checks the viewer, and nothing that it needs to run: TypeScript and axe-core, by the node of a wheel.
	@mkdir -p .venv/web && cp .ci/web/package.json .ci/web/package-lock.json .venv/web
	@$(BIN)/npm ci --prefix .venv/web --ignore-scripts --no-audit --no-fund --silent
	@touch $@

demo: setup ## Plays a whole scenario with a real local model
	@$(BIN)/pyscrai demo $(DEMO_ARGS)

demo-experiment: setup ## Plays a whole experiment with the tiny model (plumbing only: its words mean nothing)
	@$(BIN)/pyscrai models install embedded-tiny
	@$(BIN)/python demo_experiment.py $(DEMO_ARGS)

test: setup ## All gates, then all tests; the last line is pytest's
	@$(BIN)/pyscrai models install embedded-tiny
	@$(MAKE) $(GATES) types collected lint layers web  # the house's rules are among the tests
	@# tests/together.py says which tests share a worker: those of the embedded model never compete with each other.
	@$(BIN)/python -m pytest -q -n 4 $(PYTEST_ARGS)

test-full: setup ## All tests with many examples, and chaos at full size; takes long
	@$(BIN)/pyscrai models install embedded-tiny
	@PYSCRAI_TESTS=full PYSCRAI_CHAOS=full $(BIN)/python -m pytest -q -n 2 $(PYTEST_ARGS)

check: setup ## Lint, types, layers, the house's own rules, the viewer's types; all of them, also when one fails
	@$(MAKE) $(GATES) types house lint layers web

lint: setup
	@$(BIN)/ruff check --quiet . && echo "ruff: clean"

types: setup
	@$(BIN)/mypy

layers: setup
	@$(BIN)/lint-imports --no-logo

house: setup
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_house.py tests/test_imports.py

collected: setup
	@# All tests can be read, and are compiled once: workers that begin together would each do it.
	@told=$$($(BIN)/python -m pytest -qq --collect-only -p no:cacheprovider 2>&1) || { echo "$$told"; exit 1; }

web: setup ## The viewer's types, against those of the API
	@$(BIN)/python .ci/api_types.py
	@$(BIN)/node .venv/web/node_modules/typescript/bin/tsc -p .ci/web/tsconfig.json && echo "tsc: clean"

bench: setup ## The figures, as ratios measured in one run (BENCH_ARGS=--quick for a fast look)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

studio: setup ## LangGraph Studio's server on loopback, offline
	@$(BIN)/langgraph dev --no-browser

docs: setup ## The documentation's site, into build/docs; a warning or a broken link fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict && echo "docs: build/docs (\`pyscrai docs\` opens it)"

constraints: setup ## Writes the versions that are installed now into constraints.txt
	@$(BIN)/python .ci/constraints.py > constraints.tmp && mv constraints.tmp constraints.txt && touch $(STAMP)

clean: ## Removes what was built and cached, and .venv
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage .langgraph_api
