"""The stability lab: its numbers are PyTorch's and mpmath's, and every failure has its reason."""

import math
import xml.dom.minidom

import mpmath
import pytest
import torch
import torch.nn.functional as F

from autograd_lessons import stability


def plain(name, z, y):
    """Loss and dL/dz in float32, written out here once more."""
    z = torch.tensor(z, requires_grad=True)
    y = torch.tensor(float(y))
    p = torch.sigmoid(z)
    q = torch.clamp(p, 1e-8, 1 - 1e-8)
    loss = {
        "naive formula": lambda: -(y * torch.log(p) + (1 - y) * torch.log(1 - p)),
        "clamped formula": lambda: -(y * torch.log(q) + (1 - y) * torch.log(1 - q)),
        "BCELoss": lambda: F.binary_cross_entropy(p, y),
        "with logits": lambda: F.binary_cross_entropy_with_logits(z, y),
    }[name]()
    loss.backward()
    return loss.item(), z.grad.item()


@pytest.mark.parametrize("y", [0, 1])
@pytest.mark.parametrize("z", [-104.0, -18.5, -1.0, 0.0, 6.7, 16.0, 17.0, 89.0])
def test_numbers_are_torchs_and_the_truth_is_mpmaths(z, y):
    state = stability.stability_lab(z, y).state
    with mpmath.workdps(30):
        assert state["truth"] == pytest.approx(
            float(mpmath.sigmoid(z) if hasattr(mpmath, "sigmoid") else 1 / (1 + mpmath.exp(-z))) - y
        )
    for row in state["rows"]:
        loss, slope = plain(row["name"], z, y)
        assert row["loss"] == pytest.approx(loss, nan_ok=True) and row["gradient"] == pytest.approx(slope, nan_ok=True)
        if row["right"]:
            assert row["gradient"] == pytest.approx(state["truth"], rel=1e-5, abs=1e-7)
        else:
            assert row["why"], row


def test_with_logits_is_always_right():
    lab = stability.stability_lab()
    for z in range(-110, 111, 11):
        for y in (0, 1):
            assert lab.set(z=z, y=y).state["rows"][3]["right"]


def test_double_precision_breaks_later():
    rows = stability.stability_lab(z=17, y=0, dtype="float64").state["rows"]
    assert rows[0]["right"] and rows[2]["right"]
    assert "clamp" in stability.stability_lab(z=25, y=0, dtype="float64").state["rows"][1]["why"]


def test_the_seeds_table():
    rows = stability.table([(6.7, 0), (16.0, 0), (17.0, 0), (-18.5, 1), (-104.0, 1)]).rows
    nan = math.nan
    expected = [  # autograd, manual, with logits, BCELoss
        (6.69176197, 6.69176245, 6.69176245, 6.69176197),
        (15.999998, 15.999998, 15.999998, 15.999998),
        (nan, nan, 17.0, 0.0),
        (-0.0, 18.5, 18.5, 18.5),
        (-0.0, nan, 104.0, 0.0),
    ]
    for row, numbers in zip(rows, expected):
        assert row[4:] == pytest.approx(numbers, abs=6e-7, nan_ok=True)


def test_widgets_move_the_state_and_bad_numbers_do_not_raise():
    lab = stability.stability_lab(z=0.0)
    lab._slider.value = 17.0
    assert lab.z == 17.0 and 'data-gradient="nan"' in lab.html
    lab._number.value = 500.0
    assert lab._slider.value == 110.0 and lab.z == 500.0
    lab._label.value = 1
    lab._kind.value = "float64"
    assert lab.state["y"] == 1 and lab.state["dtype"] == "float64"
    for z in (math.inf, -math.inf, math.nan):
        lab.set(z=z)
        assert repr(lab)


def test_the_still_twin_is_well_formed_and_the_same_each_time():
    one, other = (stability.stability_lab(17, 0)._repr_mimebundle_() for _ in range(2))
    assert one["image/svg+xml"] == other["image/svg+xml"] and one["text/plain"] == other["text/plain"]
    xml.dom.minidom.parseString(one["image/svg+xml"])
    assert "text/html" not in one


def test_a_page_that_rounds_the_slider_moves_nothing():
    lab = stability.stability_lab(z=16.64, y=0)
    lab._slider.value = 16.6  # what noUiSlider sends for 16.64 unasked
    assert lab.z == 16.64
    lab._slider.value = 16.7
    assert lab.z == 16.7
