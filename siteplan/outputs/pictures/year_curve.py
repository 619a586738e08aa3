"""The year as a picture: what must be on air, what can be and what is, for all counties and for each."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from siteplan.outputs import palette
from siteplan.outputs.pictures.fonts import drawable, look
from siteplan.planning.schedule import CountyMonths, Shortfall
from siteplan.planning.year import Year
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, translate

MONTH_LINES = {
    "required": (palette.GAP, "dash"),
    "possible": (palette.QUIET_INK, "round_dot"),
    "actual": (palette.NEW, "solid"),
}
"""Colour and dash of each line of months."""
_DASHES = {"dash": "--", "round_dot": ":", "solid": "-"}
_COLUMNS = 4


def year_curve(
    year: Year, counties: Mapping[str, str], config: Config, lang: Lang, *, area: str = ""
) -> bytes:
    """Draw the year.

    Parameters
    ----------
    year
        With its schedule.
    counties
        Names by county id.
    config
        The project.
    lang
        Language of the words.
    area
        What it is about; "" for the city.

    Returns
    -------
    bytes
        PNG: all counties large, each of them small below; a county that falls behind has its number in it.
    """
    schedule = year.schedule
    lines = [each for each in schedule.months if not each.network]
    short = {each.county_id: each for each in schedule.shortfalls}
    rows = math.ceil(len(lines) / _COLUMNS) if len(lines) > 1 else 0
    figure = Figure(figsize=(13.0, 5.2 + 2.3 * rows), layout="constrained")
    grid = figure.add_gridspec(1 + rows, _COLUMNS, height_ratios=[2.2, *[1.0] * rows])
    whole = figure.add_subplot(grid[0, :])
    _draw(whole, schedule.whole, lang, is_large=True)
    title = translate("year_curve_title", lang, city=area or config.project.city, year=schedule.deadline.year)
    day = translate("as", lang, day=schedule.day)
    synthetic = [translate("synthetic", lang)] if config.project.synthetic else []
    figure.suptitle(drawable(" · ".join([title, day, *synthetic]), 160), **look(14))
    for number, line in enumerate(lines if rows else ()):
        axes = figure.add_subplot(grid[1 + number // _COLUMNS, number % _COLUMNS])
        _draw(axes, line, lang, is_large=False)
        _name(axes, counties.get(line.county_id, line.county_id), short.get(line.county_id), lang)
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=110, metadata={"Software": None})
    return target.getvalue()


def _draw(axes: Axes, line: CountyMonths, lang: Lang, *, is_large: bool) -> None:
    """Lines of one county; the quota as a level."""
    months = [f"{end.month}" for end in line.ends]
    at = range(len(months))
    axes.axhline(line.quota, color=palette.INK, linewidth=0.8)
    for name, (colour, dash) in MONTH_LINES.items():
        values = getattr(line, name)
        marker = "o" if name == "actual" else None
        words = translate(f"curve_{name}", lang)
        width = 2.2 if is_large else 1.5
        axes.plot(
            at[: len(values)],
            values,
            _DASHES[dash],
            color=colour,
            linewidth=width,
            marker=marker,
            markersize=3,
            label=words,
        )
    axes.set_ylim(0, max(1, line.quota, *line.required, *line.possible) * 1.12)
    axes.set_xticks(list(at), months, fontsize=9 if is_large else 7)
    axes.tick_params(axis="y", labelsize=9 if is_large else 7)
    axes.spines[["top", "right"]].set_visible(False)
    if is_large:
        axes.set_ylabel(translate("stations_on_air_cumulated", lang), **look(10))
        axes.annotate(str(line.quota), (0, line.quota), va="bottom", **look(10))
        axes.legend(prop=look(10)["fontproperties"], loc="lower right", frameon=False)


def _name(axes: Axes, county: str, short: Shortfall | None, lang: Lang) -> None:
    """The county's name, and what it is short by."""
    said = drawable(county, 24)
    if short:
        said += f"  {translate('task_short_brief', lang, count=short.stations)}"
    axes.set_title(said, **look(9, color=palette.VILLAGE_UNCOVERED if short else palette.INK))
