"""Plan the city and every county by itself, and hold the sums against each other.

``python scripts/plan_all_counties.py [project folder]``. What must add up exactly is checked; what the
split changes (covered after, since a city run may spend a border station elsewhere) is printed.
"""

import sys
from pathlib import Path

from siteplan.cli import plan_area

EXACT = (
    "population_total",
    "population_covered_before",
    "villages_total",
    "villages_covered_before",
    "quota",
    "built",
)
SHOWN = ("population_covered_after", "villages_covered_after", "selected_stations", "objective")

project = Path(sys.argv[1] if len(sys.argv) > 1 else "data/shaoguan")
city, folder = plan_area(project)
print(f"{city.area.name}: {folder}")
parts = []
for county in city.area.counties["county"]:
    part, folder = plan_area(project, county=county)
    parts.append(part)
    seconds = part.record["seconds"]["total"]
    print(f"{county}: {part.record['selected_stations']} stations, {seconds:.1f} s, {folder}")
for name in (*EXACT, *SHOWN):
    total = sum(part.record[name] for part in parts)
    whole = city.record[name]
    print(f"{name}: counties {total:,.1f}, city {whole:,.1f}, difference {total - whole:,.1f}")
ids = {row.candidate_id for part in parts for row in part.places.candidates.itertuples()}
unequal = [name for name in EXACT if sum(part.record[name] for part in parts) != city.record[name]]
if unequal or ids != set(city.places.candidates["candidate_id"]):
    sys.exit(f"counties and city disagree: {unequal or 'candidate ids'}")
