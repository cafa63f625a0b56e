"""Every pointwise operation that PyTorch lists as differentiable has a rule that is right, or a reason why it has none."""

import functools
import re

import pytest
import torch
from latex2mathml.converter import convert

import autograd_lessons as al
from autograd_lessons import rules
from autograd_lessons.calls import kind_of, public_name

from . import operation_checks as checks
from . import pytorch_operations as theirs
from .operation_cases import CASES, POINTS, WITHOUT, called

PINNED = "2.13"  # on another PyTorch the list is another
complaints = functools.cache(checks.complaints)

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
needs_the_list = pytest.mark.skipif(theirs.missing() is not None, reason=str(theirs.missing()))


# ---------------------------------------------------------------- PyTorch's list
@needs_the_list
def test_every_operation_of_pytorchs_list_has_a_case_or_a_reason():
    known = {name for case in CASES for name in called(case)}
    unknown = set(theirs.operations()) - known - set(WITHOUT)
    if unknown and not torch.__version__.startswith(PINNED):
        pytest.skip(f"new in this PyTorch: {', '.join(sorted(unknown))}")
    assert not unknown


@needs_the_list
def test_the_list_is_pytorchs_and_not_short():
    found = set(theirs.operations())
    assert len(found) >= 120
    assert {"sin", "pow", "erfcx", "xlogy", "lerp", "softsign", "prelu", "clip", "where", "ndtr"} <= found
    assert not found & {"gt", "isnan", "bitwise_and", "heaviside", "bessel_j0", "airy_ai", "softmax", "tanh_backward"}


def test_what_has_a_reason_has_no_rule():
    assert [name for name in WITHOUT if name in rules.POINTWISE] == []


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_what_has_no_rule_is_recorded_all_the_same_and_never_guessed(name):
    other = (torch.ones((), dtype=torch.float64),) if name == "nextafter" else ()
    try:
        tape = al.record(lambda x: getattr(torch, name)(x, *other) * 3, x=0.5)
    except RuntimeError as error:
        assert "nextafter" in str(error)
        pytest.skip("not differentiable in this PyTorch")
    assert tape.inputs["x"].adjoint == 3.0
    assert (name in [step.op for step in tape.steps]) == (name == "nextafter")


def test_pytorchs_other_names_are_those_of_its_own_documentation():
    """`torch.arccos.__doc__` says "Alias for :func:`torch.acos`"."""
    wrong = {}
    for home in (torch, torch.special, torch.nn.functional):
        for name in dir(home):
            function = getattr(home, name)
            says = getattr(function, "__doc__", None)
            alias = re.search(r"Alias (?:for|of) :func:`torch\.([\w.]+)`", says if isinstance(says, str) else "")
            target = (
                functools.reduce(lambda at, part: getattr(at, part, None), alias[1].split("."), torch)
                if alias
                else None
            )
            if target is not None and (kind_of(target) in rules.POINTWISE or kind_of(function) in rules.POINTWISE):
                wrong |= {} if kind_of(function) == kind_of(target) else {name: alias[1]}
    assert wrong == {}


# ---------------------------------------------------------------- right
@each_case
def test_rule_agrees_with_autograd_with_50_digits_and_with_mpmath(case):
    assert complaints(case) == []


def test_every_case_has_enough_points():
    assert POINTS >= checks.REFERENCES >= 20
    for case in CASES:
        points = case.points()
        assert all(len(some) == POINTS + len(case.at) for name, some in points.items() if name not in case.single)


def test_every_branch_of_every_rule_is_met():
    met = {}
    for case in CASES:
        for op, taken in checks.branches_met(case).items():
            met.setdefault(op, set()).update(taken)
    branching = [op for op in rules.POINTWISE if op in rules.BRANCHES]
    left = {op: checks.branches_of(op) - met.get(op, set()) for op in branching}
    on_older_ones = {"hardswish"} if not torch.__version__.startswith(PINNED) else set()
    assert {op: which for op, which in left.items() if which and op not in on_older_ones} == {}


def test_every_rule_has_a_case():
    used = {
        step.op for case in CASES for code in (case.code, *case.also) for step in checks.derived(case, code).tape.steps
    }
    assert set(rules.POINTWISE) - {op.rstrip("_") for op in used} == {"bfloat16", "half"}


def test_a_wider_tolerance_has_a_reason():
    assert all((case.tolerance <= 1e-9) != bool(case.why) for case in CASES)


@pytest.mark.parametrize("op, wrong", [("erfcx", lambda x: x), ("atan2", (lambda y, x: y / x, lambda y, x: 1))])
def test_the_checks_find_a_wrong_rule(op, wrong, monkeypatch):
    from autograd_lessons import programs

    monkeypatch.setitem(rules.POINTWISE, op, wrong)
    monkeypatch.setattr(programs, "_programs", type(programs._programs)())
    assert any(checks.complaints(next(case for case in CASES if op in called(case))))
    programs._programs.clear()


# ---------------------------------------------------------------- ways of calling, and names
@pytest.mark.parametrize(
    "function, name",
    [
        (torch.special.airy_ai, "torch.special.airy_ai"),
        (torch.nn.functional.interpolate, "torch.nn.functional.interpolate"),
        (torch.linalg.matrix_exp, "torch.linalg.matrix_exp"),
        (torch.fft.fft, "torch.fft.fft"),
        (torch.Tensor.exponential_, "torch.Tensor.exponential_"),
        (torch.nextafter, "torch.nextafter"),
        (torch.special.erfcx, "torch.special.erfcx"),
        (torch.sin, "torch.sin"),
    ],
)
def test_an_operation_is_called_by_the_name_that_finds_it(function, name):
    assert public_name(kind_of(function)) == name


@needs_the_list
def test_every_public_spelling_of_a_listed_operation_leads_to_its_rule():
    homes = torch, torch.special, torch.nn.functional, torch.Tensor
    names = [(home, spelled) for name in theirs.operations() for home in homes for spelled in (name, f"{name}_")]
    spellings = [getattr(home, spelled) for home, spelled in names if hasattr(home, spelled)]
    assert len(spellings) >= 350
    ops = {kind_of(function).rstrip("_") for function in spellings}
    assert ops - set(rules.POINTWISE) <= set(WITHOUT)  # an older PyTorch lists fewer


@pytest.mark.parametrize("code", ["x.polygamma_(1)", "torch.nn.functional.rrelu(x, training=True)"])
def test_a_way_of_calling_that_the_rule_does_not_fit_has_no_rule(code):
    derivation = al.derive(eval(f"lambda x: (x := x * 1, {code})[1]", {"torch": torch}), x=0.7)
    assert derivation.gradient == {} and "no symbolic rule for torch." in derivation.obstacle


def test_weights_that_belong_to_channels_have_no_elementwise_rule():
    x = torch.randn(2, 3, 3, dtype=torch.float64, requires_grad=True)
    w = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64, requires_grad=True)
    tape = al.record(lambda x, w: torch.nn.functional.prelu(x, w).sum(), x=x, w=w)
    (step, _) = tape.steps
    assert step.op == "prelu" and not step.pointwise
    torch.nn.functional.prelu(x, w).sum().backward()
    assert torch.equal(tape.inputs["w"].adjoint, w.grad)


def test_prelus_weights_broadcast_over_rows():
    x = torch.tensor([[1.0, -2.0], [-3.0, 4.0]], dtype=torch.float64)
    derivation = al.derive(lambda x, w: torch.nn.functional.prelu(x, w).sum(), x=x, w=[0.1, 0.2])
    assert derivation.numbers["w"].tolist() == [-3.0, -2.0]
    (contribution,) = [c for c in derivation.tape.inputs["w"].contributions]
    assert contribution.product.tolist() == [-3.0, -2.0]


@pytest.mark.parametrize("function", [lambda x: 2 % x, lambda x: x // 2])
def test_what_pytorch_itself_cannot_differentiate_raises_pytorchs_own_error(function):
    with pytest.raises(RuntimeError, match="derivative for aten::.* is not implemented"):
        al.record(function, x=0.5)


def test_the_branch_is_said_in_the_learners_words():
    assert al.derive(lambda u: torch.nn.functional.hardtanh(u), u=2.0).conditions == ("u > 1",)
    assert al.derive(lambda u: torch.nn.functional.softshrink(u, 0.25), u=-0.25).conditions == (
        "|u| = 0.25, a kink: PyTorch's slope is 0",
    )
    assert al.derive(lambda u, n: u**n, u=0.0, n=2.0).conditions == ("u = 0 and n > 1",)
    assert al.derive(lambda u: u**2, u=0.0).conditions == ()


# ---------------------------------------------------------------- how it is written
@each_case
def test_formulas_are_written_in_latex_that_becomes_mathml_and_in_text_without_pythons_names(case):
    points = case.points()
    derivation = checks.derived(case, at=tuple(some[0] for some in points.values()))
    for name in case.wrt:
        assert convert(derivation.latex(name)).startswith("<math")
        assert not re.search(r"\*\*|\boo\b|Derivative|pinned|logaddexp|binary_exponent", derivation.text(name))


# ---------------------------------------------------------------- the page
@needs_the_list
def test_the_page_is_current(operations, project):
    if not torch.__version__.startswith(PINNED):
        pytest.skip("the page shows the list and the slopes of the pinned PyTorch")
    assert operations.page(complaints) == (project / "docs" / "operations.md").read_text(encoding="utf-8")


@needs_the_list
def test_the_page_counts_what_was_found_and_nothing_is_wrong(project):
    text = (project / "docs" / "operations.md").read_text(encoding="utf-8")
    found, ruled, without, wrong = map(
        int, re.search(r"lists (\d+) .*rule: (\d+)\. Without.*: (\d+)\. Wrong: (\d+)", text, re.DOTALL).groups()
    )
    assert found == ruled + without and wrong == 0
    assert without == len(WITHOUT)


def test_where_the_list_cannot_be_read_the_tool_says_so(operations, monkeypatch):
    monkeypatch.setattr(theirs, "missing", lambda: "PyTorch's list is not in this installation: no derivatives.yaml")
    with pytest.raises(SystemExit, match="no derivatives.yaml"):
        operations.page()
