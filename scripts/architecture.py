"""Write the import contract and the table of rooms from ``docs/rooms.toml``, so that there is one story.

``python scripts/architecture.py`` writes; with ``--check`` it only compares, and ends with 1 where something
differs.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = tomllib.loads((ROOT / "docs" / "rooms.toml").read_text(encoding="utf-8"))
LIMITS = {"rooms": 16, "floors": 10}


def rooms() -> list[str]:
    """Every room, the highest first."""
    return [room for floor in ROOMS["floors"] for room in floor["rooms"]]


def contract() -> str:
    """The contracts of import-linter as TOML."""
    layers = []
    for floor in ROOMS["floors"]:
        names = [f"siteplan.{room}" for room in floor["rooms"]]
        if "siteplan.__main__" in names:  # the module that python -m runs stands on the command line
            layers += [[name] for name in names]
        else:
            layers.append(names)
    lines = [
        "[[tool.importlinter.contracts]]",
        'name = "An import goes down, never up"',
        'type = "layers"',
        "exhaustive = true",
        'containers = ["siteplan"]',
        "layers = [",
        *(f'  "{" | ".join(name.removeprefix("siteplan.") for name in names)}",' for names in layers),
        "]",
    ]
    for package, allowed in ROOMS["packages"].items():
        lines += ["", *_confined(package, allowed)]
    return "\n".join(lines)


def _confined(package: str, allowed: list[str]) -> list[str]:
    """The contract that keeps a package in its rooms."""
    sources = [
        f"siteplan.{room}" for room in rooms() if room.split(".")[0] not in {a.split(".")[0] for a in allowed}
    ]
    for room in sorted({each.split(".")[0] for each in allowed if "." in each} - set(allowed)):
        inside = {each.partition(".")[2] for each in allowed if each.startswith(f"{room}.")}
        for path in sorted((ROOT / "siteplan" / room).iterdir()):
            name = path.stem
            is_module = path.suffix == ".py" and name != "__init__"
            if (is_module or (path / "__init__.py").exists()) and name not in inside:
                sources.append(f"siteplan.{room}.{name}")
    listed = ", ".join(f'"{name}"' for name in sources)
    return [
        "[[tool.importlinter.contracts]]",
        f'name = "{package} stays in {", ".join(allowed)}"',
        'type = "forbidden"',
        "allow_indirect_imports = true",
        f"source_modules = [{listed}]",
        f'forbidden_modules = ["{package}"]',
    ]


def table() -> str:
    """The rooms as a table of Markdown."""
    lines = ["| floor | room | what lives there |", "|---|---|---|"]
    for floor in ROOMS["floors"]:
        for room, purpose in floor["rooms"].items():
            name = "`__main__.py`" if room == "__main__" else f"`{room}/`"
            lines.append(f"| {floor['floor']} | {name} | {purpose or 'what `python -m siteplan` runs'} |")
    confined = "; ".join(
        f"`{package}` in {', '.join(f'`{each}`' for each in allowed)}"
        for package, allowed in ROOMS["packages"].items()
    )
    return "\n".join([*lines, "", f"Packages that stay in their rooms: {confined}."])


def written(path: Path, content: str, marks: tuple[str, str]) -> str:
    """A file's text with what lies between two marks replaced."""
    text = path.read_text(encoding="utf-8")
    before, start, rest = text.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not start or not end:
        sys.exit(f"{path.name}: the marks {marks[0]} and {marks[1]} are missing")
    return f"{before}{start}\n{content}\n{end}{after}"


def main() -> None:
    """Write, or compare."""
    count, floors = len(rooms()), len(ROOMS["floors"])
    if count > LIMITS["rooms"] or floors > LIMITS["floors"]:
        sys.exit(f"{count} rooms on {floors} floors, at most {LIMITS['rooms']} on {LIMITS['floors']}")
    markdown = ("<!-- rooms -->", "<!-- /rooms -->")
    targets = {
        ROOT / "pyproject.toml": (contract(), ("# <rooms>", "# </rooms>")),
        ROOT / "docs" / "architecture.md": (table(), markdown),
        ROOT / "siteplan" / "README.md": (table(), markdown),
    }
    changed = []
    for path, (content, marks) in targets.items():
        text = written(path, content, marks)
        if text != path.read_text(encoding="utf-8"):
            changed.append(path.relative_to(ROOT))
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if changed and "--check" in sys.argv:
        sys.exit(f"not as docs/rooms.toml says, run scripts/architecture.py: {', '.join(map(str, changed))}")
    print(f"{count} rooms on {floors} floors: {', '.join(map(str, changed)) or 'nothing to write'}")


main()
