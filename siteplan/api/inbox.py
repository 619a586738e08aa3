"""Files that come back by chat and mail: every file of a folder is taken in once, with what it did."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from siteplan.core.errors import Fault, InputFaults, SiteplanError
from siteplan.core.files import read_lines, sha256_of
from siteplan.field.merge import Merge, Outcome
from siteplan.field.records import KeyIndex
from siteplan.field.returns import ReturnRow, read_returns
from siteplan.field.status import FieldStatus

INBOX = "inbox.jsonl"
"""File of the project folder: what was taken in, one file a line."""
_SCHEMA = "siteplan-inbox/1"
KINDS = frozenset({".xlsx", ".xlsm", ".xls", ".et", ".csv", ".json", ".kml", ".kmz", ".ods"})
"""Files that can be returns."""
_UNKNOWN = "unknown_candidate"
State = Literal["taken", "before", "unreadable", "other"]


@dataclass(frozen=True)
class InboxFile:
    """What became of one file.

    Attributes
    ----------
    name
        Of the file.
    state
        ``taken`` now, ``before`` (the same content was taken in earlier), ``unreadable`` (stays until it is
        put right), ``other`` (no kind of file that can be a return).
    verdicts
        Rows by verdict, of a file that was taken.
    faults
        Why it cannot be read.
    since
        When its content was taken in, ISO 8601, or the file of this batch that has the same.
    """

    name: str
    state: State
    verdicts: dict[str, int]
    faults: tuple[Fault, ...] = ()
    since: str = ""


@dataclass(frozen=True, eq=False)
class InboxResult:
    """A folder after its files were taken in.

    Attributes
    ----------
    files
        By name.
    merge
        Verdicts on the rows of the new files.
    field_status
        What the journal adds up to afterwards.
    folder
        Where the list of rows lies; None where nothing was new.
    """

    files: tuple[InboxFile, ...]
    merge: Merge
    field_status: FieldStatus
    folder: Path | None

    @property
    def exit_code(self) -> int:
        """3 when a file cannot be read or rows are held or rejected, else 0."""
        is_unread = any(file.state == "unreadable" for file in self.files)
        return 3 if is_unread or {"held", "rejected"} & set(self.merge.counts) else 0


def received(project: Path) -> dict[str, str]:
    """When contents were taken in, by their hash.

    A file with rows of sites nobody knew is not among them: a list that teaches their numbers may have come
    since, and what was taken of it is known anyway.

    Raises
    ------
    SiteplanError
        If a line is no receipt: with its number.
    """
    latest: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(read_lines(project / INBOX), start=1):
        try:
            entry = json.loads(line)
            latest[entry["sha256"]] = entry["taken_at"], entry["unknown"]
        except (ValueError, KeyError, TypeError) as error:
            raise SiteplanError("journal_no_event", file=INBOX, row=number, detail=str(error)) from error
    return {sha: taken_at for sha, (taken_at, unknown) in latest.items() if not unknown}


def receipt(file: InboxFile, sha256: str, now: str, outcomes: Sequence[Outcome]) -> str:
    """A file that was taken in, as one line of JSON, with how many of its rows nobody could place."""
    own = (each for each in outcomes if each.row.sha256 == sha256)
    unknown = sum(any(fault.problem == _UNKNOWN for fault in each.faults) for each in own)
    entry = {"schema": _SCHEMA, "sha256": sha256, "file": file.name, "taken_at": now}
    return json.dumps({**entry, "rows": file.verdicts, "unknown": unknown}, ensure_ascii=False)


def files_in(folder: Path) -> list[Path]:
    """Files of a folder by name; what a spreadsheet or the system keeps for itself is none."""
    found = (each for each in folder.iterdir() if each.is_file())
    return sorted(each for each in found if not each.name.startswith(("~$", ".")))


def read_new(
    files: Sequence[Path],
    known: dict[str, str],
    ids: Sequence[str],
    names: dict[str, str],
    keys: KeyIndex,
) -> tuple[list[InboxFile], dict[str, list[ReturnRow]]]:
    """Read what is new.

    Parameters
    ----------
    files
        Of a folder.
    known
        When contents were taken in before, by hash.
    ids, names, keys
        As :func:`siteplan.field.returns.read_returns` takes them.

    Returns
    -------
    tuple
        What became of every file, and rows of the new ones by hash.
    """
    made, rows = [], dict[str, list[ReturnRow]]()
    seen = dict(known)
    for path in files:
        if path.suffix.lower() not in KINDS:
            made.append(InboxFile(path.name, "other", {}))
            continue
        sha = sha256_of(path)
        if sha in seen:
            made.append(InboxFile(path.name, "before", {}, since=seen[sha]))
            continue
        try:
            rows[sha] = list(read_returns(path, ids, names, keys))
        except InputFaults as error:
            made.append(InboxFile(path.name, "unreadable", {}, tuple(error.faults)))
            continue
        seen[sha] = path.name
        made.append(InboxFile(path.name, "taken", {}))
    return made, rows


def with_verdicts(
    files: Sequence[InboxFile], contents: Sequence[str], outcomes: Sequence[Outcome]
) -> list[InboxFile]:
    """Files with what became of their rows.

    Parameters
    ----------
    files
        By name.
    contents
        Hashes of the files that were taken, in their order.
    outcomes
        Of all rows.
    """
    counts = {sha: Counter[str]() for sha in contents}
    for outcome in outcomes:
        counts[outcome.row.sha256][outcome.verdict] += 1
    waiting = iter(contents)
    return [
        replace(each, verdicts=dict(counts[next(waiting)])) if each.state == "taken" else each
        for each in files
    ]
