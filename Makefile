# make report: set-up, then the main job on the embedded sample.  make test: set-up, then every test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PEERS ?= .venv-peers
LOCKED := train cluster fast redis dev  # the others need torch, which few want

.PHONY: report test check format benchmark lock network dashboard clean

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

# Speed beside the peers, in one run; and with M6=FOLDER the forecasts of rank, with FAULTS=FOLDER
# the detection of bad prices, with NEWS=FOLDER the scorers of text, on data that you have.
benchmark: $(VENV)/.installed-dev $(PEERS)/.installed
	$(BIN)/python tests/benchmarks/bench_forecasting.py --peers $(PEERS)/bin/python
	$(BIN)/python tests/benchmarks/bench_lstm.py
	$(if $(M6),$(BIN)/python tests/benchmarks/bench_m6.py --m6 $(M6))
	$(BIN)/python tests/benchmarks/bench_ledger.py
	$(BIN)/python tests/benchmarks/bench_portfolio.py
	$(BIN)/python tests/benchmarks/bench_valuation.py
	$(BIN)/python tests/benchmarks/bench_allocation.py --peers $(PEERS)/bin/python
	$(BIN)/python -m tests.benchmarks.bench_journal
	$(if $(NEWS),$(BIN)/python tests/benchmarks/bench_sentiment.py --data $(NEWS) $(if $(MODELS),--models $(MODELS)) \
		--peers $(PEERS)/bin/python)
	$(if $(FAULTS),$(BIN)/python tests/benchmarks/bench_faults.py $(FAULTS))

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
		$(addprefix --extra ,$(LOCKED)) --no-annotate --no-emit-index-url --custom-compile-command 'make lock' \
		--output-file constraints.txt

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[train,cluster,fast,redis,dev]'
	touch $@ $(VENV)/.installed

# statsforecast wants a pandas older than ours; of finvader only the word lists are read.
$(PEERS)/.installed: tests/benchmarks/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --requirement tests/benchmarks/peers.txt
	$(PEERS)/bin/python -m pip install --quiet --no-deps --ignore-requires-python finvader==1.0.4
	touch $@

clean:
	rm -rf $(VENV) $(PEERS) build dist
