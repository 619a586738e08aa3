"""The shared map: one HTML file that opens from a memory stick with the cable pulled out.

Folium renders a small skeleton; every script, style, picture and table is put
into it afterwards in one pass, so user text never goes through a template engine.
A page is loaded when it is first asked for: folium takes most of a second.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siteplan.outputs.webmap.changes import diff_html
    from siteplan.outputs.webmap.page import map_html
    from siteplan.outputs.webmap.province import province_map

__all__ = ["diff_html", "map_html", "province_map"]


_WRITERS = {"diff_html": "changes", "map_html": "page", "province_map": "province"}


def __getattr__(name: str) -> Any:
    """Load a page's writer when it is first asked for."""
    if name not in _WRITERS:
        raise AttributeError(f"module 'siteplan.outputs.webmap' has no attribute {name!r}")
    return getattr(import_module(f"siteplan.outputs.webmap.{_WRITERS[name]}"), name)
