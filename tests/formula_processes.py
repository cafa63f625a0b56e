"""Read each of many texts in a process of its own, and measure what it takes: `python -m tests.formula_processes`.

Reads a JSON list of texts from stdin and writes a JSON list of what happened to each. The processes are forks of one that
has imported everything, so that only the reading itself is measured.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
from pathlib import Path

SECONDS = 10  # after which a process is ended
MEGABYTES = 4_000  # of address space beyond what it starts with


def measured(text: str, folder: Path) -> dict:
    """What became of one text: `outcome` is "read", "refused", "ended" or the name of another error."""
    for left in folder.iterdir():
        left.unlink()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _read_alone(text, folder, writing)
    os.close(writing)
    report = _collected(reading, child)
    report["marker"] = sorted(path.name for path in folder.iterdir())
    return report


def _read_alone(text: str, folder: Path, writing: int) -> None:
    import autograd_lessons as al

    os.chdir(folder)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    size = _status("VmSize")
    resource.setrlimit(resource.RLIMIT_AS, ((size + MEGABYTES * 1024) * 1024,) * 2)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts here
    before, start = _status("VmRSS"), time.perf_counter()
    try:
        made = al.parse(text)
        report = {"outcome": "read", "message": str(made)[:200]}
    except al.FormulaError as error:
        report = {"outcome": "refused", "message": str(error), "instead": error.instead}
    except BaseException as error:
        report = {"outcome": type(error).__name__, "message": str(error)[:200]}
    report["seconds"] = time.perf_counter() - start
    report["megabytes"] = (_status("VmHWM") - before) / 1024
    os.write(writing, json.dumps(report).encode())
    os._exit(0)


def _collected(reading: int, child: int) -> dict:
    received, end = b"", time.monotonic() + SECONDS
    while True:
        ready, _, _ = select.select([reading], [], [], max(0, end - time.monotonic()))
        if not ready:
            os.kill(child, signal.SIGKILL)
            break
        part = os.read(reading, 65_536)
        if not part:
            break
        received += part
    os.close(reading)
    os.waitpid(child, 0)
    return json.loads(received) if received else {"outcome": "ended", "message": "", "seconds": SECONDS, "megabytes": 0}


def _status(key: str) -> int:
    """A line of /proc/self/status, in kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key + ":"))


def main() -> None:
    import torch

    import autograd_lessons as al

    torch.set_num_threads(1)
    al.parse("sin(x) + max(x, 0) + sec(2)")  # whatever is imported when it is first needed
    with tempfile.TemporaryDirectory() as folder:
        reports = [measured(text, Path(folder)) for text in json.load(sys.stdin)]
    json.dump(reports, sys.stdout)


if __name__ == "__main__":
    main()
