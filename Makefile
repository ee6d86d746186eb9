# make run: the example shop, a destination that shows what arrives, and a demonstration dashboard
# make test: everything that has to be green
# make help: this list

PYTHON ?= python3
VENV ?= .venv
PY = $(VENV)/bin/python
CHECKED = flask_analytics tests example benchmarks setup.py

.PHONY: docs pictures module run test check lint types audit unit servers gevent gevent-browser same format kill \
	bench peers clean help browsers uwsgi fuzz atheris mixed

help:
	@sed -n 's/^# make /make /p' Makefile

run: $(VENV)/run.done
	@$(PY) -m example

# Four runs in two processes at a time: most of a run of real servers is waiting.
test: check browsers uwsgi atheris
	@$(MAKE) --jobs=2 --keep-going --output-sync=target --no-print-directory servers unit gevent gevent-browser

# make check: style, format, types, and known vulnerabilities of what is needed
check: lint types audit

# make lint: style and format
lint: $(VENV)/test.done
	$(VENV)/bin/ruff check $(CHECKED)
	$(VENV)/bin/ruff format --check $(CHECKED)

# make types: mypy, strict
types: $(VENV)/test.done
	$(VENV)/bin/mypy

# make audit: look up what is needed in the database of known vulnerabilities
audit: $(VENV)/test.done
	$(PY) -m tests.audit

# make unit: every test that starts no server, in a plain process
unit: $(VENV)/test.done browsers
	$(PY) -m pytest -m "not deploy"

# make servers: real servers and processes, started, stopped and killed
servers: $(VENV)/test.done uwsgi browsers
	$(PY) -m pytest -m deploy

# make gevent: the tests of unit in a process patched by gevent
gevent: $(VENV)/test.done
	$(PY) tests/gevent_run.py -m "not deploy and not slow and not browser"

# Browser tests leave an event loop behind, which async views do not run beside, so patched they
# have a process of their own.
gevent-browser: $(VENV)/test.done browsers
	$(PY) tests/gevent_run.py -m "browser and not slow"

# make same: many more histories that every kind of store has to agree about
same: $(VENV)/test.done
	ANALYTICS_EXAMPLES=300 $(PY) -m pytest tests/store/test_same.py

# make format: let ruff write
format: $(VENV)/test.done
	$(VENV)/bin/ruff check --fix $(CHECKED)
	$(VENV)/bin/ruff format $(CHECKED)

# make kill: a hundred SIGKILLs amid events, appends and an import; nothing may be lost
kill: $(VENV)/test.done
	$(PY) tests/deploy/kill.py --kills 100
	$(PY) -m tests.store.embedded.kill --kills 100
	$(PY) -m tests.cli.kill --lines 1000000

# make mixed: ten minutes of honest people and attackers on one server; all honest events are counted
mixed: $(VENV)/test.done
	$(PY) tests/deploy/mixed.py --seconds 600

# make fuzz: decoding and coercion, ten minutes for each target; FUZZ=values for one alone
fuzz: atheris
	$(PY) -m tests.fuzz $(FUZZ) --seconds 600

# make pictures: every page of the dashboard at three widths, in light and dark, in build/pictures
pictures: $(VENV)/test.done browsers
	DASHBOARD_PICTURES=build/pictures $(PY) -m pytest tests/browser/dashboard/test_looks.py -k fits

# make bench: beside the libraries of Segment, PostHog and Mixpanel (see benchmarks/README.md)
bench: $(VENV)/test.done
	$(PY) -m pip install --quiet -e ".[benchmark]"
	$(PY) benchmarks/overhead.py
	$(PY) benchmarks/track.py
	$(PY) benchmarks/servers.py
	$(PY) benchmarks/hanging.py
	$(PY) benchmarks/throughput.py
	$(PY) benchmarks/memory.py
	$(PY) benchmarks/recovery.py
	$(PY) benchmarks/killed.py
	$(PY) benchmarks/ingest.py
	$(PY) benchmarks/imports.py
	$(PY) benchmarks/tracking.py
	$(PY) benchmarks/dashboard.py

# make peers: the browser module beside other trackers, which npm fetches: sizes and eight checks
peers: $(VENV)/test.done browsers
	$(PY) benchmarks/browsers.py

# make docs: the site of these pages, in build/docs
docs: $(VENV)/test.done
	$(PY) -m sphinx --quiet -W --keep-going -b html docs build/docs

# make module: static/built from static/, with npm's esbuild, terser and zopfli; commit both
module:
	npm install --no-package-lock --ignore-scripts --no-audit --no-fund --silent
	node build.mjs

# make browsers: Chromium, Firefox, WebKitGTK and Redis for the tests, from the system's packages
browsers:
	@sh tests/browser/browsers.sh

# make uwsgi: a server for the tests, which a machine without a compiler cannot have
uwsgi: $(VENV)/test.done
	@$(PY) -m pip install --quiet uwsgi || echo "uWSGI cannot be built here: its tests are skipped."

# make atheris: the fuzzer, which has wheels for some platforms only
atheris: $(VENV)/test.done
	@$(PY) -m pip install --quiet --only-binary=:all: atheris || \
		echo "atheris cannot be had here: the fuzz targets get seeds mutated at random instead."

# make clean: remove what was built, .venv too
clean:
	rm -rf $(VENV) .npm-clients node_modules benchmarks/peers/node_modules build dist *.egg-info \
		.mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/run.done: pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet -e .
	@touch $@

$(VENV)/test.done: pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet -e ".[test]"
	@touch $@ $(VENV)/run.done
