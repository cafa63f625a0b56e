"""What the tests of the project as a whole share: where it stands, and the scripts in tools/ as modules."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).parent.parent


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, PROJECT / "tools" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # tools/notebooks.py imports its neighbour by this name
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def colab() -> ModuleType:
    return _script("colab")


@pytest.fixture(scope="session")
def notebooks(colab: ModuleType) -> ModuleType:
    return _script("notebooks")


@pytest.fixture(scope="session")
def operations() -> ModuleType:
    return _script("operations")


@pytest.fixture(scope="session")
def setup() -> ModuleType:
    return _script("setup")


@pytest.fixture(scope="session")
def teachers() -> ModuleType:
    return _script("teachers")
