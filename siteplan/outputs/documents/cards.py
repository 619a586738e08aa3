"""Site cards: a page for each ranked place, to be taken along and signed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from siteplan.core.errors import SiteplanError
from siteplan.outputs import palette
from siteplan.outputs.documents.blocks import clean
from siteplan.outputs.documents.frame import Frame, cropped, packed, svg_lines
from siteplan.outputs.documents.numbers import count
from siteplan.outputs.documents.parts import place_name
from siteplan.outputs.documents.typeset import typeset
from siteplan.outputs.documents.view import PlanView
from siteplan.outputs.pictures.ground import Ground, ground
from siteplan.outputs.sheets import plain
from siteplan.outputs.webmap import style
from siteplan.project.columns import columns_of
from siteplan.radio.links import fresnel_clearance
from siteplan.words.catalogue import Lang, translate

_NAME = 40
"""Characters of a name on a card."""
_MAP_MM = (130.0, 84.0)
_PROFILE_MM = (130.0, 24.0)
_PIXELS_PER_MM = 6.0
_LEAST_HALF_M, _RINGS = 900.0, 2.2
"""Half the height of a card's map: so many search radii, but never less than this [m]."""
_PHONE_PPI = 1080 / (148.0 / 25.4)
"""Dots an inch at which a card is 1,080 px wide."""
_MEDIAN_K = 4.0 / 3.0
"""How much larger the earth is to rays in the air of an average day."""
Values = NDArray[np.float64]
_FIELDS = (
    "source_type",
    "networks",
    "bands",
    "antenna_height_m",
    "ground_m",
    "search_radius_m",
    "owner",
    "address",
    "restriction",
    "backhaul",
    "exposure",
    "due_date",
)
"""Columns of a ranked row that a card lists, where its reader has them and they are not empty."""


@dataclass(frozen=True)
class Sheaf:
    """Cards of one county.

    Attributes
    ----------
    county
        Its name.
    pdf
        A page a place, by rank.
    pictures
        The same pages as PNG 1,080 px wide, by file stem; empty when none were asked for.
    """

    county: str
    pdf: bytes
    pictures: dict[str, bytes]


def site_cards(view: PlanView, top: int | None = None, *, pictures: bool = True) -> Iterator[Sheaf]:
    """Make the cards, county by county.

    Parameters
    ----------
    view
        Of the plan.
    top
        Cards of the first so many ranks; None for all.
    pictures
        Whether each page is given as a picture too.

    Yields
    ------
    Sheaf
        One a county with a place.

    Raises
    ------
    SiteplanError
        If the reader may not know where places are.
    """
    if view.is_public or view.audience.snap_m:
        raise SiteplanError("cards_not_for", audience=view.audience.id)
    table = view.proposal.places.proposed.sort_values("rank")
    table = table if top is None else table[table["rank"] <= top]
    painted = ground(view.proposal, finest=10**9)
    for county, rows in table.groupby("county", sort=True):
        yield _sheaf(str(county), rows, view, painted, pictures=pictures)


def _sheaf(county: str, rows: gpd.GeoDataFrame, view: PlanView, painted: Ground, *, pictures: bool) -> Sheaf:
    files: dict[str, bytes] = {}
    cards = []
    for row in rows.itertuples():
        frame = _frame(row)
        files[f"ground{row.rank}.png"] = _ground(painted, frame)
        files[f"lines{row.rank}.svg"] = svg_lines(view.proposal, frame, scale=0.5, minor=True)
        cards.append(_card(row, frame, view))
    data = {
        "lang": view.lang,
        "title": translate("doc_cards_title", view.lang, county=county),
        "cards": cards,
        "banners": list(view.banner_lines()),
        "footer": view.footer(),
        "map": _MAP_MM,
        "profile": _PROFILE_MM,
        "signs": [translate(f"doc_sign_{each}", view.lang) for each in ("owner", "tower", "office", "date")],
        "words": {key: translate(f"doc_card_{key}", view.lang) for key in ("why", "alternates")},
        "colours": {"existing": palette.SHARED, "alternate": palette.SOURCE_TYPES["2"], "new": palette.NEW},
    }
    pdf = typeset("cards.typ", data, files, view.day)[0]
    pages = typeset("cards.typ", data, files, view.day, form="png", ppi=_PHONE_PPI) if pictures else []
    names = [f"{row.rank:03d}-{row.candidate_id}" for row in rows.itertuples()]
    return Sheaf(
        county,
        pdf,
        {
            name: packed(Image.open(io.BytesIO(page)).convert("RGB"), "png", 128)
            for name, page in zip(names, pages, strict=bool(pages))
        },
    )


def _frame(row: Any) -> Frame:
    """The map around a place: its ring with room around it."""
    width, height = _MAP_MM
    half = max(_LEAST_HALF_M, _RINGS * float(row.search_radius_m))
    metres = 2 * half / height
    west, north = row.geometry.x - metres * width / 2, row.geometry.y + half
    return Frame("A1", width, height, width, height, west, north, metres)


def _ground(painted: Ground, frame: Frame) -> bytes:
    """The part of the painted ground a card shows, pixel by pixel: finer than it was computed it is not."""
    west, east, _, north = painted.extent
    picture = Image.fromarray(painted.picture)
    pixel_m = (east - west) / picture.width
    cut = cropped(picture, (west, north), pixel_m, frame, _PIXELS_PER_MM, Image.Resampling.NEAREST)
    return packed(cut, "png")


def _card(row: Any, frame: Frame, view: PlanView) -> dict[str, Any]:
    """Everything that stands on one card."""
    lang = view.lang
    standing, on_air_by = view.standing(row)
    status = translate(f"status_{standing}", lang)
    due = translate("doc_due", lang, month=f"{on_air_by:%Y-%m}") if on_air_by is not None else ""
    alternates = _alternates(row, view)
    where = " ".join(clean(part, _NAME) for part in (row.county, row.town, row.village) if part)
    return {
        "rank": str(row.rank),
        "name": clean(place_name(row), _NAME),
        "id": str(row.candidate_id),
        "where": where,
        "status": " · ".join(part for part in (status, due) if part),
        "places": [
            ["WGS84", f"{row.longitude:.6f}, {row.latitude:.6f}"],
            ["GCJ-02", f"{row.longitude_gcj02:.6f}, {row.latitude_gcj02:.6f}"],
        ],
        "fields": _fields(row, lang),
        "reason": clean(getattr(row, "reason", ""), 300),
        "alternates": _alternate_names(row, alternates),
        "ground": f"ground{row.rank}.png",
        "lines": f"lines{row.rank}.svg",
        "ring": round(float(row.search_radius_m) / frame.metres, 2),
        "marks": _marks(alternates, frame, view),
        "profile": _profile(row, view),
    }


def _fields(row: Any, lang: Lang) -> list[list[str]]:
    """Header and value of the columns a reader has."""
    headers = {column.name: column.header(lang) for column in columns_of("proposed")}
    headers["owner"] = next(each.header(lang) for each in columns_of("properties") if each.name == "owner")
    found = []
    for name in _FIELDS:
        value = plain(getattr(row, name, ""))
        if name == "source_type":
            value = translate(f"source_type_{value}", lang)
        if value not in ("", None):
            found.append([headers[name], clean(value, 160)])
    return found


def _alternates(row: Any, view: PlanView) -> gpd.GeoDataFrame:
    """Other places in the ring that the reader may know."""
    known = view.proposal.places.candidates
    return known if known.empty else known[known["candidate_id"].isin(_alternate_ids(row))]


def _alternate_ids(row: Any) -> list[str]:
    return str(getattr(row, "alternates", "")).split()


def _alternate_names(row: Any, own: gpd.GeoDataFrame) -> list[str]:
    """Alternates by name, where it is known, and id."""
    names = dict(zip(own["candidate_id"], own["name"], strict=True)) if len(own) else {}
    return [
        clean(" ".join(part for part in (names.get(each, ""), each) if part), 80)
        for each in _alternate_ids(row)
    ]


def _marks(alternates: gpd.GeoDataFrame, frame: Frame, view: PlanView) -> list[dict[str, Any]]:
    """Standing sites, villages and alternates on a card's map [mm]."""
    return [
        *_points(view.proposal.existing.sites, frame, "existing", None),
        *_points(view.proposal.effects.villages, frame, "village", "village"),
        *_points(alternates, frame, "alternate", "candidate_id"),
    ]


def _points(table: gpd.GeoDataFrame, frame: Frame, kind: str, label: str | None) -> list[dict[str, Any]]:
    """Points of a table inside a card's map, villages in the colour of their state."""
    if table.empty:
        return []
    x, y = frame.at(table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
    inside = (x > 0) & (x < frame.map_width) & (y > 0) & (y < frame.map_height)
    found = []
    for at in np.flatnonzero(inside):
        row = table.iloc[int(at)]
        fill = style.VILLAGES[row["state"]]["fill"] if kind == "village" else ""
        text = clean(row[label], _NAME) if label else ""
        mark = {"kind": kind, "x": round(float(x[at]), 2), "y": round(float(y[at]), 2), "text": text}
        found.append({**mark, "fill": fill})
    return found


def _profile(row: Any, view: PlanView) -> dict[str, Any] | None:
    """Ground and ray to the village a place is there for; None where there is none."""
    lines = view.proposal.places.sight_lines
    own = lines[lines["rank"].eq(row.rank)] if len(lines) else lines
    if own.empty or not own.iloc[0]["distance_m"] > 0:
        return None
    line, lang = own.iloc[0], view.lang
    ground_m = np.asarray(line["heights_m"], dtype=np.float64)
    ends = ground_m[0] + row.antenna_height_m, ground_m[-1] + view.proposal.config.coverage.receiver_height_m
    at = np.linspace(0.0, line["distance_m"], len(ground_m))
    ray = np.linspace(*ends, len(ground_m))
    spare = fresnel_clearance(at, ground_m, ends, line["frequency_mhz"] / 1000.0, _MEDIAN_K)
    head = translate(
        "map.sight_new" if line["newly"] else "map.sight_near",
        lang,
        village=clean(line["village"], _NAME),
        far=_length(line["distance_m"]),
    )
    low, top = ground_m.min() - 10.0, max(ground_m.max(), ray.max()) + 10.0
    return {
        "ground": _drawn(ground_m, low, top),
        "ray": _drawn(ray, low, top),
        "text": head + _verdict(at, ray - ground_m, spare, lang),
        "ends": [
            translate(f"map.sight_{end}", lang, n=count(ground_m[k]))
            for end, k in (("site", 0), ("village", -1))
        ],
    }


def _drawn(heights_m: Values, low_m: float, top_m: float) -> list[list[float]]:
    """Heights as points of the profile [mm]."""
    width, height = _PROFILE_MM
    x = np.linspace(0.0, width, len(heights_m))
    y = height * (1.0 - (heights_m - low_m) / (top_m - low_m))
    return np.round(np.column_stack([x, y]), 2).tolist()


def _verdict(at_m: Values, room_m: Values, spare_m: Values, lang: Lang) -> str:
    """Clear, tight or blocked, and where; the clearance knows the earth's bend, the height does not."""
    worst = int(spare_m.argmin())
    if spare_m[worst] >= 0:
        return translate("map.sight_clear", lang)
    room = float(room_m[worst + 1])
    key = "map.sight_blocked" if room < 0 else "map.sight_tight"
    return translate(key, lang, at=_length(float(at_m[worst + 1])), n=count(abs(room)))


def _length(metres: float) -> str:
    return f"{metres / 1000:.1f} km" if metres >= 1000 else f"{metres:.0f} m"
