"""Settings: one typed tree, and the only reader of the environment.

``STOCKANALYST_POLICY__COST=0.002`` sets ``policy.cost``; every field has such a name.
"""

from pathlib import Path
from typing import Any, Literal

from platformdirs import user_cache_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
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


class Settings(BaseSettings):
    """The tree.

    Attributes
    ----------
    cache_dir : Path
        Trained networks, fetched prices and a vendor's cookies.
    reports_dir : Path
        Where reports go.
    yahoo_timeout : float
        Seconds to wait for one answer of Yahoo; a download takes at most three times as much, and a
        network that isn't there half of it.
    alpha_vantage_key, eodhd_key : SecretStr or None
        Keys of the vendors of these names; blank is none.
    database_url : SecretStr or None
        Where fetched prices are kept, as SQLAlchemy writes it, for it may hold a password; None is
        an SQLite file in `cache_dir`.
    policy, lstm, walk_forward
    """

    model_config = SettingsConfigDict(
        env_prefix="STOCKANALYST_", env_nested_delimiter="__", frozen=True
    )

    cache_dir: Path = user_cache_path("stockanalyst")
    reports_dir: Path = Path("reports")
    yahoo_timeout: float = Field(default=6.0, gt=0)
    alpha_vantage_key: SecretStr | None = None
    eodhd_key: SecretStr | None = None
    database_url: SecretStr | None = None
    policy: PolicySettings = PolicySettings()
    lstm: LSTMSettings = LSTMSettings()
    walk_forward: WalkForwardSettings = WalkForwardSettings()

    @field_validator("alpha_vantage_key", "eodhd_key", "database_url")
    @classmethod
    def _stripped(cls, secret: SecretStr | None) -> SecretStr | None:
        text = secret.get_secret_value().strip() if secret else ""
        return SecretStr(text) if text else None


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
        raise InputError("environment", name, first["msg"]) from None
