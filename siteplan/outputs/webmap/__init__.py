"""The shared map: one HTML file that opens from a memory stick with the cable pulled out.

Folium renders a small skeleton; every script, style, picture and table is put
into it afterwards in one pass, so user text never goes through a template engine.
"""

from siteplan.outputs.webmap.changes import diff_html
from siteplan.outputs.webmap.page import map_html

__all__ = ["diff_html", "map_html"]
