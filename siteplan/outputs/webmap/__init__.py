"""The shared map: one HTML file that opens from a memory stick with the cable pulled out.

Folium renders a small skeleton; every script, style, picture and table is put
into it afterwards in one pass, so user text never goes through a template engine.
A page is loaded when it is first asked for: folium takes most of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siteplan.outputs.webmap.changes import diff_html
    from siteplan.outputs.webmap.page import map_html
    from siteplan.outputs.webmap.province import province_map

__all__ = ["diff_html", "map_html", "province_map"]


def __getattr__(name: str) -> Any:
    """Load a page's writer when it is first asked for."""
    if name == "map_html":
        from siteplan.outputs.webmap.page import map_html  # noqa: PLC0415

        return map_html
    if name == "diff_html":
        from siteplan.outputs.webmap.changes import diff_html  # noqa: PLC0415

        return diff_html
    if name == "province_map":
        from siteplan.outputs.webmap.province import province_map  # noqa: PLC0415

        return province_map
    raise AttributeError(f"module 'siteplan.outputs.webmap' has no attribute {name!r}")
