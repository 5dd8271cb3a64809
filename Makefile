# make run      everything a shop needs, on a machine with Python 3.11 or newer
# make test     the tests, on every core; ARGS="-k cart" chooses
# make check    what must hold before a change is kept
# make requirements   compile the pinned requirements again; ARGS=--upgrade renews them
# make screenshots    pictures of the dashboard into docs/screenshots/; needs Chromium
# make messages       bring locale/ up to date with the sentences in the code

PYTHON = python3
HOST = 127.0.0.1
PORT = 8000
ARGS =

BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
# As a shop in production: the address it is reached at, and nothing else set.
PRODUCTION := env DEBUG= SECRET_KEY= DATABASE_URL= ALLOWED_HOSTS= PUBLIC_URL=https://shop.example.com
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate
EXTRACT = pot=$$(mktemp) && trap 'rm -f "$$pot"' EXIT && \
	PYTHONPATH=. $(BIN)/pybabel --quiet extract --mapping pyproject.toml --sort-by-file --no-location \
		--keyword gettext_lazy --keyword ngettext_lazy:1,2 \
		--project shopmcp --version "" --msgid-bugs-address "" --copyright-holder "" -o "$$pot" .
UPDATE = $(BIN)/pybabel --quiet update --ignore-obsolete --no-fuzzy-matching --ignore-pot-creation-date \
	-D django -d locale -i "$$pot"

.PHONY: run test check format lint types imports migrations translations deploy drift requirements messages screenshots
.DELETE_ON_ERROR:

run: .venv/.installed
	$(MANAGE) serve --demo --host $(HOST) --port $(PORT)

test: .venv/.installed-dev
	$(BIN)/pytest -n auto $(ARGS)

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

# Django's checks and the project's own: templates parse (shopmcp/checks.py).
deploy: .venv/.installed-dev
	@data=$$(mktemp -d) && trap 'rm -rf "$$data"' EXIT && \
	$(PRODUCTION) SHOPMCP_DATA_DIR="$$data" $(MANAGE) check --deploy --fail-level WARNING

# Compiled again from what is pinned now, nothing may change.
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

# Sentences and catalogues say the same, and these compile; tests look at each translation.
translations: .venv/.installed-dev
	@$(EXTRACT) && { $(UPDATE) --check 2>/dev/null || { echo "locale/ is not what the code says; run make messages."; exit 1; }; } && \
	$(BIN)/pybabel --quiet compile -D django -d locale

# A demo shop with chats in it, in a folder that goes again.
screenshots: .venv/.installed-dev
	$(BIN)/python -m tests.dashboard.screenshots docs/screenshots

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv

# Installed again only when the pins change.
.venv/.installed: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/.installed
