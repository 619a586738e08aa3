"""The commands that write documents: report, wall map, site cards, monthly brief."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from siteplan.cli.base import RecipientOpt, command, day_of, lang_of
from siteplan.cli.options import (
    CountyOpt,
    DataOpt,
    LangOpt,
    OutOpt,
    ProjectArg,
    QuietOpt,
    RunArg,
    YearOpt,
    ends_in_words,
    err,
    out,
    starts,
    text,
)
from siteplan.core.errors import SiteplanError

PAPERS = ("A0", "A1")
OfProjectOpt = Annotated[Path | None, typer.Option("--project", help=text("project_above"))]
ReaderOpt = Annotated[str, typer.Option("--audience", help=text("document_audience"))]


def _order(**values: Any) -> Any:
    """What is asked for, and a report that tells of progress."""
    from siteplan.api import documents as api  # noqa: PLC0415
    from siteplan.cli.progress import console_report  # noqa: PLC0415

    quiet, lang = values.pop("quiet"), values["lang"]
    return api.DocumentOrder(**values), console_report(err, lang_of(lang), quiet=quiet)


def _print(written: Any, lang: str | None) -> None:
    from siteplan.cli import printing  # noqa: PLC0415

    printing.documents_written(written, lang_of(lang), out, err)


@command("report")
@ends_in_words
def report(  # noqa: PLR0913, PLR0917 - one argument an option
    run: RunArg,
    county: CountyOpt = None,
    town: Annotated[str, typer.Option("--town", help=text("report_town"))] = "",
    audience: ReaderOpt = "",
    recipient: RecipientOpt = "",
    project: OfProjectOpt = None,
    data: DataOpt = None,
    output: OutOpt = None,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Write the report of a plan, or the page of a county or town."""
    starts(quiet=quiet, lang=lang)
    from siteplan.api import documents as api  # noqa: PLC0415

    order, progress = _order(
        audience=audience, recipient=recipient, lang=lang, project=project, data=data, out=output, quiet=quiet
    )
    _print(api.report(run, order, county=county or "", town=town, progress=progress), lang)


@command("wallmap")
@ends_in_words
def wallmap(  # noqa: PLR0913, PLR0917 - one argument an option
    run: RunArg,
    county: CountyOpt = None,
    paper: Annotated[str, typer.Option("--paper", metavar="A0|A1", help=text("wallmap_paper"))] = "A0",
    audience: ReaderOpt = "",
    recipient: RecipientOpt = "",
    project: OfProjectOpt = None,
    data: DataOpt = None,
    output: OutOpt = None,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Write the wall map of a plan, with the statuses of today."""
    if paper not in PAPERS:
        raise SiteplanError("unknown_choice", option="--paper", value=paper, choices=PAPERS)
    starts(quiet=quiet, lang=lang)
    from siteplan.api import documents as api  # noqa: PLC0415

    order, progress = _order(
        audience=audience, recipient=recipient, lang=lang, project=project, data=data, out=output, quiet=quiet
    )
    size: Any = paper
    _print(api.wallmap(run, order, county=county or "", paper=size, progress=progress), lang)


@command("cards")
@ends_in_words
def cards(  # noqa: PLR0913, PLR0917 - one argument an option
    run: RunArg,
    top: Annotated[int | None, typer.Option("--top", min=1, help=text("cards_top"))] = None,
    county: CountyOpt = None,
    pictures: Annotated[bool, typer.Option("--pictures/--no-pictures", help=text("cards_pictures"))] = True,
    audience: ReaderOpt = "",
    recipient: RecipientOpt = "",
    project: OfProjectOpt = None,
    data: DataOpt = None,
    output: OutOpt = None,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Write a card for every ranked place: a PDF a county, and a picture a card."""
    starts(quiet=quiet, lang=lang)
    from siteplan.api import documents as api  # noqa: PLC0415

    order, progress = _order(
        audience=audience, recipient=recipient, lang=lang, project=project, data=data, out=output, quiet=quiet
    )
    written = api.cards(run, order, county=county or "", top=top, pictures=pictures, progress=progress)
    _print(written, lang)


@command("brief")
@ends_in_words
def brief(
    project: ProjectArg,
    year: YearOpt = None,
    day: Annotated[str | None, typer.Option("--day", metavar="YYYY-MM-DD", help=text("progress_day"))] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="YYYY-MM-DD", help=text("brief_since"))
    ] = None,
    data: DataOpt = None,
    output: OutOpt = None,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Write the monthly brief of a project."""
    starts(quiet=quiet, lang=lang)
    from siteplan.api import documents as api  # noqa: PLC0415

    order, progress = _order(lang=lang, data=data, out=output, quiet=quiet)
    until, first = day_of(day), day_of(since, "--since")
    _print(api.brief(project, order, year=year, day=until, since=first, progress=progress), lang)
