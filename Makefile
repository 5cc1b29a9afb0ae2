# What one does in this house, each by one word. `make` alone lists them.
# A fresh clone needs only python3 (3.11 or newer, with venv) and pip's registry.

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev

.DEFAULT_GOAL := help
.PHONY: help setup run test soak bench pictures format docs lock clean

help:  ## List the words
	@sed -n 's/^\([a-z]*\):.*  ## /\1|/p' Makefile | while IFS='|' read -r word what; do \
		printf '  make %-8s %s\n' "$$word" "$$what"; done

setup: $(DEV)  ## Make .venv with everything that is needed to work here

run: $(RUNTIME)  ## Start the demo on http://localhost:8080
	$(BIN)/rebind demo $(ARGS)

test: $(DEV)  ## Check format, types and floors, then run every test
	@scripts/system-packages postgresql chromium clamav
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 3 $(ARGS)

soak: $(DEV)  ## Run the long tests
	@scripts/system-packages postgresql
	$(BIN)/pytest -m soak $(ARGS)

bench: $(DEV)  ## Measure; ARGS="…" goes to the benchmark
	@scripts/system-packages postgresql
	$(BIN)/python -m bench $(ARGS)

pictures: $(DEV)  ## Photograph every page: both widths, languages and colours, into pictures/
	@scripts/system-packages chromium
	$(BIN)/python -m scripts.pictures $(ARGS)

format: $(DEV)  ## Put the code into its format and order
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

docs: $(DEV)  ## Remake the pages of docs/ that are made from the code
	$(BIN)/python -m scripts.policy_page
	$(BIN)/python -m scripts.settings_page
	$(BIN)/python -m scripts.catalogue_blocks
	$(BIN)/python -m scripts.journey_pages

lock:  ## Remake the lock files; ARGS=--upgrade takes the newest versions
	@PYTHON=$(PYTHON) scripts/lock $(ARGS)

clean:  ## Remove .venv and everything that tools left behind
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -rf src/*.egg-info
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

# Two marks tell what .venv holds; an older mark than its lock means: install again.
$(RUNTIME): requirements.lock pyproject.toml scripts/venv
	@PYTHON=$(PYTHON) scripts/venv $(VENV)
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
