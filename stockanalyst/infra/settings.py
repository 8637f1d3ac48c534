"""Settings: one typed tree, and the only reader of the environment.

``STOCKANALYST_POLICY__COST=0.002`` sets ``policy.cost``; every field has such a name.
"""

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import user_cache_path, user_data_path
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from stockanalyst.exceptions import InputError


class PolicySettings(BaseModel):
    """See :class:`stockanalyst.recommendation.policy.Policy`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: float = Field(default=0.05, gt=0, lt=1)
    cost: float = Field(default=0.001, ge=0, lt=1)
    min_edge: float = Field(default=0.0, ge=0, lt=1)
    min_evidence: int = Field(default=100, ge=30)


class LSTMSettings(BaseModel):
    """One of :data:`stockanalyst.forecasting.lstm.PRESETS`, and what to change of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: Literal["fast", "seed"] = "fast"
    lookback: int | None = Field(default=None, ge=2, le=250)
    layers: int | None = Field(default=None, ge=1, le=8)
    units: int | None = Field(default=None, ge=1, le=512)
    dropout: float | None = Field(default=None, ge=0, lt=1)
    epochs: int | None = Field(default=None, ge=1)
    batch_size: int | None = Field(default=None, ge=1)
    validation: float | None = Field(default=None, ge=0, le=0.5)
    patience: int | None = Field(default=None, ge=1)
    horizon: int | None = Field(default=None, ge=1, le=60)
    seed: int | None = Field(default=None, ge=0)

    def changes(self) -> dict[str, Any]:
        """Settings of an ``LSTMConfig`` that replace those of the preset."""
        return self.model_dump(exclude={"preset"}, exclude_none=True)


class WalkForwardSettings(BaseModel):
    """See :class:`stockanalyst.backtesting.splitters.WalkForward`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_cutoffs: int = Field(default=250, ge=250)
    train_size: int = Field(default=1000, ge=500)
    refit: int = Field(default=1, ge=1)


class AlertSettings(BaseModel):
    """See :class:`stockanalyst.sentiment.monitoring.Thresholds`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float = Field(default=0.5, ge=0)
    std: float = Field(default=0.3, ge=0)
    error_rate: float = Field(default=0.1, ge=0)


class SentimentSettings(BaseModel):
    """Whom to ask for news, and how their words become a score.

    Attributes
    ----------
    sources : tuple of str
        Asked unless the caller names others; one whose key is missing is passed over.
    opt_in : tuple of str
        Sources that are asked only by the operator's leave: ``finviz`` (its pages have no terms for
        programs), ``tradestie`` and ``stockgeist``.
    deadline : float
        Seconds for all sources together.
    lifetime : float
        Seconds for which an answer is fresh.
    scorer : str
        ``blend``, ``vader``, ``finance-lexicon``, ``tfidf``, ``compact`` or ``finbert``.
    model : str or None
        Folder of the trained scorer (``tfidf``, ``compact``, ``finbert``; the last may be a name on
        a hub).
    phrases : mapping of str to float
        Phrases of your own for ``finance-lexicon``, with their polarity on VADER's scale, ±4.
    sectors : tuple of str
        Sets of phrases that come with it.
    lexicon : Path or None
        A word list of your own for it.
    weights : mapping of str to float
        Of sources in the mean; 1 where none is given.
    half_life : float
        Hours after which an article counts half.
    threshold : float
        A polarity nearer to 0 is neutral.
    min_sources, min_articles : int
        Fewer are no signal.
    alerts : AlertSettings
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[str, ...] = (
        "eodhd", "alpha_vantage", "finnhub", "yahoo", "google_news", "finviz", "stockgeist",
        "tradestie",
    )  # fmt: skip
    opt_in: tuple[str, ...] = ()
    deadline: float = Field(default=8.0, gt=0, le=120)
    lifetime: float = Field(default=900.0, ge=0, le=31_536_000)
    scorer: str = "blend"
    model: str | None = None
    phrases: dict[str, float] = {}
    sectors: tuple[str, ...] = ()
    lexicon: Path | None = None
    weights: dict[str, Annotated[float, Field(ge=0, le=1_000_000)]] = {}
    half_life: float = Field(default=48.0, ge=1, le=100_000)
    threshold: float = Field(default=0.05, ge=0, le=1)
    min_sources: int = Field(default=2, ge=1)
    min_articles: int = Field(default=3, ge=1)
    alerts: AlertSettings = AlertSettings()


class PoolSettings(BaseModel):
    """See :class:`stockanalyst.infra.db.Pool`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(default=5, ge=1, le=1000)
    overflow: int = Field(default=5, ge=0, le=1000)
    wait: float = Field(default=10.0, gt=0, le=3600)
    recycle: int = Field(default=1800, ge=1)
    connect: int = Field(default=10, ge=2, le=600)
    statement: float = Field(default=60.0, ge=0.001, le=86_400)  # less is no limit at all
    lock: float = Field(default=15.0, ge=0.001, le=3600)
    idle: float = Field(default=60.0, ge=0.001, le=86_400)


class Settings(BaseSettings):
    """The tree.

    Attributes
    ----------
    cache_dir : Path
        Trained networks, fetched prices and a vendor's cookies.
    data_dir : Path
        What nobody can fetch again: the portfolios' ledgers.
    reports_dir : Path
        Where reports go.
    user : str
        Whose portfolios the command line and notebooks mean.
    timezone : str
        Of IANA, such as ``Europe/Berlin``: whose midnight parts two days of a ledger.
    yahoo_timeout : float
        Seconds to wait for one answer of Yahoo; a download takes at most three times as much, and a
        network that isn't there half of it.
    alpha_vantage_key, eodhd_key, finnhub_key, stockgeist_key : SecretStr or None
        Keys of the vendors of these names; blank is none.
    eodhd_quota, alpha_vantage_quota : int
        Units and requests a day of the key's plan; those of the free plans, unless set.
    database_url : SecretStr or None
        Where ledgers and fetched prices are kept, as SQLAlchemy writes it, for it may hold a
        password; ``DATABASE_URL`` is heard too. None is SQLite: ledgers in a file in `data_dir`,
        prices in one in `cache_dir`.
    pool : PoolSettings
    redis_url : SecretStr or None
        Where answers of news sources are kept, such as ``redis://host:6379/0``; None is an SQLite
        file in `cache_dir`.
    policy, lstm, walk_forward, sentiment
    """

    model_config = SettingsConfigDict(
        env_prefix="STOCKANALYST_", env_nested_delimiter="__", frozen=True
    )

    cache_dir: Path = user_cache_path("stockanalyst")
    data_dir: Path = user_data_path("stockanalyst")
    reports_dir: Path = Path("reports")
    user: str = Field(default="local", min_length=1, max_length=80)
    timezone: str = "UTC"
    yahoo_timeout: float = Field(default=6.0, gt=0)
    alpha_vantage_key: SecretStr | None = None
    eodhd_key: SecretStr | None = None
    eodhd_quota: int = Field(default=20, ge=1)
    alpha_vantage_quota: int = Field(default=25, ge=1)
    finnhub_key: SecretStr | None = None
    stockgeist_key: SecretStr | None = None
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("STOCKANALYST_DATABASE_URL", "DATABASE_URL", "database_url"),
    )
    pool: PoolSettings = PoolSettings()
    redis_url: SecretStr | None = None
    policy: PolicySettings = PolicySettings()
    lstm: LSTMSettings = LSTMSettings()
    walk_forward: WalkForwardSettings = WalkForwardSettings()
    sentiment: SentimentSettings = SentimentSettings()

    @field_validator(
        "alpha_vantage_key", "eodhd_key", "finnhub_key", "stockgeist_key", "database_url",
        "redis_url",
    )  # fmt: skip
    @classmethod
    def _stripped(cls, secret: SecretStr | None) -> SecretStr | None:
        text = secret.get_secret_value().strip() if secret else ""
        return SecretStr(text) if text else None

    @field_validator("data_dir")
    @classmethod
    def _from_here(cls, folder: Path) -> Path:
        """Whatever folder one works in later."""
        return folder.absolute()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("isn't a time zone of IANA, such as Europe/Berlin") from error
        return name


def load_settings() -> Settings:
    """Settings from the environment.

    Raises
    ------
    InputError
        A variable holds what its setting can't be; the value isn't repeated.
    """
    try:
        return Settings()
    except SettingsError as error:
        mend = "set a single value by its name, such as STOCKANALYST_POLICY__COST, or give JSON"
        raise InputError("environment", "STOCKANALYST_…", f"{error}; {mend}") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = "STOCKANALYST_" + "__".join(str(part) for part in first["loc"]).upper()
        raise InputError("environment", name, first["msg"].removeprefix("Value error, ")) from None
