# make demo | test | check | bench | services | dials-gate | outside-clients | fix: each works alone on a machine with git, make and python3 (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
OUT ?= night
BENCHMARKS := $(filter-out benchmarks/dials_gate.py,$(wildcard benchmarks/*.py))

.PHONY: demo test check bench services dials-gate outside-clients fix wheel clean
.DEFAULT_GOAL := test

$(VENV)/.base:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "mxplans needs Python 3.11 or newer, this is " + sys.version'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "the venv module is missing: as root, apt-get install python3-venv"; exit 1; }
	touch $@

$(VENV)/.runtime: $(VENV)/.base requirements/runtime.txt requirements/build.txt pyproject.toml
	$(PIP) install --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt requirements/loop_finders.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --require-hashes -r requirements/loop_finders.txt
	touch $@

demo: $(VENV)/.runtime
	$(BIN)/mxplans udc --profile profiles/sim/beamline.yaml --out $(OUT) profiles/sim/shipment.json

test: $(VENV)/.dev
	$(BIN)/python tests/run_halves.py

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.runtime
	for script in $(BENCHMARKS); do $(BIN)/python $$script || exit 1; done

# Servers for tests, which start their own in temporary folders. As root, on Debian.
services:
	command -v redis-server >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server; }
	command -v mariadbd >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends mariadb-server; }
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql; }

# Public clients that are not ours, and the tests that let them talk to our servers.
outside-clients: $(VENV)/.dev $(VENV)-outside/.installed
	$(BIN)/python -m pytest tests/mxplans_sim/outside tests/profile/outside

$(VENV)-outside/.installed: requirements/outside_clients.txt
	$(PYTHON) -c 'import sys; assert sys.version_info[:2] == (3, 11), "mxcubecore is made for Python 3.11, this is " + sys.version'
	$(PYTHON) -m venv $(VENV)-outside
	$(VENV)-outside/bin/python -m pip --disable-pip-version-check -q install --no-deps --require-hashes -r $<
	touch $@

# Needs the Debian package dials.
dials-gate: $(VENV)/.runtime
	$(BIN)/python benchmarks/dials_gate.py

wheel: $(VENV)/.dev
	$(BIN)/python -m build --wheel --no-isolation

clean:
	rm -rf $(VENV) $(VENV)-outside build dist
