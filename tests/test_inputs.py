"""Inputs as a learner passes them: what becomes a tensor, of which dtype, what is differentiated, and what stays untouched."""

import numpy
import pytest
import torch

import autograd_lessons as al

SINGLE, DOUBLE, HALF = torch.float32, torch.float64, torch.bfloat16


def square(x):
    y = x**2
    return y


def product(a, b):
    y = a * b
    return y


def arguments(**given):
    """What a function really gets for its arguments a and b."""
    seen = {}

    def look(a, b=2.0):
        seen.update(a=a, b=b)
        return torch.zeros((), dtype=torch.float64) + 1

    al.record(look, **given)
    return seen


def adjoints(function, **given):
    tape = al.record(function, **given)
    return {name: None if value.adjoint is None else value.adjoint.tolist() for name, value in tape.inputs.items()}


# ---------------------------------------------------------------- numbers, lists, dtypes
@pytest.mark.parametrize("number", [3, 3.0, numpy.float32(3), numpy.int64(3), True + 2])
def test_every_plain_number_is_a_tensor(number):
    value = arguments(a=number)["a"]
    assert isinstance(value, torch.Tensor) and value.shape == () and value.dtype == DOUBLE and value.item() == 3.0


@pytest.mark.parametrize("numbers", [[1, 2, 3], [1.0, 2, 3], (1.0, 2.0, 3.0), numpy.array([1.0, 2.0, 3.0])])
def test_every_list_of_numbers_is_a_tensor(numbers):
    value = arguments(a=numbers)["a"]
    assert value.dtype == DOUBLE and value.tolist() == [1.0, 2.0, 3.0]
    assert arguments(a=[[1, 2], [3, 4]])["a"].tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("given", "a", "b"),
    [
        (dict(a=1.0), DOUBLE, DOUBLE),
        (dict(a=1.0, dtype=SINGLE), SINGLE, SINGLE),
        (dict(a=torch.tensor(1.0)), SINGLE, SINGLE),
        (dict(a=torch.tensor(1.0), b=[1, 2]), SINGLE, SINGLE),
        (dict(a=torch.tensor(1.0), b=3.0, dtype=DOUBLE), SINGLE, DOUBLE),
        (dict(a=torch.tensor(1.0), b=torch.tensor(1.0).double()), SINGLE, DOUBLE),
        (dict(a=torch.tensor(1.0).bfloat16(), b=3), HALF, HALF),
        (dict(a=torch.tensor(1), b=3.0), torch.int64, DOUBLE),
        (dict(a=torch.tensor(True), b=3.0), torch.bool, DOUBLE),
    ],
)
def test_the_dtype_is_the_given_one_else_the_tensors_else_float64(given, a, b):
    seen = arguments(**given)
    assert (seen["a"].dtype, seen["b"].dtype) == (a, b)


def test_float32_numbers_are_rounded_as_torch_rounds_them():
    assert arguments(a=6.7, dtype=SINGLE)["a"].item() == torch.tensor(6.7).item() == 6.699999809265137
    assert arguments(a=0.1)["a"].item() == 0.1


@pytest.mark.parametrize("value", [True, False, "mean", None, len])
def test_what_is_no_number_passes_as_it_is(value):
    assert arguments(a=1.0, b=value)["b"] is value


@pytest.mark.parametrize("value", [[True, False], {"a": 1}, [], ["a", "b"], {1, 2}])
def test_what_a_run_could_change_passes_as_a_copy(value):
    passed = arguments(a=1.0, b=value)["b"]
    assert passed == value and type(passed) is type(value) and passed is not value


def test_arrays_of_integers_and_objects_pass_as_they_are():
    for value in (numpy.array([0, 2]), slice(1), torch.nn.ReLU()):
        assert arguments(a=1.0, b=value)["b"] is value


# ---------------------------------------------------------------- annotations
def power(x, n: int):
    return x**n


def power_as_text(x, n: "int"):
    return x**n


@pytest.mark.parametrize("function", [power, power_as_text])
def test_an_int_stays_an_int(function):
    tape = al.record(function, x=2.0, n=3)
    assert list(tape.inputs) == ["x"] and tape.inputs["x"].adjoint.item() == 12.0
    assert al.compare(function, lambda x: 3 * x**2, x=2.0, n=3).ok is True
    assert str(al.derive(function, x=2.0, n=3).gradient["x"]) == "3*x**2"
    assert "x = 2" in repr(al.explore(function, x=2.0, n=3))


def test_bool_and_text_annotations_too():
    def f(x, twice: bool, kind: str, *, deep: bool = False):
        assert twice is True and kind == "sin" and deep is False
        return getattr(torch, kind)(x) * (2 if twice else 1)

    assert adjoints(f, x=0.0, twice=True, kind="sin") == {"x": 2.0}


# ---------------------------------------------------------------- what is differentiated
@pytest.mark.parametrize(
    ("given", "differentiated"),
    [
        (dict(a=2.0, b=3.0), {"a": 3.0, "b": 2.0}),
        (dict(a=2.0, b=3.0, wrt="a"), {"a": 3.0, "b": None}),
        (dict(a=2.0, b=3.0, wrt=("a",)), {"a": 3.0, "b": None}),
        (dict(a=2.0, b=3.0, wrt=["b", "a"]), {"a": 3.0, "b": 2.0}),
        (dict(a=torch.tensor(2.0, requires_grad=True), b=3.0), {"a": 3.0, "b": None}),
        (dict(a=torch.tensor(2.0), b=torch.tensor(3.0)), {"a": 3.0, "b": 2.0}),
        (dict(a=torch.tensor(2.0, requires_grad=True), b=3.0, wrt="b"), {"a": None, "b": 2.0}),
        (dict(a=2.0, b=torch.tensor(3)), {"a": 3.0, "b": None}),
    ],
)
def test_wrt_else_requires_grad_else_every_float(given, differentiated):
    assert adjoints(product, **given) == differentiated
    names = {name for name, value in differentiated.items() if value is not None}
    assert set(al.compare(product, **given).gradients) == set(al.derive(product, **given).gradient) == names


VERBS = [al.record, al.derive, al.compare, al.explore]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("function", "given", "words"),
    [
        (product, dict(a=1.0, b=torch.tensor(2), wrt="b"), "'b' cannot be differentiated"),
        (product, dict(a=1.0, b=True, wrt=("a", "b")), "'b' cannot be differentiated"),
        (power, dict(x=1.0, n=2, wrt="n"), "'n' cannot be differentiated: it is int 2"),
        (product, dict(a=1.0, b=1.0, wrt="c"), "'c'.*a, b"),
        (product, dict(a=1.0, b=1.0, c=1.0), "no parameter 'c'.*a, b"),
        (product, dict(a=1.0, b=1.0, dtype=torch.int32), "floating-point"),
        (square, dict(x=[[1.0], [2.0, 3.0]]), "x="),
    ],
)
def test_what_cannot_be_is_refused_by_name(verb, function, given, words):
    with pytest.raises(al.InputError, match=words):
        verb(function, **given)


# ---------------------------------------------------------------- left out
def test_a_default_is_used_everywhere():
    def f(x, k=4.0, n: int = 2):
        y = k * x**n
        return y

    assert adjoints(f, x=3.0) == {"x": 24.0, "k": 9.0}
    assert al.compare(f, {"x": 24.0, "k": 9.0}, x=3.0).ok is True
    assert al.derive(f).numbers["k"].item() == 1.0 and al.explore(f).tape.inputs["k"].value.item() == 4.0


@pytest.mark.parametrize("verb", [al.record, al.compare])
def test_where_a_number_is_needed_the_parameter_is_named(verb):
    with pytest.raises(al.InputError, match=r"product\(a, b\) needs a value for 'b'.*b=1\.0"):
        verb(product, a=1.0)
    with pytest.raises(al.InputError, match="'a'"):
        verb(product)


def test_in_derive_and_explore_it_is_one():
    assert str(al.derive(product).gradient["a"]) == "b"
    assert {n: v.value.item() for n, v in al.explore(product, a=3.0).tape.inputs.items()} == {"a": 3.0, "b": 1.0}


@pytest.mark.parametrize("verb", VERBS)
def test_parameters_that_are_called_like_options(verb):
    def f(inputs, wrt, dtype, manual, function, grain):
        return inputs * wrt * dtype * manual * function * grain

    values = dict.fromkeys(("inputs", "wrt", "dtype", "manual", "function", "grain"), 2.0)
    made = verb(f, inputs=values)
    tape = made if verb is al.record else made.tape
    assert tape.inputs["wrt"].adjoint.item() == 32.0 and set(tape.inputs) == set(values)


def test_inputs_and_keywords_are_put_together():
    assert adjoints(product, inputs={"a": 2.0}, b=3.0) == {"a": 3.0, "b": 2.0}


# ---------------------------------------------------------------- odd signatures
def positional_only(a, b, /):
    return a * b


def keyword_only(*, a, b):
    return a * b


def mixed(a, /, *rest, b, **others):
    assert rest == () and others == {}
    return a * b


def gathers_all(**named):
    return named["a"] * named["b"]


class Callable:
    def __call__(self, a, b):
        return a * b


@pytest.mark.parametrize("function", [positional_only, keyword_only, mixed, gathers_all, Callable(), torch.mul])
def test_every_way_to_take_two_arguments(function):
    names = ("input", "other") if function is torch.mul else ("a", "b")
    given = dict(zip(names, (2.0, 3.0)))
    assert list(adjoints(function, inputs=given).values()) == [3.0, 2.0]
    comparison = al.compare(function, inputs=given)
    assert comparison.ok is True
    assert [row["finite_difference"].item() for row in comparison.gradients.values()] == pytest.approx([3, 2], abs=1e-7)


def test_arguments_without_a_name_cannot_be_given():
    with pytest.raises(al.InputError, match="takes its inputs by position"):
        al.record(lambda *rest: rest[0], a=1.0)


def test_bound_methods_and_partials():
    from functools import partial

    assert adjoints(Callable().__call__, a=2.0, b=3.0) == {"a": 3.0, "b": 2.0}
    assert adjoints(partial(product, b=torch.tensor(3.0)), a=torch.tensor(2.0))["a"] == 3.0


# ---------------------------------------------------------------- untouched
@pytest.mark.parametrize("verb", VERBS)
def test_the_learners_tensors_stay_as_they_are(verb):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x**2).sum().backward()
    before, version, data = x.grad, x._version, x.data_ptr()
    verb(lambda x: (x**3).sum(), x=x)
    assert x.grad is before and before.tolist() == [2.0, 4.0] and before._version == 0
    assert (x.tolist(), x._version, x.data_ptr(), x.requires_grad) == ([1.0, 2.0], version, data, True)


@pytest.mark.parametrize("verb", VERBS)
def test_a_tensor_without_requires_grad_gets_none(verb):
    x = torch.tensor([1.0, 2.0])
    verb(lambda x: (x**3).sum(), x=x)
    assert not x.requires_grad and x.grad is None and x._version == 0


@pytest.mark.parametrize("verb", VERBS)
def test_a_step_of_the_learners_own_graph_is_a_leaf_here_and_stays_a_step_there(verb):
    root = torch.tensor(2.0, requires_grad=True)
    x = root**2
    verb(square, x=x)
    assert not x.is_leaf and x.grad_fn is not None and not x.retains_grad and root.grad is None
    x.backward()
    assert root.grad.item() == 4.0


@pytest.mark.parametrize("verb", VERBS)
def test_a_function_that_changes_its_argument_changes_a_copy(verb):
    def f(x, k):
        k.mul_(2)
        return (x * k).sum()

    k, array = torch.tensor([3.0, 4.0]), numpy.array([1.0, 2.0])
    verb(f, x=array, k=k, wrt="x")
    assert k.tolist() == [3.0, 4.0] and k._version == 0 and array.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"wrt": 5}, "wrt=5: it takes the name"),
        ({"inputs": 5}, "inputs=5: it takes a dict"),
        ({"dtype": "float32"}, "dtype='float32': it takes a dtype of PyTorch"),
        ({"dtype": float}, "dtype=<class 'float'>: it takes a dtype of PyTorch"),
    ],
)
def test_an_option_of_another_kind_is_named(verb, options, says):
    with pytest.raises(al.InputError, match=says):
        verb(square, **{"x": 2.0} | options)


def test_a_modules_parameter_and_an_argument_of_the_same_name_are_two_inputs():
    class Scaled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.x = torch.nn.Parameter(torch.tensor(2.0))

        def forward(self, x):
            return self.x * x

    assert adjoints(Scaled(), x=1.5) == {"x": 2.0, "x_2": 1.5}


def test_one_tensor_for_two_parameters_is_two_inputs():
    t = torch.tensor(3.0, requires_grad=True)
    assert adjoints(product, a=t, b=t) == {"a": 3.0, "b": 3.0} and t.grad is None
