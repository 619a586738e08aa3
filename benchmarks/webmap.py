"""The shared map beside plain folium: the same proposal, the same browser, alternating visits.

``python benchmarks/webmap.py [PROJECT_FOLDER] [--county NAME] [--pickle FILE] [--canvas] [--cache DIR]``;
without ``--pickle`` (a pickled proposal, for development) the project is planned first. Needs Chromium,
playwright and npm.

The peer is what a user of folium would write: a GeoJson for polygons, a Marker with an Icon for a proposed
site, a CircleMarker for any other point, a Popup with the attributes for each, an ImageOverlay for
coverage before and after; the same layers are switched on as in our page. Its scripts and styles come from
npm packages kept in the cache folder and are handed to the browser without any wait a network would add,
which is in its favour; the glyphicons are those of a package of Bootstrap 3.3. Addresses that no package
has are answered with nothing and named.

``ready``: ours says so itself; folium's has loaded and its layers are on the map. ``settled``, alike for
both: ready, and the last task of more than 50 ms is over. Frames are counted between animation frames
while the mouse drags and turns its wheel; ``4x`` is a processor four times slower. Heap after a garbage
collection, with array buffers. Everything is the median of visits, with the least and the most.
"""

from __future__ import annotations

import argparse
import html
import math
import pickle
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep

import folium
import numpy as np
from playwright.sync_api import sync_playwright
from rasterio.transform import array_bounds
from rasterio.warp import calculate_default_transform, reproject

from siteplan.coverage.footprint_cache import FileCache
from siteplan.outputs.webmap import map_html
from siteplan.outputs.wording import in_words
from siteplan.planning import pipeline
from siteplan.project.project_file import load_config

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
VIEWPORT = {"width": 1440, "height": 900}
SLOWDOWNS = (1, 4)
VISITS = 3
DRIVE_S, QUIET_MS, LIMIT_S = 3.0, 500, 300
"""Length of a drag or of turning the wheel, what counts as quiet, and when a visit is given up."""

PROPOSED = (
    "rank",
    "candidate_id",
    "name",
    "county",
    "town",
    "village",
    "networks",
    "bands",
    "stations",
    "antenna_height_m",
    "ground_m",
    "longitude_gcj02",
    "latitude_gcj02",
    "gain",
    "gain_by_layer",
    "people_newly_covered",
    "villages_newly_covered",
    "villages_newly_covered_names",
    "cell_radius_m",
    "search_radius_m",
    "owner",
    "due_date",
    "alternates",
    "restriction",
    "cost",
    "power_distance_m",
    "backhaul_distance_m",
    "success_probability",
    "status",
    "reason",
)
SITES = ("site_id", "site_name", "county", "networks", "bands", "stations", "antenna_height_m", "sectors")
VILLAGES = (
    "village",
    "town",
    "county",
    "people",
    "share_before",
    "share_after",
    "networks_before",
    "networks_after",
    "serving_site_before",
    "serving_site_after",
    "model_difference_db",
)
PROPERTIES = ("property_name", "kind", "owner", "address", "building_height_m", "county")
OTHERS = ("candidate_id", "name", "county", "town", "status", "rule", "antenna_height_m", "location_grade")
GAPS = ("gap_id", "layer", "network", "county", "area_km2", "people")
ZONES = ("zone", "layer", "level", "basis")

PACKAGES = (
    (r"https://cdn\.jsdelivr\.net/npm/((?:@[^/]+/)?[^/@]+@[^/]+)/(.+)", r"\1", r"\2"),
    (r"https://code\.jquery\.com/jquery-([\d.]+)\.min\.js", r"jquery@\1", "dist/jquery.min.js"),
    (
        r"https://cdnjs\.cloudflare\.com/ajax/libs/Leaflet\.awesome-markers/([\d.]+)/([^/]+\.js)",
        r"drmonty-leaflet-awesome-markers@\1",
        r"js/\2",
    ),
    (
        r"https://cdnjs\.cloudflare\.com/ajax/libs/Leaflet\.awesome-markers/([\d.]+)/(.+)",
        r"drmonty-leaflet-awesome-markers@\1",
        r"css/\2",
    ),
    (
        r"https://netdna\.bootstrapcdn\.com/bootstrap/[\d.]+/css/bootstrap-glyphicons\.css",
        "glyphicons-only-bootstrap@1.0.1",
        "css/bootstrap.min.css",
    ),
    (
        r"https://netdna\.bootstrapcdn\.com/bootstrap/[\d.]+/(fonts/.+)",
        "glyphicons-only-bootstrap@1.0.1",
        r"\1",
    ),
)
"""Addresses folium writes, the npm package that holds the file, and where in it."""

WATCH = """(() => {
  const watch = window.__watch = {ready: null, busy: 0};
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) watch.busy = Math.max(watch.busy, each.startTime + each.duration);
  }).observe({type: "longtask", buffered: true});
  const look = () => {
    if (READY) watch.ready = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  watch.quiet = () => watch.ready !== null
    && performance.now() - Math.max(watch.ready, watch.busy) > QUIET_MS;
  watch.start = () => {
    const frames = [];
    let on = true;
    const next = (now) => { frames.push(now); if (on) requestAnimationFrame(next); };
    requestAnimationFrame(next);
    watch.stop = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
      on = false;
      resolve(frames.slice(1).map((at, k) => at - frames[k]));
    })));
  };
})()"""
MIDDLE = """(map) => {
  const box = map.getContainer().getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""
WHOLE = """([map, place, bounds]) => {
  map.setView(place, Math.floor(map.getBoundsZoom(bounds)), {animate: false});
}"""


@dataclass
class Version:
    """One of the two pages.

    Attributes
    ----------
    name
        Heading of its column.
    ready
        Script that is true once the page is ready.
    chart
        Script that gives its Leaflet map.
    path
        Where the page lies.
    figures
        Values by row of the table, one a visit.
    """

    name: str
    ready: str
    chart: str
    path: Path
    figures: dict[str, list[float]] = field(default_factory=dict)

    def note(self, found):
        """Add one value to each of these rows."""
        for row, value in found.items():
            self.figures.setdefault(row, []).append(value)


# --- proposal -------------------------------------------------------------------------------------------


def proposal_of(asked):
    if asked.pickle:
        with asked.pickle.open("rb") as file:
            return pickle.load(file)
    folder = asked.project if asked.project.is_dir() else asked.project.parent
    config = load_config(asked.project)
    inputs = pipeline.load(folder, config, asked.county)
    cache = FileCache(folder / ".cache" / "footprints.sqlite", config.coverage.cache_mib)
    with ThreadPoolExecutor(2) as pool, cache:
        return in_words(pipeline.run(inputs, config, cache=cache, map_fn=pool.map)[0], "zh")


# --- plain folium ---------------------------------------------------------------------------------------


def folium_html(proposal, canvas):
    """The page and the name of its map."""
    given = proposal.area
    others = proposal.places.candidates[proposal.places.candidates["status"] != "PROPOSED"]
    gaps = proposal.existing.gaps.iloc[: proposal.config.outputs.map_gaps]
    west, south, east, north = proposal.area.counties.to_crs("EPSG:4326").total_bounds
    chart = folium.Map(tiles=None, prefer_canvas=canvas)
    chart.fit_bounds([[south, west], [north, east]])
    add_picture(chart, "coverage before", proposal.existing.coverage, show=False)
    add_picture(chart, "coverage after", proposal.effects.coverage, show=True)
    add_polygons(chart, "counties", proposal.area.counties, ("county",), "#444444", show=True)
    add_polygons(chart, "zones", given.exclusions, ZONES, "#a05a2c", show=False)
    add_polygons(chart, "gaps", gaps, GAPS, "#c0392b", show=False)
    add_circles(chart, "properties", given.properties, PROPERTIES, "#7d5ba6", show=False)
    add_circles(chart, "other candidates", others, OTHERS, "#888888", show=False)
    add_circles(chart, "existing sites", proposal.existing.sites, SITES, "#2166ac", show=True)
    add_circles(chart, "villages", proposal.effects.villages, VILLAGES, "#1b7837", show=True)
    add_markers(chart, "proposed", proposal.places.proposed, PROPOSED)
    folium.LayerControl().add_to(chart)
    return chart.get_root().render(), chart.get_name()


def add_picture(chart, name, raster, *, show):
    """A raster as folium takes it: in degrees, warped to the map by folium."""
    grid = raster.grid
    transform, width, height = calculate_default_transform(
        grid.crs, "EPSG:4326", grid.width, grid.height, *grid.bounds
    )
    values = np.full((height, width), np.nan)
    reproject(
        raster.values.astype(float),
        values,
        src_transform=grid.transform,
        src_crs=grid.crs,
        dst_transform=transform,
        dst_crs="EPSG:4326",
        src_nodata=np.nan,
        dst_nodata=np.nan,
    )
    west, south, east, north = array_bounds(height, width, transform)
    folium.raster_layers.ImageOverlay(
        values,
        [[south, west], [north, east]],
        name=name,
        show=show,
        opacity=0.6,
        mercator_project=True,
        colormap=colour,
    ).add_to(chart)


def colour(share):
    return (0.0, 0.0, 0.0, 0.0) if math.isnan(share) else (1.0 - share, share, 0.0, 1.0)


def add_polygons(chart, name, table, columns, line, *, show):
    if table is None or table.empty:
        return
    columns = [each for each in columns if each in table]
    folium.GeoJson(
        table[[*columns, "geometry"]].to_crs("EPSG:4326"),
        name=name,
        show=show,
        style_function=lambda _: {"color": line, "weight": 1, "fillOpacity": 0.15},
        popup=folium.GeoJsonPopup(columns),
    ).add_to(chart)


def add_circles(chart, name, table, columns, line, *, show):
    if table is None:
        return
    group = folium.FeatureGroup(name, show=show).add_to(chart)
    for place, row in places(table):
        folium.CircleMarker(
            place, radius=3, weight=1, color=line, fill=True, fill_opacity=0.8, popup=popup(row, columns)
        ).add_to(group)


def add_markers(chart, name, table, columns):
    group = folium.FeatureGroup(name).add_to(chart)
    for place, row in places(table):
        icon = folium.Icon(color="red", icon="tower-cell", prefix="fa")
        folium.Marker(place, icon=icon, popup=popup(row, columns), tooltip=str(row["rank"])).add_to(group)


def places(table):
    """Latitude and longitude, and the row, of every point."""
    points = table.geometry.to_crs("EPSG:4326")
    return zip(zip(points.y, points.x, strict=True), table.to_dict("records"), strict=True)


def popup(row, columns):
    cells = "".join(
        f"<tr><th>{each}</th><td>{html.escape(str(row[each]))}</td></tr>" for each in columns if each in row
    )
    return folium.Popup(f"<table>{cells}</table>", max_width=360)


# --- what folium loads ----------------------------------------------------------------------------------


class Assets:
    """What folium's page asks for, from npm packages."""

    def __init__(self, cache):
        self.cache = cache
        self.missing = set()

    def fetch(self, page):
        """Get the packages of a page's addresses, once."""
        for url in re.findall(r'(?:src|href)="(https?://[^"]+)"', page):
            package, _ = held(url)
            folder = self.folder(package)
            if package and not folder.exists() and not self.unpack(package, folder):
                print(f"npm has no {package}", flush=True)

    def folder(self, package):
        """Where a package is unpacked."""
        return self.cache / re.sub(r"[@/]+", "-", package or "none").strip("-")

    def unpack(self, package, folder):
        """Get a package by npm; whether that worked."""
        npm = shutil.which("npm")
        if npm is None:
            return False
        order = [npm, "pack", "--silent", "--pack-destination", str(self.cache), package]
        done = subprocess.run(order, capture_output=True, text=True, check=False)
        if done.returncode:
            return False
        with tarfile.open(self.cache / done.stdout.split()[-1]) as file:
            file.extractall(folder, filter="data")
        return True

    def answer(self, route):
        """Hand a file to the browser; what is missing is empty."""
        url = route.request.url
        package, name = held(url)
        path = self.folder(package) / "package" / name
        if package and path.is_file():
            route.fulfill(path=path, headers={"access-control-allow-origin": "*"})
            return
        self.missing.add(url)
        kind = "text/css" if url.endswith(".css") else "text/javascript"
        route.fulfill(body="", content_type=kind)


def held(url):
    """Package that holds the file of an address, and its path there; empty if none does."""
    url = re.sub(r"[?#].*", "", url)
    for pattern, package, name in PACKAGES:
        match = re.fullmatch(pattern, url)
        if match:
            return match.expand(package), match.expand(name)
    return "", ""


# --- visits ---------------------------------------------------------------------------------------------


def visit(browser, version, assets, bounds, slowdown):
    """Everything measured by opening a page once."""
    context = browser.new_context(viewport=VIEWPORT)
    context.route(re.compile("^https?:"), assets.answer)
    page = context.new_page()
    page.set_default_timeout(1000.0 * LIMIT_S)
    requests, faults = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.add_init_script(WATCH.replace("READY", version.ready).replace("QUIET_MS", str(QUIET_MS)))
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.goto(version.path.as_uri(), wait_until="commit")
    wait_quiet(page)
    watch = page.evaluate("({ready: __watch.ready, settled: Math.max(__watch.ready, __watch.busy)})")
    found = {f"{name} {slowdown}x": at / 1000.0 for name, at in watch.items()}
    if slowdown == 1:
        found |= burden(page, session, requests)
    found |= smoothness(page, version, bounds, slowdown)
    context.close()
    for fault in set(faults):
        print(f"{version.name} complains: {fault}", flush=True)
    return found


def wait_quiet(page):
    """Asked from outside: our page's policy forbids what ``wait_for_function`` does inside."""
    end = perf_counter() + LIMIT_S
    while not page.evaluate("__watch.quiet()"):
        if perf_counter() > end:
            raise SystemExit(f"{page.url} is not ready after {LIMIT_S} s")
        page.wait_for_timeout(50)


def burden(page, session, requests):
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")
    return {
        "nodes": page.evaluate("document.getElementsByTagName('*').length"),
        "heap": (heap["usedSize"] + heap.get("backingStorageSize", 0)) / 2**20,
        "requests": sum(url.startswith("http") for url in requests),
    }


def smoothness(page, version, bounds, slowdown):
    """Frame times while the map is dragged, and while the wheel turns."""
    chart = page.evaluate_handle(version.chart)
    box = page.evaluate(MIDDLE, chart)
    (south, west), (north, east) = bounds
    whole = [chart, [(south + north) / 2.0, (west + east) / 2.0], bounds]
    found = {}
    for name, drive in (("pan", drag), ("zoom", turn)):
        page.evaluate(WHOLE, whole)
        page.wait_for_timeout(QUIET_MS)
        wait_quiet(page)
        page.evaluate("__watch.start()")
        drive(page, *box)
        frames = np.array(page.evaluate("__watch.stop()"))
        found |= {
            f"{name} median {slowdown}x": np.median(frames),
            f"{name} p95 {slowdown}x": np.percentile(frames, 95),
            f"{name} worst {slowdown}x": frames.max(),
            f"{name} rate {slowdown}x": 1000.0 * len(frames) / frames.sum(),
        }
    return found


def drag(page, x, y):
    page.mouse.move(x, y)
    page.mouse.down()
    start = perf_counter()
    while (now := perf_counter() - start) < DRIVE_S:
        page.mouse.move(x + 250.0 * math.sin(4.0 * now), y + 150.0 * math.sin(5.0 * now))
        sleep(0.008)
    page.mouse.up()


def turn(page, x, y):
    """Four notches in, four out, and so on."""
    page.mouse.move(x, y)
    start, notch = perf_counter(), 0
    while perf_counter() - start < DRIVE_S:
        page.mouse.wheel(0, -120 if notch % 8 < 4 else 120)
        notch += 1
        sleep(0.25)


# --- table ----------------------------------------------------------------------------------------------

ROWS = (
    ("build", "build in Python", "s", 2),
    ("size", "file", "MB", 2),
    ("zipped", "zipped", "MB", 2),
    ("requests", "network requests", "", 0),
    ("nodes", "DOM elements", "", 0),
    ("heap", "JS heap", "MiB", 1),
    *((f"{key} {k}x", f"{key}, {k}x", "s", 2) for k in SLOWDOWNS for key in ("ready", "settled")),
    *(
        (f"{what} {key} {k}x", f"{what} frame {key}, {k}x" if unit else f"{what} frames/s, {k}x", unit, 1)
        for what in ("pan", "zoom")
        for k in SLOWDOWNS
        for key, unit in (("median", "ms"), ("p95", "ms"), ("worst", "ms"), ("rate", ""))
    ),
)


def print_table(ours, theirs):
    print(f"{'':32s}{ours.name:>28s}{theirs.name:>30s}{'ratio':>9s}")
    for key, label, unit, digits in ROWS:
        here, there = (np.array(each.figures[key], float) for each in (ours, theirs))
        ratio = f"{np.median(there) / np.median(here):9.2f}" if np.median(here) else f"{'-':>9s}"
        print(f"{label:26s}{unit:>6s}{spread(here, digits):>28s}{spread(there, digits):>30s}{ratio}")


def spread(values, digits):
    low, middle, high = (f"{each:,.{digits}f}" for each in np.quantile(values, (0, 0.5, 1)))
    return middle if low == high else f"{middle} ({low}-{high})"


def zipped(path):
    target = path.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(path, path.name)
    return target.stat().st_size / 1e6


# --- run ------------------------------------------------------------------------------------------------


def build(proposal, cache, canvas):
    """Both pages, written; building is timed in turns."""
    ours = Version("ours", "window.siteplan && window.siteplan.ready", "siteplan.map", cache / "ours.html")
    theirs = Version("folium, canvas" if canvas else "folium", "", "", cache / "folium.html")
    for _ in range(VISITS):
        start = perf_counter()
        ours.path.write_text(map_html(proposal), encoding="utf-8")
        ours.note({"build": perf_counter() - start})
        start = perf_counter()
        page, name = folium_html(proposal, canvas)
        theirs.path.write_text(page, encoding="utf-8")
        theirs.note({"build": perf_counter() - start})
    theirs.chart = f"window.{name}"
    theirs.ready = f"document.readyState === 'complete' && {theirs.chart}"
    for each in (ours, theirs):
        each.note({"size": each.path.stat().st_size / 1e6, "zipped": zipped(each.path)})
    return ours, theirs


def compare(versions, assets, bounds):
    """Visits in turns, after one of each that does not count."""
    with sync_playwright() as driver:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        for each in versions:
            visit(browser, each, assets, bounds, 1)
        for slowdown in SLOWDOWNS:
            for _ in range(VISITS):
                for each in versions:
                    each.note(visit(browser, each, assets, bounds, slowdown))
        print(f"Chromium {browser.version}, folium {folium.__version__}, {VISITS} visits each")
        browser.close()


def main():
    parser = argparse.ArgumentParser(description="The shared map beside plain folium.")
    parser.add_argument("project", type=Path, nargs="?", help="project folder or file")
    parser.add_argument("--county", help="one county; else the city")
    parser.add_argument("--pickle", type=Path, help="a pickled proposal instead of a project")
    parser.add_argument("--canvas", action="store_true", help="folium with prefer_canvas")
    parser.add_argument("--cache", type=Path, help="where npm packages and both pages are kept")
    asked = parser.parse_args()
    if not (asked.project or asked.pickle):
        parser.error("a project folder or --pickle")
    cache = (asked.cache or Path(tempfile.mkdtemp())).resolve()
    cache.mkdir(parents=True, exist_ok=True)
    proposal = proposal_of(asked)
    west, south, east, north = map(float, proposal.area.counties.to_crs("EPSG:4326").total_bounds)
    assets = Assets(cache)
    versions = build(proposal, cache, asked.canvas)
    assets.fetch(versions[1].path.read_text(encoding="utf-8"))
    print(
        f"{proposal.area.name}: {len(proposal.places.proposed)} proposed, "
        f"{len(proposal.existing.sites)} sites, {len(proposal.effects.villages)} villages, "
        f"{len(proposal.places.candidates)} candidates"
    )
    compare(versions, assets, [[south, west], [north, east]])
    print_table(*versions)
    for url in sorted(assets.missing):
        print(f"not to be had, answered with nothing: {url}")


if __name__ == "__main__":
    main()
