"""The operator's settings: the environment (``PYSCRAI_*``) over ``pyscrai.toml`` over built-in defaults.

A setting is a field of ``Settings``; a new one needs a field, its default and nothing else. This module is imported
by every command, so it must stay cheap: no SDK, HTTP client or database is imported here.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import AfterValidator, BaseModel, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from pyscrai.config.aliases import BUILTIN, EMBEDDED, OPENAI_URL, ModelAlias, Prices, Structured
from pyscrai.config.mcp_servers import McpServer
from pyscrai.config.providers import PROVIDERS, Provider, provider_of
from pyscrai.config.server import ServerSettings
from pyscrai.config.telemetry import TelemetrySettings
from pyscrai.config.toml_lines import line_of, toml_lines
from pyscrai.did_you_mean import closest, instead
from pyscrai.errors import ConfigError

__all__ = ["BUILTIN", "OPENAI_URL", "ModelAlias", "Prices", "Settings", "Structured", "config_file", "load_settings"]

CONFIG_NAME = "pyscrai.toml"
_APP = "pyscrai"

def _directory(kind: Literal["config", "data", "cache"]) -> Path:
    found: Path = getattr(platformdirs, f"user_{kind}_path")(_APP, appauthor=False)
    return found


def _alias_name(name: str) -> str:
    if name == "default":
        raise ValueError("this is what templates call the alias that `model` names; set that instead")
    return name


_AliasName = Annotated[str, AfterValidator(_alias_name)]


class Settings(BaseSettings):
    """All settings, checked once. Each field ``x`` is read from ``PYSCRAI_X``, then from ``x`` in pyscrai.toml."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="PYSCRAI_", env_nested_delimiter="__", env_ignore_empty=True,
    )

    data_dir: Path = Field(default_factory=lambda: _directory("data"))
    cache_dir: Path = Field(default_factory=lambda: _directory("cache"))
    database_url: str = Field(
        default_factory=lambda data: f"sqlite+aiosqlite:///{data.get('data_dir', '')}/pyscrai.db", repr=False,
    )
    """SQLAlchemy's asynchronous URL; not shown in reprs because it may hold a password."""
    storage_patience: float = Field(120.0, ge=0, le=86_400)
    """Seconds that runs which play wait for a database that is away, locked or full. Afterwards they stand as
    interrupted, and a server goes on with them when the database is back."""
    model: str = "embedded"
    """The alias that stands for ``default`` in templates."""
    models: dict[_AliasName, ModelAlias] = Field(default_factory=dict, validate_default=True)
    tools_allowed: tuple[str, ...] = ()
    """Import paths, ``package.module:name``, of the LangChain tools that templates may give to roles."""
    mcp_servers: dict[str, McpServer] = Field(default_factory=dict)
    """MCP servers whose tools templates may give to roles, as ``mcp:NAME/TOOL``."""
    server: ServerSettings = ServerSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    log_format: Literal["console", "json"] = "console"

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _TomlTable(settings_cls)

    @field_validator("data_dir", "cache_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _asynchronous(cls, value: str) -> str:
        scheme, colon, rest = value.partition("://")
        known = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
        scheme = known.get(scheme, scheme)
        if not colon or scheme not in known.values():
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return f"{scheme}://{rest}"

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("models", mode="before")
    @classmethod
    def _with_builtin(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        tables: dict[str, Any] = {name: dict(table) for name, table in BUILTIN.items()}
        for name, table in value.items():
            if isinstance(table, dict):
                kind = {**EMBEDDED, "model": name} if table.get("kind") == "embedded" else {}
                tables[name] = {**kind, **tables.get(name, {}), **table}
            else:
                tables[name] = table
        # A name of its own is a mistake, which is told beside all others.
        return {name: {**table, "name": None if "name" in table else name} if isinstance(table, dict) else table
                for name, table in tables.items()}

    def alias(self, name: str | None = None) -> ModelAlias:
        """The alias of this name; None and ``default`` mean the default, ``PREFIX:MODEL`` a model of a known provider.

        Raises:
            ConfigError: there is no such alias; the message lists those that there are.
        """
        if name is None or name == "default":
            name = self.model
        if (found := self.models.get(name)) is not None:
            return found
        if (found_at := provider_of(name)) is not None:
            return _of_provider(*found_at)
        prefixes = [f"{prefix}:MODEL" for prefix in PROVIDERS]
        prefix, colon, model = name.partition(":")
        close = f"{near}:{model}" if colon and (near := closest(prefix, PROVIDERS)) else closest(name, self.models)
        guess = f"did you mean `{close}`? " if close else ""
        raise ConfigError(
            f"there is no model alias `{name}`", code="config.unknown_alias", alias=name, known=sorted(self.models),
            cure=f"{guess}known are {', '.join(sorted(self.models))}, {', '.join(prefixes)}, "
                 f"and what a [models.NAME] table in {CONFIG_NAME} names",
        )


def _of_provider(provider: Provider, model: str) -> ModelAlias:
    try:
        return provider.alias(model)
    except ValidationError as error:
        raise ConfigError(f"{provider.prefix.upper()}_BASE_URL cannot be used: {error.errors()[0]['msg']}",
                          cure=f"set it to an http(s) URL such as {provider.base_url}") from None


class _TomlTable(PydanticBaseSettingsSource):
    """The settings in pyscrai.toml, below the environment."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        _, table = _read_file()
        return table


def config_file() -> Path | None:
    """The path of pyscrai.toml: PYSCRAI_CONFIG, else the working directory, else the user's config directory.

    Raises:
        ConfigError: PYSCRAI_CONFIG names a file that is not there.
    """
    if named := os.environ.get("PYSCRAI_CONFIG"):
        path = Path(named).expanduser()
        if not path.is_file():
            raise ConfigError(f"PYSCRAI_CONFIG names {named}, which is no file", code="config.file_missing",
                              cure="correct the path or unset PYSCRAI_CONFIG")
        return path
    return next((path for path in (Path(CONFIG_NAME), _directory("config") / CONFIG_NAME) if path.is_file()), None)


def _read_file() -> tuple[Path | None, dict[str, Any]]:
    path = config_file()
    if path is None:
        return None, {}
    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", code="config.syntax", file=str(path),
                          cure="correct the file at that place") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", file=str(path),
                          cure="correct its permissions") from None


def load_settings(**overrides: Any) -> Settings:
    """Read and check all settings; overrides win over the environment, which wins over pyscrai.toml.

    Raises:
        ConfigError: names every wrong field with where it stands, its value and the cure.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise _explained(error, overrides) from None
    except ConfigError:
        raise
    except Exception as error:  # pydantic-settings' SettingsError: an environment variable that should hold JSON
        raise ConfigError(f"the environment cannot be used: {error}",
                          cure="correct the PYSCRAI_* variable that it names") from None


def _explained(error: ValidationError, overrides: dict[str, Any]) -> ConfigError:
    path = config_file()
    places = toml_lines(path.read_text(encoding="utf-8")) if path is not None else {}
    found: list[tuple[int, str, dict[str, Any]]] = []
    for item in error.errors(include_url=False, include_context=False):
        loc = [str(part) for part in item["loc"] if part != "[key]"]
        if len(loc) > 3 and loc[2] == "price":
            if (loc[3] == "str") == isinstance(item["input"], dict) and len(loc) == 4:
                continue  # the other way to write it
            del loc[3]
        field = ".".join(loc)
        variables = ["PYSCRAI_" + "__".join(loc[:depth]).upper() for depth in range(len(loc), 0, -1)]
        present = next((name for name in variables if os.environ.get(name)), None)
        source = "argument" if loc and loc[0] in overrides else present or str(path or "settings")
        line = line_of(places, loc) if source == str(path) else None
        secret = any(word in field.lower() for word in ("key", "url", "secret", "token", "password"))
        message = item["msg"].removeprefix("Value error, ")
        cure = "see docs/models.md" if loc and loc[0] == "models" else "correct or remove it"
        if item["type"] == "extra_forbidden":
            message, cure = _unknown(loc)
        elif loc[0] == "models" and loc[2:] == ["name"]:
            message, cure = f"an alias is named by its table, [models.{loc[1]}]", "leave `name` out"
        shown = "" if secret or isinstance(item["input"], dict) else f" = {item['input']!r}"
        text = f"{source}{f':{line}' if line else ''}: {field}{shown}: {message} ({cure})"
        found.append((line or 0, text, {
            "source": source, "line": line, "field": field, "message": message, "cure": cure}))
    found.sort(key=lambda told: told[0])
    return ConfigError("\n".join(text for _, text, _ in found), problems=[problem for _, _, problem in found])


def _unknown(loc: list[str]) -> tuple[str, str]:
    if loc[-1] in ("api_key", "key"):
        return "a key must not stand in the file", "put the name of an environment variable into api_key_env"
    tables: dict[str, tuple[type[BaseModel], int]] = {
        "models": (ModelAlias, 3), "mcp_servers": (McpServer, 3), "server": (ServerSettings, 2),
        "telemetry": (TelemetrySettings, 2)}
    model, depth = tables.get(loc[0], (Settings, 1))
    model = Prices if loc[2:3] == ["price"] else model if len(loc) >= depth else Settings
    return "there is no such setting", instead(loc[-1], list(model.model_fields))
