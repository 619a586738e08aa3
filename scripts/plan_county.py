"""Plan one county: ``python scripts/plan_county.py 乐昌市 [project folder]``."""

import sys

import siteplan

county = sys.argv[1]
project = siteplan.open_project(sys.argv[2] if len(sys.argv) > 2 else "data/shaoguan")
plan = project.plan(county=county)
folder = plan.write()
print(county, plan.record.selected_stations, "stations on", len(plan.sites), "sites")
print(folder)
