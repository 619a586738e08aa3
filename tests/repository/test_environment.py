"""The two lists of packages, the lock and the six packages of the card agree."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def conda_packages():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    return [
        line.strip()[2:]
        for line in text.split("dependencies:")[1].splitlines()
        if line.strip().startswith("- ")
    ]


def test_environment_yml_names_every_dependency_with_the_same_bound():
    wanted = {*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["demo"]}
    assert wanted <= set(conda_packages())


def test_environment_yml_names_nothing_else():
    ours = {*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["demo"]}
    extra = {line for line in conda_packages() if line not in ours}
    assert extra == {"python>=3.11,<3.14", "pip", "pip:", "-e ."}


def test_environment_yml_says_what_a_cluster_needs_beside():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert all(f"#     - {each}\n" in text for each in PROJECT["optional-dependencies"]["cluster"])


def test_the_lock_holds_every_dependency():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE))
    extras = PROJECT["optional-dependencies"].values()
    every = [*PROJECT["dependencies"], *(name for names in extras for name in names)]
    names = {re.split(r"[\[<>=]", each)[0].lower() for each in every}
    assert names <= locked
    assert "://" not in lock


@pytest.mark.parametrize("package", ["geopandas", "shapely", "rasterio", "osmnx", "scikit-learn", "folium"])
def test_the_six_packages_of_the_card_are_used(package):
    module = {"scikit-learn": "sklearn"}.get(package, package)
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "siteplan").rglob("*.py"))
    assert re.search(rf"^\s*(import|from) {module}\b", code, flags=re.MULTILINE)


def test_no_city_stands_in_the_code():
    """Shaoguan, its year and its numbers are data of the demo, nowhere else."""
    for path in (ROOT / "siteplan").rglob("*.py"):
        if "demo" not in path.parts:
            text = path.read_text(encoding="utf-8")
            assert not re.search(
                r"韶关|Shaoguan|\b699\b|\b1107\b|\b5141\b", text.replace("Shaoguan demo", "")
            ), path
