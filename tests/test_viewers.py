"""The saved notebooks where nobody runs them: as HTML, and as the raw file, every explorer is a picture with its numbers."""

import base64
import json
import os
import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"[-−]?\b\d+(?:\.\d+)?(?:e[-+]\d+)?")
INTERACTIVE = re.compile(r"\b(explore|playground|stability_lab|descent_lab)\(|^%%autograd\b(?!.* (-q|--quiet)\b)")


def bundles():
    """Every rich output of the saved notebooks: (notebook, cell number, source, data)."""
    for path in NOTEBOOKS:
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            for output in cell.get("outputs", []):
                if "data" in output:
                    data = {kind: "".join(value) for kind, value in output["data"].items()}
                    yield path.name, number, "".join(cell["source"]), data


PICTURES = [
    pytest.param(data["image/svg+xml"], data["text/plain"], id=f"{name}:{number}")
    for name, number, _, data in bundles()
    if "image/svg+xml" in data
]


def numbers(text):
    return [found.replace("−", "-") for found in NUMBER.findall(text)]


def words(svg):
    """What a viewer that draws the picture shows as text."""
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


# ---------------------------------------------------------------- the raw file
def test_every_cell_with_an_explorer_keeps_a_picture_and_its_text():
    shown = {(name, number) for name, number, _, data in bundles() if "image/svg+xml" in data}
    called = set()
    for path in NOTEBOOKS:
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            if cell["cell_type"] == "code" and INTERACTIVE.search("".join(cell["source"])):
                called.add((path.name, number))
    assert called and shown == called
    assert {name for name, _ in shown} == {path.name for path in NOTEBOOKS}, "every lesson has one"


def test_no_html_stands_beside_a_picture():
    """Viewers prefer HTML and would hide the picture."""
    for name, number, _, data in bundles():
        if data.keys() & {"image/svg+xml", "image/png"}:
            kinds = set(data) - {"text/plain"}
            assert kinds in ({"image/svg+xml"}, {"image/png"}), (name, number)
            assert data["text/plain"].strip()


@pytest.mark.parametrize(("svg", "text"), PICTURES)
def test_the_picture_shows_every_number_of_its_text(svg, text):
    """The line of the inputs is longer than the graph: there the same number to six digits is enough."""
    shown = set(numbers("\n".join(words(svg))))
    first, rest = text.split("\n", 1) if text.startswith("inputs:") else ("", text)
    assert len(numbers(rest)) > 10
    assert set(numbers(rest)) <= shown, set(numbers(rest)) - shown
    short = {f"{float(number):.6g}" for number in shown}
    assert {f"{float(number):.6g}" for number in numbers(first)} <= short


@pytest.mark.parametrize(("svg", "text"), PICTURES)
def test_the_picture_is_well_formed_and_passive(svg, text):
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg" and root.get("viewBox") and root.get("role") == "img" and root.get("aria-label")
    tags = {node.tag.removeprefix(SVG) for node in root.iter()}
    assert not tags & {"script", "foreignObject", "iframe", "image", "a", "animate", "set"}
    assert not [key for node in root.iter() for key in node.attrib if key.lower().startswith("on")]
    assert "currentColor" not in svg and "currentcolor" not in svg, "as an image it would be black on dark"
    assert "var(--jp" not in svg and "@import" not in svg
    assert set(re.findall(r"https?://[^\"' )<]*", svg)) == {"http://www.w3.org/2000/svg"}
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", svg))


@pytest.mark.parametrize(("svg", "text"), PICTURES)
def test_the_picture_has_a_light_card_of_its_own(svg, text):
    root = ElementTree.fromstring(svg)
    card = next(node for node in root.iter() if node.tag == f"{SVG}rect")
    assert card.get("fill") in ("#fff", "#ffffff", "#fcfcfc", "white")
    width, height = (float(size) for size in root.get("viewBox").split()[2:])
    assert float(card.get("width")) >= width - 4 and float(card.get("height")) >= height - 4


@pytest.mark.parametrize(("svg", "text"), PICTURES)
def test_ids_are_unique_and_all_under_the_pictures_own(svg, text):
    root = ElementTree.fromstring(svg)
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    assert re.fullmatch(r"al[0-9a-f]{10}", root.get("id")) and all(one.startswith(root.get("id")) for one in ids)
    assert {target for target in re.findall(r"url\(#([^)]*)\)", svg)} <= set(ids)


@pytest.mark.parametrize(("svg", "text"), PICTURES)
def test_its_style_reaches_nothing_else_on_the_page(svg, text):
    root = ElementTree.fromstring(svg)
    for style in root.iter(f"{SVG}style"):
        rules = re.sub(r"/\*.*?\*/", "", style.text, flags=re.DOTALL)
        for selectors in re.findall(r"([^{}]+)\{[^{}]*\}", rules):
            assert all(one.strip().startswith(f"#{root.get('id')}") for one in selectors.split(",")), selectors


def test_no_two_pictures_of_a_notebook_share_an_id():
    for path in NOTEBOOKS:
        ids = re.findall(r'<svg [^>]*?\bid=\\"(al\w+)\\"', path.read_text(encoding="utf-8"))
        assert len(ids) == len(set(ids)), path.name


def test_another_process_draws_the_same_bytes():
    """Whatever the order of sets and addresses: nbval compares the saved pictures with new ones."""
    code = """
        import torch, autograd_lessons as al
        from autograd_lessons import lessons
        for lesson in (lessons.square, lessons.logistic_bce):
            explorer = al.explore(lesson.function, lesson.manual, inputs=lesson.inputs, wrt=lesson.wrt)
            print(explorer.still(), explorer, sep="\\n")
    """
    drawn = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert drawn[0] == drawn[1] and drawn[0].count("<svg") >= 2


# ---------------------------------------------------------------- as HTML
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_as_html_every_picture_is_there_with_its_numbers(path):
    html, _ = HTMLExporter().from_notebook_node(nbformat.read(path, as_version=4))
    pictures = [data for name, _, _, data in bundles() if name == path.name and "image/svg+xml" in data]
    assert pictures and "Invalid Notebook" not in html and "model not found" not in html
    as_images = [
        base64.b64decode(found).decode() for found in re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", html)
    ]
    for data in pictures:
        picture = data["image/svg+xml"].strip()
        assert picture in html or picture in [image.strip() for image in as_images]
    assert len(re.findall(r"<img [^>]*image/png;base64,", html)) == sum(
        1 for n, _, _, d in bundles() if n == path.name and "image/png" in d
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_as_html_nothing_asks_for_a_widget(path):
    html, _ = HTMLExporter().from_notebook_node(nbformat.read(path, as_version=4))
    assert "application/vnd.jupyter.widget-view+json" not in html
    assert "application/vnd.jupyter.widget-state+json" not in html
    assert 'class="jupyter-widgets' not in html
