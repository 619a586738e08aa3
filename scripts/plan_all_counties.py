"""Plan the city and every county by itself, and hold the sums against each other.

``python scripts/plan_all_counties.py [project folder]``. What must add up exactly is checked; what the
split changes (covered after, since a city run may spend a border station elsewhere) is printed.
"""

import sys

import siteplan

EXACT = (
    "population_total",
    "population_covered_before",
    "villages_total",
    "villages_covered_before",
    "quota",
    "built",
)
SHOWN = ("population_covered_after", "villages_covered_after", "selected_stations", "objective")

project = siteplan.open_project(sys.argv[1] if len(sys.argv) > 1 else "data/shaoguan")
city = project.plan()
print(f"{city.proposal.area.name}: {city.write()}")
parts = []
for county in city.proposal.area.counties["county"]:
    part = project.plan(county=county)
    folder = part.write()
    parts.append(part)
    seconds = part.record.costs.seconds["total"]
    print(f"{county}: {part.record.selected_stations} stations, {seconds:.1f} s, {folder}")
for name in (*EXACT, *SHOWN):
    total = sum(getattr(part.record, name) for part in parts)
    whole = getattr(city.record, name)
    print(f"{name}: counties {total:,.1f}, city {whole:,.1f}, difference {total - whole:,.1f}")
ids = {candidate for part in parts for candidate in part.candidates["candidate_id"]}
unequal = [
    name for name in EXACT if sum(getattr(p.record, name) for p in parts) != getattr(city.record, name)
]
if unequal or ids != set(city.candidates["candidate_id"]):
    sys.exit(f"counties and city disagree: {unequal or 'candidate ids'}")
