"""The wall map: a sheet to hang, whose numbered places show by their colour where the work stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from siteplan.outputs import palette
from siteplan.outputs.documents.blocks import clean
from siteplan.outputs.documents.frame import Frame, Paper, cropped, packed, svg_lines
from siteplan.outputs.documents.numbers import count, share
from siteplan.outputs.documents.parts import outlooks, place_name, sum_of_tasks, tasks
from siteplan.outputs.documents.typeset import typeset
from siteplan.outputs.documents.view import PlanView
from siteplan.outputs.pictures.ground import bar_length_m, bar_text, towns
from siteplan.outputs.pictures.labels import Label, Placed, place_labels
from siteplan.outputs.webmap.rasters import shaded
from siteplan.project.statuses import SiteStatus
from siteplan.words.catalogue import Lang, translate

_SHORT_LONG_MM: dict[Paper, tuple[float, float]] = {"A0": (841.0, 1189.0), "A1": (594.0, 841.0)}
_MARGIN_MM, _HEAD_MM, _GAP_MM = 18.0, 62.0, 8.0
_NUMBER_PT, _TOWN_PT, _COUNTY_PT = 21.0, 23.0, 44.0
"""Sizes that are read at two metres: a Chinese character of 21 pt is 7.4 mm high, a 270th of that."""
_NAME_PT = 13.0
"""Names of sites on a county's sheet, read at arm's length."""
_LIST_PT: dict[Paper, float] = {"A0": 10.5, "A1": 8.5}
_DOT_MM = 3.2
_STRIP_MM, _LIST_HEAD_MM, _POINT_MM = 116.0, 12.0, 25.4 / 72.0
"""Heights of the strip below the map and of the title of the list, and a typographic point [mm]."""
_LIST_SHARE = 0.4
"""Most of a sheet the list of places takes; what does not fit is counted."""
_NAME = 36
"""Characters of a name on the map and in its list."""
_RELIEF_PX = 2.0
"""Pixels of the relief a millimetre."""


def wallmap_pdf(view: PlanView, paper: Paper = "A0") -> bytes:
    """Draw the sheet of a whole plan or of one county.

    Parameters
    ----------
    view
        Of the plan, or of a county.
    paper
        Its size.

    Returns
    -------
    bytes
        PDF: lines are lines, letters are letters, the relief is a picture.
    """
    sites = _sites(view)
    frame = _frame(view, paper, len(sites))
    data = {
        **_sheet(view, frame),
        "sites": _marks(sites, frame),
        **_named(view, frame, sites),
        "index": _index(sites[: frame.listed]),
        "rest": translate("doc_wall_rest", view.lang, count=len(sites) - frame.listed)
        if len(sites) > frame.listed
        else "",
        "table": _table(view),
        "months": _months(view),
        "legend": _legend(sites, view.lang),
        "scale": _scale(frame),
    }
    pictures = {
        "relief.jpg": _relief(view, frame),
        "lines.svg": svg_lines(view.proposal, frame, view.county_id),
    }
    return typeset("wallmap.typ", data, pictures, view.day)[0]


@dataclass(frozen=True)
class _Site:
    """A numbered place as the sheet shows it."""

    number: str
    name: str
    where: str
    status: str
    due: str
    x: float
    y: float


def _sites(view: PlanView) -> list[_Site]:
    """Ranked places with where their work stands, by rank."""
    table = view.proposal.places.proposed.sort_values("rank")
    found = []
    for row in table.itertuples():
        status, on_air_by = view.standing(row)
        due = month_name(on_air_by.month, view.lang) if on_air_by is not None else ""
        where = row.town if view.county_id else f"{row.county} {row.town}".strip()
        name = "" if view.is_public else clean(place_name(row), _NAME)
        point = row.geometry
        found.append(_Site(str(row.rank), name, clean(where, _NAME), status, due, point.x, point.y))
    return found


def month_name(month: int, lang: Lang) -> str:
    """A month in short.

    Examples
    --------
    >>> month_name(12, "en"), month_name(1, "zh")
    ('Dec', '1月')
    """
    return translate("months", lang).split()[month - 1]


def _frame(view: PlanView, paper: Paper, listed: int) -> Frame:
    """Upright or lying, whichever shows the area larger; the list below takes what it needs."""
    shapes = view.proposal.area.counties
    own = shapes[shapes["county_id"].eq(view.county_id)] if view.county_id else shapes
    west, south, east, north = own.total_bounds
    margin = 0.02 * max(east - west, north - south)
    west, south, east, north = west - margin, south - margin, east + margin, north + margin
    frames = []
    short, long = _SHORT_LONG_MM[paper]
    for width, height in ((short, long), (long, short)):
        columns = _columns(paper, width)
        rows = min(-(-listed // columns), int(_LIST_SHARE * height / _line_mm(paper)))
        foot = _STRIP_MM + 3 * _GAP_MM + _LIST_HEAD_MM + _line_mm(paper) * rows
        room = width - 2 * _MARGIN_MM, height - 2 * _MARGIN_MM - _HEAD_MM - foot
        metres = max((east - west) / room[0], (north - south) / room[1])
        left, top = (west + east) / 2 - metres * room[0] / 2, (south + north) / 2 + metres * room[1] / 2
        frames.append(Frame(paper, width, height, *room, left, top, metres, min(listed, rows * columns)))
    return min(frames, key=lambda frame: frame.metres)


def _line_mm(paper: Paper) -> float:
    """Height of a line of the list [mm]."""
    return _LIST_PT[paper] * _POINT_MM * 1.45


def _columns(paper: Paper, width: float) -> int:
    """Columns of the list."""
    return max(3, round((width - 2 * _MARGIN_MM) / (_LIST_PT[paper] * 9.6)))


def _sheet(view: PlanView, frame: Frame) -> dict[str, Any]:
    """What stands at the head, and measures."""
    lang, record = view.lang, view.proposal.record
    quota, built = sum_of_tasks(view)
    return {
        "lang": lang,
        "title": translate("doc_wall_title", lang, area=view.area_name, year=record.year),
        "subtitle": translate(
            "doc_wall_subtitle",
            lang,
            quota=count(quota),
            built=count(built),
            rate=share(built, quota),
            day=view.day,
        ),
        "banners": list(view.banner_lines()),
        "footer": view.footer(),
        "width": frame.width,
        "height": frame.height,
        "margin": _MARGIN_MM,
        "head": _HEAD_MM,
        "gap": _GAP_MM,
        "strip": _STRIP_MM,
        "list_head": _LIST_HEAD_MM,
        "line": round(_line_mm(frame.paper), 3),
        "map_width": frame.map_width,
        "map_height": frame.map_height,
        "list_size": _LIST_PT[frame.paper],
        "columns": _columns(frame.paper, frame.width),
        "dot": _DOT_MM,
        "colours": {"new": palette.NEW, "gap": palette.GAP},
        "words": {
            key: translate(f"doc_wall_{key}", lang)
            for key in ("legend", "months", "list", "counties", "north", "readable", "required", "actual")
        },
    }


def _marks(sites: list[_Site], frame: Frame) -> list[dict[str, Any]]:
    """A dot for every place."""
    marks = []
    for site in sites:
        x, y = frame.at(site.x, site.y)
        marks.append({"x": round(x, 2), "y": round(y, 2), "colour": palette.STATUSES[site.status]})
    return marks


def _named(view: PlanView, frame: Frame, sites: list[_Site]) -> dict[str, Any]:
    """Labels of counties, places and towns where there is room, in this order.

    A county's sheet names its places beside their numbers; numbers without room are listed.
    """
    points = [frame.at(site.x, site.y) for site in sites]
    labels = [*_county_labels(view, frame), *_number_labels(sites, frame), *_town_labels(view, frame)]
    size = frame.map_width, frame.map_height
    boxes = place_labels([each for _, each, _ in labels], points, *size, _DOT_MM)
    placed = [(each, box) for each, box in zip(labels, boxes, strict=True) if box is not None]
    missed = [
        label.text.strip()
        for (kind, label, _), box in zip(labels, boxes, strict=True)
        if box is None and kind == "number"
    ]
    if view.county_id and not view.is_public:
        named = _name_labels(
            view, sites, {each[1].text.strip(): box for each, box in placed if each[0] == "number"}
        )
        taken = [box for _, box in placed]
        found = place_labels([each for _, each, _ in named], points, *size, _DOT_MM, taken, 0.05)
        placed += [(each, box) for each, box in zip(named, found, strict=True) if box is not None]
    said = translate("doc_wall_missed", view.lang, names=", ".join(missed)) if missed else ""
    return {"labels": [_label(*each, box) for each, box in placed], "missed": said}


_Named = tuple[str, Label, str]
"""Kind of a label, the label, and the colour of its box."""


def _county_labels(view: PlanView, frame: Frame) -> list[_Named]:
    """Names of counties; a county's sheet has its own in its title."""
    found: list[_Named] = []
    for row in view.proposal.area.counties.itertuples():
        inside = row.geometry.representative_point()
        x, y = frame.at(inside.x, inside.y)
        if _is_inside(x, y, frame) and row.county_id != view.county_id:
            found.append(("county", Label(x, y, clean(row.county, _NAME), _COUNTY_PT), ""))
    return found


def _number_labels(sites: list[_Site], frame: Frame) -> list[_Named]:
    """Numbers with room for a rim around them."""
    return [
        (
            "number",
            Label(*frame.at(site.x, site.y), f" {site.number} ", _NUMBER_PT),
            palette.STATUSES[site.status],
        )
        for site in sites
    ]


def _town_labels(view: PlanView, frame: Frame) -> list[_Named]:
    found: list[_Named] = []
    for town, x_m, y_m in towns(view.proposal):
        x, y = frame.at(x_m, y_m)
        if _is_inside(x, y, frame):
            found.append(("town", Label(x, y, clean(town, _NAME), _TOWN_PT), ""))
    return found


def _name_labels(view: PlanView, sites: list[_Site], numbers: dict[str, Placed]) -> list[_Named]:
    """Names and months, beside the numbers that stand."""
    found: list[_Named] = []
    for site in sites:
        box = numbers.get(site.number)
        if box is not None:
            due = site.due
            at = box.x + box.width / 2, box.y + box.height / 2
            found.append(("name", Label(*at, f"{site.number} {site.name} {due}".strip(), _NAME_PT), ""))
    return found


def _is_inside(x: float, y: float, frame: Frame) -> bool:
    return 0 <= x <= frame.map_width and 0 <= y <= frame.map_height


def _label(kind: str, label: Label, colour: str, box: Placed) -> dict[str, Any]:
    """A label's box, and where its line starts; a number is written in the colour of its status."""
    ink = palette.RIM if colour and palette.is_dark(colour) else palette.INK
    nearest_x = min(max(label.x, box.x), box.x + box.width)
    nearest_y = min(max(label.y, box.y), box.y + box.height)
    return {
        "kind": kind,
        "text": label.text.strip(),
        "x": round(box.x, 2),
        "y": round(box.y, 2),
        "w": round(box.width, 2),
        "h": round(box.height, 2),
        "size": label.size,
        "fill": colour,
        "ink": ink,
        "line": [round(each, 2) for each in (label.x, label.y, nearest_x, nearest_y)],
    }


def _index(sites: list[_Site]) -> list[dict[str, str]]:
    """The list of places: number, name, where, month."""
    return [
        {
            "number": site.number,
            "name": site.name or site.where,
            "where": site.where if site.name else "",
            "due": site.due,
            "colour": palette.STATUSES[site.status],
        }
        for site in sites
    ]


def _table(view: PlanView) -> dict[str, Any]:
    """Counties with quota, built, and their lights."""
    lang, known = view.lang, {each.county: each for each in outlooks(view)}
    heads = ("county", "summary_quota", "summary_built", "doc_rate", "summary_this_plan")
    lights = ("light_red", "light_amber", "light_green") if known else ()
    rows = []
    own = view.proposal.effects.counties
    selected = dict(zip(own["county"], own["selected"], strict=True))
    whole = view.proposal.record.selected_stations
    for each in tasks(view):
        row = [each.county, count(each.quota), count(each.built), share(each.built, each.quota)]
        row.append(count(selected.get(each.county, whole)))
        outlook = known.get(each.county)
        row += [count(n) for n in outlook.lights] if outlook else ["" for _ in lights]
        rows.append([clean(cell) for cell in row])
    colours = [palette.LIGHTS[each.removeprefix("light_")] for each in lights]
    titles = [translate(each, lang) for each in (*heads, *lights)]
    # the more counties, the smaller their rows: the strip has one height
    row_mm = min(9.0, (_STRIP_MM - 26.0) / max(1, len(rows)))
    return {"heads": titles, "rows": rows, "lights": colours, "size": round(row_mm / _POINT_MM / 1.75, 2)}


def _months(view: PlanView) -> list[dict[str, Any]]:
    """Required and actual at the end of each month, cumulated; none outside a project."""
    if view.so_far is None:
        return []
    line = view.so_far.year.schedule.whole
    top = max(1, line.quota, *line.required)
    return [
        {
            "month": month_name(end.month, view.lang),
            "required": line.required[n],
            "actual": line.actual[n] if n < len(line.actual) else None,
            "top": top,
        }
        for n, end in enumerate(line.ends)
    ]


def _legend(sites: list[_Site], lang: Lang) -> list[dict[str, str]]:
    """Statuses that occur, in their order, with how many places have each."""
    tally = Counter(site.status for site in sites)
    return [
        {
            "colour": palette.STATUSES[status],
            "text": f"{translate(f'status_{status}', lang)} {tally[status]}",
        }
        for status in (each.value for each in SiteStatus)
        if tally[status]
    ]


def _scale(frame: Frame) -> dict[str, Any]:
    """A bar that ends in 1, 2 or 5, about a seventh of the map, and the scale."""
    length = bar_length_m(frame.metres * frame.map_width / 7)
    ratio = f"1 : {frame.metres * 1000:,.0f}"
    return {"mm": round(length / frame.metres, 2), "text": bar_text(length), "ratio": ratio}


def _relief(view: PlanView, frame: Frame) -> bytes:
    """The relief under the map, cut to it; paper where none is known."""
    area = view.proposal.area
    if area.relief is None:
        return packed(Image.new("RGB", (8, 8), palette.PAPER), "jpeg")
    water = None if area.water is None else np.asarray(area.water.values, bool)
    colours = Image.fromarray(np.asarray(255 * shaded(area.relief, water), np.uint8))
    grid = area.relief.grid
    corner = grid.west_m, grid.north_m
    cut = cropped(colours, corner, grid.resolution_m, frame, _RELIEF_PX, Image.Resampling.BILINEAR)
    return packed(cut, "jpeg")
