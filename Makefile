# Two targets do all the set-up on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TOOLS := tests/tools/node_modules/.installed
SCANNERS := .tools/scanners/.installed

.DEFAULT_GOAL := help
.PHONY: help install tools scanners run test lint format bench api schema flaws people pictures docs clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,docs,browser]'
	@touch $@

install: $(STAMP)  ## make .venv with everything in it

# Compilers and linters that judge generated pull requests. Tests that need them are skipped where there is no npm.
# From within their folder: --prefix would also say where npm's settings of the machine are, such as a company's authority.
$(TOOLS): tests/tools/package-lock.json
	@if command -v npm >/dev/null; then (cd tests/tools && npm ci --silent) && touch $@; \
	else echo "npm is not there: the tests that need it will be skipped (Debian: apt install nodejs npm)"; fi

tools: $(TOOLS)  ## install the npm packages that tests use

# Scanners that judge generated flaws. Semgrep wants its own versions of many packages, so they have an environment of their own.
$(SCANNERS): tests/scanners/requirements.txt
	@$(PYTHON) -m venv .tools/scanners && \
	.tools/scanners/bin/python -m pip install --quiet --disable-pip-version-check --requirement $< && touch $@ \
	|| echo "The scanners could not be installed: the tests that need them will be skipped"

scanners: $(SCANNERS)  ## install the scanners that tests use

run: $(STAMP)  ## start the reference QMS, run every suite, write results/latest/report.html
	PATH="$(CURDIR)/$(BIN):$$PATH" qms run

test: $(STAMP) $(TOOLS) $(SCANNERS)  ## all tests of the project itself
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest -m 'not alone' --numprocesses auto --maxprocesses 4 --dist loadfile
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest -m alone

lint: $(STAMP)  ## ruff, mypy, robocop, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/robocop check suites resources

format: $(STAMP)  ## put the sources in their usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/robocop format suites resources

bench: $(STAMP)  ## measure; prints ratios, judges nothing
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m tests.benchmarks

api: $(STAMP)  ## write docs/api anew from the contract
	$(BIN)/qms docs api

schema: $(STAMP)  ## write docs/scenario.schema.json anew from the kinds of steps
	$(BIN)/qms docs scenarios

flaws: $(STAMP) $(TOOLS) $(SCANNERS)  ## write docs/flaws.md anew from what the scanners find
	$(BIN)/python -m tests.scanners

people: $(STAMP)  ## draw the people and companies of the generated pull requests anew; changes what every seed makes
	$(BIN)/python tests/tools/draw_people.py > QMSLibrary/data/people.yaml

pictures: $(STAMP)  ## take the pictures of the dashboard's page in docs/images anew
	PATH="$(CURDIR)/$(BIN):$$PATH" robot --include pictures --variable "PICTURES:$(CURDIR)/docs/images" --outputdir results/pictures \
		suites/component/cmp_19_page.robot

clean:  ## remove what was made here
	rm -rf $(VENV) .tools tests/tools/node_modules results build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
