"""What start.bat runs: install siteplan from the folder beside this file, then plan a project.

Only the standard library, and everything that handles a path is here and not in the
batch file, because cmd mangles ``&``, ``%`` and Chinese characters and Python does not.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).absolute().parent
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
WINDOWS = os.name == "nt"
DEEP = 90


class StartError(Exception):
    """What the person at the keyboard is told before the window closes."""


def main(arguments: list[str]) -> int:
    """Install once, then plan the folders named, or ask for one until told to stop."""
    if WINDOWS and len(str(HERE)) > DEEP:
        print(f"提醒：文件夹路径超过 {DEEP} 个字符，安装可能失败 / this folder's path is long: {HERE}")
    try:
        python = installed()
    except StartError as error:
        print(error)
        return 1
    if arguments:
        return max(plan(python, project_of(each)) for each in arguments)
    code = 0
    while (project := ask()) is not None:
        code = plan(python, project)
    return code


def installed() -> Path:
    """The Python that has siteplan; made on the first start and after the bundle changed."""
    requirements = HERE / "wheelhouse" / f"requirements-{VERSION}.txt"
    if not requirements.exists():
        raise StartError(f"安装没有完成：缺少 {requirements} / missing, copy the whole folder again")
    venv = HERE / f"venv-{VERSION}"
    python = venv / ("Scripts/python.exe" if WINDOWS else "bin/python")
    ready, stamp = venv / ".ready", hashlib.sha256(requirements.read_bytes()).hexdigest()
    if python.exists() and ready.exists() and ready.read_text() == stamp:
        return python
    print("正在安装，约几分钟 / installing, takes a few minutes ...", flush=True)
    run([sys.executable, "-m", "venv", "--clear", str(venv)])
    run([str(python), *pip_install(requirements)])
    ready.write_text(stamp)
    return python


def pip_install(requirements: Path) -> list[str]:
    """Install exactly what is listed, from the folder it is in, without asking anyone else."""
    return [
        "-m",
        "pip",
        "--isolated",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-index",
        "--find-links",
        str(requirements.parent),
        "--no-deps",
        "--require-hashes",
        "-r",
        str(requirements),
    ]


def run(command: list[str]) -> None:
    """Run a step of the installation."""
    if subprocess.run(command, check=False).returncode:
        raise StartError("安装没有完成，见上面的信息和 说明.txt / not installed, see the message above")


def ask() -> Path | None:
    """The project folder; Enter is the demo, q is the end."""
    print("\n项目文件夹（拖进窗口再回车；直接回车为演示项目；q 退出）")
    try:
        answer = input("project folder (Enter = demo, q = quit): ").strip()
    except EOFError:
        return None
    return None if answer.lower() == "q" else project_of(answer)


def project_of(answer: str) -> Path:
    """The folder meant by what was typed or dragged in: quoted, with a trailing backslash, or nothing."""
    cleaned = answer.strip().strip("\"'")
    return Path(cleaned) if cleaned else HERE / "demo"


def plan(python: Path, project: Path) -> int:
    """Plan one project; siteplan itself says what is wrong and where the results are."""
    return subprocess.run([str(python), "-m", "siteplan", "plan", str(project)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
