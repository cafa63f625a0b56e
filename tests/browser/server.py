"""A real JupyterLab server of our own: a free port, its own settings, a copy of the notebooks, no news and no pop-ups."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
START_TIMEOUT = 90  # seconds; a cold machine imports JupyterLab slowly
QUIET = {"checkForUpdates": False, "fetchNews": "false", "doNotDisturbMode": True}


@dataclass(frozen=True)
class Server:
    """A running server: where it answers, the folder that it serves, and its settings."""

    url: str
    notebooks: Path
    settings: Path

    def set_theme(self, name: str) -> None:
        """The theme of every page opened from now on: "light" or "dark"."""
        title = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}[name]
        self._set("apputils-extension/themes", {"theme": title})

    def _set(self, plugin: str, values: dict) -> None:
        path = self.settings / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Serve a copy of `notebooks/` from inside `folder`; the server is stopped however the block ends."""
    notebooks = folder / "notebooks"
    notebooks.mkdir(parents=True)
    for path in (REPOSITORY / "notebooks").glob("*.ipynb"):  # the committed files are never opened themselves
        shutil.copy(path, notebooks)
    port = _free_port()
    server = Server(f"http://127.0.0.1:{port}", notebooks, folder / "settings")
    server._set("apputils-extension/notification", QUIET)
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(_command(port, notebooks), env=_environment(folder), stdout=output, stderr=output)
        try:
            _wait_until_it_answers(server.url, process, log)
            yield server
        finally:
            process.terminate()  # the server ends its kernels on SIGTERM
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _command(port: int, notebooks: Path) -> list[str]:
    return [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", f"--ServerApp.root_dir={notebooks}", "--IdentityProvider.token=", "--ServerApp.password=",
        "--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--ServerApp.terminals_enabled=False",
    ]  # fmt: skip


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the user's own Jupyter is read or written; the kernels find this checkout's package."""
    own = {
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }  # fmt: skip
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    return os.environ | {name: str(folder / place) for name, place in own.items()} | {"PYTHONPATH": path}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_it_answers(url: str, process: subprocess.Popen, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy does not know this machine's port
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), opener.open(f"{url}/api/status", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")
