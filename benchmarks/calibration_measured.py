"""Calibrate on public measurements and print the error on sites left out.

The sets lie in a folder that is not part of the product (`--data`): path losses measured in Recife
(GSM 1800, four transmitters with azimuth and tilt), Ota and Kano in Nigeria, and Lebanon (868 MHz, two
gateways in relief, no terrain model at hand). Each becomes a small siteplan project: measured loss turns
into RSRP with the set's own EIRP, so that every number below comes out of the same code a planner runs.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.calibration import Judged
from siteplan.core.errors import SiteplanError
from siteplan.outputs.wording import error_text
from siteplan.planning import pipeline
from siteplan.project.input_files import Input
from siteplan.project.project_file import load_config

PROJECT = """
schema = "siteplan-project/1"
[project]
city = "{name}"
crs = "{crs}"
reference_date = 2030-01-01
year = 2030
[inputs.counties]
path = "counties.gpkg"
[inputs.stations]
path = "stations.csv"
[[networks]]
id = "net"
name = "net"
[[antennas]]
id = "sector"
gain_dbi = 18
horizontal_beamwidth_deg = 65
vertical_beamwidth_deg = 7
side_lobe_db = 20
[[bands]]
id = "band"
network = "net"
name = "band"
frequency_mhz = {frequency}
[bands.classes."*"]
models = [{{ formula = "{formula}" }}, {{ formula = "rma" }}]
eirp_per_re_dbm = 0.0
antenna = "sector"
[[area_classes]]
id = "class"
name = "class"
antenna_height_m = 30
[[layers]]
id = "L1"
name = "L1"
threshold_dbm = -105
"""


def recife(folder: Path) -> tuple[dict[str, object], pd.DataFrame, pd.DataFrame]:
    """Four GSM 1800 transmitters; the second and fourth stand on one roof."""
    sites = pd.read_csv(folder / "recife_gsm1800_bts.csv", sep=";")
    rows = pd.read_csv(folder / "recife_gsm1800_measurements.csv")
    longitude = np.where(sites["lon"] > -30, sites["lon"] * 10, sites["lon"])  # a slipped decimal point
    stations = pd.DataFrame(
        {
            "station_id": sites["BTS_ID"],
            "site_id": sites["BTS_ID"],
            "network": "net",
            "band": "band",
            "antenna_height_m": sites["height"],
            "azimuth_deg": sites["azimuth"],
            "downtilt_deg": sites["tiltEle"] + sites["tiltMec"],
            "eirp_per_re_dbm": sites["eirp"],
            "longitude": longitude,
            "latitude": sites["lat"],
        }
    )
    eirp = rows["BTS_ID"].map(stations.set_index("station_id")["eirp_per_re_dbm"])
    drive = pd.DataFrame(
        {
            "station_id": rows["BTS_ID"],
            "rsrp": eirp - rows["PLreal"],
            "longitude": rows["lon"],
            "latitude": rows["lat"],
        }
    )
    return (
        {"name": "Recife GSM1800", "frequency": 1850, "formula": "uma", "crs": "EPSG:32725"},
        stations,
        drive,
    )


def multi(folder: Path, name: str) -> tuple[dict[str, object], pd.DataFrame, pd.DataFrame]:
    """One region of the set of many places."""
    rows = pd.read_csv(folder / "multi_env_pathloss_lebanon_nigeria_recife.csv")
    facts, chosen = {
        "Ota 1800": ({"frequency": 1800, "formula": "uma", "crs": "EPSG:32631"}, rows["frequency"].eq(1800)),
        "Kano 2140": ({"frequency": 2140, "formula": "uma", "crs": "EPSG:32632"}, rows["frequency"].eq(2140)),
        "Lebanon 868": (
            {"frequency": 868, "formula": "rma", "crs": "EPSG:32636"},
            rows["frequency"].eq(868) & rows["distance"].between(0.05, 5.0) & rows["ht"].between(1.0, 3.0),
        ),
    }[name]
    rows = rows[chosen].reset_index(drop=True)
    uplink = name.startswith("Lebanon")  # devices transmit, gateways listen: the path is the same
    ends = ("latitude", "longitude"), ("tlatitude", "tlongitude")
    mast, phone = ends if uplink else ends[::-1]
    at = rows[list(mast)].round(5).astype(str).agg("/".join, axis=1)
    first = rows.loc[~at.duplicated()]
    height = np.maximum(first["hr" if uplink else "ht"], 12)
    stations = pd.DataFrame(
        {
            "station_id": at[~at.duplicated()],
            "site_id": at[~at.duplicated()],
            "network": "net",
            "band": "band",
            "antenna_height_m": height,
            "longitude": first[mast[1]],
            "latitude": first[mast[0]],
        }
    )
    drive = pd.DataFrame(
        {
            "station_id": at,
            "rsrp": -rows["pathloss"],
            "longitude": rows[phone[1]],
            "latitude": rows[phone[0]],
        }
    )
    return {"name": name, **facts}, stations, drive


def judged(
    folder: Path, facts: dict[str, object], stations: pd.DataFrame, drive: pd.DataFrame, servers: bool | None
) -> Judged:
    """Write the project and the drive test, and calibrate."""
    frames = pd.concat([stations, drive], ignore_index=True)
    box = shapely.box(
        frames["longitude"].min() - 0.05,
        frames["latitude"].min() - 0.05,
        frames["longitude"].max() + 0.05,
        frames["latitude"].max() + 0.05,
    )
    area = gpd.GeoDataFrame({"county_id": ["1"], "county": ["area"]}, geometry=[box], crs=4326)
    area.to_file(folder / "counties.gpkg")
    (folder / "project.toml").write_text(PROJECT.format(**facts), encoding="utf-8")
    stations.to_csv(folder / "stations.csv", index=False)
    drive.to_csv(folder / "drive.csv", index=False)
    config = load_config(folder)
    inputs = pipeline.load(folder, config, None)
    given = Input(path=str(folder / "drive.csv"))
    return pipeline.measured(folder, inputs, config, given, serving_only=servers)[0]


def main() -> None:
    """Every set, one table each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    sets = [lambda: recife(folder)]
    sets += [lambda name=name: multi(folder, name) for name in ("Ota 1800", "Kano 2140", "Lebanon 868")]
    for read in sets:
        facts, stations, drive = read()
        print(f"\n{facts['name']}: {len(drive)} rows, {len(stations)} transmitters")
        with tempfile.TemporaryDirectory() as work:
            try:
                result = judged(Path(work), facts, stations, drive, servers=None)
            except SiteplanError as error:
                print(f"  refused: {error_text(error, 'en')}")
                continue
        print(result.errors.round(2).to_string(index=False))
        fitted = {name: round(value, 2) for name, value in result.fit.values().items()}
        errors = {name: round(value, 2) for name, value in result.standard_error.items()}
        print(f"  fitted {fitted}\n  standard errors {errors}\n  rival {result.fit.rival_dbm}")
        if result.service is not None:
            print(result.service.scores.round(3).to_string(index=False))
            print(f"  {result.service.spread}, standard errors {result.service.standard_error}")
        if result.conditioned is not None:
            print(result.conditioned.errors.round(2).to_string(index=False))


if __name__ == "__main__":
    main()
