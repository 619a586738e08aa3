"""One story of the rooms: contract, architecture page and house page are written from one table."""

import subprocess
import sys
import tomllib
from pathlib import Path

import siteplan

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(siteplan.__file__).parent


def test_contract_and_pages_are_as_the_table_of_rooms_says():
    ended = subprocess.run(
        [sys.executable, ROOT / "scripts" / "architecture.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_every_room_is_in_the_table_and_says_what_it_is_for():
    floors = tomllib.loads((ROOT / "docs" / "rooms.toml").read_text(encoding="utf-8"))["floors"]
    listed = {room for floor in floors for room in floor["rooms"]}
    there = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert there - {"__init__"} == listed
    for folder in PACKAGE.rglob("__init__.py"):
        text = folder.read_text(encoding="utf-8")
        assert text.startswith('"""'), folder
        assert "TODO" not in text, folder
