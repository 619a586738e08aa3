"""The shared map without a browser: one file, no network, nothing in a table can become markup."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from worlds.webmap_world import HOSTILE, SMALL, draw_proposal, without_ground, without_rows

from siteplan.outputs.webmap import map_html
from siteplan.outputs.webmap.assets import asset_bytes, asset_table, inline_assets
from siteplan.outputs.webmap.elements import SCRIPTS
from siteplan.outputs.webmap.online import CONTENT_POLICY, online_tiles
from siteplan.planning.proposal import Proposal

# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


@pytest.fixture(scope="module")
def page_text(proposal: Proposal) -> str:
    return map_html(proposal)


class Attributes(HTMLParser):
    """Every tag of a page with its attributes; the content of scripts is not markup."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_no_address_is_loaded(page_text: str) -> None:
    tags = Attributes(page_text).tags
    assert not [each for each in tags if each[1].keys() & {"src", "href", "srcset", "data"}]
    without_scripts = {"p", "table", "tr", "td"}
    assert {tag for tag, _ in tags} - without_scripts <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "script",
        "body",
        "noscript",
        "div",
    }
    styles = "".join(re.findall(r"<style>.*?</style>", page_text, re.DOTALL))
    assert "url(" not in styles
    assert "@import" not in styles
    assert "sourceMappingURL" not in page_text


def test_the_policy_forbids_the_network_before_anything_else(page_text: str) -> None:
    tag = f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">'
    assert page_text.count(tag) == 1
    assert page_text.index(tag) < page_text.index("<script")
    assert CONTENT_POLICY.startswith("default-src 'none'")


def test_the_same_proposal_gives_the_same_bytes(proposal: Proposal, page_text: str) -> None:
    assert map_html(draw_proposal(SMALL)) == page_text
    assert not re.search(r"_[0-9a-f]{32}", page_text)


def test_only_real_script_elements_end(page_text: str) -> None:
    assert page_text.count("</script") == page_text.count("<script")
    assert "<img" not in page_text
    assert "alert(1)>" not in page_text


def test_user_text_never_reaches_the_template_engine(page_text: str) -> None:
    assert "{{ 7*7 }}" in page_text
    assert page_text.count('"key":"villages"') == 1


def test_unknown_asset_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"cdn\.example"):
        inline_assets('<script src="https://cdn.example/x.js"></script>')
    with pytest.raises(ValueError, match=r"cdn\.example"):
        inline_assets("<link rel='stylesheet' href='//cdn.example/x.css'/>")


@pytest.mark.parametrize("asset", [a for a in asset_table() if a.sha256], ids=lambda a: a.file)
def test_packaged_assets_are_what_the_table_says(asset: Any) -> None:
    assert hashlib.sha256(asset_bytes(asset.file)).hexdigest() == asset.sha256
    assert asset.licence


def test_words_and_titles_follow_the_language(proposal: Proposal) -> None:
    page = map_html(proposal, lang="en")
    assert '<html lang="en">' in page
    assert "DEMO: contains synthetic data" in page
    assert "<title>试验市: 5G sites proposed for 2023</title>" in page
    assert "the model is not calibrated" in page


def test_a_city_may_be_called_like_a_slot() -> None:
    assert "__siteplan:foo__" in map_html(draw_proposal(SMALL, city="甲__siteplan:foo__"))


def test_a_hostile_city_name_stays_a_name() -> None:
    page = map_html(draw_proposal(SMALL, city=HOSTILE[0]))
    assert page.count("</script") == page.count("<script")
    assert "<img" not in page


def test_without_dem_and_properties_the_page_is_still_a_map(proposal: Proposal) -> None:
    page = map_html(without_ground(proposal))
    assert '"relief":{' not in page
    assert '"key":"properties"' not in page
    assert '"key":"zones"' not in page


def test_empty_tables_give_empty_layers(proposal: Proposal) -> None:
    page = map_html(without_rows(proposal))
    assert page.count('"n":0,"classes"') == len(("villages", "gaps", "sites", "candidates", "proposed"))


def test_only_an_online_build_knows_online_hosts(proposal: Proposal) -> None:
    hosts = ("autonavi", "openstreetmap", "tianditu")
    assert not [host for host in hosts if host in map_html(proposal)]
    page = map_html(proposal, online=True)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    allowed = policy.group(1).removeprefix(CONTENT_POLICY).split()
    tiles = online_tiles(proposal.config, "zh")
    assert [each.key for each in tiles] == ["amap", "osm"]
    assert allowed == [host for each in tiles for host in each.hosts]
    keyed = proposal.config.model_copy(
        update={"outputs": proposal.config.outputs.model_copy(update={"tianditu_key": "K123"})}
    )
    assert "tk=K123" in online_tiles(keyed, "zh")[0].url


# --- scripts --------------------------------------------------------------------------------------------

AFTER_CHROMIUM_80 = (
    r"\.replaceAll\(",
    r"\.at\(",
    r"structuredClone",
    r"\?\?=",
    r"\|\|=",
    r"&&=",
    r"Object\.hasOwn",
    r"\.findLast",
    r"Promise\.any",
    r"\.toSorted",
    r"#[a-z]+\(",
    r"static \{",
    r"\.replaceChildren",
)
STYLE_AFTER_CHROMIUM_80 = (
    r"\binset:",
    r"aspect-ratio:",
    r":has\(",
    r":is\(",
    r":where\(",
    r"@layer",
    r"@container",
    r"\bgap: [^;]*;[^}]*flex",
    r"\d(?:dvh|svh)\b",
    r"color-mix",
    r"overflow: clip",
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_keep_to_what_chromium_80_knows(name: str) -> None:
    text = asset_bytes(name).decode()
    assert not [each for each in AFTER_CHROMIUM_80 if re.search(each, text)]
    assert "innerHTML" not in text
    assert "outerHTML" not in text
    assert "insertAdjacentHTML" not in text
    assert not re.search(
        r"\beval\(|new Function|document\.write|fetch\(|XMLHttpRequest|WebSocket|sendBeacon", text
    )


def test_style_keeps_to_what_chromium_80_knows() -> None:
    text = asset_bytes("siteplan_map.css").decode()
    assert not [each for each in STYLE_AFTER_CHROMIUM_80 if re.search(each, text)]
