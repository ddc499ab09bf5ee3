"""Settings: what wins, what is normalised, and how mistakes are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyscrai.config.settings import ModelAlias, Prices, load_settings
from pyscrai.errors import ConfigError


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No settings of the developer's own; returns where pyscrai.toml is looked for."""
    for name in ("CONFIG", "MODEL", "DATABASE_URL", "DATA_DIR", "CACHE_DIR", "LOG_LEVEL"):
        monkeypatch.delenv(f"PYSCRAI_{name}", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "pyscrai.toml"


def test_defaults(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.database_url == f"sqlite+aiosqlite:///{settings.data_dir}/pyscrai.db"
    assert settings.alias().name == settings.alias("default").name == "embedded"
    assert {"embedded", "embedded-tiny", "scripted"} <= settings.models.keys()
    assert settings.alias("embedded").layout == "script"


@pytest.mark.parametrize(("given", "url"), [
    ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
    ("sqlite+aiosqlite:///x.db", "sqlite+aiosqlite:///x.db"),
    ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
    ("postgresql://u:p@h/d?a=b", "postgresql+psycopg://u:p@h/d?a=b"),
])
def test_database_url_is_made_asynchronous(monkeypatch: pytest.MonkeyPatch, given: str, url: str) -> None:
    monkeypatch.setenv("PYSCRAI_DATABASE_URL", given)
    settings = load_settings()
    assert settings.database_url == url
    assert "u:p" not in repr(settings)


def test_argument_over_environment_over_file(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean.write_text('model = "file"\nlog_level = "debug"\n[models.local]\nmodel = "m"\ntemperature = 0.2\n')
    assert load_settings().model == "file"
    monkeypatch.setenv("PYSCRAI_MODEL", "environment")
    monkeypatch.setenv("PYSCRAI_MODELS__LOCAL__TEMPERATURE", "0.9")
    settings = load_settings()
    assert (settings.model, settings.log_level) == ("environment", "debug")
    assert (settings.alias("local").temperature, settings.alias("local").model) == (0.9, "m")
    assert load_settings(model="argument").model == "argument"


def test_file_is_found(clean: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    users = tmp_path / "config" / "pyscrai" / "pyscrai.toml"
    users.parent.mkdir(parents=True)
    users.write_text('model = "users"')
    assert load_settings().model == "users"
    clean.write_text('model = "here"')
    assert load_settings().model == "here"
    named = tmp_path / "named.toml"
    named.write_text('model = "named"')
    monkeypatch.setenv("PYSCRAI_CONFIG", str(named))
    assert load_settings().model == "named"
    named.unlink()
    with pytest.raises(ConfigError, match="PYSCRAI_CONFIG"):
        load_settings()


def test_a_table_changes_fields_of_a_builtin_alias(clean: Path) -> None:
    clean.write_text("[models.embedded]\ntemperature = 0.1\n[models.mine]\nkind = 'embedded'\n")
    settings = load_settings()
    assert (settings.alias("embedded").temperature, settings.alias("embedded").prefill) == (0.1, True)
    assert (settings.alias("mine").model, settings.alias("mine").structured) == ("mine", "grammar")


@pytest.mark.parametrize(("table", "message"), [
    ("[models.default]", "set that instead"), ("[models.a]\nname = 'b'", "named by"),
])
def test_names_that_an_alias_cannot_have(clean: Path, table: str, message: str) -> None:
    clean.write_text(f"{table}\nmodel = 'm'\n")
    with pytest.raises(ConfigError, match=message):
        load_settings()


def test_prices(clean: Path) -> None:
    clean.write_text('[models.a]\nmodel = "m"\nprice = "openai:gpt-5-mini"\n'
                     '[models.b]\nmodel = "m"\nprice = {input_per_mtok = 1.0, output_per_mtok = 2}\n')
    settings = load_settings()
    assert settings.alias("a").price == "openai:gpt-5-mini"
    assert settings.alias("b").price == Prices(input_per_mtok=1.0, output_per_mtok=2.0)


def test_every_mistake_is_named_with_its_place(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean.write_text('modle = "x"\n[models.a]\nmodel = "m"\ntemperature = 9\ntimout = 3\n[models.b]\nkind = "openai"\n'
                     '[models.c]\nmodel = "m"\nprice = "cheap"\n')
    monkeypatch.setenv("PYSCRAI_LOG_LEVEL", "loud")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    text = str(caught.value)
    assert f"{clean.name}:1: modle = 'x': there is no such setting (did you mean model?)" in text
    assert "models.a.temperature = 9: Input should be less than or equal to 2" in text
    assert "models.a.timout = 3: there is no such setting (did you mean timeout?)" in text
    assert f"{clean.name}:6: models.b.model = '': an alias of kind openai needs `model`" in text
    assert "models.c.price" in text
    assert "PYSCRAI_LOG_LEVEL: log_level = 'loud'" in text
    assert len(caught.value.details["problems"]) == 6


SOUND = '''# [models.none]
model = "fast"
log_level = "info"
tools_allowed = [
  "a:b",   # ]
  "c:d",
]

[models.fast]
model = """
m"""
temperature = 1
price = {input_per_mtok = 1, output_per_mtok = 2}

[models."slow one"]
kind = "openai"
model = \'[x]\'

[mcp_servers.files]
command = ["files"]

[mcp_servers.web]
url = "https://127.0.0.1/mcp"
'''
WRONG = (
    ('model = "fast"', "modle = 1", "modle", 2), ('"info"', '"loud"', "log_level", 3),
    ('"c:d"', "3", "tools_allowed.1", 4),
    ("temperature = 1", "temperature = 9", "models.fast.temperature", 12),
    ("temperature = 1", "tempurature = 1", "models.fast.tempurature", 12),
    ("temperature = 1", 'name = "quick"', "models.fast.name", 12),
    ("{input_per_mtok = 1,", "{input_per_mtok = -1,", "models.fast.price.input_per_mtok", 13),
    (" output_per_mtok", " cached_per_mtok", "models.fast.price.output_per_mtok", 13),
    ("model = '[x]'", "timeout = 0\nmodel = 'x'", "models.slow one.timeout", 17),
    ("model = '[x]'", "parallel = 1", "models.slow one.model", 15),
    ('command = ["files"]', "tools = []", "mcp_servers.files.url", 19),
    ('"https://127.0.0.1/mcp"', '"ftp://127.0.0.1/mcp"', "mcp_servers.web.url", 23))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(WRONG), min_size=1, max_size=6, unique_by=lambda wrong: wrong[0]))
def test_mistakes_in_the_file_hide_no_others_and_have_their_lines(
        clean: Path, mistakes: list[tuple[str, str, str, int]]) -> None:
    text = SOUND
    for here, instead, _, _ in mistakes:
        assert SOUND.count(here) == 1
        text = text.replace(here, instead)
    longer = "\nmodel = 'x'" in text
    clean.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert {(problem["field"], problem["line"]) for problem in caught.value.details["problems"]} == {
        (field, line + (longer and line > 17)) for _, _, field, line in mistakes}


def test_a_table_for_the_default_is_told_beside_what_stands_in_it(clean: Path) -> None:
    clean.write_text(SOUND.replace("[models.fast]", "[models.default]").replace("temperature = 1", "temperature = 9"))
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert [(problem["field"], problem["line"]) for problem in caught.value.details["problems"]] == [
        ("models.default", 9), ("models.default.temperature", 12)]


@pytest.mark.parametrize("line", ['api_key = "sk-secret-1"', 'base_url = "http://user:sk-secret-1@h/v1"',
                                  'api_key_env = "sk-secret-1"'])
def test_a_key_in_the_file_is_refused_and_not_shown(clean: Path, line: str) -> None:
    clean.write_text(f'[models.a]\nmodel = "m"\n{line}\n')
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "sk-secret-1" not in f"{caught.value} {caught.value.as_dict()}"
    assert line.split(" ")[0] in str(caught.value)


def test_a_password_in_a_bad_database_url_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSCRAI_DATABASE_URL", "mysql://user:secret@host/x")
    with pytest.raises(ConfigError, match="PYSCRAI_DATABASE_URL") as caught:
        load_settings()
    assert "secret" not in str(caught.value)


def test_broken_toml(clean: Path) -> None:
    clean.write_text("model = \n")
    with pytest.raises(ConfigError, match=r"pyscrai\.toml is not valid TOML.*line 1"):
        load_settings()


def test_broken_json_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSCRAI_MODELS", "{no json")
    with pytest.raises(ConfigError, match="the environment cannot be used"):
        load_settings()


def test_unknown_alias_gets_a_guess_and_the_list() -> None:
    with pytest.raises(ConfigError, match=r"did you mean `embedded`\?.*embedded-tiny, scripted") as caught:
        load_settings().alias("embeded")
    assert caught.value.code == "config.unknown_alias"


def test_any_model_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    alias = load_settings(model="openai:gpt-5-mini").alias()
    assert (alias.name, alias.model, alias.api_key_env) == ("openai:gpt-5-mini", "gpt-5-mini", "OPENAI_API_KEY")
    assert alias.base_url == "https://api.openai.com/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1234/v1/")
    alias = load_settings().alias("openai:org/model:free")
    assert (alias.base_url, alias.model, alias.api_key_env) == ("http://127.0.0.1:1234/v1", "org/model:free", None)
    monkeypatch.setenv("OPENAI_BASE_URL", "nowhere")
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL"):
        load_settings().alias("openai:m")


def test_aliases_are_frozen_and_plain() -> None:
    alias = ModelAlias(name="a", model="m", base_url="http://h/v1")
    assert ModelAlias.model_validate({**alias.model_dump(), "name": "a"}) == alias


def test_importing_settings_imports_no_sdk() -> None:
    code = ("import sys, pyscrai.config.settings, pyscrai.llm.models, pyscrai.llm.embedded.weights; "
            "print([m for m in ('langchain_core', 'openai', 'httpx', 'aiohttp', 'xllamacpp', 'genai_prices', "
            "'sqlalchemy', 'pyrate_limiter') if m in sys.modules])")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
