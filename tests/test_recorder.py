"""Recording real code: what is on the tape, and that nothing changes for the learner."""

import math
import traceback
import warnings
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

import autograd_lessons as al
from autograd_lessons.values import Constant, Input, Step


def binary_cross_entropy_loss(prediction, target):
    epsilon = 1e-8  # To prevent log(0)
    prediction = torch.clamp(prediction, epsilon, 1 - epsilon)
    return -(target * torch.log(prediction) + (1 - target) * torch.log(1 - prediction))


def logistic(w, b, x, y):
    z = w * x + b
    y_pred = torch.sigmoid(z)
    loss = binary_cross_entropy_loss(y_pred, y)
    return loss


SEED = dict(w=1.0, b=0.0, x=6.7, y=0.0, wrt=("w", "b"), dtype=torch.float32)


def assert_contributions_add_up(tape):
    for value in tape.values:
        if value.adjoint is None or value is tape.output or not value.contributions:
            continue
        total = sum(c.product for c in value.contributions)
        torch.testing.assert_close(total, value.adjoint, equal_nan=True)


# ---------------------------------------------------------------- what the seed lesson shows
def test_square_at_three():
    tape = al.record(lambda x: x**2, x=3.0)
    assert tape.output.value.item() == 9.0
    assert tape.inputs["x"].adjoint.item() == 6.0


def test_sine_of_square_at_four_in_both_precisions():
    def f(x):
        y = x**2
        z = torch.sin(y)
        return z

    assert al.record(f, x=4.0).inputs["x"].adjoint.item() == pytest.approx(-7.661275842587077, abs=1e-15)
    assert f"{al.record(f, x=4.0, dtype=torch.float32).inputs['x'].adjoint.item():.4f}" == "-7.6613"


def test_seed_logistic_loss():
    tape = al.record(logistic, **SEED)
    assert round(tape["loss"].value.item(), 4) == 6.7012
    assert round(tape.inputs["w"].adjoint.item(), 4) == 6.6918
    assert round(tape.inputs["b"].adjoint.item(), 4) == 0.9988
    assert [step.name for step in tape.steps if step.name and step.depth == 0] == ["z", "y_pred", "loss"]
    assert tape.all("prediction")[0].depth == 1
    assert tape.output is tape["loss"]
    assert_contributions_add_up(tape)


def test_mean_of_squares_of_a_vector():
    tape = al.record(lambda x: (x**2).mean(), x=[1.0, 2.0, 3.0])
    assert round(tape.output.value.item(), 4) == 4.6667
    torch.testing.assert_close(tape.inputs["x"].adjoint, torch.tensor([2, 4, 6]).double() / 3)


# ---------------------------------------------------------------- the tape's parts
def test_ops_carry_pytorchs_public_names():
    def f(x):
        return (1 - x) + 2 / x + 2**x + abs(-x) + x.clip(0, 1) + F.relu(x) + torch.special.expit(x) + x.square()

    ops = {step.op for step in al.record(f, x=0.7).steps}
    assert {"sub", "div", "pow", "abs", "neg", "clamp", "relu", "sigmoid", "square", "add"} == ops


def test_reflected_operators_keep_the_order_of_the_code():
    step = al.record(lambda x: 1 - x, x=0.25).steps[0]
    assert isinstance(step.inputs[0], Constant) and step.inputs[0].value == 1
    assert step.inputs[1].name == "x"
    assert al.record(lambda x: 2 / x, x=4.0).inputs["x"].contributions[0].local.item() == -2 / 16


def test_fan_out_lists_one_contribution_for_each_use():
    tape = al.record(lambda x: x * torch.sin(x), x=2.0)
    products = [c.product.item() for c in tape.inputs["x"].contributions]
    assert sorted(products) == pytest.approx(sorted([2.0 * math.cos(2.0), math.sin(2.0)]))
    assert_contributions_add_up(tape)


def test_a_value_used_twice_by_one_call_contributes_at_both_positions():
    contributions = al.record(lambda x: x * x, x=3.0).inputs["x"].contributions
    assert [(c.position, c.local.item()) for c in contributions] == [(0, 3.0), (1, 3.0)]


def test_engine_order_is_the_order_in_which_the_nodes_ran():
    seen = []

    def f(x):
        a = torch.sin(x)
        b = torch.cos(x)
        c = a * b
        return c

    x = torch.tensor(1.0, requires_grad=True, dtype=torch.float64)
    a, b = torch.sin(x), torch.cos(x)
    c = a * b
    for name, t in (("a", a), ("b", b), ("c", c)):
        t.grad_fn.register_prehook(lambda _, name=name: seen.append(name))
    c.backward()
    tape = al.record(f, x=1.0)
    assert [tape.step(index).name for index in tape.engine_order] == seen


def test_broadcast_local_has_the_steps_shape_and_product_the_values():
    tape = al.record(lambda w, x: (w * x).sum(), w=2.0, x=[1.0, 2.0, 3.0])
    (use,) = tape.inputs["w"].contributions
    assert use.local.tolist() == [1.0, 2.0, 3.0]
    assert use.product.item() == 6.0


def test_local_is_none_where_it_is_a_full_jacobian():
    tape = al.record(lambda x: x.sum(), x=[1.0, 2.0])
    assert tape.inputs["x"].contributions[0].local is None
    assert tape.inputs["x"].contributions[0].product.tolist() == [1.0, 1.0]


def test_random_calls_are_repeated_with_the_same_numbers():
    torch.manual_seed(3)
    tape = al.record(lambda x: F.dropout(x, 0.5).sum(), x=torch.ones(50))
    before = torch.get_rng_state()
    (use,) = tape.inputs["x"].contributions
    assert torch.equal(use.product, tape.inputs["x"].adjoint)
    assert torch.equal(torch.get_rng_state(), before)


# ---------------------------------------------------------------- names and places
def test_a_helpers_result_gets_the_callers_name():
    def f(x):
        def helper(a):
            out = a * 3
            return out

        z = helper(x)
        return z + 1

    tape = al.record(f, x=2.0)
    assert tape["z"].value.item() == 6.0 and tape["z"].op == "mul"


def test_rebinding_a_name_keeps_every_holder():
    def f(x):
        x = x * 2
        x = torch.sin(x)
        return x

    tape = al.record(f, x=0.5)
    assert len(tape.all("x")) == 3
    assert tape["x"].op == "sin"
    assert [value.label for value in tape.values] == ["x", "#0", "output"]
    assert tape.inputs["x"].adjoint.item() == pytest.approx(2 * math.cos(1.0))


def test_loops_name_each_round():
    def f(x):
        total = x * 0
        for k in range(3):
            total = total + x**k
        return total

    tape = al.record(f, x=2.0)
    assert len(tape.all("total")) == 4 and tape["total"].value.item() == 7.0


def test_unknown_name_lists_the_known_ones():
    tape = al.record(logistic, **SEED)
    with pytest.raises(KeyError, match="tape.all"):
        tape["prediction"]
    with pytest.raises(KeyError, match="y_pred"):
        tape["nothing"]


def test_source_is_the_exact_sub_expression():
    def f(größe):
        ergebnis = torch.sin(größe) * (
            größe + 1
        )  # fmt: skip
        return ergebnis

    tape = al.record(f, größe=1.0)
    assert [step.source.text for step in tape.steps][:2] == ["torch.sin(größe)", "größe + 1"]
    sin = tape.steps[0].source
    line = Path(sin.file).read_text(encoding="utf-8").splitlines()[sin.line - 1]
    assert line[sin.column : sin.end_column] == "torch.sin(größe)"
    whole = tape["ergebnis"].source
    assert whole.end_line == whole.line + 2 and whole.text.startswith("torch.sin(größe) * (")


def test_two_calls_on_one_line_and_lambdas_have_their_own_spans():
    f, g = (lambda x: torch.sin(torch.cos(x))), (lambda x: x + 1)
    assert [s.source.text for s in al.record(f, x=1.0).steps] == ["torch.cos(x)", "torch.sin(torch.cos(x))"]
    assert al.record(g, x=1.0).steps[0].source.text == "x + 1"


def test_code_without_source_and_builtins_do_without():
    space = {"torch": torch}
    exec("def f(x): return torch.sin(x) * 2", space)
    tape = al.record(space["f"], x=1.0)
    assert [step.source for step in tape.steps] == [None, None]
    assert al.record(torch.sin, x=1.0).inputs["x"].adjoint.item() == pytest.approx(math.cos(1.0))


# ---------------------------------------------------------------- leaves inside and in closures
def test_closure_leaves_are_inputs_and_keep_their_grad():
    weight = torch.tensor(2.0, requires_grad=True, dtype=torch.float64)
    offset = torch.tensor(5.0, dtype=torch.float64)
    tape = al.record(lambda x: weight * x + offset, x=3.0)
    assert tape.inputs["weight"].adjoint.item() == 3.0 and tape.inputs["weight"].origin == "closure"
    assert tape.inputs["offset"].adjoint is None
    assert weight.grad is None


def test_leaves_made_inside():
    def f(x):
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        v = torch.ones(2).requires_grad_()
        return (w * v * x).sum()

    tape = al.record(f, x=3.0)
    assert tape.inputs["w"].origin == "made inside"
    assert tape.inputs["w"].adjoint.tolist() == [3.0, 3.0]
    assert sum(isinstance(v, Input) and v.origin == "made inside" for v in tape.inputs.values()) == 2


def test_tensors_made_inside_without_grad_are_steps():
    tape = al.record(lambda x: x * torch.tensor(4.0), x=3.0)
    made = tape.steps[0]
    assert made.op == "tensor" and made.adjoint is None and made.inputs == ()


def test_module_parameters_are_found():
    layer = torch.nn.Linear(2, 1, dtype=torch.float64)
    tape = al.record(lambda x: layer(x).sum(), x=[1.0, 2.0])
    assert tape.inputs["layer_weight"].adjoint.tolist() == [[1.0, 2.0]]
    assert layer.weight.grad is None


def test_result_of_a_custom_function_is_said_to_be_unknown():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    tape = al.record(lambda x: torch.sin(Double.apply(x)), x=1.0)
    assert tape.output.inputs[0].origin == "unknown"
    assert tape.inputs["x"].adjoint.item() == pytest.approx(2 * math.cos(2.0))


# ---------------------------------------------------------------- in place, views
@pytest.mark.parametrize(
    "change", ["v.mul_(2)", "v[0] = 3 * x", "v[1:].add_(x)", "v += x", "v[0].mul_(x); v[1] = v[0] * 2"]
)
def test_in_place_steps_and_views(change):
    space = {"torch": torch}
    exec(
        f"def f(x):\n    v = torch.stack([x, x * x, torch.sin(x)])\n    w = v[1]\n    {change}\n    return v.prod() + v.sum() + w",
        space,
    )
    x = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    output = space["f"](x)
    output.backward()
    tape = al.record(space["f"], x=1.3)
    assert torch.equal(tape.output.value, output.detach())
    assert torch.equal(tape.inputs["x"].adjoint, x.grad)
    assert_contributions_add_up(tape)


def test_an_in_place_step_leaves_the_old_value_on_the_tape():
    def f(x):
        y = x * 2
        y.add_(1)
        return y * y

    tape = al.record(f, x=3.0)
    assert [v.value.item() for v in tape.all("y")] == [6.0, 7.0]
    assert tape["y"].op == "add_"


def test_data_edit_is_seen_as_an_edit():
    def f(x):
        y = torch.sin(x)
        y.data.mul_(2)
        return y * 3

    tape = al.record(f, x=1.0)
    assert any(step.op == "edited" for step in tape.steps)
    assert tape.output.value.item() == pytest.approx(6 * math.sin(1.0))


def test_multiple_outputs_iteration_and_unpacking():
    def f(x):
        a, b = x
        values, _ = torch.max(torch.stack([a * 2, b]), 0)
        for element in x:
            values = values + element
        return values

    tape = al.record(f, x=[1.0, 5.0])
    assert tape.inputs["x"].adjoint.tolist() == [1.0, 2.0]
    assert_contributions_add_up(tape)


def test_a_call_that_returns_its_own_input_is_no_step():
    tape = al.record(lambda x: x.contiguous().to(torch.float64) * 2, x=1.0)
    assert [step.op for step in tape.steps] == ["mul"]


# ---------------------------------------------------------------- nothing changes for the learner
def test_the_learners_tensors_keep_their_grad():
    x = torch.tensor(2.0, requires_grad=True)
    x.grad = torch.tensor(7.0)
    al.record(lambda x: x**3, x=x)
    assert x.grad.item() == 7.0


def test_recording_leaves_non_leaf_grad_none():
    def f(x):
        y = x * 2
        z = (y * y).sum()
        z.backward()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert y.grad is None
        assert x.grad.item() == 24.0
        return z

    tape = al.record(f, x=3.0)
    assert tape.inputs["x"].adjoint.item() == 24.0
    assert tape["y"].adjoint.item() == 12.0


def test_a_function_that_ran_backward_is_not_run_again():
    calls = []

    def f(x):
        y = x**2
        y.register_hook(lambda g: calls.append(g))
        y.backward()
        return y

    tape = al.record(f, x=3.0)
    assert len(calls) == 1 and tape.inputs["x"].adjoint.item() == 6.0
    assert "backward" in [event.kind for event in tape.events]


def test_an_exception_is_the_same_object_without_our_frames():
    mine = RuntimeError("mine")

    def inner(y):
        raise mine

    def f(x):
        return inner(torch.sin(x))

    with pytest.raises(RuntimeError) as caught:
        al.record(f, x=1.0)
    assert caught.value is mine
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-2:] == ["f", "inner"]
    assert [n for n in names if n not in ("record", "f", "inner")] == [names[0]]  # the test itself


def test_an_error_of_torch_points_at_the_learners_line():
    def f(x):
        return torch.ones(2) @ torch.ones(3)

    with pytest.raises(RuntimeError) as plain:
        f(1)
    with pytest.raises(RuntimeError) as recorded:
        al.record(f, x=1.0)
    assert str(plain.value) == str(recorded.value)
    last = traceback.extract_tb(recorded.value.__traceback__)[-1]
    assert last.name == "f" and last.line == "return torch.ones(2) @ torch.ones(3)"


def test_an_error_caught_by_the_learner_goes_on_as_it_would():
    def f(x):
        try:
            torch.ones(2) @ torch.ones(3)
        except RuntimeError:
            pass
        return x * 2

    assert al.record(f, x=1.0).inputs["x"].adjoint.item() == 2.0


def test_a_warning_keeps_its_category_and_text_and_points_at_the_learners_line():
    def f(x):
        y = x * 2
        y.grad  # this line warns
        return y

    with warnings.catch_warnings(record=True) as plain:
        warnings.simplefilter("always")
        f(torch.tensor(1.0, requires_grad=True))
    with warnings.catch_warnings(record=True) as recorded:
        warnings.simplefilter("always")
        al.record(f, x=1.0)
    assert [(w.category, str(w.message), w.filename, w.lineno) for w in plain] == [
        (w.category, str(w.message), w.filename, w.lineno) for w in recorded
    ]


def test_a_warning_is_shown_as_often_as_without_recording():
    def f(x):
        F.mse_loss(x, torch.zeros(3, 1))
        return x.sum()

    def count(run):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("default")
            globals().pop("__warningregistry__", None)
            for _ in range(3):
                run()
        return len(seen)

    x = torch.ones(3, requires_grad=True)
    assert count(lambda: f(x)) == count(lambda: al.record(f, x=x)) == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_and_gradients_are_bit_identical(dtype):
    def f(w, x):
        h = torch.tanh(x @ w)
        s = torch.softmax(h, -1)
        return (s * h).sum() + F.gelu(h).mean() + torch.logsumexp(x, 0).sum()

    generator = torch.Generator().manual_seed(0)
    w = torch.randn(5, 4, generator=generator, dtype=dtype)
    x = torch.randn(6, 5, generator=generator, dtype=dtype)
    w1, x1 = w.clone().requires_grad_(), x.clone().requires_grad_()
    plain = f(w1, x1)
    plain.backward()
    tape = al.record(f, w=w, x=x)
    assert torch.equal(tape.output.value, plain.detach())
    assert torch.equal(tape.inputs["w"].adjoint, w1.grad) and torch.equal(tape.inputs["x"].adjoint, x1.grad)
    assert_contributions_add_up(tape)


def test_two_recordings_in_a_row_and_one_after_an_exception():
    def f(x):
        if x > 2:
            raise ValueError("too big")
        return x**2

    first = al.record(f, x=1.0)
    with pytest.raises(ValueError, match="too big"):
        al.record(f, x=3.0)
    again = al.record(f, x=1.0)
    assert repr(first) == repr(again)


def test_a_recording_inside_a_recording():
    def f(x):
        al.record(lambda v: v**3, v=2.0)
        return x * 2

    tape = al.record(f, x=1.0)
    assert tape.inputs["x"].adjoint.item() == 2.0


@pytest.mark.parametrize("value", [0.0, float("inf"), float("nan"), -1.0])
def test_odd_numbers_give_what_torch_gives(value):
    x = torch.tensor(value, dtype=torch.float64, requires_grad=True)
    output = torch.log(x) * x
    output.backward()
    tape = al.record(lambda x: torch.log(x) * x, x=value)
    torch.testing.assert_close(tape.inputs["x"].adjoint, x.grad, rtol=0, atol=0, equal_nan=True)


def test_empty_tensors():
    tape = al.record(lambda x: (x * 2).sum(), x=torch.zeros(0, dtype=torch.float64))
    assert tape.inputs["x"].adjoint.shape == (0,)


def test_steps_are_calls_that_made_or_changed_a_tensor_and_events_the_rest():
    def f(x):
        n = x.shape[0]
        y = x * n
        y.sum().item()
        return y.sum()

    tape = al.record(f, x=[1.0, 2.0])
    assert all(isinstance(step, Step) for step in tape.steps)
    assert {"shape", "item"} <= {event.kind for event in tape.events}
    indices = [s.index for s in tape.steps] + [e.index for e in tape.events]
    assert len(set(indices)) == len(indices)


# ---------------------------------------------------------------- what the engine sent along each edge
def test_products_are_the_engines_own_bits():
    """The logistic loss's products are those that hooks on PyTorch's own nodes report for the unrecorded run."""

    def loss_of(w, x):
        z = w * x
        p = torch.sigmoid(z)
        loss = -torch.log(1 - p)
        return loss

    sent = []
    w = torch.tensor(1.0, requires_grad=True)
    output = loss_of(w, torch.tensor(6.7))
    node = output.grad_fn
    while node.next_functions and node.next_functions[0][0] is not None:
        node.register_hook(lambda gradients, _: sent.append(next(g for g in gradients if g is not None).item()))
        node = next(edge[0] for edge in node.next_functions if edge[0] is not None)
    output.backward()

    tape = al.record(loss_of, w=torch.tensor(1.0), x=torch.tensor(6.7), wrt="w")
    assert [next(iter(step.products.values())).item() for step in reversed(tape.steps)] == sent


def test_the_same_value_used_twice_by_one_call_gets_both_products():
    tape = al.record(lambda x: x / (x * x), x=2.0)
    x = tape.inputs["x"]
    products = sorted((c.step.op, c.position, c.product.item()) for c in x.contributions)
    assert products == [("div", 0, 0.25), ("mul", 0, -0.25), ("mul", 1, -0.25)]
    assert sum(p for *_, p in products) == x.adjoint.item() == -0.25


def test_products_and_slopes_of_broadcast_in_place_and_composite_calls():
    def mixed(x, w):
        h = x * w
        h.add_(w)
        h = torch.nn.functional.mse_loss(h, torch.zeros_like(h), reduction="none")
        return h.sum()

    x, w = torch.arange(3.0, dtype=torch.float64), torch.tensor(2.0, dtype=torch.float64)
    tape = al.record(mixed, x=x, w=w)
    for value in (*tape.inputs.values(), *tape.steps[:-1]):
        if value.adjoint is not None:
            torch.testing.assert_close(sum(c.product for c in value.contributions), value.adjoint)
    assert tape.inputs["w"].adjoint.item() == (2 * (2 * x + 2) * (x + 1)).sum().item()


def test_a_leaf_told_so_in_the_same_line_has_its_name():
    def told(x):
        w = torch.tensor(2.0, dtype=torch.float64).requires_grad_()
        v = torch.ones(2, dtype=torch.float64, requires_grad=True)
        y = (w * x * v).sum()
        return y

    tape = al.record(told, x=3.0)
    assert list(tape.inputs) == ["x", "v", "w"]
    assert tape.inputs["w"].adjoint.item() == 6.0 and tape.inputs["v"].adjoint.tolist() == [6.0, 6.0]


@pytest.mark.parametrize("turn_off", [lambda x: x.requires_grad_(False), lambda x: setattr(x, "requires_grad", False)])
def test_gradient_is_heard_at_a_leaf_that_is_none_any_more_when_the_engine_runs(turn_off):
    def function(x):
        y = x * 2
        turn_off(x)
        y.backward()
        return y.detach()

    assert al.record(function, x=1.5).inputs["x"].adjoint.item() == 2.0
