"""What a recorded block notes for those who explain it: asked for, given, freed, unreadable, skipped, alive."""

import copy
import warnings

import pytest
import torch

import autograd_lessons as al


def test_a_pass_knows_what_was_asked_for_and_what_it_started_with():
    x, seed = torch.tensor([1.0, 2.0], requires_grad=True), torch.ones(2)
    with al.recording() as tape:
        y = x**2
        torch.autograd.grad(outputs=y, inputs=[x], grad_outputs=seed, retain_graph=True)
        y.backward(gradient=seed, inputs=[x])
    for run in tape.passes:
        assert run.roots == (tape["y"],)
        assert run.wanted == (tape.inputs["x"],)
        assert [value.value.tolist() for value in run.seeds] == [[1.0, 1.0]]


def test_steps_are_spent_by_a_pass_that_does_not_keep_the_graph():
    x = torch.tensor(2.0, requires_grad=True)
    with al.recording() as kept:
        y = torch.sin(x)
        y.backward(retain_graph=True)
    assert [step.spent for step in kept.steps] == [False]
    with al.recording() as let_go:
        y.backward()
    assert [step.spent for step in let_go.earlier] == [True]


def test_a_pass_that_failed_spends_nothing():
    x = torch.tensor(2.0, requires_grad=True)
    with pytest.raises(RuntimeError), al.recording() as tape:
        y = torch.exp(x)
        z = y * 2
        y += 1
        z.backward()
    assert not any(step.spent for step in tape.steps)


def test_a_failed_pass_knows_the_steps_whose_saved_values_were_edited():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError), al.recording() as tape:
        h = 3 * x
        y = torch.exp(h)
        z = torch.sin(y)
        y += 1
        z.sum().backward()
    assert {step.op for step in tape.failure.unreadable} == {"exp", "sin"}  # one needs its result, the other its input


def test_an_optimizer_tells_which_weights_had_no_gradient():
    v, w = torch.tensor(1.0, requires_grad=True), torch.tensor(1.0, requires_grad=True)
    optimizer = torch.optim.SGD([v, w], lr=0.1)
    with al.recording() as tape:
        (w * v.detach()).backward()
        optimizer.step()
    [event] = [event for event in tape.events if event.kind == "optimizer.step"]
    assert [value.name for value in event.skipped] == ["v"]


def test_a_step_is_alive_as_long_as_somebody_holds_its_tensor():
    def helper(x):
        forgotten = torch.sin(x)  # noqa: F841 (that is what it is for)
        return torch.cos(x)

    with al.recording() as tape:
        y = helper(torch.tensor(1.0, requires_grad=True))
    assert [step.op for step in tape.steps if step in tape.alive] == ["cos"]
    assert y.requires_grad


def test_the_failed_call_is_kept_with_its_options():
    with pytest.raises(RuntimeError), al.recording() as tape:
        torch.tensor([1, 2], requires_grad=True)
    assert (tape.failure.kind, tape.failure.options) == ("tensor", {"requires_grad": True})
    assert tape.failure.grad_enabled


def test_a_value_knows_that_it_was_made_in_inference_mode():
    with al.recording() as tape:
        with torch.inference_mode():
            h = torch.ones(2) * 2
        k = torch.ones(2) * 2
    assert (tape["h"].is_inference, tape["k"].is_inference) == (h.is_inference(), k.is_inference()) == (True, False)


def test_a_part_of_a_leaf_taken_under_no_grad_can_be_edited():
    w = torch.zeros(3, requires_grad=True)
    with al.recording() as tape, torch.no_grad():
        part = w[0]
        part.fill_(5.0)
    assert w.tolist() == [5.0, 0.0, 0.0]
    assert not tape["part"].requires_grad


def test_a_deep_copy_with_a_memo_is_recorded():
    buffers = {"mean": torch.ones(2), "scale": torch.ones(2)}
    with al.recording() as tape:
        copies = copy.deepcopy(buffers)
    assert [step.op for step in tape.steps] == ["deepcopy", "deepcopy"]
    assert copies["mean"].tolist() == [1.0, 1.0]


def test_a_warning_that_a_layer_gives_points_where_it_would_without_recording():
    loss, prediction, target = torch.nn.HuberLoss(), torch.ones(3, 1), torch.ones(3)
    shown = []
    for around in (warnings.catch_warnings, al.recording):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with around():
                loss(prediction, target)
        shown.append([(w.category, str(w.message), w.filename, w.lineno) for w in caught])
    assert shown[0] == shown[1] and len(shown[0]) == 1
