"""Plan one county: ``python scripts/plan_county.py 乐昌市 [project folder]``."""

import sys
from pathlib import Path

from siteplan.cli import plan_area

county = sys.argv[1]
project = Path(sys.argv[2] if len(sys.argv) > 2 else "data/shaoguan")
proposal, folder = plan_area(project, county=county)
print(county, proposal.record.selected_stations, "stations on", len(proposal.places.proposed), "sites")
print(folder)
