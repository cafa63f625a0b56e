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
    if torch:  # another torch than the pinned one: the rest stays pinned
        other = Path(folder) / "constraints.txt"
        other.write_text(re.sub(r"^torch==.*$", torch, pins, flags=re.MULTILINE), encoding="utf-8")
        constraints = str(other)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # a "+cpu" build sorts above the plain one
    source = ["--extra-index-url", CPU_WHEELS] if cpu_wheels_answer() else []
    subprocess.run([*pip, *source, wanted], check=True)
    subprocess.run([*pip, "-c", constraints, "-e", f".[{extras}]"], check=True)
    (Path(folder) / STAMP).touch()


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
