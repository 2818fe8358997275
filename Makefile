# A target with a ## comment is listed by `make help`.

VENV ?= .venv
BIN := $(VENV)/bin
# The first of these that is new enough; set PYTHON to take another one.
PYTHON ?= $(firstword $(foreach python,python3 python3.13 python3.12 python3.11,$(shell \
	$(python) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(python))) python3)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help read test lint types format bench clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: PYTHON (3.11 or newer), VENV (default .venv); see CONTRIBUTING.md."

read: $(VENV)/core.stamp ## read the example photos with the packaged models; needs no torch
	@$(BIN)/scenetext read examples/*.jpg --overlay out
	@echo; echo "The photos with the words drawn on them: out/*.jpg"

test: lint types ## everything a change has to pass: lint, types, layers, tests
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

lint: $(VENV)/dev.stamp ## ruff: style, and the format of every file
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/dev.stamp ## mypy, strict
	$(BIN)/mypy

format: $(VENV)/dev.stamp ## rewrite the files in the house's format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# make bench PEER=another/bin/python FONTS=fonts BACKGROUNDS=photos DATA=archives
bench: $(VENV)/$(if $(FONTS),dev,core).stamp ## time and memory of reading; see docs/benchmarks.md for more
	$(BIN)/python benchmarks/read.py $(if $(PEER),--peer-python $(PEER))
	$(if $(FONTS),$(BIN)/python benchmarks/synth.py --fonts $(FONTS) --backgrounds $(BACKGROUNDS))
	$(if $(DATA),$(BIN)/python benchmarks/protocols.py --data $(DATA))

clean: ## remove results and caches; environment and training runs stay
	rm -rf out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests benchmarks examples -name __pycache__ -type d -exec rm -rf {} +

# The stamps stand for what is installed. They are renewed when the declared or pinned dependencies change.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "scenetext needs Python 3.11 or newer and found $$($(PYTHON) --version 2>&1 | head -1);" \
			"name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/core.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable '.[train,dev]'
	@touch $(VENV)/core.stamp $@
