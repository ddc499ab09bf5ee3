"""The page and its files, as the server sends them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import get_args

import httpx
import pytest
import pytest_asyncio

from pyscrai.audience import ACTS
from pyscrai.events import AnyEvent
from pyscrai.viewer.web_files import STYLES, WEB, assets, page, sources, stamp
from tests.api.serving import Serving, serving

RAW = r"\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write)\b|\beval\s*\("
"""What would make markup or code of a text."""

IMPORTED = r'(?:\bfrom\s*|^import\s*)"([^"\s]+)"'


@pytest.fixture
def url(make_url: Callable[[str], str]) -> str:
    return make_url("sqlite")


@pytest_asyncio.fixture(loop_scope="session")
async def server(url: str) -> AsyncIterator[Serving]:
    async with serving(url, require_keys=True) as found:
        yield found


async def test_the_page_and_all_that_it_names_are_there_without_a_key(server: Serving) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.get("/")
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        named = set(re.findall(r'(?:src|href)="([^"]+)"', answer.text))
        assert {name.rsplit("/", 1)[1] for name in named} == {"app.js", "style.css", "icon.svg"}
        for name in named:
            found = await client.get(f"/{name}")
            assert found.status_code == 200, name
            assert found.headers["content-encoding"] == "gzip"
            bare = await client.get(f"/{name}", headers={"accept-encoding": "identity"})
            assert bare.content == found.content
            assert bare.headers["content-type"] == assets()[name.rsplit("/", 1)[1]].media_type
            assert "immutable" in found.headers["cache-control"]
        for path in ("%2e%2e/web_files.py", "index.html", "vendor/%2e%2e/%2e%2e/web_files.py", "main.js"):
            assert (await client.get(f"/viewer/{stamp()}/{path}")).status_code == 404
        assert (await client.get("/viewer/0000000000000000/app.js")).status_code == 404


def test_the_page_has_no_inline_script_or_style_and_names_no_other_host() -> None:
    text = page("viewer/x")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon[a-z]+=|style=", text)
    for name, path in sources().items():
        source = path.read_text(encoding="utf-8")
        if not name.startswith("vendor/"):
            assert "http://" not in source.replace("http://www.w3.org/2000/svg", ""), name
            assert "https://" not in source, name
            assert not re.search(RAW, source), name


def test_every_module_imports_what_is_there() -> None:
    for name, path in sources().items():
        if path.suffix != ".js":
            continue
        for wanted in re.findall(IMPORTED, path.read_text(encoding="utf-8"), re.MULTILINE):
            assert wanted.startswith("."), (name, wanted)
            assert (path.parent / wanted).resolve().is_relative_to(WEB), (name, wanted)
            assert (path.parent / wanted).resolve().is_file(), (name, wanted)


def test_the_page_hears_as_the_engines_do() -> None:
    source = sources()["lib/audience.js"].read_text(encoding="utf-8")
    listed = re.search(r"ACTS = new Set\(\[(.*?)\]", source, re.DOTALL)
    assert listed is not None
    assert set(re.findall(r'"(\w+)"', listed[1])) == ACTS


def test_every_kind_of_event_has_its_words() -> None:
    source = sources()["data/entries.js"].read_text(encoding="utf-8")
    kinds = {model.model_fields["kind"].default for model in get_args(get_args(AnyEvent)[0])}
    silent = {"end_reached"}    # the run's own end tells it
    assert kinds - silent == set(re.findall(r"^  (\w+): \(", source, re.MULTILINE))


def test_components_are_small() -> None:
    long = {name: lines for name, path in sources().items() if not name.startswith("vendor/") and path.suffix == ".js"
            and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300}
    assert not long


def test_all_the_javascript_is_light() -> None:
    assert len(assets()["app.js"].packed) < 250_000


def test_every_style_is_part_of_the_page() -> None:
    assert {name for name in sources() if name.endswith(".css")} == set(STYLES)
