"""The demo city: a whole project folder, written from a few real tables and a seed.

What is real (county polygons, names and codes, coarse relief, city totals) is
read; everything else is drawn from the seed, and every file says which it is.
"""

from siteplan.demo.cities import write_cities
from siteplan.demo.city import write_demo

__all__ = ["write_cities", "write_demo"]
