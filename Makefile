# Everything makes .venv first when it is missing, half-made, moved, or older than pyproject.toml.

VENV := .venv
BIN := $(VENV)/bin
HERE := $(shell pwd -P)

# A virtual environment works only where it was made, and only as long as its Python is there.
MADE := $(shell [ "$$(cat $(VENV)/made-in 2>/dev/null)" = "$(HERE)" ] && $(BIN)/python -c "" 2>/dev/null && echo yes)

.PHONY: help setup run test lint bench soak screenshots clean again
.DEFAULT_GOAL := help

help: ## show what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | awk -F@ '{ printf "%-20s %s\n", $$1, $$2 }'

setup: $(VENV)/installed ## prepare .venv, with .venv/bin/zmqtui in it

run: $(VENV)/installed ## open the app; make run ARGS="pubsub --start" passes arguments on
	@$(BIN)/zmqtui $(ARGS)

test: $(VENV)/installed-dev ## check style, types, imports and run all tests; TESTS=tests/cli for some
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 $(TESTS)

lint: $(VENV)/installed-dev ## put the sources in order as far as ruff can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/installed-dev ## measure speed against plain pyzmq and a bare Textual app; BENCH="throughput --rounds 9" for a part
	@$(BIN)/python -m tests.bench $(BENCH)

soak: $(VENV)/installed-dev ## do everything to stages and the app at random, for 10 minutes; SOAK="--seed 7" for the same again
	@$(BIN)/python -m tests.soak --operations 10000 $(SOAK)

screenshots: $(VENV)/installed ## draw screenshots/*.svg anew from the running app
	$(BIN)/python screenshots/take.py

clean: ## remove .venv and everything else that was made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache snapshot_report.html
	find zmqtui tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/installed: pyproject.toml $(VENV)/made-in
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

# Only a new pip knows dependency groups.
$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

$(VENV)/made-in: $(if $(MADE),,again)
	@rm -rf $(VENV)
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "making $(VENV) with $$($$python --version)"; \
		$$python -m venv $(VENV) && pwd -P > $@ && exit 0; \
		rm -rf $(VENV); \
		echo "zmqtui: $$python cannot make a virtual environment: install its venv module (python3-venv)" >&2; \
		exit 1; \
	done; \
	echo "zmqtui: Python 3.11 or newer is needed: install it, or name it with make PYTHON=/path/to/python3" >&2; \
	exit 1

again:
