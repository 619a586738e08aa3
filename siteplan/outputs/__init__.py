"""The way out: a proposal into the files people open. Pure writers: nothing is computed here.

One decision to know: every writer gets a folder that becomes visible only when all of them are done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyogrio.errors import DataSourceError, FeatureError
from rasterio.errors import RasterioIOError
from xlsxwriter.exceptions import XlsxWriterException

from siteplan.core.errors import RunLockedError
from siteplan.outputs.audience import audience_of, map_name, redact_for_partners, seen_by
from siteplan.outputs.gis.exchange import write_exchange
from siteplan.outputs.gis.kml import kmz_bytes
from siteplan.outputs.gis.layers import write_coverage, write_geopackages
from siteplan.outputs.pictures.overview import overview_png
from siteplan.outputs.sheets import candidates_csv, changes_csv, refused_csv, rejected_csv, villages_csv
from siteplan.outputs.webmap import diff_html, map_html
from siteplan.outputs.webmap.panel import watermark_of
from siteplan.outputs.xlsx.form import write_form
from siteplan.outputs.xlsx.returned import write_changes, write_checked
from siteplan.outputs.xlsx.workbook import write_workbook
from siteplan.planning.compare import Diff
from siteplan.planning.proposal import Proposal
from siteplan.planning.run_record import run_json
from siteplan.words.catalogue import Lang

__all__ = [
    "DETAILS",
    "WORKBOOK",
    "MapOrder",
    "saying_why",
    "write_all",
    "write_changes",
    "write_checked",
    "write_diff",
    "write_maps",
    "write_summary",
]

WORKBOOK = "候选站址.xlsx"
"""The list that goes out, as a form."""
DETAILS = "规划明细.xlsx"
"""What the office looks things up in."""


@dataclass(frozen=True)
class MapOrder:
    """Which maps are to be written, and for whom.

    Attributes
    ----------
    audiences
        Ids of audiences; () for the project's own choice.
    recipient, issued
        Whom maps with a watermark are made out to, and when.
    online
        Whether online base maps are offered.
    """

    audiences: tuple[str, ...] = ()
    recipient: str = ""
    issued: str = ""
    online: bool = False


def write_maps(proposal: Proposal, folder: Path, lang: Lang, order: MapOrder) -> list[str]:
    """One map for every audience, and a still picture of it for phones that cannot open a page.

    Parameters
    ----------
    proposal
        The whole plan; each audience gets its own part.
    folder
        Existing folder.
    lang
        Language.
    order
        What is asked for.

    Returns
    -------
    list of str
        Files written.

    Raises
    ------
    SiteplanError
        If an audience is not in the project file.
    """
    names = []
    audiences = [
        audience_of(proposal.config, each) for each in order.audiences or proposal.config.outputs.maps
    ]
    for audience in audiences:
        name = map_name(proposal.config, audience)
        page = map_html(
            proposal,
            lang=lang,
            audience=audience,
            recipient=order.recipient,
            issued=order.issued,
            online=order.online,
        )
        (folder / name).write_text(page, encoding="utf-8", newline="\n")
        picture = name.replace(".html", ".png")
        seen, mark = (
            seen_by(proposal, audience, lang),
            watermark_of(audience, order.recipient, order.issued, lang),
        )
        (folder / picture).write_bytes(overview_png(seen, lang, watermark=mark))
        names += [name, picture]
    return names


def write_all(proposal: Proposal, folder: Path, lang: Lang = "zh", order: MapOrder | None = None) -> None:
    """Write every output of a run but run.json, which is written last.

    Parameters
    ----------
    proposal
        The result.
    folder
        Existing folder, not yet visible to users.
    lang
        Language of headers and labels.
    order
        Maps to be written; None for the project's own choice.
    """
    (folder / "candidates.csv").write_bytes(candidates_csv(proposal))
    (folder / "refused.csv").write_bytes(refused_csv(proposal))
    (folder / "villages.csv").write_bytes(villages_csv(proposal))
    (folder / "rejected_rows.csv").write_bytes(rejected_csv(proposal))
    outgoing = redact_for_partners(proposal, lang)
    write_form(outgoing, folder / WORKBOOK, lang)
    write_workbook(proposal, folder / DETAILS, lang)
    (folder / "candidates.kmz").write_bytes(kmz_bytes(outgoing, lang))
    write_geopackages(proposal, folder)
    write_exchange(proposal, folder, lang)
    write_coverage(proposal, folder)
    write_maps(proposal, folder, lang, order or MapOrder())


def write_diff(diff: Diff, folder: Path, lang: Lang) -> list[str]:
    """Write what becomes of every place as ``changes.csv`` and as a map, ``changes.html``.

    Parameters
    ----------
    diff
        Two plans.
    folder
        Existing folder.
    lang
        Language of the map.

    Returns
    -------
    list of str
        Files written.
    """
    (folder / "changes.csv").write_bytes(changes_csv(diff))
    (folder / "changes.html").write_text(diff_html(diff, lang=lang), encoding="utf-8", newline="\n")
    return ["changes.csv", "changes.html"]


def write_summary(proposal: Proposal, folder: Path) -> None:
    """Write run.json and the effective project file.

    Parameters
    ----------
    proposal
        The result.
    folder
        The run folder.
    """
    (folder / "run.json").write_bytes(run_json(proposal.summary))
    text = proposal.config.model_dump_json(by_alias=True, indent=2)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")


@contextlib.contextmanager
def report_write_errors(target: Path) -> Iterator[None]:
    """Turn a failed write of any library into a message that names the folder and what to do.

    Parameters
    ----------
    target
        What is being written.

    Raises
    ------
    RunLockedError
        Where the disk is full, the folder is gone or read-only, or a file is open elsewhere.
    """
    try:
        yield
    except (OSError, DataSourceError, FeatureError, RasterioIOError, XlsxWriterException) as error:
        raise RunLockedError(
            f"{target}: 写不下去，原有结果未动；请检查磁盘空间和权限、关闭打开的文件后重试 / "
            "cannot be written, earlier results are untouched; see to disk space and rights, close open "
            f"files, and run it again: {error}"
        ) from error
