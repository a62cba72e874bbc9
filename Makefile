.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-stamp
export DAGSTER_HOME := $(CURDIR)

JOBS ?= 3
N ?= 10000
ERP ?= intacct
KILLS ?= 300
LEDGER ?= sqlite

.PHONY: help setup run test crash crash-sweeps kills check screenshots clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## Make .venv with everything pinned in constraints.txt

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: set PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: $(STAMP) ## Start the sandbox and Dagster; the UI is at http://127.0.0.1:3000
	$(BIN)/stampli sandbox up --ui

test: $(STAMP) ## Run the whole test suite
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

crash: $(STAMP) ## Play N=10000 schedules of crashes and bad replies; SEED=n tells one again; ERP=graphql or rest
	PYTHONPATH=tests $(BIN)/python -m crash --schedules $(N) --erp $(ERP) $(if $(SEED),--seed $(SEED))

crash-sweeps: $(STAMP) ## Every pair of fault point and bad reply; a reply cut at every byte
	PYTHONPATH=tests $(BIN)/python -m crash --sweeps

kills: $(STAMP) ## Kill KILLS=300 real Dagster runs on LEDGER=sqlite or postgresql
	PYTHONPATH=tests $(BIN)/python -m kills --kills $(KILLS) --ledger $(LEDGER)

check: $(STAMP) ## Check format, lint, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy stampli_assets
	$(BIN)/lint-imports

screenshots: $(STAMP) ## Take the README's screenshots from a running sandbox (needs Chromium)
	$(BIN)/python docs/take_screenshots.py

clean: ## Remove what was stored (var/): runs, ledger, landing store, the sandbox's books
	rm -rf var
