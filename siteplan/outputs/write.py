"""Everything of a run folder, in the order in which nothing half-written can be seen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyogrio.errors import DataSourceError, FeatureError
from rasterio.errors import RasterioIOError
from xlsxwriter.exceptions import XlsxWriterException

from siteplan.core.errors import RunLockedError
from siteplan.core.files import atomic_folder
from siteplan.core.progress import SILENT, Report
from siteplan.outputs import webmap
from siteplan.outputs.audience import audience_of, map_name, redact_for_partners, seen_by
from siteplan.outputs.gis.exchange import write_exchange
from siteplan.outputs.gis.kml import kmz_bytes
from siteplan.outputs.gis.layers import write_coverage, write_geopackages
from siteplan.outputs.pictures.change_curve import write_changes
from siteplan.outputs.pictures.overview import Form, overview_png, thumbnail
from siteplan.outputs.sheets import changes_csv, csv_files
from siteplan.outputs.webmap.panel import watermark_of
from siteplan.outputs.webmap.rasters import Shared
from siteplan.outputs.wording import changes_in_words, in_words
from siteplan.outputs.xlsx.form import write_form
from siteplan.outputs.xlsx.workbook import write_workbook
from siteplan.planning.compare import Diff
from siteplan.planning.proposal import Proposal
from siteplan.planning.state import write_state
from siteplan.project.outputs import Audience
from siteplan.words.catalogue import Lang, translate


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

    Raises
    ------
    SiteplanError
        If an audience is not in the project file.
    """
    names, shared = [], Shared()
    audiences = [
        audience_of(proposal.config, each) for each in order.audiences or proposal.config.outputs.maps
    ]
    for audience in audiences:
        name = map_name(proposal.config, audience)
        pictures = _write_pictures(proposal, folder, lang, (audience, name, order), shared)
        page = webmap.map_html(
            proposal,
            lang=lang,
            audience=audience,
            recipient=order.recipient,
            issued=order.issued,
            online=order.online,
            shared=shared,
            still=thumbnail((folder / pictures[0]).read_bytes()),
        )
        (folder / name).write_text(page, encoding="utf-8", newline="\n")
        names += [name, *pictures]
    return names


def _write_pictures(
    proposal: Proposal, folder: Path, lang: Lang, of: tuple[Audience, str, MapOrder], shared: Shared
) -> list[str]:
    """Still pictures of a map: upright for phones, and an A4 sheet."""
    audience, name, order = of
    seen = seen_by(proposal, audience, lang)
    mark = watermark_of(audience, order.recipient, order.issued, lang)
    forms: dict[Form, str] = {"portrait": ".png", "landscape": "_a4.png"}
    names = []
    for form, ending in forms.items():
        picture = name.replace(".html", ending)
        raw = overview_png(seen, lang, form=form, watermark=mark, map_file=name, shared=shared)
        (folder / picture).write_bytes(raw)
        names.append(picture)
    return names


def write_all(
    plan: Proposal, folder: Path, lang: Lang, order: MapOrder | None = None, report: Report = SILENT
) -> None:
    """Write every output of a plan but what programs read back.

    Parameters
    ----------
    plan
        The result.
    folder
        Existing folder, not yet visible to users.
    lang
        Language of headers, labels and sentences.
    order
        Maps to be written; None for the project's own choice.
    report
        Is told what is written.
    """
    worded = in_words(plan, lang)
    report.note("writing_tables")
    _write_tables(worded, folder, lang)
    report.note("writing_maps")
    write_maps(worded, folder, lang, order or MapOrder())
    write_changes(plan, folder, lang)


def _write_tables(worded: Proposal, folder: Path, lang: Lang) -> None:
    for name, content in csv_files(worded, lang).items():
        (folder / name).write_bytes(content)
    write_workbook(worded, folder / translate("file_details", lang), lang)
    write_geopackages(worded, folder)
    write_coverage(worded, folder)
    partners = redact_for_partners(worded, lang)
    write_form(partners, folder / translate("file_list", lang), lang)
    (folder / "candidates.kmz").write_bytes(kmz_bytes(partners, lang))
    write_exchange(partners, folder, lang)


def write_diff(diff: Diff, folder: Path, lang: Lang) -> list[str]:
    """Write what becomes of every place as ``changes.csv`` and as a map, ``changes.html``."""
    worded = changes_in_words(diff, lang)
    (folder / "changes.csv").write_bytes(changes_csv(worded))
    (folder / "changes.html").write_text(webmap.diff_html(worded, lang=lang), encoding="utf-8", newline="\n")
    return ["changes.csv", "changes.html"]


def write_state_files(plan: Proposal, folder: Path) -> None:
    """Write what programs read back: record, project file, tables and arrays."""
    for name, content in write_state(plan).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)


@contextlib.contextmanager
def _report_write_errors(target: Path) -> Iterator[None]:
    """Turn a failed write of any library into a message that names the folder and what to do.

    Raises
    ------
    RunLockedError
        Where the disk is full, the folder is gone or read-only, or a file is open elsewhere.
    """
    try:
        yield
    except (OSError, DataSourceError, FeatureError, RasterioIOError, XlsxWriterException) as error:
        raise RunLockedError("write_failed", path=str(target), detail=str(error)) from error


@contextlib.contextmanager
def output_folder(target: Path) -> Iterator[Path]:
    """A folder that shows whole or not at all; a failed write of any library names the folder."""
    with atomic_folder(target) as work, _report_write_errors(target):
        yield work
