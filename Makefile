# Everything a newcomer needs. `make help` lists it; each target sets up by itself what it needs.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MESSAGES := $(patsubst %.po,%.mo,$(shell find src -name '*.po'))
# Test processes side by side; each has a database of its own.
TEST_PROCESSES ?= 2
# The first Python that runs and is new enough. `make PYTHON=/path/to/python` says otherwise.
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

# What Python has compiled is kept, also where the surroundings say otherwise: every process starts quicker by it.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup run test lint format bench messages browser clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) messages ## Make the virtual environment with the locked dependencies

run: setup ## Start everything with a sample mall; Ctrl-C stops it
	@exec $(BIN)/fenqi run

test: setup browser ## Run all tests
	@$(BIN)/pytest -n $(TEST_PROCESSES) --dist worksteal

lint: setup ## Check style, types and the layers of the house
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Write the code the way lint wants it
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format --quiet

bench: setup ## Measure how fast this machine is
	@$(BIN)/fenqi bench

messages: $(MESSAGES) # the texts of the pages in the form Django reads

%.mo: %.po | $(READY)
	@$(BIN)/pybabel -q compile -i $< -o $@

browser: # Chromium and a Chinese font for the browser tests, where this machine lets us install them
	@scripts/browser

clean: ## Remove what can be made again; the data in .data stays
	@rm -rf $(VENV) dist test-artefacts .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache $(MESSAGES)
	@find src tests -name __pycache__ -type d -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Fenqi needs Python 3.11 or newer." >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version); this takes a minute, once."
	@$(PYTHON) -m venv $(VENV) || { echo "Python lacks its venv module: on Debian, apt install python3-venv." >&2; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@
