"""Packaged scripts and styles, and how they take the place of what folium would download.

The table ``assets/assets.toml`` lists every address a page may hold; one that
is not listed stops the build instead of going out to the network on somebody's desk.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

_EXTERNAL = re.compile(
    r"""<script\b[^>]*\bsrc\s*=\s*["']([^"']*)["'][^>]*>\s*</script>"""
    r"""|<link\b[^>]*\bhref\s*=\s*["']([^"']*)["'][^>]*>""",
    re.IGNORECASE,
)
_CSS_URL = re.compile(r"url\([^)]*\)")
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


@dataclass(frozen=True)
class Asset:
    """One line of the table.

    Attributes
    ----------
    pattern
        Address with ``*`` as wildcard.
    file
        Packaged file that takes its place; empty when the page does not need it.
    source, licence, sha256
        Where a third-party file comes from.
    """

    pattern: str
    file: str
    source: str = ""
    licence: str = ""
    sha256: str = ""


def asset_bytes(name: str) -> bytes:
    """Content of a packaged file [bytes]."""
    return files(__package__).joinpath("assets", name).read_bytes()


@cache
def asset_table() -> tuple[Asset, ...]:
    """The table of addresses, in the order in which they are tried."""
    table = tomllib.loads(asset_bytes("assets.toml").decode("utf-8"))
    return tuple(Asset(**row) for row in table["asset"])


def inline_assets(page: str) -> str:
    """Replace every external script and style of a page by packaged text.

    Raises
    ------
    SiteplanError
        If the page asks for an address that is not in the table.

    Examples
    --------
    >>> inline_assets('<script src="https://code.jquery.com/jquery-3.7.1.min.js"></script>')
    ''
    """
    return _EXTERNAL.sub(_replacement, page)


def _replacement(tag: re.Match[str]) -> str:
    asset = _asset_for(tag.group(1) or tag.group(2) or "")
    if not asset.file:
        return ""
    text = asset_bytes(asset.file).decode("utf-8").replace("\r\n", "\n")
    if asset.file.endswith(".css"):
        return f"<style>\n{_inert_css(text)}</style>"
    return f"<script>\n{_inert_js(text)}</script>"


def _asset_for(url: str) -> Asset:
    for asset in asset_table():
        if fnmatchcase(url, asset.pattern):
            return asset
    raise ValueError(f"the map asks for an asset that is not packaged: {url}; add it to assets.toml")


def _inert_css(text: str) -> str:
    """Style without pictures: the page draws its own controls and no marker icons."""
    return _CSS_URL.sub("none", text)


def _inert_js(text: str) -> str:
    """Script that cannot end its own element and names no source map."""
    return _SOURCE_MAP.sub("", text).replace("</script", "<\\/script")
