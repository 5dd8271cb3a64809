# make run            install and serve the demo shop; needs only Python 3.11 or newer
# make test           run the tests on all cores; ARGS="-k cart" selects some
# make quick          run some tests of everything, and none that makes one wait: a minute; tests/quick.py chooses
# make faults         kill, cut and flood running servers, and see what they lose; ARGS="--list" names the rows
# make pages          look at every page in both languages, light and dark, in four widths; needs Chromium and axe-core
# make bench          measure calls a second beside a bare server; needs wrk; ARGS="--database URL" for PostgreSQL
# make check          run all other checks: format, lint, types, imports, migrations, translations, deploy, requirements
# make requirements   compile the pinned requirements; ARGS=--upgrade takes the newest versions
# make screenshots    take the pictures in docs/screenshots/; needs Chromium
# make messages       update locale/ from the texts in the code

PYTHON = python3
HOST = 127.0.0.1
PORT = 8000
ARGS =

BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
# The settings of a shop in production: its address and nothing else.
PRODUCTION := env DEBUG= SECRET_KEY= DATABASE_URL= ALLOWED_HOSTS= PUBLIC_URL=https://shop.example.com
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate
EXTRACT = pot=$$(mktemp) && trap 'rm -f "$$pot"' EXIT && \
	PYTHONPATH=. $(BIN)/pybabel --quiet extract --mapping pyproject.toml --sort-by-file --no-location \
		--keyword gettext_lazy --keyword ngettext_lazy:1,2 \
		--project shopmcp --version "" --msgid-bugs-address "" --copyright-holder "" -o "$$pot" .
UPDATE = $(BIN)/pybabel --quiet update --ignore-obsolete --no-fuzzy-matching --ignore-pot-creation-date \
	-D django -d locale -i "$$pot"

.PHONY: run test quick pages faults bench check format lint types imports migrations translations deploy drift requirements messages screenshots
.DELETE_ON_ERROR:

run: .venv/.installed
	$(MANAGE) serve --demo --host $(HOST) --port $(PORT)

test: .venv/.installed-dev
	$(BIN)/pytest -n auto $(ARGS)

quick: .venv/.installed-dev
	$(BIN)/pytest -n auto -m quick $(ARGS)

faults: .venv/.installed-dev
	$(BIN)/python -m faults $(ARGS)

# AXE_CORE names axe-core's axe.min.js; .ci/run fetches it.
pages: .venv/.installed-dev
	EVERY_SCREEN=1 $(BIN)/pytest -n auto tests/pages $(ARGS)

bench: .venv/.installed-dev
	$(BIN)/python -m benchmarks.serving $(ARGS)

check: format lint types imports migrations translations deploy drift

format: .venv/.installed-dev
	$(BIN)/ruff format --check .

lint: .venv/.installed-dev
	$(BIN)/ruff check .

types: .venv/.installed-dev
	$(BIN)/mypy .

imports: .venv/.installed-dev
	$(BIN)/lint-imports

migrations: .venv/.installed-dev
	$(MANAGE) makemigrations --check --dry-run

# Django's checks, and our own that templates parse (shopmcp/checks.py).
deploy: .venv/.installed-dev
	@data=$$(mktemp -d) && trap 'rm -rf "$$data"' EXIT && \
	$(PRODUCTION) SHOPMCP_DATA_DIR="$$data" $(MANAGE) check --deploy --fail-level WARNING

# Compiling from the current pins must change nothing.
drift: .venv/.installed-dev
	@new=$$(mktemp -d) && trap 'rm -rf "$$new"' EXIT && cp requirements*.in requirements*.txt "$$new" && \
	bin=$$PWD/$(BIN) && cd "$$new" && for name in requirements requirements-dev; do \
		"$$bin"/$(COMPILE) -o $$name.txt $$name.in || \
		{ echo "$$name.txt cannot be compared: it does not compile, or the package index cannot be reached."; exit 1; }; \
	done && cd "$$OLDPWD" && for name in requirements requirements-dev; do \
		diff -u $$name.txt "$$new"/$$name.txt || { echo "$$name.txt is not what $$name.in says; run make requirements."; exit 1; }; \
	done && echo "The pinned requirements are what requirements*.in say."

requirements: .venv/.installed-dev
	$(BIN)/$(COMPILE) $(ARGS) -o requirements.txt requirements.in
	$(BIN)/$(COMPILE) $(ARGS) -o requirements-dev.txt requirements-dev.in

messages: .venv/.installed-dev
	@$(EXTRACT) && $(UPDATE)

# locale/ holds the texts of the code and compiles; tests check each translation.
translations: .venv/.installed-dev
	@$(EXTRACT) && { $(UPDATE) --check 2>/dev/null || { echo "locale/ is not what the code says; run make messages."; exit 1; }; } && \
	$(BIN)/pybabel --quiet compile -D django -d locale

# From a demo shop with chats, in a temporary folder.
screenshots: .venv/.installed-dev
	$(BIN)/python -m tests.dashboard.screenshots docs/screenshots

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv

# Install again only if the pins change.
.venv/.installed: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/.installed
