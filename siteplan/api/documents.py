"""Documents of a run and of a project's year, each written whole into a new folder, as it is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from pydantic import ValidationError

from siteplan.api.language import free_folder, plain_name, require_plain, speak
from siteplan.api.lists import records_in, runs_of
from siteplan.api.plan import read_plan
from siteplan.api.project import Project, open_project, project_of
from siteplan.api.results import REPORTS
from siteplan.core.errors import SiteplanError
from siteplan.core.progress import SILENT, Report
from siteplan.outputs.audience import audience_of
from siteplan.outputs.documents.blocks import Document
from siteplan.outputs.documents.brief import BRIEF, BriefFacts, BriefState, brief_state
from siteplan.outputs.documents.brief import brief as brief_of
from siteplan.outputs.documents.cards import site_cards
from siteplan.outputs.documents.docx import document_docx
from siteplan.outputs.documents.frame import Paper
from siteplan.outputs.documents.html import document_html
from siteplan.outputs.documents.pages import county_page, town_page
from siteplan.outputs.documents.pdf import document_pdf, document_pictures
from siteplan.outputs.documents.report import report as report_of
from siteplan.outputs.documents.view import PlanView, YearSoFar, county_view, town_view, view_of
from siteplan.outputs.documents.wallmap import wallmap_pdf
from siteplan.outputs.templates import TEMPLATES
from siteplan.outputs.write import output_folder
from siteplan.words.catalogue import Lang, translate


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
    followed_by
        Runs whose lists replace the one the document is about.
    """

    paths: tuple[Path, ...]
    left_out: tuple[str, ...] = ()
    without_year: bool = False
    followed_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class DocumentOrder:
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
    data
        Folder the project's input paths are relative to; None for the project's own.
    out
        New folder; None for one beside the run.
    """

    audience: str = ""
    recipient: str = ""
    lang: str | None = None
    project: Path | None = None
    data: Path | None = None
    out: Path | None = None


_OFFICE = DocumentOrder()


def report(
    run: Path | str,
    order: DocumentOrder = _OFFICE,
    *,
    county: str = "",
    town: str = "",
    progress: Report = SILENT,
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
    target = _target(run, order, "report")
    view = read_view(run, order, progress)
    with progress.stage("documents"):
        if town:
            document = town_page(town_view(view, town, county))
        elif county:
            document = county_page(county_view(view, county))
        else:
            document = report_of(view)
        own = _template(_project_folder(run, order), document.kind, view.lang)
        written = _write(document, target, own)
    return replace(written, without_year=view.so_far is None, followed_by=view.followed_by)


def wallmap(
    run: Path | str,
    order: DocumentOrder = _OFFICE,
    *,
    county: str = "",
    paper: Paper = "A0",
    progress: Report = SILENT,
) -> Written:
    """Write the wall map of a run, with the statuses its project knows today.

    Parameters
    ----------
    run
        Folder of the plan.
    order
        For whom, and where to.
    county
        Name or code of one county; "" for all of the plan.
    paper
        ``A0`` or ``A1``.
    progress
        Is told what is done.

    Returns
    -------
    Written
        One PDF.

    Raises
    ------
    SiteplanError
        For anything the user can put right.
    """
    target = _target(run, order, "wallmap")
    view = read_view(run, order, progress)
    if county:
        view = county_view(view, county)
    name = f"{translate('file_wallmap', view.lang)}-{plain_name(view.area_name)}.pdf"
    with progress.stage("documents"), output_folder(target) as work:
        (work / name).write_bytes(wallmap_pdf(view, paper))
    return Written((target / name,), (), view.so_far is None, view.followed_by)


def cards(
    run: Path | str,
    order: DocumentOrder = _OFFICE,
    *,
    county: str = "",
    top: int | None = None,
    pictures: bool = True,
    progress: Report = SILENT,
) -> Written:
    """Write a card for every ranked place: a PDF a county, and a picture a card.

    Parameters
    ----------
    run
        Folder of the plan.
    order
        For whom, and where to.
    county
        Name or code of one county; "" for all of them.
    top
        Cards of the first so many ranks; None for all.
    pictures
        Whether each card is written as a picture too.
    progress
        Is told what is done.

    Returns
    -------
    Written
        PDFs, then pictures.

    Raises
    ------
    SiteplanError
        For anything the user can put right; readers who may not know places get no cards.
    """
    target = _target(run, order, "cards")
    view = read_view(run, order, progress)
    if county:
        view = county_view(view, county)
    pdfs: list[Path] = []
    pages: list[Path] = []
    with progress.stage("documents"), output_folder(target) as work:
        for sheaf in site_cards(view, top, pictures=pictures):
            name = plain_name(sheaf.county)
            (work / f"{name}.pdf").write_bytes(sheaf.pdf)
            pdfs.append(target / f"{name}.pdf")
            if sheaf.pictures:
                (work / name).mkdir()
            for stem, picture in sheaf.pictures.items():
                (work / name / f"{stem}.png").write_bytes(picture)
                pages.append(target / name / f"{stem}.png")
            progress.note("cards_of", name=sheaf.county)
        if not pdfs:
            raise SiteplanError("no_cards")
    return Written((*pdfs, *pages), (), view.so_far is None, view.followed_by)


def brief(
    project: Path | str,
    order: DocumentOrder = _OFFICE,
    *,
    year: int | None = None,
    day: date | None = None,
    since: date | None = None,
    progress: Report = SILENT,
) -> Written:
    """Write the monthly brief of a project as Word, PDF, HTML and picture.

    Parameters
    ----------
    project
        Its folder.
    order
        Language, and where to.
    year
        Of the quota; None for the project's.
    day
        As of; None for the day of the last report.
    since
        From when changes are told; None for the day of the last brief, or the first day of the month.
    progress
        Is told what is done.

    Returns
    -------
    Written
        The files; ``brief.json`` is what the next brief is held against.

    Raises
    ------
    SiteplanError
        For anything the user can put right.
    """
    opened = open_project(project, data=order.data, language=order.lang)
    target = _free(order.out or opened.new_folder(REPORTS, "brief"))
    found = opened.progress(year, progress, day=day)
    so_far = YearSoFar(found.progress, found.year)
    before = None if since is not None else _last_brief(opened, found.progress.year, found.progress.day)
    facts = BriefFacts(
        so_far, before, _first_day(before, since, found.progress.day), found.config, opened.language
    )
    with progress.stage("documents"):
        document = brief_of(facts)
        state = brief_state(so_far).model_dump_json(by_alias=True, indent=2) + "\n"
        return _write(
            document, target, _template(opened.folder, "brief", opened.language), {BRIEF: state.encode()}
        )


def _first_day(before: BriefState | None, since: date | None, day: str) -> str:
    """First day whose changes are told: the one asked for, the one after the last brief, or of the month."""
    if since is not None:
        return since.isoformat()
    if before is not None:
        return (date.fromisoformat(before.day) + timedelta(days=1)).isoformat()
    return f"{day[:7]}-01"


def _last_brief(project: Project, year: int, day: str) -> BriefState | None:
    """The latest brief of an earlier day of the same year; None for the first."""
    states = []
    for path in sorted((project.folder / REPORTS).glob(f"*/{BRIEF}")):
        try:
            state = BriefState.model_validate_json(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise SiteplanError("brief_unreadable", file=str(path), detail=str(error)) from error
        if state.year == year and state.day < day:
            states.append(state)
    return max(states, key=lambda state: state.day, default=None)


def _target(run: Path | str, order: DocumentOrder, kind: str) -> Path:
    """A new folder, refused before anything is read when it exists."""
    path = Path(run).absolute()
    return _free(order.out or free_folder(path.parent, f"{kind}-{path.name}"))


def _free(target: Path) -> Path:
    """The folder, refused when it exists."""
    require_plain(target)
    if target.exists():
        raise SiteplanError("folder_exists", path=str(target))
    return target


def _project_folder(run: Path | str, order: DocumentOrder) -> Path | None:
    """Folder of the project a run lies in; None where there is none above it."""
    try:
        return project_of(run, order.project)
    except SiteplanError:
        return None


def _template(folder: Path | None, kind: str, lang: Lang) -> Path | None:
    """An office's own template in a language, where it has one."""
    path = None if folder is None else folder / TEMPLATES / f"{kind}_{lang}.docx"
    return path if path is not None and path.is_file() else None


def read_view(run: Path | str, order: DocumentOrder = _OFFICE, progress: Report = SILENT) -> PlanView:
    """A run as its reader sees it, with the year of the project it lies in.

    Parameters
    ----------
    run
        Folder of the plan.
    order
        For whom.
    progress
        Is told what is read.
    """
    with progress.stage("load"):
        plan = read_plan(run)
    lang = speak(order.lang or plan.language)
    config = plan.proposal.config
    audience = audience_of(config, order.audience or config.outputs.audiences[0].id)
    folder = _project_folder(run, order)
    so_far = None
    if folder is not None:
        found = open_project(folder, data=order.data, language=lang).progress(
            plan.record.year, progress, runs=[run]
        )
        so_far = YearSoFar(found.progress, found.year)
    view = view_of(plan.proposal, audience, lang, so_far, order.recipient)
    return replace(view, followed_by=_followers(Path(run).absolute(), plan.record.run_id))


def _followers(run: Path, run_id: str) -> tuple[str, ...]:
    """Runs beside this one whose lists replace it: what is hung on a wall should be the list that is out."""
    records = records_in(runs_of(run.parent))
    return tuple(each.run_id for each in records if each.since.base_run_id == run_id != each.run_id)


def _write(
    document: Document, target: Path, template: Path | None, more: dict[str, bytes] | None = None
) -> Written:
    """Word, PDF and HTML; a page for phones as pictures too."""
    word = document_docx(document, template)
    stem = translate(f"file_{document.kind}", document.lang)
    files = {
        f"{stem}.docx": word.content,
        f"{stem}.pdf": document_pdf(document),
        f"{stem}.html": document_html(document).encode(),
        **(more or {}),
    }
    if document.kind != "report":
        pages = document_pictures(document)
        files |= {f"{stem}-{n}.png": page for n, page in enumerate(pages, start=1)}
    with output_folder(target) as work:
        for name, content in files.items():
            (work / name).write_bytes(content)
    return Written(tuple(target / name for name in files), word.left_out)
