"""The settings tree and its defaults, and what becomes of the secrets in it."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.bootstrap import build_services
from stockanalyst.bootstrap.ledger import ledger_engine
from stockanalyst.exceptions import InputError, MissingCredential
from stockanalyst.forecasting.lstm import PRESETS, LSTMConfig
from stockanalyst.infra.db import Pool
from stockanalyst.infra.settings import (
    PoolSettings,
    SentimentSettings,
    Settings,
    load_settings,
)
from stockanalyst.market.providers.chain import ChainProvider
from stockanalyst.recommendation.policy import Policy
from stockanalyst.reporting.renderers.papermill_notebook import PapermillNotebooks
from stockanalyst.services.requests import options

SECRETS = {
    "alpha_vantage_key": "PLANTED0ALPHA",
    "eodhd_key": "PLANTED0EODHD",
    "database_url": "sqlite:////nowhere/PLANTED0PASSWORD.sqlite",
}


def test_defaults_are_those_of_the_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STOCKANALYST_CACHE_DIR", raising=False)
    settings = Settings()
    assert Policy(**settings.policy.model_dump()) == Policy()
    assert replace(PRESETS[settings.lstm.preset], **settings.lstm.changes()) == LSTMConfig()
    assert WalkForward(**settings.walk_forward.model_dump()) == WalkForward()


def test_the_environment_sets_any_leaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_POLICY__COST", "0.002")
    monkeypatch.setenv("STOCKANALYST_LSTM__EPOCHS", "3")
    monkeypatch.setenv("STOCKANALYST_CACHE_DIR", "/somewhere")
    settings = load_settings()
    assert settings.policy.cost == 0.002
    assert settings.policy.alpha == 0.05
    assert settings.lstm.epochs == 3
    assert settings.cache_dir == Path("/somewhere")


def test_what_a_ledger_needs_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA_DIR", "USER", "TIMEZONE", "POOL", "DATABASE_URL"):
        monkeypatch.delenv(f"STOCKANALYST_{name}", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    plain = load_settings()
    assert plain.data_dir.name == "stockanalyst"
    assert plain.data_dir != plain.cache_dir
    assert (plain.user, plain.timezone, plain.database_url) == ("local", "UTC", None)
    assert Pool(**plain.pool.model_dump()) == Pool()
    monkeypatch.setenv("STOCKANALYST_DATA_DIR", "/somewhere")
    monkeypatch.setenv("STOCKANALYST_USER", "Zoë")
    monkeypatch.setenv("STOCKANALYST_TIMEZONE", "America/New_York")
    monkeypatch.setenv("STOCKANALYST_POOL__SIZE", "20")
    monkeypatch.setenv("STOCKANALYST_POOL__STATEMENT", "1.5")
    settings = load_settings()
    assert settings.data_dir == Path("/somewhere")
    assert (settings.user, settings.timezone) == ("Zoë", "America/New_York")
    assert settings.pool == PoolSettings(size=20, statement=1.5)


def test_data_stays_where_it_is_whatever_folder_one_works_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STOCKANALYST_DATA_DIR", "mine")
    monkeypatch.chdir(tmp_path)
    assert load_settings().data_dir == tmp_path / "mine"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"DATABASE_URL": "sqlite:////a"}, "sqlite:////a"),
        ({"STOCKANALYST_DATABASE_URL": "sqlite:////b"}, "sqlite:////b"),
        ({"DATABASE_URL": "sqlite:////a", "STOCKANALYST_DATABASE_URL": "sqlite:////b"}, "sqlite:////b"),
        ({"DATABASE_URL": "sqlite:////a", "STOCKANALYST_DATABASE_URL": " "}, None),
        ({"DATABASE_URL": " postgres://u:p%40@h:1/d?x=postgres:// \n"}, "postgres://u:p%40@h:1/d?x=postgres://"),
        ({"DATABASE_URL": "postgresql+psycopg2://h/d"}, "postgresql+psycopg2://h/d"),
    ],
)  # fmt: skip
def test_the_database_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str | None
) -> None:
    for name in ("DATABASE_URL", "STOCKANALYST_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = load_settings().database_url
    assert (found and found.get_secret_value()) == expected
    given = Settings(database_url=SecretStr("sqlite:////given")).database_url
    assert given == SecretStr("sqlite:////given")


def test_an_error_shows_no_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u:PLANTED0@h/d")
    for name, value in (("TIMEZONE", "PLANTED0"), ("POOL", '{"size": PLANTED0'), ("USER", "")):
        with monkeypatch.context() as patch:
            patch.setenv(f"STOCKANALYST_{name}", value)
            with pytest.raises(InputError) as caught:
                load_settings()
        assert not shows_a_secret(f"{caught.value!r} {caught.value}")
    monkeypatch.setenv("DATABASE_URL", "PLANTED0://u:PLANTED0@h/PLANTED0")
    with pytest.raises(InputError, match="STOCKANALYST_DATABASE_URL") as caught:
        ledger_engine(load_settings())
    assert not shows_a_secret(f"{caught.value!r} {caught.value}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STOCKANALYST_POLICY__COST", "a lot"),
        ("STOCKANALYST_WALK_FORWARD__N_CUTOFFS", "20"),
        ("STOCKANALYST_LSTM__UNITS", "0"),
        ("STOCKANALYST_USER", ""),
        ("STOCKANALYST_USER", "x" * 81),
        ("STOCKANALYST_TIMEZONE", "Mars/Olympus"),
        ("STOCKANALYST_TIMEZONE", "../../etc/passwd"),
        ("STOCKANALYST_TIMEZONE", ""),
        ("STOCKANALYST_POOL__SIZE", "0"),
        ("STOCKANALYST_POOL__CONNECT", "1"),
        ("STOCKANALYST_POOL__LOCK", "0"),
        ("STOCKANALYST_POOL__STATEMENT", "0.0004"),
        ("STOCKANALYST_POOL__SPEED", "9"),
    ],
)
def test_a_bad_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=name) as caught:
        load_settings()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("setting", ["sources", "opt_in", "sectors"])
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("finviz", ("finviz",)),
        (" finviz, tradestie ,", ("finviz", "tradestie")),
        ('["finviz", "tradestie"]', ("finviz", "tradestie")),
        ("[]", ()),
        ("", ()),
    ],
)
def test_a_list_is_names_with_commas_or_json(
    monkeypatch: pytest.MonkeyPatch, setting: str, text: str, names: tuple[str, ...]
) -> None:
    monkeypatch.setenv(f"STOCKANALYST_SENTIMENT__{setting.upper()}", text)
    assert getattr(load_settings().sentiment, setting) == names


def test_weights_are_json_or_a_variable_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_SENTIMENT__WEIGHTS", '{"yahoo": 2}')
    monkeypatch.setenv("STOCKANALYST_SENTIMENT__WEIGHTS__SAMPLE_NEWS", "3")
    assert load_settings().sentiment.weights == {"yahoo": 2, "sample_news": 3}


def test_what_is_blank_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SCORER", "MODEL", "LEXICON", "WEIGHTS", "PHRASES"):
        monkeypatch.setenv(f"STOCKANALYST_SENTIMENT__{name}", " ")
    assert load_settings().sentiment == SentimentSettings(sources=())


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SENTIMENT__WEIGHTS", "sample_news=3", "'sample_news=3' can't be read; write it as in "),
        ("SENTIMENT__PHRASES", "moons", "'moons' can't be read; write it as in "),
        ("SENTIMENT__SOURCES", '["yahoo", bbc]', """'["yahoo", bbc]' can't be read; write """),
        ("SENTIMENT__SOURCES", '["yahoo", 1]', "1 can't be read; write it as in "),
        ("SENTIMENT__OPT_IN", "5", "5 can't be read; write it as in "),
        ("SENTIMENT__SECTORS", "[" + 60 * "x", "… (61 characters) can't be read; write it as in "),
        ("SENTIMENT__ALERTS", "0.3", "0.3 can't be read; write it as in "),
        ("SENTIMENT", "vader", "'vader' can't be read; write it as in "),
        ("POLICY", "cost=0.002", "'cost=0.002' can't be read; write it as in "),
        ("LSTM", "fast", "'fast' can't be read; write it as in "),
        ("WALK_FORWARD", "300", "300 can't be read; write it as in "),
        ("POOL", "postgres://u:PLANTED0@h/d", "what it holds can't be read; write it as in "),
    ],
)
def test_what_cant_be_read_is_told_with_an_example_that_works(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    before = load_settings()
    with monkeypatch.context() as patch:
        patch.setenv(f"STOCKANALYST_{name}", value)
        with pytest.raises(InputError) as caught:
            load_settings()
    message = str(caught.value)
    assert message.startswith(f"environment 'STOCKANALYST_{name}': ")
    assert told in message
    assert not shows_a_secret(message)
    (example,) = shlex.split(message.partition("write it as in ")[2])
    monkeypatch.setenv(*example.split("=", 1))
    assert load_settings() != before


def test_the_name_of_a_variable_is_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_SENTIMENT__WEIGHTS__SAMPLE_NEWS", "-1")
    with pytest.raises(InputError, match="'STOCKANALYST_SENTIMENT__WEIGHTS__SAMPLE_NEWS': Input"):
        load_settings()


@pytest.fixture
def secretive(tmp_path: Path) -> Settings:
    given = {name: SecretStr(secret) for name, secret in SECRETS.items()}
    plain = Settings(
        cache_dir=tmp_path / "cache",
        data_dir=tmp_path / "data",
        reports_dir=tmp_path / "reports",
        user="Zoë",
        timezone="Asia/Kolkata",
        pool=PoolSettings(size=7, statement=0.5),
    )
    return plain.model_copy(update=given)


def shows_a_secret(text: str) -> bool:
    return "PLANTED0" in text


def test_secrets_come_from_the_environment_and_are_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, secret in SECRETS.items():
        monkeypatch.setenv(f"STOCKANALYST_{name.upper()}", f" {secret}\n")
    settings = load_settings()
    for name, secret in SECRETS.items():
        assert getattr(settings, name).get_secret_value() == secret
    assert not shows_a_secret(f"{settings!r} {settings} {settings.model_dump_json()}")


def test_a_blank_secret_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_EODHD_KEY", " ")
    assert load_settings().eodhd_key is None
    assert load_settings().alpha_vantage_key is None


def test_a_notebook_has_the_secrets_of_its_service_and_nobody_sees_them(
    secretive: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build_services(secretive)
    runner = services.reports.notebooks
    assert isinstance(runner, PapermillNotebooks)
    assert not shows_a_secret(repr(services))
    for name, value in runner.environment.items():
        monkeypatch.setenv(name, value)
    assert load_settings() == secretive


def test_a_report_holds_no_secret(secretive: Settings, tmp_path: Path) -> None:
    chosen = options(provider="sample", models=["drift"])
    report = build_services(secretive).reports.render("AAPL", chosen)
    files = [path for path in report.html.parent.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert not any(shows_a_secret(path.read_text(encoding="utf-8")) for path in files)


def test_who_is_in_the_chain(secretive: Settings) -> None:
    everybody = build_services(secretive).analysis.provider("auto")
    nobody = build_services(Settings(cache_dir=secretive.cache_dir)).analysis.provider("auto")
    assert isinstance(everybody, ChainProvider)
    assert isinstance(nobody, ChainProvider)
    names = [link.name for link in everybody.providers]
    assert names == ["yahoo", "eodhd", "alpha_vantage", "sample"]
    assert [link.name for link in nobody.providers] == ["yahoo", "sample"]


@pytest.mark.parametrize("name", ["eodhd", "alpha_vantage"])
def test_a_vendor_without_its_key_says_which_variable(tmp_path: Path, name: str) -> None:
    provider = build_services(Settings(cache_dir=tmp_path)).analysis.provider(name)
    with pytest.raises(MissingCredential) as caught:
        provider.history("AAPL")
    variable = f"STOCKANALYST_{name.upper()}_KEY"
    assert str(caught.value) == (f"{name}: there is no key; set {variable} to a key that it takes")


def test_prices_are_kept_in_the_cache_only_once_they_are_asked_for(tmp_path: Path) -> None:
    services = build_services(Settings(cache_dir=tmp_path / "50 %?"))
    services.analysis.provider("auto")
    services.analysis.provider("sample").history("AAPL")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(MissingCredential):
        services.analysis.provider("eodhd").history("AAPL")
    assert (tmp_path / "50 %?" / "prices.sqlite").exists()
