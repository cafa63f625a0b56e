"""Inputs and outputs of a recorded run: what is accepted, what is refused and in which words."""

import gc
import weakref

import numpy
import pytest
import torch

import autograd_lessons as al


def test_numbers_become_float64_and_tensors_keep_their_dtype():
    assert al.record(lambda x: x * 2, x=3).inputs["x"].value.dtype == torch.float64
    tape = al.record(lambda a, b: a * b, a=torch.tensor(1.0), b=2.0)
    assert tape.inputs["a"].value.dtype == tape.inputs["b"].value.dtype == torch.float32


def test_numpy_numbers_and_lists():
    assert al.record(lambda x: (x * 2).sum(), x=numpy.array([1.0, 2.0])).inputs["x"].adjoint.tolist() == [2.0, 2.0]
    assert al.record(lambda x: (x * 2).sum(), x=[[1, 2], [3, 4]]).inputs["x"].value.shape == (2, 2)


def test_annotated_and_integer_arguments_pass_as_they_are():
    def power(x, n: int, square: bool = False, mode="plain"):
        assert isinstance(n, int) and mode == "plain" and square is False
        return x**n

    tape = al.record(power, x=2.0, n=3)
    assert list(tape.inputs) == ["x"] and tape.inputs["x"].adjoint.item() == 12.0


def test_integer_tensors_are_not_differentiated():
    tape = al.record(lambda x, i: x[i].sum(), x=[1.0, 2.0, 3.0], i=torch.tensor([0, 2]))
    assert tape.inputs["x"].adjoint.tolist() == [1.0, 0.0, 1.0] and tape.inputs["i"].adjoint is None


def test_wrt_and_requires_grad_choose_what_is_differentiated():
    f = lambda a, b: a * b
    assert al.record(f, a=2.0, b=3.0, wrt="a").inputs["b"].adjoint is None
    tape = al.record(f, a=torch.tensor(2.0, requires_grad=True), b=torch.tensor(3.0))
    assert tape.inputs["a"].adjoint.item() == 3.0 and tape.inputs["b"].adjoint is None


def test_inputs_for_names_that_are_options_too():
    assert (
        al.record(lambda wrt, dtype: wrt * dtype, inputs={"wrt": 2.0, "dtype": 3.0}).inputs["wrt"].adjoint.item() == 3.0
    )


def test_defaults_are_used():
    assert al.record(lambda x, k=4.0: x * k, x=1.0).inputs["k"].adjoint.item() == 1.0


def test_positional_only_parameters_modules_and_builtins():
    def f(x, /, y):
        return x * y

    assert al.record(f, x=2.0, y=3.0).inputs["x"].adjoint.item() == 3.0
    assert al.record(torch.nn.Softplus(), input=0.0).inputs["input"].adjoint.item() == 0.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(x=1.0), "needs a value for 'b'"),
        (dict(x=1.0, b=1.0, c=2.0), "no parameter 'c'"),
        (dict(x=1.0, b=1.0, wrt="z"), "wrt names 'z'"),
        (dict(x=1.0, b=torch.tensor(1), wrt="b"), "'b' cannot be differentiated: it is a tensor of torch.int64"),
        (dict(x=1.0, b=True, wrt=("b",)), "'b' cannot be differentiated: it is bool True"),
        (dict(x=1.0, b=1.0, dtype=torch.int64), "only floating-point"),
    ],
)
def test_bad_inputs_say_what_to_do(arguments, words):
    with pytest.raises(al.InputError, match=words):
        al.record(lambda x, b: x * b, **arguments)


def test_ragged_lists_are_refused_in_words():
    with pytest.raises(al.InputError, match="x="):
        al.record(lambda x: x.sum(), x=[[1.0], [1.0, 2.0]])


def test_elementwise_output_is_summed_and_says_so():
    tape = al.record(lambda x: torch.sin(x) * 2, x=[0.0, 1.0])
    assert tape.summed and "sum" in repr(tape)
    assert tape.inputs["x"].adjoint[0].item() == 2.0


@pytest.mark.parametrize("f", [lambda x: torch.cumsum(x, 0), lambda x: x[:2], lambda x: x.reshape(3, 1) * x])
def test_other_non_scalar_outputs_are_refused(f):
    with pytest.raises(al.OutputError, match="shape"):
        al.record(f, x=[1.0, 2.0, 3.0])


def test_a_scalar_spread_into_a_vector_is_refused():
    with pytest.raises(al.OutputError, match="shape 2"):
        al.record(lambda x: x * torch.tensor([1.0, 2.0]), x=1.0)


def test_tuples_none_and_python_numbers_are_recorded_without_a_gradient():
    assert len(al.record(lambda x: (x * 2, x), x=1.0).output) == 2
    for f in (lambda x: None, lambda x: (x * 2).item()):
        tape = al.record(f, x=1.0)
        assert tape.output is None and tape.inputs["x"].adjoint is None


def test_an_output_that_does_not_depend_on_the_input():
    tape = al.record(lambda x: x.detach() * 2, x=1.0)
    assert tape.inputs["x"].adjoint is None
    assert al.record(lambda x: torch.tensor(3.0, requires_grad=True) * 2, x=1.0).inputs["x"].adjoint is None


def test_the_input_itself_as_output():
    tape = al.record(lambda x: x, x=2.0)
    assert tape.output is tape.inputs["x"] and tape.inputs["x"].adjoint.item() == 1.0


def test_the_text_form_is_complete():
    text = repr(al.record(lambda x: torch.sin(x**2), x=4.0))
    assert "pow(x, 2)" in text and "-7.66128" in text


def test_a_small_matrix_stands_row_by_row():
    tape = al.record(lambda w: (w**2).sum(), w=[[1.0, 2.0], [3.0, 4.0]])
    assert all(rows in repr(tape) for rows in ("[[1, 2], [3, 4]]", "[[2, 4], [6, 8]]"))
    assert "float64[3×3]" in repr(al.record(lambda w: (w**2).sum(), w=torch.ones(3, 3).double()))


def test_a_run_that_is_over_holds_nothing_of_its_graph(without_collector):
    results = []

    def function(x):
        y = torch.sin(x)
        results.append(weakref.ref(y))
        return y

    al.record(function, x=2.0)
    with pytest.raises(al.OutputError):
        al.record(lambda x: function(x).expand(3), x=2.0)
    explorer = al.explore(function, x=2.0)
    explorer.set(x=3.0)
    assert len(results) >= 4 and not any(result() is not None for result in results)


@pytest.fixture
def without_collector():
    """What is let go is gone at once, or it hangs in a cycle."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
