"""Both grains against derivatives by hand: which nodes and links a program has, and the number on each link."""

import math

import pytest
import torch

import autograd_lessons as al
from autograd_lessons.grains import links, nodes


def sine_of_square(x):
    y = x**2
    z = torch.sin(y)
    return z


def logistic(w, b, x, y):
    z = w * x + b
    y_pred = torch.sigmoid(z)
    loss = -(y * torch.log(y_pred) + (1 - y) * torch.log(1 - y_pred))
    return loss


def x_sine(x):
    s = torch.sin(x)
    y = x * s
    return y


def edges(tape, grain):
    """By (output, input): the local derivative and what flows back, as plain numbers or lists."""
    return {
        (link.output.label, link.input.label): (
            None if link.local is None else link.local.tolist(),
            link.product.tolist(),
        )
        for link in links(tape, grain)
    }


def labels(tape, grain):
    return [value.label for value in nodes(tape, grain)]


# ---------------------------------------------------------------- which nodes, which links
@pytest.mark.parametrize("grain", ["operations", "variables"])
def test_square(grain):
    def f(x):
        y = x**2
        return y

    tape = al.record(f, x=3.0)
    assert labels(tape, grain) == ["x", "y"]
    assert edges(tape, grain) == {("y", "x"): (6.0, 6.0)}


@pytest.mark.parametrize("grain", ["operations", "variables"])
def test_sine_of_square(grain):
    tape = al.record(sine_of_square, x=4.0)
    assert labels(tape, grain) == ["x", "y", "z"]
    found = edges(tape, grain)
    assert list(found) == [("z", "y"), ("y", "x")]
    assert found["z", "y"] == pytest.approx((math.cos(16), math.cos(16)))
    assert found["y", "x"] == pytest.approx((8.0, -7.661275842587077))


def test_the_logistic_loss_is_the_textbooks_chain():
    tape = al.record(logistic, w=1.0, b=0.0, x=6.7, y=0.0, wrt=("w", "b"))
    assert labels(tape, "variables") == ["w", "b", "x", "y", "z", "y_pred", "loss"]
    p = 1 / (1 + math.exp(-6.7))
    found = edges(tape, "variables")
    assert list(found)[:2] == [("loss", "y_pred"), ("y_pred", "z")]
    assert set(found) == {("loss", "y_pred"), ("y_pred", "z"), ("z", "w"), ("z", "b")}
    expected = {
        ("loss", "y_pred"): (p / (p * (1 - p)), 1 / (1 - p)),
        ("y_pred", "z"): (p * (1 - p), p),
        ("z", "w"): (6.7, p * 6.7),
        ("z", "b"): (1.0, p),
    }
    for pair, numbers in expected.items():
        assert found[pair] == pytest.approx(numbers, rel=1e-11), pair


def test_the_logistic_loss_at_the_operations_grain_has_every_call():
    tape = al.record(logistic, w=1.0, b=0.0, x=6.7, y=0.0, wrt=("w", "b"))
    assert nodes(tape, "operations") == tape.values
    assert [s.op for s in tape.steps] == [
        "mul",
        "add",
        "sigmoid",
        "log",
        "mul",
        "sub",
        "sub",
        "log",
        "mul",
        "add",
        "neg",
    ]
    of_p = [link for link in links(tape, "operations") if link.input is tape["y_pred"]]
    assert sorted(link.output.op for link in of_p) == ["log", "sub"]
    assert sum(link.product for link in of_p).item() == tape["y_pred"].adjoint.item()


def test_an_unknown_grain_is_refused():
    with pytest.raises(ValueError, match="variables, operations"):
        nodes(al.record(sine_of_square, x=1.0), "words")


# ---------------------------------------------------------------- sums
@pytest.mark.parametrize("grain", ["operations", "variables"])
def test_fan_out_is_one_link_for_each_use(grain):
    tape = al.record(x_sine, x=2.0)
    found = edges(tape, grain)
    assert found["y", "x"] == pytest.approx((math.sin(2), math.sin(2)))
    assert found["y", "s"] == (2.0, 2.0)
    assert found["s", "x"] == pytest.approx((math.cos(2), 2 * math.cos(2)))
    assert found["y", "x"][1] + found["s", "x"][1] == pytest.approx(math.sin(2) + 2 * math.cos(2))


@pytest.mark.parametrize("grain", ["operations", "variables"])
def test_a_value_used_twice_by_one_output_has_one_link(grain):
    def f(x):
        y = x * x
        return y

    assert edges(al.record(f, x=3.0), grain) == {("y", "x"): (6.0, 6.0)}


@pytest.mark.parametrize("grain", ["operations", "variables"])
def test_what_arrives_over_all_links_is_the_adjoint(grain):
    def f(a, b):
        u = a * b + torch.sin(a)
        v = u / b - a**2 * u
        return torch.exp(v / 5) + u

    tape = al.record(f, a=0.7, b=1.9)
    for value in nodes(tape, grain):
        arrived = [link.product for link in links(tape, grain) if link.input is value]
        if arrived:
            assert sum(arrived).item() == pytest.approx(value.adjoint.item(), rel=1e-14)


# ---------------------------------------------------------------- folding
def test_anonymous_arithmetic_is_one_local_derivative():
    def f(x):
        y = torch.exp(-(x**2) / 2) * 3 + 1
        z = torch.log(y * y)
        return z

    tape = al.record(f, x=0.8)
    assert labels(tape, "variables") == ["x", "y", "z"]
    found = edges(tape, "variables")
    bell = 3 * math.exp(-0.32)
    assert found["y", "x"][0] == pytest.approx(-0.8 * bell)
    assert found["z", "y"][0] == pytest.approx(2 / (bell + 1))
    x = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    y = torch.exp(-(x**2) / 2) * 3 + 1
    assert found["y", "x"][0] == pytest.approx(torch.autograd.grad(y, x)[0].item(), rel=1e-14)


def test_two_anonymous_ways_between_two_names_are_added_up():
    def f(x):
        y = torch.sin(x) * torch.cos(x) + x
        return y

    found = edges(al.record(f, x=1.1), "variables")
    assert found == {("y", "x"): pytest.approx((math.cos(2.2) + 1, math.cos(2.2) + 1))}


def test_the_output_is_a_node_also_without_a_name():
    tape = al.record(lambda x: torch.sin(x**2), x=4.0)
    assert labels(tape, "variables") == ["x", "output"]
    assert edges(tape, "variables")["output", "x"] == pytest.approx((-7.661275842587077,) * 2)


def test_names_inside_a_helper_are_folded():
    def helper(t):
        inner = t**3
        return inner + t

    def f(x):
        y = helper(x)
        return y * 2

    tape = al.record(f, x=2.0)
    assert labels(tape, "variables") == ["x", "y", "output"]
    assert edges(tape, "variables") == {("output", "y"): (2.0, 2.0), ("y", "x"): (13.0, 26.0)}


# ---------------------------------------------------------------- names given again
def test_a_name_given_again_in_a_loop_is_a_node_each_time():
    def f(x):
        y = x
        for _ in range(3):
            y = y * x + 1
        return y

    tape = al.record(f, x=2.0)
    shown = nodes(tape, "variables")
    assert [value.name for value in shown] == ["x", "y", "y", "y"]
    assert [value.value.item() for value in shown] == [2.0, 5.0, 11.0, 23.0]
    assert shown[-1].label == "y" and len({value.label for value in shown}) == 4
    flows = [
        (link.output.value.item(), link.input.value.item(), link.local.item()) for link in links(tape, "variables")
    ]
    assert sorted(flows) == sorted([(23.0, 11.0, 2.0), (23.0, 2.0, 11.0), (11.0, 5.0, 2.0), (11.0, 2.0, 5.0), (5.0, 2.0, 4.0)])  # fmt: skip


def test_horners_loop_adds_up_to_the_derivative():
    def f(x):
        y = x
        for _ in range(3):
            y = y * x + 1
        return y  # x⁴ + x² + x + 1

    tape = al.record(f, x=2.0)
    arrived = sum(link.product for link in links(tape, "variables") if link.input is tape.inputs["x"])
    assert arrived.item() == tape.inputs["x"].adjoint.item() == 4 * 8 + 2 * 2 + 1


# ---------------------------------------------------------------- vectors
def test_elementwise_locals_have_the_outputs_shape_and_reductions_none():
    def f(x, w):
        z = x * w
        loss = (z**2).sum()
        return loss

    tape = al.record(f, x=[1.0, 2.0, 3.0], w=2.0)
    found = edges(tape, "variables")
    assert found["z", "x"] == ([2.0, 2.0, 2.0], [8.0, 16.0, 24.0])
    assert found["z", "w"] == ([1.0, 2.0, 3.0], 56.0)
    assert found["loss", "z"] == (None, [4.0, 8.0, 12.0])


def test_no_link_goes_where_no_gradient_flows():
    def f(x, k):
        s = x.detach() * 3
        y = x * s + k
        return y

    found = edges(al.record(f, x=2.0, k=1.0, wrt="x"), "variables")
    assert found == {("y", "x"): (6.0, 6.0)}


def test_what_two_outputs_send_to_the_same_value_is_not_added_up():
    def function(x):
        a = 3 * x**2
        b = 2 * torch.sin(x)
        y = a * b
        return y

    found = edges(al.record(function, x=1.3), "variables")
    a, b = 3 * 1.3**2, 2 * math.sin(1.3)
    assert found["a", "x"] == pytest.approx((6 * 1.3, 6 * 1.3 * b))
    assert found["b", "x"] == pytest.approx((2 * math.cos(1.3), 2 * math.cos(1.3) * a))


def test_a_step_that_no_gradient_goes_through_is_a_number_in_the_slope():
    def function(x):
        with torch.no_grad():
            scale = torch.exp(x) + 1
        y = torch.sin(x * scale) * 2
        z = y * y
        return z

    scale = math.exp(0.4) + 1
    found = edges(al.record(function, x=0.4), "variables")
    assert found["y", "x"][0] == pytest.approx(2 * math.cos(0.4 * scale) * scale)


# ---------------------------------------------------------------- asked of the graph, or called again
class Cubed(torch.autograd.Function):
    calls = 0

    @staticmethod
    def forward(ctx, x):
        Cubed.calls += 1
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * gradient


def of_an_own_function(x):
    y = 2 * Cubed.apply(x)
    z = torch.sin(y)
    return z


def broadcast(x):
    y = x * torch.tensor([3.0], dtype=x.dtype)
    z = torch.sin(y).sum()
    return z


def edited(x):
    y = x * 2
    y.data += 1
    z = torch.sin(y)
    return z * z


def folded_ways(x):
    y = torch.exp(x) * torch.sin(x) * x
    z = y * y
    return z * z


ASKED = (sine_of_square, logistic, x_sine, folded_ways, of_an_own_function)


@pytest.mark.parametrize("function", [*ASKED, broadcast, edited])
def test_the_graph_tells_what_a_second_call_tells(function):
    given = dict(w=0.7, b=-0.2, x=1.3, y=0.0) if function is logistic else dict(x=0.7)
    tape = al.record(function, **given)
    was_asked = ("links at variables", tape.passes[-1]) in tape.cache
    assert was_asked == (function in ASKED)
    found = edges(tape, "variables")
    tape.cache.clear()
    assert tape.ask is None and edges(tape, "variables") == found


def test_a_learners_own_function_is_called_once():
    Cubed.calls = 0
    tape = al.record(of_an_own_function, x=0.7)
    assert Cubed.calls == 1
    assert tape.inputs["x"].adjoint.item() == pytest.approx(6 * 0.49 * math.cos(2 * 0.343))


# ---------------------------------------------------------------- what arrives where only one step sends
def test_what_only_one_step_sends_is_what_arrives():
    tape = al.record(sine_of_square, x=4.0)
    (used,) = tape["y"].contributions
    assert used.product.item() == tape["y"].adjoint.item() == pytest.approx(math.cos(16.0))
    assert set(tape.passes[-1].alone) == set(tape.steps)


@pytest.mark.parametrize("hooked", [lambda y: y.register_hook(double), lambda y: y.grad_fn.register_hook(double_all)])
def test_a_hook_of_the_learners_comes_between_them(hooked):
    def function(x):
        y = 3 * x
        hooked(y)
        z = torch.sin(y)
        return z

    tape = al.record(function, x=0.5)
    assert not tape.passes[-1].alone
    assert tape["y"].contributions[0].product.item() == pytest.approx(math.cos(1.5))
    assert tape.inputs["x"].adjoint.item() == pytest.approx(6 * math.cos(1.5))


def test_what_comes_through_an_unseen_call_is_not_taken_for_what_a_step_sent():
    def function(x):
        y = 3 * x
        z = torch.sin(y) + Cubed.apply(y)
        return z

    tape = al.record(function, x=0.5)
    (seen,) = tape["y"].contributions
    assert seen.product.item() == pytest.approx(math.cos(1.5))
    assert tape["y"].adjoint.item() == pytest.approx(math.cos(1.5) + 3 * 1.5**2)


def double(gradient):
    return 2 * gradient


def double_all(sent, arrived):
    return tuple(None if gradient is None else 2 * gradient for gradient in sent)


def test_a_value_that_gets_something_from_a_step_that_is_no_node_of_its_own():
    def function(x):
        y = torch.sin(x)
        z = torch.nn.functional.mse_loss(torch.softmax(torch.stack([y, y * y]), 0), torch.zeros(2, dtype=x.dtype))
        return z + y

    tape = al.record(function, x=0.5)
    y = tape["y"]
    assert sum(part.product.item() for part in y.contributions) == pytest.approx(y.adjoint.item(), rel=1e-14)
