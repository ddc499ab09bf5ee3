"""The site is built without a warning, needs no other host, and is served with a policy that its pages keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from pyscrai.config.settings import Settings
from pyscrai.databases.api.app import create_app
from pyscrai.documentation import site
from tests.viewer.browsers import launched

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(unpacked: Path) -> Path:
    """The site as the source distribution carries it: `strict` in mkdocs.yml makes a warning an error there too."""
    assert re.search("^strict: true$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    return unpacked / "build" / "docs"


@pytest.fixture
def client(built: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[TestClient]:
    monkeypatch.setattr(site, "PACKAGED", built)
    with TestClient(create_app(Settings(database_url=f"sqlite:///{tmp_path / 'site.db'}")),
                    base_url="http://127.0.0.1:8765") as found:
        yield found


def test_no_page_asks_another_host_for_anything(built: Path) -> None:
    asking = re.compile(r"""<(?:script|link|img|iframe|source)[^>]+(?:src|href)=["']?(?:https?:)?//[^"'> ]+""")
    found = {f"{path.relative_to(built)}: {hit}" for path in built.rglob("*.html")
             for hit in asking.findall(path.read_text(encoding="utf-8")) if "rel=canonical" not in hit}
    assert not found
    styles = {path.name for path in built.rglob("*.css") if re.search(r"url\([\"']?https?:|@import",
                                                                    path.read_text(encoding="utf-8"))}
    assert not styles


def test_every_link_and_anchor_inside_the_site_leads_somewhere(built: Path) -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in built.rglob("*.html") if path.name != "404.html"}
    ids = {path: set(re.findall(r'\bid="?([^" >]+)', text)) for path, text in pages.items()}
    broken = []
    for path, text in pages.items():
        for link in re.findall(r'<a [^>]*href="?([^" >]+)', text):
            address, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:|/", address):
                continue
            target = (path.parent / address).resolve() if address else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (anchor and target in ids and anchor not in ids[target]
                                        and not anchor.startswith("__")):
                broken.append(f"{path.relative_to(built)}: {link}")
    assert not broken


@pytest.mark.parametrize("width", [390, 1280])
async def test_no_page_is_wider_than_its_window_or_touches_its_edge(built: Path, width: int) -> None:
    wrong = []
    async with launched() as browser:
        page = await browser.new_page(viewport={"width": width, "height": 800})
        for name in ("", "viewer", "gallery", "api", "reference/commands", "how-to/import_and_export"):
            await page.goto((built / name / "index.html").as_uri())
            over, left, right = await page.evaluate("""() => {
              const box = document.querySelector(".md-content h1").getBoundingClientRect();
              const root = document.documentElement;
              return [root.scrollWidth - root.clientWidth, box.left, root.clientWidth - box.right];
            }""")
            wrong += [f"{name or 'index'}: {over} px wider, {left} and {right} px beside the heading"] if (
                over > 0 or min(left, right) < 8) else []
    assert not wrong


def test_pages_are_served_with_a_policy_that_names_their_own_scripts(client: TestClient) -> None:
    page = client.get("/docs/")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    assert "sha256-" in policy
    assert 'name="pyscrai-api"' in page.text
    editor = client.get("/docs/assets/editor/components/yaml_editor.js")
    for module in re.findall(r'from "\.\./([^"]+)"', editor.text):
        assert client.get(f"/docs/assets/editor/{module}").status_code == 200
    assert client.get("/docs/search/search_index.json").json()["docs"]


def test_addresses_without_a_slash_lead_on_and_others_are_not_found(client: TestClient) -> None:
    assert client.get("/docs", follow_redirects=False).headers["location"] == "docs/"
    assert client.get("/docs/templates", follow_redirects=False).headers["location"] == "/docs/templates/"
    assert client.get("/docs/none/").status_code == 404
    assert client.get("/api/v1/docs").status_code == 200


@pytest.mark.parametrize("path", ["../pyproject.toml", "..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/etc/passwd", "a\0b",
                                  "x" * 600, "//etc/passwd"])
def test_nothing_outside_of_the_site_is_served(built: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(site, "PACKAGED", built)
    assert site.site_file(path) is None


def test_without_a_site_the_reader_is_told_how_to_build_it(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "PACKAGED", Path("nowhere"))
    monkeypatch.setattr(site, "BUILT", Path("nowhere"))
    told = client.get("/docs/")
    assert (told.status_code, "make docs" in told.text) == (503, True)
