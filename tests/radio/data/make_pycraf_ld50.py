"""Write ``pycraf_ld50.csv``: delta-Bullington losses of drawn profiles by pycraf, an independent program.

Run ``python tests/radio/data/make_pycraf_ld50.py`` where pycraf is installed; it says which version it was. The
committed table is of pycraf 2.1.0, which follows ITU-R P.452-16, section 4.2: the same delta-Bullington
as P.1812-8, section 4.3. pycraf is no dependency of this project, and the table needs none: the tests
draw the same profiles with `drawn_profile`.

The two differ in the wavelength, which is 0.2998 / f in P.1812 and c / f in pycraf.
"""

import csv
import importlib
import importlib.metadata
import math
from pathlib import Path

import numpy as np

TABLE = Path(__file__).with_name("pycraf_ld50.csv")
FIELDS = [
    "kind",
    "points",
    "length_km",
    "peak_m",
    "place",
    "frequency_ghz",
    "tx_height_m",
    "rx_height_m",
    "effective_radius_km",
    "vertical",
]
RADII_KM = (8500.0, 9052.0, 7400.0)


def drawn_profile(kind, points, length_km, peak_m, place):
    """Distance [km] and ground [m] of a profile from a few figures.

    Parameters
    ----------
    kind
        flat, gauss, ridges, sine, roof, wall or valley.
    points
        Number of profile points, evenly spaced.
    length_km
        Length of the path.
    peak_m
        Highest rise.
    place
        Where along the path it is [0-1].
    """
    t = np.linspace(0.0, 1.0, points)
    hill = np.exp(-(((t - place) / 0.08) ** 2))
    rise = {
        "flat": np.zeros(points),
        "gauss": hill,
        "ridges": hill + 0.7 * np.exp(-(((t - 1.0 + 0.6 * place) / 0.05) ** 2)),
        "sine": np.sin(7.0 * np.pi * t + 3.0 * place) * (0.5 + 0.5 * t),
        "roof": 1.0 - np.abs(t - place),
        "wall": (np.arange(points) == round(place * (points - 1))).astype(np.float64),
        "valley": -hill,
    }[kind]
    return t * length_km, 400.0 + peak_m * rise


def cases():
    """The drawn paths: every kind short and long, high and low; then bands, antennas and polarization."""
    kinds = ("flat", "gauss", "ridges", "sine", "roof", "wall", "valley")
    sizes = ((0.5, 25.0), (2.0, 60.0), (6.0, 150.0), (15.0, 400.0), (60.0, 250.0))
    bands = (0.7, 2.6, 3.5)
    for j, (length_km, peak_m) in enumerate(sizes):
        for i, kind in enumerate(kinds):
            points = (5, 41, 101, 201, 401)[j]
            figures = (bands[(i + j) % 3], (20.0, 8.0, 35.0)[(i + 2 * j) % 3], (1.5, 10.0)[j % 2])
            place = 0.25 + 0.1 * ((2 * i + j) % 6)
            yield (kind, points, length_km, peak_m, round(place, 2), *figures, RADII_KM[i % 3], i % 2)
    for frequency_ghz in (0.1, 0.4, 6.0):
        for vertical in (0, 1):
            yield "gauss", 201, 20.0, 80.0, 0.6, frequency_ghz, 50.0, 10.0, RADII_KM[0], vertical
            yield "flat", 201, 80.0, 0.0, 0.5, frequency_ghz, 30.0, 20.0, RADII_KM[1], vertical


def ld50_db(case):
    """Median delta-Bullington loss of a case by pycraf [dB]."""
    pathprof, units = importlib.import_module("pycraf.pathprof"), importlib.import_module("astropy.units")
    conversions = importlib.import_module("pycraf.conversions")
    named = dict(zip(FIELDS, case, strict=True))
    distance, ground = drawn_profile(*case[:5])
    # The median does not depend on temperature, pressure and place: they are needed to make the object.
    path = pathprof.PathProp(
        named["frequency_ghz"] * units.GHz,
        288.15 * units.K,
        1013.25 * units.hPa,
        0.0 * units.deg,
        45.0 * units.deg,
        0.1 * units.deg,
        45.0 * units.deg,
        named["tx_height_m"] * units.m,
        named["rx_height_m"] * units.m,
        30.0 * units.m,
        50.0 * units.percent,
        polarization=named["vertical"],
        version=16,
        delta_N=157.0 * (1.0 - 6371.0 / named["effective_radius_km"]) * conversions.dimless / units.km,
        N0=325.0 * conversions.dimless,
        hprof_dists=distance * units.km,
        hprof_heights=ground * units.m,
        hprof_bearing=0.0 * units.deg,
        hprof_backbearing=0.0 * units.deg,
    )
    loss = pathprof.loss_diffraction(path)[0]
    return float(getattr(loss, "value", loss))


def main():
    """Write the table and say what wrote it."""
    rows = [[*case, f"{ld50_db(case):.6f}"] for case in cases()]
    if not all(math.isfinite(float(row[-1])) for row in rows):
        raise ValueError("pycraf gave no number for a profile")
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([[*FIELDS, "ld50_db"], *rows])
    print(f"{len(rows)} profiles by pycraf {importlib.metadata.version('pycraf')}: {TABLE.name}")  # noqa: T201


if __name__ == "__main__":
    main()
