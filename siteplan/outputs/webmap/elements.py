"""The page's own folium elements; each writes one line of script and leaves its data outside.

One decision to know: branca compiles every element as a template, so data would be run as template
code. The elements therefore write a slot, and :func:`fill` puts the data in after rendering.
"""

from __future__ import annotations

import re

from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.raster_layers import ImageOverlay
from folium.template import Template

_SCRIPTS, _STYLE = ("siteplan_map.js", "siteplan_panel.js"), "siteplan_map.css"
_SLOT = re.compile(r"(?:data:,)?__siteplan:([a-z_]+)__")


def slot(name: str) -> str:
    """Where data of this name will stand [str].

    Examples
    --------
    >>> slot("villages")
    '__siteplan:villages__'
    """
    return f"__siteplan:{name}__"


def fill(page: str, data: dict[str, str]) -> str:
    """Put the data into their slots, in one pass: what was put in is not looked at again.

    Parameters
    ----------
    page
        Rendered page.
    data
        Text by slot name.

    Returns
    -------
    str
        The whole page.

    Examples
    --------
    >>> fill("a = __siteplan:a__", {"a": '"__siteplan:b__"', "b": "?"})
    'a = "__siteplan:b__"'
    """
    return _SLOT.sub(lambda match: data[match.group(1)], page)


class Program(JSCSSMixin, MacroElement):
    """The page's scripts and style, and the call that starts them."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "siteplan.begin({{ this._parent.get_name() }}, {{ this.data }});"
        "{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()
        self._name = "SiteplanProgram"
        self.default_js = [(name, f"siteplan:{name}") for name in _SCRIPTS]
        self.default_css = [(_STYLE, f"siteplan:{_STYLE}")]
        self.data = slot("settings")


class DataLayer(MacroElement):
    """A table drawn on canvas."""

    _template = Template("{% macro script(this, kwargs) %}siteplan.layer({{ this.data }});{% endmacro %}")

    def __init__(self, key: str) -> None:
        super().__init__()
        self._name = "SiteplanLayer"
        self.data = slot(key)


class PictureSwitch(MacroElement):
    """Hands a picture over to the page's own layer switch."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "siteplan.picture('{{ this.key }}', {{ this.overlay.get_name() }});"
        "{% endmacro %}"
    )

    def __init__(self, key: str, overlay: ImageOverlay) -> None:
        super().__init__()
        self._name = "SiteplanPicture"
        self.key = key
        self.overlay = overlay


class Finish(MacroElement):
    """Shows the page once everything is there."""

    _template = Template("{% macro script(this, kwargs) %}siteplan.finish();{% endmacro %}")

    def __init__(self) -> None:
        super().__init__()
        self._name = "SiteplanFinish"
