"""What the scripts that write pages of docs/ share: text in a table's cell, and write or check."""

from __future__ import annotations

import argparse
from pathlib import Path


def cell(text: str) -> str:
    """Text as a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def code(text: str) -> str:
    """The same as code."""
    return f"`{text.replace('|', chr(92) + '|')}`"


def write_or_check(made: str, page: Path, description: str | None) -> int:
    """Write the page; with --check write nothing, and return 1 if it is not what would be written."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; say whether the page is current")
    if parser.parse_args().check:
        current = page.exists() and page.read_text(encoding="utf-8") == made
        name = f"{page.parent.name}/{page.name}"
        print(f"{name} is current" if current else f"{name} is not what would be written: make docs")
        return int(not current)
    page.parent.mkdir(exist_ok=True)
    page.write_text(made, encoding="utf-8")
    return 0
