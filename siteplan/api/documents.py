"""Documents of a run and of a project's year: written whole into a new folder, each in the formats it is read in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from siteplan.api.language import free_folder, require_plain, speak
from siteplan.api.plan import read_plan
from siteplan.api.project import open_project, project_of
from siteplan.core.errors import SiteplanError
from siteplan.core.progress import SILENT, Report
from siteplan.outputs.audience import audience_of
from siteplan.outputs.documents.blocks import Document
from siteplan.outputs.documents.docx import document_docx
from siteplan.outputs.documents.html import document_html
from siteplan.outputs.documents.pages import county_page, town_page
from siteplan.outputs.documents.pdf import document_pdf, document_pictures
from siteplan.outputs.documents.report import report as report_of
from siteplan.outputs.documents.view import PlanView, YearSoFar, county_view, town_view, view_of
from siteplan.outputs.write import output_folder
from siteplan.planning.run_record import RunRecord
from siteplan.words.catalogue import Lang, translate

TEMPLATES = "templates"
"""Folder of a project that holds an office's own Word templates: ``report.docx, county.docx, town.docx, brief.docx``."""


@dataclass(frozen=True)
class Written:
    """Documents that were written.

    Attributes
    ----------
    paths
        The files.
    left_out
        Headings of sections an office's template has no place for.
    without_year
        Whether the run lies in no project, so that nothing is said of its progress.
    """

    paths: tuple[Path, ...]
    left_out: tuple[str, ...] = ()
    without_year: bool = False


@dataclass(frozen=True)
class Order:
    """Which document, for whom.

    Attributes
    ----------
    audience
        Id; "" for the office, the first of the project's audiences.
    recipient
        Whom it is made out to.
    lang
        ``"zh"`` or ``"en"``; None for the run's own.
    project
        Project the run belongs to; None for the nearest above it.
    out
        New folder; None for one beside the run.
    """

    audience: str = ""
    recipient: str = ""
    lang: str | None = None
    project: Path | None = None
    out: Path | None = None


def report(
    run: Path | str, order: Order, *, county: str = "", town: str = "", progress: Report = SILENT
) -> Written:
    """Write the report of a run, or the page of a county or town, as Word, PDF and HTML.

    Parameters
    ----------
    run
        Folder of the plan.
    order
        For whom, and where to.
    county, town
        Names; "" for the report of the whole plan.
    progress
        Is told what is done.

    Returns
    -------
    Written
        Three files.

    Raises
    ------
    SiteplanError
        For anything the user can put right.
    """
    target, lang = _target(run, order, "report"), _language(order)
    view = read_view(run, order, lang, progress)
    with progress.stage("documents"):
        if town:
            document = town_page(town_view(view, town, county))
        elif county:
            document = county_page(county_view(view, county))
        else:
            document = report_of(view)
        own = _template(_project_folder(run, order), document.kind)
        return _write(document, target, own, without_year=view.so_far is None)


def _language(order: Order) -> Lang | None:
    return None if order.lang is None else speak(order.lang)


def _target(run: Path | str, order: Order, kind: str) -> Path:
    """A new folder, refused before anything is read when it exists."""
    path = Path(run).absolute()
    target = order.out or free_folder(path.parent, f"{kind}-{path.name}")
    require_plain(target)
    if target.exists():
        raise SiteplanError("folder_exists", path=str(target))
    return target


def _project_folder(run: Path | str, order: Order) -> Path | None:
    """Folder of the project a run lies in; None where there is none above it."""
    try:
        return project_of(run, order.project)
    except SiteplanError:
        return None


def _template(folder: Path | None, kind: str) -> Path | None:
    """An office's own template, where it has one."""
    path = None if folder is None else folder / TEMPLATES / f"{kind}.docx"
    return path if path is not None and path.is_file() else None


def read_view(run: Path | str, order: Order, lang: Lang | None, progress: Report) -> PlanView:
    """A run as its reader sees it, with the year of the project it lies in."""
    with progress.stage("load"):
        plan = read_plan(run)
    chosen = lang or plan.language
    speak(chosen)
    audience = audience_of(plan.proposal.config, order.audience or plan.proposal.config.outputs.audiences[0].id)
    folder = _project_folder(run, order)
    so_far = None if folder is None else year_so_far(folder, plan.record, Path(run), chosen, progress)
    return view_of(plan.proposal, audience, chosen, so_far, order.recipient)


def year_so_far(folder: Path, record: RunRecord, run: Path, lang: Lang, progress: Report) -> YearSoFar:
    """Where the year of a run stands today by its project."""
    project = open_project(folder, language=lang)
    found = project.progress(record.year, progress, runs=[run])
    return YearSoFar(found.progress, found.year)


def _write(document: Document, target: Path, template: Path | None, *, without_year: bool) -> Written:
    """Word, PDF and HTML; a page for phones as pictures too."""
    word = document_docx(document, template)
    stem = translate(f"file_{document.kind}", document.lang)
    files: dict[str, Callable[[], bytes]] = {
        f"{stem}.docx": lambda: word.content,
        f"{stem}.pdf": lambda: document_pdf(document),
        f"{stem}.html": lambda: document_html(document).encode(),
    }
    with output_folder(target) as work:
        for name, make in files.items():
            (work / name).write_bytes(make())
        if document.kind != "report":
            for number, page in enumerate(document_pictures(document), start=1):
                name = f"{stem}-{number}.png"
                (work / name).write_bytes(page)
                files[name] = bytes
    return Written(tuple(target / name for name in files), word.left_out, without_year)
