"""Datum shifts: round trips, and agreement with two independent packages."""

import eviltransform
import numpy as np
import prcoords
import pytest

from siteplan.core.errors import RangeError
from siteplan.inputs.places import datum

METRES_PER_DEGREE = 111_320.0
RNG = np.random.default_rng(1)
LON = RNG.uniform(112.8, 114.8, 500)
LAT = RNG.uniform(23.8, 25.6, 500)


def _offset_m(lon, lat, other_lon, other_lat):
    east = (np.asarray(lon) - other_lon) * METRES_PER_DEGREE * np.cos(np.radians(24.7))
    return np.hypot(east, (np.asarray(lat) - other_lat) * METRES_PER_DEGREE)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (datum.gcj02_from_wgs84, datum.wgs84_from_gcj02),
        (datum.bd09_from_gcj02, datum.gcj02_from_bd09),
    ],
    ids=["gcj02", "bd09"],
)
def test_round_trip_is_below_a_millimetre(there, back):
    assert _offset_m(*back(*there(LON, LAT)), LON, LAT).max() < 1e-3


def test_gcj02_agrees_with_prcoords():
    theirs = np.array([prcoords.wgs_gcj(prcoords.Coords(y, x)) for x, y in zip(LON, LAT, strict=True)])
    assert _offset_m(*datum.gcj02_from_wgs84(LON, LAT), theirs[:, 1], theirs[:, 0]).max() < 0.02


def test_gcj02_agrees_with_eviltransform():
    theirs = np.array([eviltransform.wgs2gcj(y, x) for x, y in zip(LON, LAT, strict=True)])
    assert _offset_m(*datum.gcj02_from_wgs84(LON, LAT), theirs[:, 1], theirs[:, 0]).max() < 0.02


def test_bd09_agrees_with_prcoords():
    theirs = np.array([prcoords.gcj_bd(prcoords.Coords(y, x)) for x, y in zip(LON, LAT, strict=True)])
    assert _offset_m(*datum.bd09_from_gcj02(LON, LAT), theirs[:, 1], theirs[:, 0]).max() < 0.02


def test_shift_here_is_larger_than_an_urban_inter_site_distance():
    assert _offset_m(*datum.gcj02_from_wgs84(LON, LAT), LON, LAT).min() > 500


def test_outside_china_nothing_moves():
    lon, lat = datum.gcj02_from_wgs84([1.5, 10.9], [42.5, 46.9])
    assert lon.tolist() == [1.5, 10.9]
    assert lat.tolist() == [42.5, 46.9]


def test_swapped_coordinates_are_refused():
    with pytest.raises(RangeError, match="swapped"):
        datum.to_wgs84([24.8], [113.6], "gcj02")


def test_unknown_datum_is_refused():
    with pytest.raises(RangeError, match="beijing54"):
        datum.to_wgs84([113.6], [24.8], "beijing54")
