"""Settings: flags, then `ADJUDGE_*` environment variables, then a TOML file, then the defaults.

The file is `--config FILE`, else `$ADJUDGE_CONFIG`, else `adjudge.toml` in the working directory if
there is one. Its keys are these fields' names; an unknown key is refused.
"""

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from adjudge.service.errors import ServiceError
from adjudge.service.faults import plain
from adjudge.verifiers.remote import RemoteServer

DEFAULT_FILE = "adjudge.toml"


class HttpSettings(BaseModel):
    """What the HTTP front needs to know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr | None = None
    """Asked of every caller, if set."""
    body_mb: int = Field(default=64, ge=1, le=1024)
    """One request's body, at most."""
    held_mb: int = Field(default=512, ge=1)
    """Bodies of all requests being read or judged, at most; past it new ones get 429."""
    body_timeout_s: float = Field(default=60.0, gt=0)
    """A body has to arrive within this time."""


class Settings(BaseSettings):
    """Everything that can be set; `HttpSettings` is a part of it."""

    model_config = SettingsConfigDict(
        env_prefix="ADJUDGE_", env_ignore_empty=True, extra="forbid", frozen=True
    )

    config: Path | None = None
    """This TOML file."""
    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for all: set an api_key with it."""
    port: int = Field(default=8000, ge=0, le=65535)
    """0 takes any free port."""
    api_key: SecretStr | None = None
    body_mb: int = HttpSettings.model_fields["body_mb"].default
    held_mb: int = HttpSettings.model_fields["held_mb"].default
    body_timeout_s: float = HttpSettings.model_fields["body_timeout_s"].default
    stop_s: float = Field(default=30.0, ge=0)
    """On SIGTERM, how long requests that were taken may still run."""
    redis_url: SecretStr | None = None
    """`redis://[user:password@]host:port/db`; without it, `adjudge serve` starts its own Valkey."""

    @field_validator("redis_url")
    @classmethod
    def _known_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        schemes = ("redis://", "rediss://", "unix://")
        if url is not None and not url.get_secret_value().startswith(schemes):
            raise ValueError(f"must begin with {', '.join(schemes)}")
        return url

    workers: int | None = Field(default=None, ge=0, le=1024)
    """Worker processes on this machine; default: its cores. 0: none (they run elsewhere)."""
    remotes: dict[str, RemoteServer] = Field(default_factory=dict)
    """Reward models and judges that the kind `remote` may ask, by name."""
    sandbox: Literal["native-root", "native-userns", "lite", "docker"] | None = None
    """This back end or none; default: the first whose probe passes."""
    allow_unsafe: bool = False
    """Judge programs even where no sandbox back end is safe. For trying things out, never for
    completions of a policy."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_json: bool = False
    """One JSON object a line."""

    @property
    def http(self) -> HttpSettings:
        return HttpSettings(
            api_key=self.api_key,
            body_mb=self.body_mb,
            held_mb=self.held_mb,
            body_timeout_s=self.body_timeout_s,
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert isinstance(init_settings, InitSettingsSource)
        toml = TomlConfigSettingsSource(settings_cls, _file(init_settings.init_kwargs))
        return init_settings, env_settings, toml


def _file(flags: dict[str, Any]) -> Path | None:
    named = flags.get("config") or os.environ.get("ADJUDGE_CONFIG")
    if named:
        return Path(named)
    return Path(DEFAULT_FILE) if Path(DEFAULT_FILE).is_file() else None


class BadSettings(ServiceError):
    """A setting cannot be used; the message says which."""


def load(**flags: object) -> Settings:
    """Raises BadSettings. A flag that is None or empty was not given."""
    given: dict[str, Any] = {
        name: value for name, value in flags.items() if value is not None and value != ""
    }
    file = _file(given)
    if file is not None and not file.is_file():
        raise BadSettings(f"{file}: no such file")
    _check_environment()
    try:
        return Settings(**given)
    except ValidationError as error:
        raise BadSettings("; ".join(_fault(fault) for fault in error.errors())) from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{file}: not valid TOML: {error}") from error


def _check_environment() -> None:
    """A variable that is nearly ours is a slip, and `ADJUDGE_API_KEYS`, ignored, an open service.
    (Others that begin so are the client's, or a plug-in's.)"""
    for variable in os.environ:
        name = variable.removeprefix("ADJUDGE_").lower()
        near = _near(name, 0.7)
        if variable.startswith("ADJUDGE_") and near is not None and near != name:
            raise BadSettings(f"{variable}: no such variable; did you mean ADJUDGE_{near.upper()}?")


def _near(name: str, cutoff: float) -> str | None:
    return next(iter(difflib.get_close_matches(name, Settings.model_fields, 1, cutoff)), None)


def _fault(fault: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails, a TypedDict of its own
    name = ".".join(map(str, fault["loc"])) or "settings"
    if fault["type"] == "extra_forbidden":
        near = _near(name, 0.6)
        return f"{name}: unknown setting" + (f"; did you mean {near}?" if near else "")
    return f"{name}: {plain(fault['msg'])}"
