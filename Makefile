# Needs Python 3.11 or later and make; everything else is put into .venv, from the lock.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.made-of-the-lock
SERVERS ?= examples/servers.json

.DEFAULT_GOAL := help
.PHONY: help demo test lint fmt docs lock bench chaos lab lab-down test-real bench-real

help: ## What there is
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

demo: $(READY) ## The whole system on this machine, and real scans that become ready servers (ONCE=1: ends by itself)
	$(BIN)/onramp sandbox --servers $(SERVERS) $(if $(filter-out 0,$(ONCE)),--once)

test: $(READY) ## Unit tests, then integration on real NATS and OpenBao, with the emulators behind the real clients
	$(BIN)/pytest $(ARGS)

lint: $(READY) ## ruff, mypy (strict), and which part may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(READY) ## Put the code in ruff's form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY) ## Hops per second, requests and memory per server
	$(BIN)/python -m bench

chaos: $(READY) ## Every fault on the real services and NATS, and its figures (SEED=N does one again, SHORT=1: 6 to 11 minutes)
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(filter-out 0,$(SHORT)),--short) $(foreach name,$(ONLY),--only $(name))

lab: $(READY) ## Bring real backends up: NetBox, Kea, Kubernetes with Metal3's types, OpenBao (root, Debian)
	$(BIN)/python -m tests.lab up

lab-down: $(READY) ## End them
	$(BIN)/python -m tests.lab down

test-real: $(READY) ## The contract tests on the lab's backends, then the example servers through the services there
	@test -f .lab/env || { echo "The lab is not up: make lab" >&2; exit 1; }
	@set -a; . .lab/env; failed=0; \
	  $(BIN)/pytest tests/contract/netbox --ignore=tests/contract/netbox/test_crash.py $(ARGS) & netbox=$$!; \
	  ONRAMP_NETBOX_URL=$$ONRAMP_LAB_NETBOX_BESIDE_URL $(BIN)/pytest tests/contract/netbox/test_crash.py $(ARGS) & beside=$$!; \
	  $(BIN)/pytest tests/contract --ignore=tests/contract/netbox $(ARGS) || failed=1; \
	  wait $$netbox || failed=1; \
	  wait $$beside || failed=1; \
	  $(BIN)/pytest tests/real $(ARGS) || failed=1; \
	  exit $$failed

bench-real: $(READY) ## What a server costs the lab's backends, in requests and seconds
	@test -f .lab/env || { echo "The lab is not up: make lab" >&2; exit 1; }
	@set -a; . .lab/env; $(BIN)/python -m bench.real

docs: $(READY) ## The generated documents; with RECORD=1 also the README's walk and `docs/operations/commands.md`, from real runs
	$(BIN)/python -m onramp.documents
	$(if $(RECORD),$(BIN)/python -m onramp.documents.walk && $(BIN)/python -m onramp.documents.commands)

lock: $(READY) ## Choose the versions anew
	$(BIN)/uv --version >/dev/null 2>&1 || $(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --all-extras --output-file requirements.lock pyproject.toml

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python can't make environments: install its venv package (Debian: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
