"""In which language faults and errors speak, and names of folders."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from siteplan.core.errors import SiteplanError, attach_renderer
from siteplan.outputs.wording import rendered
from siteplan.words.catalogue import LANGUAGES, Lang

LANGUAGE_VARIABLE = "SITEPLAN_LANG"


def speak(language: str) -> Lang:
    """Let faults and errors print themselves in a language.

    Parameters
    ----------
    language
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        The language.

    Raises
    ------
    SiteplanError
        If it is neither.
    """
    if language not in LANGUAGES:
        attach_renderer(lambda subject: rendered(subject, "en"))
        raise SiteplanError("unknown_language", value=language, choices=tuple(LANGUAGES))
    attach_renderer(lambda subject: rendered(subject, language))
    return language


def require_plain(path: Path) -> None:
    """The GIS library reads "!" in a path as a file inside an archive."""
    if "!" in str(path.absolute()):
        raise SiteplanError("plain_path", path=str(path))


def plain_name(name: str) -> str:
    """A name without signs that no file may have [str]."""
    return re.sub(r'[\\/:*?"<>|\s]+', "_", name)


def free_folder(directory: Path, name: str) -> Path:
    """A new name by area and time; a second run in the same second gets a number [Path]."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    stem, number = f"{plain_name(name)}-{stamp}", 2
    target = directory / stem
    while target.exists():
        target, number = directory / f"{stem}-{number}", number + 1
    return target
