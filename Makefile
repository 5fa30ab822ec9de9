# Every target makes what it needs: an environment in .venv, with the versions of constraints.txt.
# Only relative paths are used, so that a checkout may lie under a path with spaces.
PYTHON ?= python3
VENV := .venv
PEERS := .venv-peers
RUN := $(VENV)/bin/python -m
STAMP := $(VENV)/.installed
PORT ?= 8501

.PHONY: app test run bench lint format clean

app: $(STAMP)  ## open the planner's map on the sample city
	$(RUN) views.cli app sample_data --port $(PORT)

test: $(STAMP)  ## run all tests
	$(RUN) pytest -q -n 2 --no-loadscope-reorder --hypothesis-profile repeatable --durations 12

run: $(STAMP)  ## run the sample scenario from the command line
	$(RUN) views.cli run sample_data --scenario sample_data/scenarios/plan2030.toml --out out

bench: $(STAMP) $(PEERS)/.installed  ## measure speed side by side with peers
	$(RUN) benchmarks.published
	$(RUN) benchmarks.lod1
	$(RUN) benchmarks.load
	$(RUN) benchmarks.heat
	$(RUN) benchmarks.calibrate
	$(RUN) benchmarks.heat_network
	$(RUN) benchmarks.dispatch
	$(RUN) benchmarks.steiner
	$(RUN) benchmarks.feeder
	$(RUN) benchmarks.electricity
	$(RUN) benchmarks.charging
	$(RUN) benchmarks.assignment
	$(RUN) benchmarks.link_emissions
	$(RUN) benchmarks.attribution
	$(RUN) benchmarks.uncertainty
	$(RUN) benchmarks.optimise

lint: $(STAMP)  ## check style, form and types
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

format: $(STAMP)
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with make PYTHON=python3.12 ...")'
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,bench,dev]'
	touch $(STAMP)

$(PEERS)/.installed: benchmarks/peers.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	touch $(PEERS)/.installed

clean:
	rm -rf $(VENV) $(PEERS) out static build dist
