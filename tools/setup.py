"""Make a virtual environment with pinned packages, PyTorch's CPU build first. Run by the Makefile, with any Python ≥ 3.11.

python3 tools/setup.py VENV CONSTRAINTS EXTRAS [torch==VERSION]
"""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
import venv
from pathlib import Path

CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
STAMP = ".set-up"


def main(folder: str, constraints: str, extras: str, torch: str | None = None) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (any python3 may run this file)
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12 …")
    python = Path(folder) / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    pins = Path(constraints).read_text(encoding="utf-8")
    pinned = re.search(r"^torch==[\d.]+", pins, re.MULTILINE)
    wanted = torch or (pinned.group() if pinned else "torch")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # a "+cpu" build sorts above the plain one
    source = ["--extra-index-url", CPU_WHEELS] if cpu_wheels_answer() else []
    subprocess.run([*pip, *source, wanted], check=True)
    if torch:
        constraints = _without_what_torch_brought(python, pins)
    subprocess.run([*pip, "-c", constraints, "-e", f".[{extras}]"], check=True)
    (Path(folder) / STAMP).touch()


def _without_what_torch_brought(python: Path, pins: str) -> str:
    """Another torch than the pinned one needs its own SymPy and the like; the rest stays pinned."""
    freeze = subprocess.run([str(python), "-m", "pip", "freeze"], check=True, capture_output=True, text=True).stdout
    brought = {_name(line) for line in freeze.splitlines()}
    file = python.parents[1] / "constraints.txt"
    file.write_text("\n".join(line for line in pins.splitlines() if _name(line) not in brought), encoding="utf-8")
    return str(file)


def _name(requirement: str) -> str:
    return re.split(r"[=<>@ ]", requirement)[0].lower().replace("_", "-")


def cpu_wheels_answer() -> bool:
    """One quick try: elsewhere PyTorch's own index has the small CPU build, and it must not be waited for."""
    if sys.platform == "darwin" or os.environ.get("PIP_NO_INDEX"):
        return False
    try:
        with urllib.request.urlopen(f"{CPU_WHEELS}/torch/", timeout=3) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])
