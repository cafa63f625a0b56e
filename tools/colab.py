"""Point every notebook and the README at the place where the project lives, so that Colab can open and install it.

python tools/colab.py --repo OWNER/NAME [--ref REF]   write the badges and the install lines (again: the same bytes)
python tools/colab.py --undo                          take them out again, byte for byte
python tools/colab.py --check                         are they all there, all the same, and do they name real notebooks?

The edits are made on the text of the files, between markers that are known here, so nothing else can change.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

MODULE = "autograd_lessons"
# The first code cell of every notebook: its last lines are one of two, and only these two are ever exchanged.
GUARD = f'from importlib.util import find_spec\n\nif find_spec("{MODULE}") is None:\n'
ABSENT = (
    "    raise ModuleNotFoundError(\n"
    f'        "{MODULE} is not installed here. In a copy of its repository, `make lab` sets it up and opens the lessons, "\n'
    '        "and `make colab` writes its address into this cell, so that Colab can install it."\n'
    "    )"
)
INSTALL = '    %pip install -q "{module} @ git+https://github.com/{repo}@{ref}"'
SVG = "https://colab.research.google.com/assets/colab-badge.svg"
OPEN = "https://colab.research.google.com/github/{repo}/blob/{ref}/notebooks/{file}"
BADGE = f"[![Open in Colab]({SVG})]({OPEN})"
README_START, README_END = "<!-- badges: make colab -->\n", "<!-- /badges -->\n"

REPO = r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+"
REF = r"[A-Za-z0-9][A-Za-z0-9._/-]*"
_INSTALL = re.compile(
    re.escape(INSTALL).replace(r"\{module\}", MODULE).replace(r"\{repo\}", f"({REPO})").replace(r"\{ref\}", f"({REF})")
)
_BADGE = re.compile(
    re.escape(BADGE)
    .replace(r"\{repo\}", f"({REPO})")
    .replace(r"\{ref\}", f"({REF})")
    .replace(r"\{file\}", r"([^)/\s]+)")
)


class Place(NamedTuple):
    repo: str
    ref: str


class Untouchable(Exception):
    """A file that is not as this tool left it: it is named, and nothing is written."""


# ---------------------------------------------------------------------- the first code cell, for tools/notebooks.py too
def agreed(source: str) -> bool:
    rest = source.removeprefix(GUARD)
    return rest != source and (rest == ABSENT or _INSTALL.fullmatch(rest) is not None)


# ---------------------------------------------------------------------- one notebook's text
def _lines(source: str, indent: str) -> str:
    """The source as the lines of a JSON array; the last one without newline and comma."""
    return f",\n{indent}".join(json.dumps(line, ensure_ascii=False) for line in source.splitlines(keepends=True))


def undo(text: str, name: str) -> str:
    text = re.sub(rf'^ *"{_BADGE.pattern}\\n",\n *"\\n",\n', "", text, count=1, flags=re.MULTILINE)
    here = re.search(rf'^( *)"{_escaped(_INSTALL)}"$', text, flags=re.MULTILINE)
    if here:
        text = text[: here.start()] + here[1] + _lines(ABSENT, here[1]) + text[here.end() :]
    if SVG in text or "git+https://github.com/" in text:
        raise Untouchable(f"{name}: a badge or an install line was edited by hand; take it out, then try again")
    return text


def apply(text: str, name: str, place: Place) -> str:
    text = undo(text, name)
    absent = r",\n *".join(re.escape(json.dumps(line)) for line in ABSENT.splitlines(keepends=True))
    text, cells = re.subn(
        absent,
        lambda _: json.dumps(INSTALL.format(module=MODULE, **place._asdict())),
        text,
        count=1,
    )
    if not cells:
        raise Untouchable(f"{name}: the first code cell is not the agreed one:\n{GUARD}{ABSENT}")
    first = re.search(r'"cell_type": "markdown",.*?"source": \[\n( *)', text, flags=re.DOTALL)
    if not first:
        raise Untouchable(f"{name}: no markdown cell to carry the badge")
    badge = BADGE.format(file=Path(name).name, **place._asdict())
    lines = f'"{badge}\\n",\n{first[1]}"\\n",\n{first[1]}'
    return text[: first.end()] + lines + text[first.end() :]


def _escaped(pattern: re.Pattern[str]) -> str:
    return pattern.pattern.replace('"', r"\\\"")


# ---------------------------------------------------------------------- the README
def between(text: str) -> tuple[int, int]:
    start, end = text.find(README_START), text.find(README_END)
    if start < 0 or end < start:
        raise Untouchable(f"README.md: the lines {README_START.strip()} and {README_END.strip()} are missing")
    return start + len(README_START), end


def readme(text: str, notebooks: list[str], place: Place | None) -> str:
    start, end = between(text)
    badges = "".join(f"- {BADGE.format(file=n, **place._asdict())} `{n}`\n" for n in notebooks) if place else ""
    return text[:start] + (f"\n{badges}\n" if badges else "") + text[end:]


# ---------------------------------------------------------------------- all of them
def files(root: Path) -> list[Path]:
    return sorted((root / "notebooks").glob("*.ipynb"))


def write(root: Path, place: Place | None) -> None:
    """Every new text first, then every file: one file that cannot be edited leaves all as they were."""
    new = {}
    for path in files(root):
        text = path.read_bytes().decode("utf-8")
        new[path] = apply(text, path.name, place) if place else undo(text, path.name)
    path = root / "README.md"
    new[path] = readme(path.read_bytes().decode("utf-8"), [p.name for p in files(root)], place)
    for path, text in new.items():
        if path.read_bytes() != text.encode("utf-8"):
            path.write_bytes(text.encode("utf-8"))


def problems(root: Path) -> list[str]:
    found, places = [], set()
    for path in [*files(root), root / "README.md"]:
        text = path.read_bytes().decode("utf-8")
        badges = _BADGE.findall(text)
        places |= {Place(repo, ref) for repo, ref, _ in badges}
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            code = next(("".join(c["source"]) for c in cells if c["cell_type"] == "code"), "")
            install = _INSTALL.fullmatch(code.removeprefix(GUARD)) if code.startswith(GUARD) else None
            places |= {Place(install[1], install[2])} if install else set()
            if not install:
                found.append(f"{path.name}: the first code cell does not install the package")
            wanted = [path.name]
        else:
            wanted = [p.name for p in files(root)]
        if [file for _, _, file in badges] != wanted:
            found.append(f"{path.name}: badges for {[f for _, _, f in badges] or 'nothing'}, expected {wanted}")
    if len(places) == 1 and not found:  # the surest test of all: writing it again changes nothing
        place = places.pop()
        for path in files(root):
            text = path.read_bytes().decode("utf-8")
            if apply(text, path.name, place) != text:
                found.append(f"{path.name}: `make colab` would change it")
        text = (root / "README.md").read_bytes().decode("utf-8")
        if readme(text, [p.name for p in files(root)], place) != text:
            found.append("README.md: `make colab` would change it")
    elif len(places) > 1:
        found.append(f"several places: {sorted(f'{p.repo}@{p.ref}' for p in places)}")
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--repo", help="OWNER/NAME")
    what.add_argument("--check", action="store_true")
    what.add_argument("--undo", action="store_true")
    parser.add_argument("--ref", default="main", help="branch or tag (main)")
    parser.add_argument("--root", type=Path, default=Path(__file__).parent.parent, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.repo and not re.fullmatch(REPO, given.repo):
        parser.error(f"--repo is OWNER/NAME, not {given.repo!r}")
    if not re.fullmatch(REF, given.ref):
        parser.error(f"--ref is a branch or a tag, not {given.ref!r}")
    try:
        found = problems(given.root) if given.check else []
        if not given.check:
            write(given.root, Place(given.repo, given.ref) if given.repo else None)
    except Untouchable as error:
        found = [str(error)]
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
