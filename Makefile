# make report: set-up, then the main job on the embedded sample.  make test: set-up, then every test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: report test check format lock network dashboard clean

report: $(VENV)/.installed
	$(BIN)/stockanalyst analyze AAPL --provider sample
	$(BIN)/stockanalyst report AAPL --provider sample

test: $(VENV)/.installed-dev
	$(BIN)/pytest -n 2 --dist loadfile tests
	$(BIN)/pytest --nbval notebooks

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

dashboard: $(VENV)/.installed
	$(BIN)/panel serve dashboards/pages/analysis.py --show

# The network that ships with the package, for the symbols of the sample.
network: $(VENV)/.installed-dev
	rm -f stockanalyst/forecasting/artifacts/shipped/*
	$(BIN)/stockanalyst train AAPL GOOG IBM MSFT ^GSPC --provider sample \
		--output stockanalyst/forecasting/artifacts/shipped

lock: $(VENV)/bin/python
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
		--all-extras --no-annotate --no-emit-index-url --custom-compile-command 'make lock' \
		--output-file constraints.txt

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[train,dev]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist
