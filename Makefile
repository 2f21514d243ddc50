# What a person does in a day. `make demo` and `make test` need Python 3.11+, Node 20 and nothing else of ours.
.DELETE_ON_ERROR:
.PHONY: help demo test lint bot-test bench migrate translate lock clean

BIN := .venv/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
say = @printf '\033[1m» %s\033[0m\n'

help:
	@echo 'make demo       everything from a clean checkout: a utility, its customers, the portal'
	@echo 'make test       all tests, with what they need'
	@echo 'make lint       style, types and the rule of who may import whom'
	@echo 'make bot-test   how well the assistant understands and goes on, cross-validation included'
	@echo 'make bench      speed as ratios; one of them: make bench NAME=rating'
	@echo 'make migrate    bring the database to the newest form'
	@echo 'make translate  collect the sentences of the pages for translation'
	@echo 'make lock       pin the requirements again, with hashes'

demo: .venv/main.stamp static/vendor/done.stamp
	@exec $(BIN)/denghuo demo

test: .venv/dev.stamp static/vendor/done.stamp bot/.venv/done.stamp
	@tests/install-browser
	@rm -rf var/tests && mkdir -p var/tests
	$(say) '1 of 5: every room by itself'
	@$(BIN)/pytest -q -n 2 --dist loadscope -m 'not drill and not browser and not assistant' --junit-xml=var/tests/rooms.xml
	$(say) '2 of 5: journeys in a real browser'
	@$(BIN)/pytest -q -m browser --junit-xml=var/tests/browser.xml
	$(say) '3 of 5: the assistant by itself'
	@bot/check "$$($(BIN)/denghuo assistant prepare 2>var/tests/teaching.log)"
	$(say) '4 of 5: conversations with the whole house'
	@$(BIN)/pytest -q -m assistant --junit-xml=var/tests/assistant.xml
	$(say) '5 of 5: drills, processes are killed at random'
	@$(BIN)/pytest -q -m drill --junit-xml=var/tests/drills.xml
	@$(BIN)/python -m tests.count var/tests/*.xml

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bot-test: .venv/main.stamp bot/.venv/done.stamp
	@bot/check "$$($(BIN)/denghuo assistant prepare)"
	$(say) 'Five folds of what it was taught'
	@bot/check folds

bench: .venv/dev.stamp static/vendor/done.stamp
	@$(BIN)/python -m bench $(NAME)

migrate: .venv/main.stamp
	@$(BIN)/denghuo migrate

translate: .venv/main.stamp
	$(BIN)/pybabel -q extract -F babel.cfg -k _l --no-location --omit-header -o var/messages.pot .
	$(BIN)/pybabel -q update -i var/messages.pot -d portal/translations -N --ignore-pot-creation-date

lock: .venv/uv.stamp
	cd requirements && for f in uv main dev; do \
		../$(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header $$f.in -o $$f.txt; done
	cd bot && ../$(BIN)/uv pip compile -q --python-version 3.10 --universal --generate-hashes --no-header requirements.in -o requirements.txt

clean:
	rm -rf .venv bot/.venv node_modules static/vendor

# ---- what the targets stand on -------------------------------------------------------------------

.venv/uv.stamp: requirements/uv.txt
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer was not found. Install it, or name it: make PYTHON=/path/to/python3.11 …'; exit 1; }
	$(say) 'A Python environment in .venv'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/main.stamp: .venv/uv.stamp requirements/main.txt pyproject.toml
	$(say) 'Python packages (pinned, with hashes)'
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements/main.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: .venv/main.stamp requirements/dev.txt
	$(say) 'Python packages for the tests'
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

# Rasa needs Python 3.10; uv finds one, also among pyenv's, or fetches it.
bot/.venv/done.stamp: .venv/uv.stamp bot/requirements.txt
	$(say) "The assistant's own environment in bot/.venv"
	@PYENV_VERSION="$$(pyenv versions --bare 2>/dev/null | paste -sd: -)" \
		$(BIN)/uv venv -q --clear --no-project --python 3.10 bot/.venv || \
		{ echo 'Python 3.10 was not found. Install it, then try again.'; exit 1; }
	@$(BIN)/uv pip install -q --python bot/.venv/bin/python --require-hashes -r bot/requirements.txt
	@touch $@

node_modules/done.stamp: package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { echo 'Node 20 or newer was not found. Install it and try again.'; exit 1; }
	$(say) 'Front-end packages'
	@npm ci --silent --no-audit --no-fund
	@touch $@

ASSETS := $(shell find static/css static/js static/img -type f 2>/dev/null)
CATALOGUES := $(wildcard portal/translations/*/LC_MESSAGES/messages.po)

static/vendor/done.stamp: node_modules/done.stamp .venv/main.stamp $(ASSETS) $(CATALOGUES)
	$(say) 'Style sheets, scripts and translations'
	@npm run --silent build
	@$(BIN)/pybabel -q compile -d portal/translations
	@touch $@
