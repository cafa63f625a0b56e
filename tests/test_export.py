"""The saved page: every stage and number in one file that needs no kernel and no network, with a learner's text escaped."""

import linecache
import math
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch

import autograd_lessons as al
from autograd_lessons import lessons

MARKUP = "</script><img src=x onerror=alert(1)>&amp;'\""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VOID = {"meta", "input", "br", "hr", "link", "img", "col"}


class Page(HTMLParser):
    """Elements, their attributes, and text by element, with a stack that must come out even."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.stack, self.articles, self.scripts, self.words = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "article":
            self.articles.append("")
        if tag == "script":
            self.scripts.append("")
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.stack and self.stack[-1] == tag, (tag, self.stack[-4:])
        self.stack.pop()

    def handle_data(self, data):
        if self.stack and self.stack[-1] == "script":
            self.scripts[-1] += data
        elif "style" not in self.stack:
            self.words.append(data)
            if "article" in self.stack:
                self.articles[-1] += data

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def explored(lesson, **options):
    return al.explore(lesson.function, lesson.manual, inputs=lesson.inputs, wrt=lesson.wrt, **options)


def saved(explorer, folder):
    text = explorer.save(folder / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.stack == []
    return text, page


LESSONS = [lessons.square, lessons.x_sine, lessons.logistic_bce, lessons.mean_of_squares]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.function.__name__)
@pytest.mark.parametrize("grain", ["variables", "operations"])
def test_each_stage_stands_in_the_page_and_one_is_shown(lesson, grain, tmp_path):
    explorer = explored(lesson, grain=grain)
    explorer.step = 2
    text, page = saved(explorer, tmp_path)
    assert text.startswith("<!doctype html>") and page.named("html")[0]["lang"] == "en"
    assert len(page.articles) == explorer.count > 2
    assert ["hidden" in attributes for attributes in page.named("article")] == [i != 1 for i in range(explorer.count)]
    (slider,) = [one for one in page.named("input") if one["type"] == "range"]
    assert (slider["min"], slider["max"], slider["value"]) == ("1", str(explorer.count), "2")
    assert len(set(page.articles)) == explorer.count, "no two stages look alike"


def test_the_numbers_are_torchs(tmp_path):
    _, page = saved(explored(lessons.logistic_bce, dtype=torch.float32), tmp_path)
    found = {a["data-adjoint-of"]: float(a["data-value"]) for _, a in page.elements if "data-adjoint-of" in a}
    w, b = (torch.tensor(v, requires_grad=True) for v in (1.0, 0.0))
    lessons.logistic_bce.function(w, b, torch.tensor(6.7), torch.tensor(0.0)).backward()
    assert (found["w"], found["b"]) == (w.grad.item(), b.grad.item())
    assert "6.69176" in page.articles[-2] and "813.36" in " ".join(page.articles)
    assert any("w = 1.0" in word for word in page.words)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.function.__name__)
def test_the_page_asks_nothing_of_the_network_or_a_kernel(lesson, tmp_path):
    text, page = saved(explored(lesson), tmp_path)
    namespaces = ("http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML", "http://www.w3.org/1999/xlink")
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}[^\"'\s<)]*", text)) <= set(namespaces)
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "img", "object", "embed", "base", "form", "foreignobject")
        for key, value in attributes.items():
            assert not key.startswith("on"), (tag, key)
            assert key not in ("src", "srcset", "href", "xlink:href", "action") or value.startswith("#")
    assert "@import" not in text and not re.search(r"url\(['\"]?(?!#)", text)
    for word in ("require(", "requirejs", "jupyter-widgets", "widget-view", "fetch(", "XMLHttpRequest", "eval("):
        assert word not in text


def test_the_only_script_is_small(tmp_path):
    _, page = saved(explored(lessons.logistic_bce), tmp_path)
    assert len(page.scripts) == 1 and 100 < len(page.scripts[0]) < 2_000
    (attributes,) = page.named("script")
    assert attributes == {}
    assert page.scripts[0].count("{") == page.scripts[0].count("}")


def test_every_control_has_a_name_and_the_script_finds_it(tmp_path):
    _, page = saved(explored(lessons.square), tmp_path)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    for wanted in ("first", "prev", "next", "last", "step", "where"):
        assert ids.count(wanted) == 1 and wanted in page.scripts[0]
    assert [word for word in page.words if word.strip() in ("First", "Prev", "Next", "Last")]


# ---------------------------------------------------------------- a learner's text
def learners_function(source, name="f"):
    """A function with source of its own, as a notebook cell gives it."""
    file = f"<cell {abs(hash(source))}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    space = {"torch": torch}
    exec(compile(source, file, "exec"), space)
    return space[name]


def harmless(text, page):
    assert "<img" not in text and "onerror=alert" not in {key for _, a in page.elements for key in a}
    assert text.count("</script>") == text.count("<script") == 1
    assert not page.named("img") and len(page.scripts) == 1


def test_markup_in_code_strings_and_names_is_text(tmp_path):
    source = f"def f(x, mode: str):\n    '''{MARKUP}'''\n    y = torch.sin(x)  # {MARKUP}\n    return y\n"
    function = learners_function(source)
    function.__name__ = function.__qualname__ = MARKUP
    text, page = saved(al.explore(function, lambda x: torch.cos(x), x=1.0, mode=MARKUP), tmp_path)
    harmless(text, page)
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert any(MARKUP in word for word in page.words), "and it reads as it was typed"


def test_markup_in_an_error_message_is_text(tmp_path):
    def f(x):
        raise ValueError(MARKUP)

    text, page = saved(al.explore(f, x=1.0), tmp_path)
    harmless(text, page)
    assert len(page.articles) == 1 and "ValueError" in page.articles[0]


def test_markup_in_a_manual_gradient_that_does_not_fit_is_text(tmp_path):
    text, page = saved(al.explore(torch.sin, {MARKUP: 1.0}, input=1.0), tmp_path)
    harmless(text, page)
    text, page = saved(al.explore(lambda x: x**2, lambda x: MARKUP, x=1.0), tmp_path)
    harmless(text, page)


def test_letters_of_any_script_survive(tmp_path):
    function = learners_function("def f(größe):\n    ŷ = torch.sin(größe)  # 🙂 ∂\n    return ŷ\n")
    _, page = saved(al.explore(function, größe=1.0), tmp_path)
    words = " ".join(page.words)
    assert "größe" in words and "🙂 ∂" in words
    assert page.named("meta")[0]["charset"] == "utf-8"


# ---------------------------------------------------------------- the file
def test_save_returns_the_path_and_takes_text_or_path(tmp_path, monkeypatch):
    explorer = explored(lessons.square)
    monkeypatch.chdir(tmp_path)
    assert explorer.save("one.html") == Path("one.html") and (tmp_path / "one.html").exists()
    assert explorer.save(tmp_path / "two.html").read_bytes() == (tmp_path / "one.html").read_bytes()
    with pytest.raises(FileNotFoundError):
        explorer.save(tmp_path / "nowhere" / "page.html")


def test_saving_moves_nothing_on_screen(tmp_path):
    explorer = explored(lessons.logistic_bce)
    explorer.step = 4
    before = explorer.html
    explorer.save(tmp_path / "page.html")
    assert explorer.step == 4 and explorer.html == before


def test_a_moved_slider_is_saved_as_it_stands(tmp_path):
    explorer = explored(lessons.sine_of_square).set(x=1.5)
    _, page = saved(explorer, tmp_path)
    found = {a["data-adjoint-of"]: float(a["data-value"]) for _, a in page.elements if "data-adjoint-of" in a}
    assert found["x"] == pytest.approx(3 * math.cos(2.25), rel=1e-15)
    assert any("x = 1.5" in word for word in page.words)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found")
def test_in_a_browser_buttons_keys_and_slider_walk_through_the_stages(tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api")
    explorer = explored(lessons.square)
    path = explorer.save(tmp_path / "page.html")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        trouble, asked = [], []
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        shown = lambda: page.evaluate("[...document.querySelectorAll('article')].map(a => !a.hidden)").index(True) + 1
        assert shown() == 1
        page.click("#next")
        assert shown() == 2
        page.click("#last")
        assert shown() == explorer.count
        page.click("#next")
        assert shown() == explorer.count
        page.click("#first")
        page.keyboard.press("ArrowRight")
        assert shown() == 2 and page.inner_text("#where") == f"2 of {explorer.count}"
        page.focus("#step")
        page.keyboard.press("ArrowRight")
        assert shown() == 3
        assert not trouble and asked == [path.as_uri()]
        browser.close()
