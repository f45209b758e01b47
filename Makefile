# The same words for people and for CI; each calls the environment's own python.
PYTHON ?= .venv/bin/python
PYTEST = $(PYTHON) -m pytest
ENVIRONMENT = $(filter .venv/%,$(PYTHON))

.DEFAULT_GOAL := help
.PHONY: help setup check lint types house test test-docker coverage build bench

help: ## Tell what each word does.
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## Make the environment .venv with everything that development needs.
	python3 -m venv .venv
	.venv/bin/python -m pip install --quiet --editable '.[dev]'

check: lint types house ## Run lint, types and house.

lint: $(ENVIRONMENT) ## Hold all Python to ruff's rules and format.
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types: $(ENVIRONMENT) ## Check the types of package and tests, strictly.
	$(PYTHON) -m mypy

house: $(ENVIRONMENT) ## Hold the checkout to the rules of the house.
	$(PYTEST) -q tests/test_house.py

test: $(ENVIRONMENT) ## Run the tests that need no Docker engine.
	$(PYTEST) -m "not docker"

test-docker: $(ENVIRONMENT) ## Run the tests that need a Docker engine.
	$(PYTEST) -m docker

coverage: $(ENVIRONMENT) ## Run the tests that need no Docker engine and hold branch coverage to its floor.
	$(PYTEST) -m "not docker" --cov

build: $(ENVIRONMENT) ## Build the sdist, and the wheel from it, into dist/.
	$(PYTHON) -m build --no-isolation

bench: $(ENVIRONMENT) ## Run each benchmark; each prints what it measured against its bound.
	@for bench in bench/*.py; do $(PYTHON) $$bench || exit 1; done

.venv/bin/python:
	@echo "no environment yet: make setup" >&2; exit 1
