"""Settings: the environment and ``.env``, read once, here and nowhere else.

Every variable is documented by its field; ``commandcenter settings`` prints the list. A bad value
is answered with the variable's name, what it got and what it wants.
"""

from __future__ import annotations

import base64
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.errors import Invalid

KEY_BYTES = 32


class SiteKind(StrEnum):
    """Which site a fresh data folder gets."""

    SIMULATED = "simulated"
    NONE = "none"


class LogFormat(StrEnum):
    """How log lines are written."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class Settings(BaseSettings):
    """All settings, each with its default; see the description of every field."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
    )

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("commandcenter", appauthor=False)),
        alias="COMMANDCENTER_HOME",
        description="Data folder: embedded database, key file, state of the simulated site.",
    )
    host: str = Field(
        default="127.0.0.1",
        alias="COMMANDCENTER_HOST",
        description="Address to listen on. A public one needs PUBLIC_BASE_URL and ALLOWED_HOSTS.",
    )
    port: int = Field(
        default=8000,
        ge=0,
        le=65_535,
        alias="COMMANDCENTER_PORT",
        description="Port to listen on; 0 takes a free one.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        alias="DATABASE_URL",
        description="PostgreSQL 15+ (postgresql://…). Unset: the embedded one in the data folder.",
    )
    public_base_url: str | None = Field(
        default=None,
        alias="PUBLIC_BASE_URL",
        description="How people reach the site from outside, for links in messages.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        alias="ALLOWED_HOSTS",
        description="Further host names the server answers to, separated by commas.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        alias="COMMANDCENTER_SECRET_KEY",
        description="Key that encrypts credentials (32 bytes as base64). Unset: a 0600 key file.",
    )
    admin_email: str = Field(
        default="owner@example.com",
        alias="COMMANDCENTER_ADMIN_EMAIL",
        description="E-mail of the admin whom the first start creates.",
    )

    site: SiteKind = Field(
        default=SiteKind.SIMULATED,
        alias="SITE",
        description="`simulated`: a plant behind the vendors' API shapes. `none`: an empty site.",
    )
    sim_speed: float = Field(
        default=10.0,
        gt=0,
        le=3_600,
        alias="SIM_SPEED",
        description="Simulated seconds per second.",
    )
    sim_url: str | None = Field(
        default=None,
        alias="SIM_URL",
        description="Address of a simulator that already runs (`commandcenter simulate`).",
    )
    sim_seed: int = Field(
        default=1, alias="SIM_SEED", description="Seed of the simulated clouds and house load."
    )

    llm_model: str | None = Field(
        default=None,
        alias="LLM_MODEL",
        description="Model by LiteLLM's name, e.g. openai/gpt-5. Unset: the built-in model.",
    )
    llm_manager_model: str | None = Field(
        default=None, alias="LLM_MANAGER_MODEL", description="Another model for the manager."
    )
    llm_base_url: str | None = Field(
        default=None, alias="LLM_BASE_URL", description="Base URL of the model provider."
    )
    llm_fallback_models: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        alias="LLM_FALLBACK_MODELS",
        description="Models to try in order when the first fails, separated by commas.",
    )
    llm_timeout_s: float = Field(
        default=60.0,
        gt=0,
        allow_inf_nan=False,
        alias="LLM_TIMEOUT_S",
        description="Time limit of one model call.",
    )
    llm_daily_budget_usd: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        alias="LLM_DAILY_BUDGET_USD",
        description="Spending limit per day; over it the built-in model answers.",
    )
    run_max_seconds: float = Field(
        default=180.0,
        ge=5,
        le=3_600,
        alias="RUN_MAX_SECONDS",
        description="Longest time for one answer of the assistant; then it ends with what it has.",
    )
    run_max_calls: int = Field(
        default=20,
        ge=1,
        le=200,
        alias="RUN_MAX_CALLS",
        description="Model calls that one answer may take.",
    )
    run_max_tokens: int = Field(
        default=100_000,
        ge=1_000,
        le=10_000_000,
        alias="RUN_MAX_TOKENS",
        description="Prompt and completion tokens that one answer may take.",
    )
    run_max_answer_chars: int = Field(
        default=40_000,
        ge=500,
        le=1_000_000,
        alias="RUN_MAX_ANSWER_CHARS",
        description="Characters that one model call may write.",
    )
    run_max_proposals: int = Field(
        default=1,
        ge=0,
        le=10,
        alias="RUN_MAX_PROPOSALS",
        description="Switches that one question may propose; 0: the assistant proposes none.",
    )

    mail_url: SecretStr | None = Field(
        default=None,
        alias="MAIL_URL",
        description="Apprise URL of the mail server, mailtos://user:password@host.",
    )
    sms_url: SecretStr | None = Field(
        default=None,
        alias="SMS_URL",
        description="Apprise URL of the SMS sender, twilio://SID:TOKEN@FROM.",
    )
    twilio_base_url: str = Field(
        default="https://api.twilio.com",
        alias="TWILIO_BASE_URL",
        description="Base URL of Twilio's REST API.",
    )

    raw_retention_hours: float = Field(
        default=72.0,
        ge=24,
        le=1_000_000,
        alias="RAW_RETENTION_HOURS",
        description="How long raw samples stay.",
    )
    decision_retention_days: float = Field(
        default=365.0,
        ge=1,
        le=36_500,
        alias="DECISION_RETENTION_DAYS",
        description="How long decisions stay; their chain goes on from an anchor.",
    )
    watchdog_file: Path | None = Field(
        default=None,
        alias="WATCHDOG_FILE",
        description="File touched every 5 s while this process is alive, for a supervisor.",
    )
    notify_socket: str | None = Field(
        default=None,
        alias="NOTIFY_SOCKET",
        description="systemd's notification socket, set by systemd (Type=notify, WatchdogSec=).",
    )
    log_level: str = Field(
        default="info", alias="LOG_LEVEL", description="debug, info, warning or error."
    )
    log_format: LogFormat = Field(
        default=LogFormat.AUTO,
        alias="LOG_FORMAT",
        description="`json` or `console`; `auto` takes console on a terminal.",
    )

    @field_validator("allowed_hosts", "llm_fallback_models", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            msg = "must be debug, info, warning or error"
            raise ValueError(msg)
        return value.lower()

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(
            ("postgresql://", "postgres://")
        ):
            msg = "must start with postgresql://"
            raise ValueError(msg)
        if value is not None and not _is_dsn(value.get_secret_value()):
            msg = "must be an address like postgresql://user:password@host:5432/name"
            raise ValueError(msg)
        return value

    @field_validator("secret_key")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            key_of(value.get_secret_value())
        return value

    @field_validator("admin_email")
    @classmethod
    def _email(cls, value: str) -> str:
        from services.accounts.accounts import EMAIL  # noqa: PLC0415 - only who sets it pays for it

        if EMAIL.fullmatch(value) is None:
            msg = "must be an e-mail address like owner@example.com"
            raise ValueError(msg)
        return value

    @field_validator("public_base_url", "llm_base_url", "sim_url", "twilio_base_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            msg = "must start with http:// or https://"
            raise ValueError(msg)
        if value is not None and not _has_host(value):
            msg = "must be an address like http://127.0.0.1:8080, with a host"
            raise ValueError(msg)
        return None if value is None else value.rstrip("/")


def key_of(text: str | bytes) -> bytes:
    """The key that ``text`` holds.

    Raises:
        ValueError: It does not hold 32 bytes as base64.
    """
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        msg = f"must hold {KEY_BYTES} bytes as base64"
        raise ValueError(msg)
    return key


def _has_host(url: str) -> bool:
    """Whether an http address has a host, a port that exists, and no blank."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and not any(map(str.isspace, url))
    except ValueError:
        return False


def _is_dsn(text: str) -> bool:
    from psycopg import ProgrammingError  # noqa: PLC0415 - only who sets the address pays for it
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - see above

    try:
        conninfo_to_dict(text)
    except ProgrammingError:
        return False
    return True


def variable_of(field_name: str) -> str:
    """The environment variable of a field."""
    alias = Settings.model_fields[field_name].alias
    return alias if alias is not None else field_name.upper()


def load_settings(**overrides: object) -> Settings:
    """Read the settings.

    Args:
        overrides: Values by variable name that win over the environment (command-line options).

    Raises:
        Invalid: A value breaks a rule; every problem names the variable, the value and the rule.
    """
    given: dict[str, Any] = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = [(str(e["loc"][0]), f"{_shown(e)}: {_rule(e['msg'])}") for e in error.errors()]
        raise Invalid(problems) from None
    except UnicodeDecodeError as error:
        raise Invalid([(".env", f"is not UTF-8: {error}; save it as UTF-8 text")]) from None


def _shown(error: object) -> str:
    value = error["input"] if isinstance(error, dict) else error
    name = str(error["loc"][0]) if isinstance(error, dict) else ""
    secret = any(word in name for word in ("KEY", "URL", "TOKEN"))
    return "the given value" if secret else f"got {value!r}"


def _rule(message: str) -> str:
    return message.removeprefix("Value error, ")


def documented(settings: Settings) -> list[dict[str, object]]:
    """Every setting as ``{variable, value, default, description}``; secrets only as set or not."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        default = None if field.default_factory is not None else field.default
        rows.append(
            {
                "variable": variable_of(name),
                "value": "(set)" if isinstance(value, SecretStr) else _plain(value),
                "default": _plain(default),
                "description": field.description,
            }
        )
    return rows


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, int | float) or value is None:
        return value
    return str(value)
