"""Recorded blocks: passes, the life of each `.grad`, what stays known from block to block, and what stays as it was."""

import gc
import traceback
import weakref

import pytest
import torch

import autograd_lessons as al


def kinds(tape, name):
    life = next(life for life in tape.lives if life.of.name == name)
    return [change.kind for change in life.changes]


def grads(tape, name):
    life = next(life for life in tape.lives if life.of.name == name)
    return [None if change.grad is None else change.grad.tolist() for change in life.changes]


def test_the_life_of_a_grad_is_told_change_by_change():
    x = torch.tensor(2.0, requires_grad=True)
    with al.recording() as tape:
        (x**2).backward()
        (x**2).backward()
        x.grad.zero_()
        (3 * x).backward()
        x.grad = None
        x.grad = torch.tensor(7.0)
        x.grad *= 2
    assert kinds(tape, "x") == ["filled", "added to", "zeroed", "added to", "removed", "set", "edited"]
    assert grads(tape, "x") == [4.0, 8.0, 0.0, 3.0, None, 7.0, 14.0]
    first = tape.block.first
    assert [change.line - first for change in tape.lives[0].changes] == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("to_none", [True, False])
def test_an_optimizers_calls_are_one_event_each(to_none):
    w = torch.tensor(1.0, requires_grad=True)
    optimizer = torch.optim.Adam([w], lr=0.1)
    with al.recording() as tape:
        loss = (w - 3) ** 2
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=to_none)
    assert [event.kind for event in tape.events] == ["backward", "optimizer.step", "zero_grad"]
    assert kinds(tape, "w") == ["filled", "updated", "removed" if to_none else "zeroed"]
    assert tape.lives[0].changes[1].value.item() == w.item()
    assert [step.op for step in tape.steps] == ["sub", "pow"]


def test_each_pass_has_its_own_adjoints():
    x = torch.tensor(2.0, requires_grad=True)
    with al.recording() as tape:
        y = x**2
        y.backward(retain_graph=True)
        z = y * 5
        z.backward()
    first, second = tape.passes
    assert first.adjoints[tape["y"]].item() == 1.0 and second.adjoints[tape["y"]].item() == 5.0
    assert first.keeps_graph and not second.keeps_graph
    assert first.roots == (tape["y"],) and second.roots == (tape["z"],)
    assert [step.name for step in second.order] == ["z", "y"]


def test_values_gradients_and_errors_are_those_of_the_unrecorded_run():
    def work(record):
        torch.manual_seed(3)
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        data = torch.randn(8, 3)
        for _ in range(20):
            optimizer.zero_grad()
            loss = (model(data) - data.sum(1, keepdim=True)).pow(2).mean()
            loss.backward()
            optimizer.step()
        return [parameter.detach().clone() for parameter in model.parameters()] + [loss.detach()]

    plain = work(False)
    with al.recording():
        recorded = work(True)
    for a, b in zip(plain, recorded):
        assert torch.equal(a, b)


def test_a_models_parameters_have_its_name():
    with al.recording() as tape:
        model = torch.nn.Linear(2, 1)
        model(torch.ones(2)).sum().backward()
    assert sorted(tape.inputs) == ["model_bias", "model_weight"]
    assert [step.op for step in tape.steps] == ["ones", "linear", "sum"]


def test_what_a_layer_returns_has_the_name_it_is_given_and_the_steps_inside_have_none():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    with al.recording() as tape:
        out = model(torch.ones(2))
        loss = out.sum()
    assert [(step.op, step.name) for step in tape.steps if step.requires_grad] == [
        ("linear", None), ("relu", None), ("linear", "out"), ("sum", "loss"),
    ]  # fmt: skip
    assert loss.requires_grad


def test_after_an_optimizers_step_that_raised_the_recording_goes_on():
    w = torch.tensor(1.0, requires_grad=True)

    class Broken(torch.optim.SGD):
        def step(self, closure=None):
            super().step()
            raise ValueError("broken")

    optimizer = Broken([w], lr=0.1)

    def take():
        optimizer.step()

    with al.recording() as tape:
        (w * 2).backward()
        try:
            take()
        except ValueError:
            pass
        y = torch.nn.functional.relu(w)
    assert tape["y"].op == "relu" and y.item() == pytest.approx(0.8)


def test_a_closure_is_the_learners_own_code():
    w = torch.tensor(1.0, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=2)

    def closure():
        optimizer.zero_grad()
        loss = (w - 3) ** 2
        loss.backward()
        return loss

    with al.recording() as tape:
        optimizer.step(closure)
    assert {"sub", "pow"} <= {step.op for step in tape.steps} and tape.passes


# ---------------------------------------------------------------- from block to block
def test_a_tensor_of_an_earlier_block_keeps_its_name_and_its_history():
    with al.recording() as first:
        x = torch.tensor(4.0, requires_grad=True)
        y = x**2
        z = torch.sin(y)
    with al.recording() as second:
        z.backward()
        back = x.grad
    assert [step.name for step in second.earlier] == ["y", "z"]
    assert second.inputs["x"].origin == "earlier"
    assert second["y"].adjoint.item() == torch.cos(torch.tensor(16.0)).item()
    assert second.inputs["x"].adjoint.item() == back.item()
    assert kinds(second, "x") == ["filled"] and first.passes == []
    assert first["z"].value is second["z"].value  # the same number, not a second copy of it


def test_a_leaf_changed_between_two_blocks_is_a_new_value_of_the_same_leaf():
    x = torch.tensor(1.0, requires_grad=True)
    with al.recording():
        x * 2
    with torch.no_grad():
        x.add_(5)
    with al.recording() as tape:
        y = x * 2
    assert y.item() == 12.0
    used = tape["y"].inputs[0]
    assert used.value.item() == 6.0 and used.leaf.name == "x"


def test_a_block_holds_nothing_that_the_code_has_let_go():
    with al.recording() as tape:
        x = torch.ones(3, requires_grad=True)
        y = (x * 2).exp()
        gone = weakref.ref(y), weakref.ref(x)
        del x, y
    gc.collect()
    assert [ref() for ref in gone] == [None, None]
    assert len(tape.steps) >= 2


# ---------------------------------------------------------------- long blocks
def test_of_many_passes_the_first_and_the_last_are_kept():
    w = torch.tensor(0.0, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    with al.recording() as tape:
        for _ in range(100):
            optimizer.zero_grad()
            loss = (w - 1) ** 2
            loss.backward()
            optimizer.step()
    assert len(tape.passes) + tape.folded == 100 and len(tape.passes) <= 10
    assert len(tape.steps) < 30 and len(tape.events) < 60
    life = tape.lives[0]
    assert len(life.changes) + life.left_out == 299  # filled and updated each time, removed each time but the first
    assert life.changes[0].grad.item() == -2.0
    values = [change.value.item() for change in life.changes if change.value is not None]
    assert values[0] == pytest.approx(0.2) and values[-1] == w.item()


def test_a_running_total_does_not_keep_the_folded_steps():
    w = torch.tensor(1.0, requires_grad=True)
    total = 0
    with al.recording() as tape:
        for _ in range(50):
            loss = w**2
            loss.backward()
            total = total + loss
    depth, value = 0, tape["total"]
    while value.inputs and depth < 100:
        value = value.inputs[0]
        depth += 1
        if not hasattr(value, "inputs"):
            break
    assert depth < 20


def test_a_long_loop_without_a_backward_pass_is_bounded():
    with al.recording() as tape, torch.no_grad():
        x = torch.tensor(0.0)
        for _ in range(30_000):
            x = x + 1
    assert len(tape.steps) <= 20_001 and tape["x"].value.item() == 30_000


def test_a_grad_that_is_zeroed_and_shown_by_one_line_was_changed_by_the_zeroing():
    x = torch.tensor(2.0, requires_grad=True)
    (x * 3).backward()
    with al.recording() as tape:
        x * 1
        repr(x.grad.zero_())  # fmt: skip
    assert [(change.kind, change.by) for change in tape.lives[0].changes] == [("zeroed", "zero_")]


# ---------------------------------------------------------------- exceptions, modes
def test_an_exception_goes_on_its_way_with_the_tape_of_what_came_before():
    x = torch.tensor(2.0, requires_grad=True)
    with pytest.raises(ZeroDivisionError) as caught, al.recording() as tape:
        x * 3
        1 / 0
    assert tape.error is caught.value and [step.op for step in tape.steps] == ["mul"]
    assert tape.failure is None


def test_an_exceptions_traceback_has_no_frames_of_ours():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError) as caught, al.recording():
        (x * 2).backward()
    files = [entry.filename for entry in traceback.extract_tb(caught.value.__traceback__)]
    assert files[0] == __file__ and not any("autograd_lessons/autograd_lessons" in file for file in files)
    assert len([file for file in files if file == __file__]) == 1
    assert "overrides.py" not in " ".join(files)


def test_an_exception_that_the_code_caught_is_none_of_the_tapes():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with al.recording() as tape:
        try:
            (x * 2).backward()
        except RuntimeError:
            pass
        (x * 2).sum().backward()
    assert tape.error is None and tape.failure is None
    assert [run.failed for run in tape.passes] == [True, False]
    assert x.grad.tolist() == [2.0, 2.0]


def test_inference_mode_is_recorded_and_its_copies_are_of_use():
    x = torch.tensor(2.0, requires_grad=True)
    with al.recording() as tape:
        with torch.inference_mode():
            y = x * 3
        z = x * 2
        z.backward()
    assert y.is_inference() and not tape["y"].requires_grad and not tape["y"].grad_enabled
    assert not tape["y"].value.is_inference() and tape["z"].adjoint.item() == 1.0


def test_two_blocks_inside_each_other_do_not_disturb_each_other():
    x = torch.tensor(2.0, requires_grad=True)
    with al.recording() as outer:
        y = x * 2
        with al.recording() as inner:
            z = y * 3
        z.backward()
    assert [step.op for step in inner.steps] == ["mul"] and x.grad.item() == 6.0
    assert "y" in [step.name for step in outer.steps]


def test_a_function_recorded_inside_a_block_is_a_run_of_its_own():
    with al.recording() as tape:
        inner = al.record(lambda x: x**2, x=3.0)
        x = torch.tensor(1.0, requires_grad=True)
        y = x * 2
    assert inner.inputs["x"].adjoint.item() == 6.0
    assert [step.name for step in tape.steps] == ["y"] and y.item() == 2.0


def test_a_tape_that_was_looked_at_while_it_was_written_is_whole_afterwards():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        assert (tape.values, tape.labels) == ((), {})
        y = x * x  # noqa: F841
    assert set(tape.labels.values()) == {"x", "y"}
    assert [value.name for value in tape.values] == ["x", "y"]
