"""siteplan: from a county's own files to ranked 5G base-station sites and an offline map.

The rooms are listed in DESIGN order: a module imports only what lies below it, and ``pipeline`` is
the only place where the stages meet. Nothing here knows a city: every place is data.
"""

__version__ = "0.1.0"
