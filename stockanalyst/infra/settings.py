"""Settings: one typed tree, and the only reader of the environment.

``STOCKANALYST_POLICY__COST=0.002`` sets ``policy.cost``; every field has such a name. Lists are
names with commas between, or JSON.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import user_cache_path, user_data_path
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from stockanalyst.exceptions import InvalidSetting, shown

_PREFIX = "STOCKANALYST_"
_EXAMPLES: Mapping[str, str] = {
    "POOL": "POOL__SIZE=10",
    "POLICY": "POLICY__COST=0.002",
    "LSTM": "LSTM__EPOCHS=20",
    "WALK_FORWARD": "WALK_FORWARD__N_CUTOFFS=300",
    "SENTIMENT": "SENTIMENT__DEADLINE=10",
    "SENTIMENT__SOURCES": "SENTIMENT__SOURCES=yahoo,google_news",
    "SENTIMENT__OPT_IN": "SENTIMENT__OPT_IN=finviz,tradestie",
    "SENTIMENT__SECTORS": "SENTIMENT__SECTORS=banks,energy",
    "SENTIMENT__PHRASES": "SENTIMENT__PHRASES='{\"beats the street\": 2.5}'",
    "SENTIMENT__WEIGHTS": "SENTIMENT__WEIGHTS__YAHOO=2",
    "SENTIMENT__ALERTS": "SENTIMENT__ALERTS__MEAN=0.4",
}
_MAY_HOLD_A_URL = "POOL"  # whoever takes it for the database's variable


def _listed(value: object) -> object:
    """Names of a text with commas between; what was meant as JSON stays a text, and is refused."""
    if not isinstance(value, str) or value.lstrip().startswith(("[", "{")):
        return value
    return [name.strip() for name in value.split(",") if name.strip()]


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


_Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_listed)]


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
    scorer : str or None
        ``blend``, ``vader``, ``finance-lexicon``, ``tfidf``, ``compact`` or ``finbert``; None is
        the ``blend`` that ships with the package.
    model : str or None
        Folder of a trained scorer, for the `scorer` that is named (``blend``, ``tfidf``,
        ``compact``, ``finbert``; the last may be a name on a hub).
    phrases : mapping of str to float
        Phrases of your own for ``finance-lexicon``, with their polarity on VADER's scale, ±4. In an
        article, "the company" stands in the place of its name.
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

    sources: _Names = (
        "eodhd", "alpha_vantage", "finnhub", "yahoo", "google_news", "finviz", "stockgeist",
        "tradestie",
    )  # fmt: skip
    opt_in: _Names = ()
    deadline: float = Field(default=8.0, gt=0, le=120)
    lifetime: float = Field(default=900.0, ge=0, le=31_536_000)
    scorer: str | None = None
    model: str | None = None
    phrases: dict[str, float] = {}
    sectors: _Names = ()
    lexicon: Path | None = None
    weights: dict[str, Annotated[float, Field(ge=0, le=1_000_000)]] = {}
    half_life: float = Field(default=48.0, ge=1, le=100_000)
    threshold: float = Field(default=0.05, ge=0, le=1)
    min_sources: int = Field(default=2, ge=1)
    min_articles: int = Field(default=3, ge=1)
    alerts: AlertSettings = AlertSettings()

    @field_validator("scorer", "model", "lexicon", mode="before")
    @classmethod
    def _none_if_blank(cls, value: object) -> object:
        return None if _is_blank(value) else value

    @field_validator("phrases", "weights", mode="before")
    @classmethod
    def _empty_if_blank(cls, value: object) -> object:
        return {} if _is_blank(value) else value


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

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True)

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

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the one below is in its place
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where settings come from, the strongest first."""
        return init_settings, _Environment(settings_cls), dotenv_settings, file_secret_settings


class _Environment(EnvSettingsSource):
    """A value that isn't JSON stays a text for its field, which takes or refuses it by name."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


def load_settings() -> Settings:
    """Settings from the environment.

    Raises
    ------
    InvalidSetting
        A variable holds what its setting can't be; a value that may be a secret isn't repeated.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        parts = [part for part in first["loc"] if isinstance(part, str)]  # no place in a list
        name = "__".join(parts).upper()
        mend = first["msg"].removeprefix("Value error, ")
        if name in _EXAMPLES:
            mend = _unread(name, first["input"])
        raise InvalidSetting(f"{_PREFIX}{name}", mend) from None


def _unread(name: str, value: object) -> str:
    given = "what it holds" if name == _MAY_HOLD_A_URL else shown(value)
    return f"{given} can't be read; write it as in {_PREFIX}{_EXAMPLES[name]}"
