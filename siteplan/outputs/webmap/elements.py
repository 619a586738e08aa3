"""The page's own folium elements; each writes one line of script and leaves its data outside.

Branca compiles every element as a template, so data would be run as template
code. The elements therefore write a slot, and :func:`fill` puts the data in after rendering.
"""

from __future__ import annotations

import re

from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.template import Template

SCRIPTS = (
    "siteplan_core.js",
    "siteplan_draw.js",
    "siteplan_layers.js",
    "siteplan_pictures.js",
    "siteplan_sight.js",
    "siteplan_card.js",
    "siteplan_frame.js",
    "siteplan_numbers.js",
    "siteplan_lists.js",
    "siteplan_legend.js",
    "siteplan_panels.js",
    "siteplan_tools.js",
    "siteplan_returns.js",
)
"""In the order in which they run."""
_STYLE = "siteplan_map.css"
_DATA = '<script type="application/json" id="siteplan-{key}">__siteplan:{key}__</script>\n'
"""Where a piece of data stands: JSON that the browser does not run."""
_SLOT = re.compile(r"__siteplan:([a-z_]+)__")

CARD = """  function card(lines) {
    const node = document.createElement('div');
    lines.forEach(function (line) {
      node.appendChild(document.createElement('div')).textContent = line;
    });
    return node;
  }
"""
"""Lines of a popup, set as text, so that a name is a name."""


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

    Examples
    --------
    >>> fill("a = __siteplan:a__", {"a": '"__siteplan:b__"', "b": "?"})
    'a = "__siteplan:b__"'
    """
    return _SLOT.sub(lambda match: data.get(match.group(1), match.group(0)), page)


class Program(JSCSSMixin, MacroElement):
    """The page's scripts and style, and the call that starts them."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "siteplan.begin({{ this._parent.get_name() }}, siteplan.data('settings'));"
        "{% endmacro %}"
        "{% macro html(this, kwargs) %}" + _DATA.format(key="settings") + "{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "SiteplanProgram"
        self.default_js = [(name, f"siteplan:{name}") for name in SCRIPTS]
        self.default_css = [(_STYLE, f"siteplan:{_STYLE}")]


class Call(MacroElement):
    """Hands one piece of data to a function of the page."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "siteplan.{{ this.function }}({% if this.key %}siteplan.data('{{ this.key }}'){% endif %});"
        "{% endmacro %}"
        "{% macro html(this, kwargs) %}{% if this.key %}"
        + _DATA.format(key="{{ this.key }}")
        + "{% endif %}{% endmacro %}"
    )

    def __init__(self, function: str, key: str = "") -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "SiteplanCall"
        self.function = function
        self.key = key
