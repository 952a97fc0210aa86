# Two commands do everything on a machine that has only Python 3.11+, make and a package index:
#   make run    set up, serve on 127.0.0.1:8000, and stream a sample through it (VIDEO=path, DEMO=0, DATA_DIR=folder)
#   make test   set up, then run every test
#   make check  what can be checked in two minutes: types, lint, and the quick tests

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
# Empty: the folder that every `backchannel` command uses by default.
DATA_DIR ?=
DEMO ?= 1
CLIPS ?= ../shared/clips
# Processes that run tests side by side. A file's tests stay together, since they share what takes long to start.
JOBS ?= 2
HOURS ?= 1
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder
BIN := .venv/bin

.DEFAULT_GOAL := help
# The pages that the server shows at /docs, and what they are made from.
SITE := src/backchannel/server/pages/site/index.html
PAGES := $(shell find docs evals/RESULTS.md evals/TRUTH.md evals/NODS.md bench/RESULTS.md src/backchannel/config.py src/backchannel/errors.py \
	src/backchannel/console/tokens.css src/backchannel/console/icon.svg -type f -not -name '*.pyc' 2>/dev/null)

.PHONY: help setup run test check lint code docs eval nods bench fuzz clean

help:
	@echo "make run    set up, serve on $(HOST):$(PORT) and stream a sample (VIDEO=path, DEMO=0 only serves, DATA_DIR=folder)"
	@echo "make test   set up, then run every test"
	@echo "make check  types, lint, and every test that needs no browser, server, worker process or rendering"
	@echo "make lint   format, lint, types, imports, the words of all texts, and the links of the documentation"
	@echo "make docs   the documentation, as the server shows it at /docs"
	@echo "make eval   how well cues agree with labelled clips (CLIPS=dir, HTML=page.html, NEITHER=1, RESULTS=1 keeps the result)"
	@echo "make nods   nods and shakes of rendered listeners and speakers, half an hour (RESULTS=1 keeps the result)"
	@echo "make bench  speed, load, memory, start-up, growth (PART=load for one, SMOKE=1 small, RESULTS=1 keeps the result)"
	@echo "make fuzz   changed inputs for every parser and protocol machine (HOURS=1, TARGET=webm for one)"
	@echo "make setup  only make the environment;  make clean  remove it"

setup: .venv/.ready

.venv/.ready: pyproject.toml uv.lock hatch_build.py .ci/setup
	@PYTHON="$(PYTHON)" bash .ci/setup
	@touch $@

docs: $(SITE)

$(SITE): $(PAGES) | .venv/.ready
	@$(BIN)/python -m docs.site.build --strict

run: setup $(SITE)
	@exec $(BIN)/python -m tools.demo --host $(HOST) --port $(PORT) $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") \
		$(if $(filter 0,$(DEMO)),--serve-only) $(if $(VIDEO),--video "$(VIDEO)")

test: setup $(SITE)
	@bash .ci/browser
	@bash .ci/prometheus
	@$(PYTEST)

check: setup code
	@$(PYTEST) -q -m "not browser and not server and not render and not process and not slow"

lint: setup code
	@$(BIN)/python -m docs.site.build --strict

code: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.style_check

eval: setup
ifdef RESULTS
	@$(BIN)/python -m evals.results "$(CLIPS)"
else
	@$(BIN)/backchannel eval "$(CLIPS)" $(if $(HTML),--html "$(HTML)") $(if $(NEITHER),--neither)
endif

nods: setup
	@$(BIN)/python -m evals.nods --jobs $(JOBS) $(if $(KEEP),--keep "$(KEEP)") $(if $(RESULTS),--results)

bench: setup
	@$(BIN)/python -m bench $(PART) $(if $(SMOKE),--smoke) $(if $(RESULTS),--results)

# Another seed each time. HOURS=8 takes a night; TARGET=webm chooses one target.
fuzz: setup
	@$(BIN)/python -m fuzz --seconds $$(( $(HOURS) * 3600 )) --seed $$(date +%s) $(if $(TARGET),--target $(TARGET))

clean:
	rm -rf .venv .cache
