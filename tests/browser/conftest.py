"""A JupyterLab for all browser tests, a Chromium for each file of them; one clear line where there is no Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
MISSING = "browser tests (tests/browser) left out: no Chromium found. To get it: apt-get install chromium"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark everything in this folder; without Chromium leave it out in a local run, and let it fail in CI."""
    here = [item for item in items if HERE in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.browser)
    if here and CHROMIUM is None and not os.environ.get("CI"):
        config.hook.pytest_deselected(items=here)
        items[:] = [item for item in items if item not in here]
        config.stash[LEFT_OUT] = len(here)


LEFT_OUT = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    left_out = config.stash.get(LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(f"{left_out} {MISSING}", yellow=True)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    from .server import serve

    with serve(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """For one file, not the session: playwright holds an event loop in which other tests could not start theirs."""
    if CHROMIUM is None:
        pytest.fail(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module", params=["light", "dark"])
def lab(request: pytest.FixtureRequest, server, browser) -> Iterator:
    """The notebook that the test file calls NAME, run from top to bottom; a file with several has a fixture of its own."""
    from .lab import open_notebook

    opened = open_notebook(server, browser, request.module.NAME, request.param)
    opened.run_all()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where the pictures go; git ignores the folder."""
    folder = HERE / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder
