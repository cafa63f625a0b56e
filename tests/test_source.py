"""Where a step stands in the learner's code: the exact sub-expression, its lines and columns, or honestly nothing."""

import functools
import importlib.util
from pathlib import Path

import pytest
import torch

import autograd_lessons as al

HERE = Path(__file__).read_text(encoding="utf-8").splitlines()


def texts(function, **inputs):
    return [step.source and step.source.text for step in al.record(function, **inputs).steps]


def cut(source, lines=HERE):
    """What stands in the file at the span that a source names."""
    picked = lines[source.line - 1 : source.end_line]
    picked[-1] = picked[-1][: source.end_column]
    picked[0] = picked[0][source.column :]
    return "\n".join(picked)


def spans_hold(tape, lines=HERE):
    assert tape.steps and all(step.source is not None for step in tape.steps)
    for step in tape.steps:
        assert cut(step.source, lines) == step.source.text, step
        assert isinstance(step.source.text, str) and step.source.line <= step.source.end_line
    return [step.source.text for step in tape.steps]


# fmt: off
def multi_line(x):
    y = (
        torch.sin(x)
        * torch.exp(
            x + 1
        )
    )
    return y


def unicode_before(x):
    größe = "∂ŷ/∂ŵ 🙂"; y = torch.sin(x) + len(größe) * x  # noqa: E702
    return y


def keyword_over_lines(x):
    return torch.clamp(
        input=x,
        min=-1.0,  # a remark: with a bracket )
        max=1.0,
    )
# fmt: on


def test_a_multi_line_expression_has_its_lines_and_columns():
    tape = al.record(multi_line, x=1.0)
    sin, plus, exp, whole = spans_hold(tape)
    assert (sin, plus) == ("torch.sin(x)", "x + 1")
    assert exp == "torch.exp(\n            x + 1\n        )"
    assert whole == "torch.sin(x)\n        * torch.exp(\n            x + 1\n        )"
    first = HERE.index("def multi_line(x):") + 1
    source = tape.steps[2].source
    assert (source.line, source.end_line, source.column, source.end_column) == (first + 3, first + 5, 10, 9)
    assert Path(source.file).name == "test_source.py"


def test_columns_count_characters_not_bytes():
    tape = al.record(unicode_before, x=1.0)
    assert spans_hold(tape) == ["torch.sin(x)", "len(größe) * x", "torch.sin(x) + len(größe) * x"]
    line = HERE[tape.steps[0].source.line - 1]
    assert tape.steps[0].source.column == line.index("torch.sin(x)")


def test_a_call_spread_over_lines_with_remarks():
    (text,) = spans_hold(al.record(keyword_over_lines, x=0.5))
    assert text.startswith("torch.clamp(\n        input=x,") and text.endswith("max=1.0,\n    )")


def test_nested_lambdas_and_two_on_a_line():
    one, other = (lambda x: x * 2), (lambda x: (lambda t: torch.cos(t) - 1)(x + 3))
    assert spans_hold(al.record(one, x=1.0)) == ["x * 2"]
    assert spans_hold(al.record(other, x=1.0)) == ["x + 3", "torch.cos(t)", "torch.cos(t) - 1"]


def test_comprehensions_and_generators():
    def f(x):
        squares = [x**n for n in range(1, 3)]
        sines = {n: torch.sin(s) for n, s in enumerate(squares)}
        y = torch.stack(list(s * 2 for s in sines.values()))
        return y.sum()

    assert spans_hold(al.record(f, x=1.0)) == [
        "x**n", "x**n", "torch.sin(s)", "torch.sin(s)", "s * 2", "s * 2",
        "torch.stack(list(s * 2 for s in sines.values()))", "y.sum()",
    ]  # fmt: skip


def doubled(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return 2 * function(*args, **kwargs)

    return inner


@doubled
@doubled
def decorated(x):
    y = torch.exp(x)
    return y


def test_decorated_functions_show_the_decorators_steps_too():
    twice = "2 * function(*args, **kwargs)"
    assert spans_hold(al.record(decorated, x=1.0)) == ["torch.exp(x)", twice, twice]


def test_each_round_of_a_loop_has_the_same_place():
    def f(x):
        y = x
        for k in range(3):
            y = y * x + k
        while y < 100:
            y += y
        return y

    tape = al.record(f, x=2.0)
    found = spans_hold(tape)
    assert found[:6] == ["y * x", "y * x + k"] * 3
    assert found[6:9] == ["y < 100", "y += y", "y < 100"]
    assert len({(s.source.line, s.source.column) for s in tape.steps if s.source.text == "y * x"}) == 1


def test_asserts_conditions_and_f_strings():
    def f(x):
        assert (x > 0).all(), f"{x * 0}"
        y = torch.sin(x) if x < 3 else torch.cos(x)
        text = f"{(x * 7).item()}"
        return y if text else x

    assert spans_hold(al.record(f, x=1.0)) == ["x > 0", "(x > 0).all()", "x < 3", "torch.sin(x)", "x * 7"]


def test_operators_unpacking_walrus_and_subscripts():
    def f(x):
        a, b = x[0] + 1, -x[1]
        if (c := a * b) is not None:
            c = c**2
        return c

    tape = al.record(f, x=[1.0, 2.0])
    assert spans_hold(tape) == ["x[0]", "x[0] + 1", "x[1]", "-x[1]", "a * b", "c**2"]
    assert [s.name for s in tape.steps] == [None, "a", None, "b", "c", "c"]


def test_of_a_builtin_that_adds_or_maps_the_outer_call_is_shown():
    def added(x):
        y = sum([x, x, x])
        return y

    def mapped(x):
        y, z = list(map(torch.sin, [x, x]))
        return y + z

    def reduced(x):
        return functools.reduce(torch.mul, [x, x, x])

    assert spans_hold(al.record(added, x=2.0)) == ["sum([x, x, x])"] * 3
    assert spans_hold(al.record(mapped, x=2.0)) == ["list(map(torch.sin, [x, x]))"] * 2 + ["y + z"]
    assert spans_hold(al.record(reduced, x=2.0)) == ["functools.reduce(torch.mul, [x, x, x])"] * 2


def test_methods_and_callable_objects():
    class Line:
        def __init__(self, slope):
            self.slope = slope

        def __call__(self, x):
            return self.at(x) + 1

        def at(self, x):
            return self.slope * x

    assert spans_hold(al.record(Line(3.0), x=2.0)) == ["self.slope * x", "self.at(x) + 1"]


# ---------------------------------------------------------------- files, and no file at all
MODULE = '''"""Lärm: \u2202, so that bytes and characters differ."""
import torch


def helper(é):
    return torch.tanh(é)  # größer


def f(x):
    y = "ß" and helper(x) * 2
    return y
'''


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_module_on_disk(tmp_path, newline):
    path = tmp_path / "learners_module.py"
    path.write_bytes(MODULE.replace("\n", newline).encode())
    tape = al.record(loaded(path).f, x=0.5)
    assert spans_hold(tape, MODULE.splitlines()) == ["torch.tanh(é)", "helper(x) * 2"]
    assert tape.steps[1].source.file == str(path) and tape.steps[1].source.line == 10


def test_a_module_that_is_gone_from_disk_does_without(tmp_path):
    path = tmp_path / "gone_soon.py"
    path.write_text(MODULE, encoding="utf-8")
    function = loaded(path).f
    path.unlink()
    assert texts(function, x=0.5) == [None, None]


@pytest.mark.parametrize("body", ["return torch.sin(x) * 2", "return (lambda t: t * 2)(torch.sin(x))"])
def test_code_made_by_exec_has_no_source_and_everything_else(body):
    space = {"torch": torch}
    exec(f"def f(x):\n    y = torch.cos(x)\n    {body}", space)
    tape = al.record(space["f"], x=1.0)
    assert [step.source for step in tape.steps] == [None] * 3
    assert [step.op for step in tape.steps] == ["cos", "sin", "mul"]
    assert tape.inputs["x"].adjoint.item() == pytest.approx(2 * 0.5403023058681398)
    assert repr(tape) and al.compare(space["f"], x=1.0).ok
    explorer = al.explore(space["f"], x=1.0)
    assert explorer.html and explorer.still() and repr(explorer)


def test_eval_and_torchs_own_functions_have_none():
    assert texts(eval("lambda x: torch.sin(x) + 1"), x=1.0) == [None, None]
    assert al.record(torch.tanh, x=1.0).steps[0].op == "tanh"
