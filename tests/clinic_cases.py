"""A corpus of notebook cells: what goes wrong with autograd, which line is to blame, and cells with no mistake in them.

Each case states what plain PyTorch does with it. The line that a teacher would point at is marked in the code by `# <--`, which
`case` takes out again. Where more than one line could be changed, it is

* for a gradient that nothing computes: the line that cuts it off, or creates the tensor that should have required grad;
* for two backward passes through one graph: the second, or in a loop the forward step that each turn should do anew;
* for a missing clearing: the `backward()` that adds to what is there; for a gradient cleared too early: the clearing;
* for a tensor that is never used: its creation; for one whose trail ends before the loss: the end of the trail;
* for an edit in place: the edit, never the `backward()` that finds it.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import linecache
import warnings
from dataclasses import dataclass
from textwrap import dedent

import torch

MARK = "  # <--"


CAUSES = {
    "never_required": "no leaf was ever told to require grad",
    "cut_by_detach": "detach, or reading .data, took a value out of the graph",
    "cut_by_no_grad": "no_grad or inference_mode was on, so nothing was recorded",
    "turned_off": "requires_grad was set to False",
    "left_graph": "the value went through a Python number, a list or a NumPy array",
    "copied": "torch.tensor copied the numbers and not their history",
    "not_differentiable": "an index, a comparison or an integer has no derivative",
    "flat_operation": "round, floor and sign have slope 0 wherever they have one",
    "integer_dtype": "an integer tensor cannot require grad",
    "freed": "a second backward pass needs what the first one freed",
    "doubled": "a second backward pass through one graph added its gradient again",
    "no_create_graph": "the gradient was computed without a graph of its own",
    "nonscalar": "backward started at more than one number",
    "gradient_shape": "gradient= has another shape than the output",
    "nonleaf_grad": "only leaves keep .grad",
    "retain_grad_on_leaf": "a leaf keeps its .grad anyway",
    "retain_grad_no_grad": "retain_grad on a tensor that does not require grad",
    "retain_grad_too_late": "retain_grad after the backward pass",
    "leaf_lost": "the name of the leaf now stands for another tensor",
    "flag_on_nonleaf": "requires_grad can be set on leaves only",
    "inplace_on_leaf": "a leaf that requires grad was edited in place",
    "inplace_on_saved": "a value that the backward pass needs was edited in place",
    "data_edit": "an edit through .data hid itself from the backward pass",
    "accumulated": "backward added to a gradient that had been used already",
    "grad_is_none": "there is no gradient yet, or it was cleared",
    "graphs_kept": "a sum or a list of losses keeps every graph alive",
    "broadcast_loss": "prediction and target broadcast to a table",
    "not_reached": "nothing leads from the tensor to the loss",
    "unused_input": "the output was not computed from this very tensor",
    "nan_where": "where multiplies the branch not taken by 0, and 0 times inf is nan",
    "sqrt_at_zero": "the square root has an infinite slope at 0",
    "norm_at_zero": "a norm has no direction at 0",
    "log_of_zero": "the logarithm of 0 is -inf",
    "zero_times_inf": "a factor 0 meets a factor inf",
    "kink": "the value stands exactly on a kink",
    "clamp_cuts": "clamp has slope 0 outside its bounds",
    "sigmoid_twice": "the loss applies the sigmoid or softmax itself",
    "bce_capped": "BCELoss caps its logarithm, so the loss is not what it seems",
    "gradcheck_float32": "finite differences in single precision are too coarse",
    "inference_tensor": "a tensor made in inference mode cannot take part in autograd",
}


@dataclass(frozen=True)
class Case:
    """One cell with one mistake in it.

    `line` counts from 1. `tensor` is the variable that the mistake is about, `None` if it has no plain name. `raises` is the
    exception's type by name, `None` for what goes wrong in silence. `warns` holds the beginnings of all warnings shown. `gives`
    is an expression that is true in the cell's namespace afterwards, empty if the cell raises.
    """

    name: str
    code: str
    cause: str
    line: int
    tensor: str | None
    raises: str | None
    warns: tuple[str, ...]
    gives: str


def case(cause: str, name: str, code: str, *, tensor=None, raises=None, warns=(), gives="") -> Case:
    lines = dedent(code).strip("\n").split("\n")
    [line] = [number for number, text in enumerate(lines, 1) if text.endswith(MARK)]
    lines[line - 1] = lines[line - 1].removesuffix(MARK)
    return Case(name, "\n".join(lines) + "\n", cause, line, tensor, raises, warns, gives)


def correct(name: str, code: str) -> tuple[str, str]:
    return name, dedent(code).strip("\n") + "\n"


@dataclass(frozen=True)
class Outcome:
    """What running a cell left behind; `error` is `None` if it ran to its end."""

    namespace: dict
    error: Exception | None
    shown: tuple[warnings.WarningMessage, ...]
    stdout: str

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(str(w.message) for w in self.shown)


_counter = itertools.count(1)


def run_plain(code: str) -> Outcome:
    """Run a cell on plain PyTorch in a fresh namespace, its source where `inspect` and `executing` find it."""
    file = f"<clinic cell {next(_counter)}>"
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    namespace, error, printed = {"__name__": "__main__"}, None, io.StringIO()
    always, grad_enabled = torch.is_warn_always_enabled(), torch.is_grad_enabled()
    torch.set_warn_always(True)  # else a warning that torch shows once in a process is missing from the second cell
    try:
        with warnings.catch_warnings(record=True) as shown, contextlib.redirect_stdout(printed):
            warnings.simplefilter("always")
            exec(compile(code, file, "exec"), namespace)
    except Exception as raised:
        error = raised
    finally:
        torch.set_warn_always(always)
        torch.set_grad_enabled(grad_enabled)
    return Outcome(namespace, error, tuple(shown), printed.getvalue())


TO_SCALAR = "Converting a tensor with requires_grad=True to a scalar"
COPIED = "To copy construct from a tensor, it is recommended to use sourceTensor."
NON_LEAF = "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed"
BROADCAST = "Using a target size"
SINGLE_PRECISION = "Input #0 requires gradient and is not a double precision floating point or complex"

# A cell reads as one block with what is true of it underneath; the formatter would take each apart into a dozen lines.
# fmt: off
CASES: tuple[Case, ...] = (
    # ---------------------------------------------------------------- never_required
    case("never_required", "backward_without_requires_grad", """
        import torch
        x = torch.tensor(3.0)  # <--
        y = x**2
        y.backward()
        """, tensor="x", raises="RuntimeError"),
    case("never_required", "regression_weights_are_plain_tensors", """
        import torch
        x = torch.tensor([1.0, 2.0, 3.0])
        y = 2 * x + 1
        w, b = torch.zeros(1), torch.zeros(1)  # <--
        for epoch in range(3):
            y_pred = w * x + b
            loss = ((y_pred - y) ** 2).mean()
            loss.backward()
            with torch.no_grad():
                w -= 0.1 * w.grad
                b -= 0.1 * b.grad
        """, tensor="w", raises="RuntimeError"),
    case("never_required", "misspelt_require_grad", """
        import torch
        x = torch.linspace(0, 1, 5)
        x.require_grad = True  # <--
        y = torch.sin(x).sum()
        y.backward()
        """, tensor="x", raises="RuntimeError"),
    case("never_required", "module_keeps_its_weight_as_a_tensor", """
        import torch
        from torch import nn
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = torch.ones(1)  # <--
            def forward(self, x):
                return self.w * x
        model = Scale()
        loss = (model(torch.tensor([2.0])) - 1.0).pow(2).sum()
        loss.backward()
        """, raises="RuntimeError"),
    case("never_required", "grad_with_respect_to_data", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        x = torch.tensor(3.0)  # <--
        y = w * x**2
        dy_dx, = torch.autograd.grad(y, x)
        """, tensor="x", raises="RuntimeError"),
    case("never_required", "from_numpy_does_not_require_grad", """
        import numpy as np
        import torch
        t = torch.from_numpy(np.array([0.5, 1.0, 1.5]))  # <--
        position = 4.9 * t**2
        velocity = torch.autograd.grad(position.sum(), t)[0]
        """, tensor="t", raises="RuntimeError"),
    case("never_required", "optimizer_does_not_make_it_require_grad", """
        import torch
        w = torch.tensor([1.0, -2.0])  # <--
        optimizer = torch.optim.SGD([w], lr=0.1)
        for step in range(5):
            optimizer.zero_grad()
            loss = (w**2).sum()
            loss.backward()
            optimizer.step()
        """, tensor="w", raises="RuntimeError"),
    # ---------------------------------------------------------------- cut_by_detach
    case("cut_by_detach", "detach_between_two_layers", """
        import torch
        x = torch.tensor([1.0, 2.0])
        w = torch.tensor(0.5, requires_grad=True)
        h = torch.tanh(w * x).detach()  # <--
        loss = (h**2).sum()
        loss.backward()
        """, tensor="h", raises="RuntimeError"),
    case("cut_by_detach", "detached_prediction_in_the_loss", """
        import torch
        import torch.nn.functional as F
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        x, y = torch.randn(8, 3), torch.randn(8, 1)
        y_pred = model(x)
        loss = F.mse_loss(y_pred.detach(), y)  # <--
        loss.backward()
        """, tensor="y_pred", raises="RuntimeError"),
    case("cut_by_detach", "detach_inside_a_helper", """
        import torch
        def normalise(v):
            v = v - v.mean()
            return v.detach()  # <--
        w = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
        z = normalise(w)
        loss = (z**2).sum()
        loss.backward()
        """, tensor="v", raises="RuntimeError"),
    case("cut_by_detach", "data_in_the_chain", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        h = w * 3
        loss = (h.data - 1) ** 2  # <--
        loss.backward()
        """, tensor="h", raises="RuntimeError"),
    case("cut_by_detach", "detach_hides_the_first_weight", """
        import torch
        x = torch.tensor(3.0)
        w1 = torch.tensor(0.5, requires_grad=True)
        w2 = torch.tensor(2.0, requires_grad=True)
        h = torch.relu(w1 * x)
        y = w2 * h.detach()  # <--
        y.backward()
        print(w1.grad, w2.grad)
        """, tensor="h", gives="w1.grad is None and w2.grad.item() == 1.5"),
    case("cut_by_detach", "encoder_does_not_learn", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        encoder, decoder = nn.Linear(4, 2), nn.Linear(2, 4)
        optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])
        x = torch.randn(16, 4)
        for epoch in range(2):
            optimizer.zero_grad()
            code = encoder(x).detach()  # <--
            loss = nn.functional.mse_loss(decoder(code), x)
            loss.backward()
            optimizer.step()
        """, tensor="code", gives="encoder.weight.grad is None and decoder.weight.grad is not None"),
    case("cut_by_detach", "detach_in_place", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        h = w.exp()
        h.detach_()  # <--
        h.sum().backward()
        """, tensor="h", raises="RuntimeError"),
    case("cut_by_detach", "detach_in_an_argument_over_several_lines", """
        import torch
        import torch.nn.functional as F
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 2)
        x, y = torch.randn(4, 2), torch.tensor([0, 1, 1, 0])
        loss = F.cross_entropy(
            model(x).detach(),  # <--
            y,
            label_smoothing=0.1,
        )
        loss.backward()
        """, raises="RuntimeError"),
    # ---------------------------------------------------------------- cut_by_no_grad
    case("cut_by_no_grad", "forward_pass_under_no_grad", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        x = torch.tensor(3.0)
        with torch.no_grad():  # <--
            y_pred = w * x
        loss = (y_pred - 1) ** 2
        loss.backward()
        """, tensor="y_pred", raises="RuntimeError"),
    case("cut_by_no_grad", "decorated_loss_function", """
        import torch
        @torch.no_grad()  # <--
        def loss_of(w, x, y):
            y_pred = w * x
            return ((y_pred - y) ** 2).mean()
        w = torch.tensor(0.1, requires_grad=True)
        x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
        loss = loss_of(w, x, y)
        loss.backward()
        """, tensor="loss", raises="RuntimeError"),
    case("cut_by_no_grad", "grad_mode_left_switched_off", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        torch.set_grad_enabled(False)  # <--
        print("before training:", model(torch.ones(1, 2)).item())
        loss = model(torch.ones(4, 2)).pow(2).mean()
        loss.backward()
        """, tensor="loss", raises="RuntimeError"),
    case("cut_by_no_grad", "loss_under_inference_mode", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        with torch.inference_mode():  # <--
            loss = (w**2).sum()
        loss.backward()
        """, tensor="loss", raises="RuntimeError"),
    case("cut_by_no_grad", "backbone_under_no_grad_is_not_trained", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        backbone, head = nn.Linear(4, 3), nn.Linear(3, 1)
        x, y = torch.randn(8, 4), torch.randn(8, 1)
        with torch.no_grad():  # <--
            features = torch.relu(backbone(x))
        loss = nn.functional.mse_loss(head(features), y)
        loss.backward()
        print(backbone.weight.grad)
        """, tensor="features", gives="backbone.weight.grad is None and head.weight.grad is not None"),
    case("cut_by_no_grad", "update_rule_with_no_grad_around_everything", """
        import torch
        w = torch.tensor(5.0, requires_grad=True)
        for step in range(3):
            with torch.no_grad():  # <--
                loss = (w - 3) ** 2
                loss.backward()
                w -= 0.1 * w.grad
                w.grad = None
        """, tensor="loss", raises="RuntimeError"),
    case("cut_by_no_grad", "retain_grad_on_a_result_of_no_grad", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        with torch.no_grad():  # <--
            h = torch.tanh(w)
        h.retain_grad()
        h.sum().backward()
        """, tensor="h", raises="RuntimeError"),
    case("cut_by_no_grad", "no_grad_inside_forward", """
        import torch
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(2, 1)
            def forward(self, x):
                with torch.no_grad():  # <--
                    x = (x - x.mean()) / x.std()
                    return self.layer(x)
        torch.manual_seed(0)
        Net()(torch.randn(4, 2)).mean().backward()
        """, raises="RuntimeError"),
    # ---------------------------------------------------------------- turned_off
    case("turned_off", "requires_grad_turned_off_for_printing", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        print(w.requires_grad_(False).numpy())  # <--
        loss = (w**2).sum()
        loss.backward()
        """, tensor="w", raises="RuntimeError"),
    case("turned_off", "all_parameters_frozen", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
        for p in model.parameters():
            p.requires_grad = False  # <--
        loss = model(torch.randn(5, 2)).mean()
        loss.backward()
        """, raises="RuntimeError"),
    case("turned_off", "whole_module_frozen", """
        import torch
        torch.manual_seed(0)
        critic = torch.nn.Linear(3, 1)
        critic.requires_grad_(False)  # <--
        optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
        optimizer.zero_grad()
        loss = (critic(torch.randn(4, 3)) - 1).pow(2).mean()
        loss.backward()
        optimizer.step()
        """, raises="RuntimeError"),
    case("turned_off", "grad_of_a_frozen_weight", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        w.requires_grad = False  # <--
        loss = (w * 3 + b) ** 2
        dw, db = torch.autograd.grad(loss, (w, b))
        """, tensor="w", raises="RuntimeError"),
    case("turned_off", "one_weight_frozen_in_silence", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        w.requires_grad_(False)  # <--
        loss = (w * 3 + b) ** 2
        loss.backward()
        print(w.grad, b.grad)
        """, tensor="w", gives="w.grad is None and b.grad.item() == 14.0"),
    # ---------------------------------------------------------------- left_graph
    case("left_graph", "item_then_backward", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        loss = (x**2).sum().item()  # <--
        loss.backward()
        """, tensor="loss", raises="AttributeError"),
    case("left_graph", "math_sin_gives_a_float", """
        import math
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = math.sin(x**2)  # <--
        y.backward()
        """, tensor="y", raises="AttributeError", warns=(TO_SCALAR,)),
    case("left_graph", "losses_added_as_numbers", """
        import torch
        w = torch.tensor(1.0, requires_grad=True)
        total = 0.0
        for x, y in [(1.0, 2.0), (2.0, 4.0)]:
            loss = (w * x - y) ** 2
            total += loss.item()  # <--
        total.backward()
        """, tensor="total", raises="AttributeError"),
    case("left_graph", "numpy_of_a_tensor_that_requires_grad", """
        import torch
        w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = w**2
        values = y.numpy()  # <--
        """, tensor="y", raises="RuntimeError"),
    case("left_graph", "np_exp_of_a_tensor_that_requires_grad", """
        import numpy as np
        import torch
        z = torch.tensor([0.0, 1.0], requires_grad=True)
        p = 1 / (1 + np.exp(-z))  # <--
        p.sum().backward()
        """, tensor="z", raises="RuntimeError"),
    case("left_graph", "rewrapped_item", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        h = x**2
        y = torch.tensor(h.item(), requires_grad=True)  # <--
        y.backward()
        print(x.grad)
        """, tensor="h", gives="x.grad is None and y.grad.item() == 1.0"),
    case("left_graph", "loss_rewrapped_to_silence_the_error", """
        import numpy as np
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        x, y = torch.randn(6, 2), np.ones((6, 1), dtype=np.float32)
        y_pred = model(x).detach().numpy()  # <--
        loss = torch.tensor(np.mean((y_pred - y) ** 2), requires_grad=True)
        loss.backward()
        print(model.weight.grad)
        """, tensor="y_pred", gives="model.weight.grad is None and loss.grad.item() == 1.0"),
    case("left_graph", "float_of_the_weight_in_a_formula", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        y = float(w) * 3.0 + b  # <--
        y.backward()
        print(w.grad, b.grad)
        """, tensor="w", warns=(TO_SCALAR,), gives="w.grad is None and b.grad.item() == 1.0"),
    case("left_graph", "list_and_back", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        squares = [v * v for v in w.tolist()]  # <--
        loss = torch.tensor(squares).sum()
        loss.backward()
        """, tensor="w", raises="RuntimeError"),
    case("left_graph", "item_inside_the_loss_function", """
        import torch
        def loss_function(y_pred, y):
            errors = [(p - t).item() ** 2 for p, t in zip(y_pred, y)]  # <--
            return torch.tensor(sum(errors) / len(errors))
        w = torch.tensor(0.5, requires_grad=True)
        x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
        loss = loss_function(w * x, y)
        loss.backward()
        """, raises="RuntimeError"),
    case("left_graph", "item_inside_forward", """
        import torch
        class Gate(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.strength = torch.nn.Parameter(torch.tensor(0.5))
                self.offset = torch.nn.Parameter(torch.tensor(0.0))
            def forward(self, x):
                return self.strength.item() * x + self.offset  # <--
        gate = Gate()
        gate(torch.tensor(3.0)).backward()
        """, gives="gate.strength.grad is None and gate.offset.grad.item() == 1.0"),
    case("left_graph", "weights_summed_as_floats", """
        import torch
        w = torch.tensor([0.5, -1.5], requires_grad=True)
        x = torch.tensor([1.0, 2.0])
        y_pred = sum(
            float(wi) * xi  # <--
            for wi, xi in zip(w, x)
        )
        loss = (y_pred - 1) ** 2
        loss.backward()
        """, tensor="wi", raises="RuntimeError", warns=(TO_SCALAR,)),
    # ---------------------------------------------------------------- copied
    case("copied", "torch_tensor_of_a_tensor", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        y = torch.tensor(x**2)  # <--
        y.backward()
        """, tensor="y", raises="RuntimeError", warns=(COPIED,)),
    case("copied", "torch_tensor_of_a_tensor_that_requires_grad_again", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        h = x**2
        y = torch.tensor(h, requires_grad=True)  # <--
        (2 * y).backward()
        print(x.grad)
        """, tensor="h", warns=(COPIED,), gives="x.grad is None and y.grad.item() == 2.0"),
    case("copied", "list_of_losses_made_into_a_tensor", """
        import torch
        w = torch.tensor(1.0, requires_grad=True)
        losses = [(w * x - 2 * x) ** 2 for x in (1.0, 2.0, 3.0)]
        loss = torch.tensor(losses).mean()  # <--
        loss.backward()
        """, tensor="losses", raises="RuntimeError", warns=(TO_SCALAR,)),
    case("copied", "rotation_matrix_from_an_angle", """
        import torch
        angle = torch.tensor(0.3, requires_grad=True)
        c, s = torch.cos(angle), torch.sin(angle)
        rotation = torch.tensor([[c, -s], [s, c]], requires_grad=True)  # <--
        point = rotation @ torch.tensor([1.0, 0.0])
        point.sum().backward()
        print(angle.grad)
        """, tensor="rotation", warns=(TO_SCALAR,), gives="angle.grad is None and rotation.grad is not None"),
    case("copied", "new_tensor_of_a_result", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        h = w * 3
        z = h.new_tensor(h)  # <--
        z.sum().backward()
        """, tensor="h", raises="RuntimeError", warns=(COPIED,)),
    # ---------------------------------------------------------------- not_differentiable
    case("not_differentiable", "backward_on_the_result_of_argmax", """
        import torch
        logits = torch.tensor([0.1, 2.0, -1.0], requires_grad=True)
        prediction = torch.argmax(logits)  # <--
        loss = (prediction.float() - 2.0) ** 2
        loss.backward()
        """, tensor="prediction", raises="RuntimeError"),
    case("not_differentiable", "accuracy_as_a_loss", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 3)
        x, y = torch.randn(6, 2), torch.tensor([0, 1, 2, 0, 1, 2])
        logits = model(x)
        correct = logits.argmax(dim=1) == y  # <--
        loss = 1 - correct.float().mean()
        loss.backward()
        """, tensor="correct", raises="RuntimeError"),
    case("not_differentiable", "threshold_by_comparison", """
        import torch
        w = torch.tensor([0.2, 0.7, 0.9], requires_grad=True)
        decision = (w > 0.5).float()  # <--
        loss = decision.sum()
        loss.backward()
        """, tensor="decision", raises="RuntimeError"),
    case("not_differentiable", "cast_to_integers", """
        import torch
        w = torch.tensor([1.4, 2.6], requires_grad=True)
        counts = w.long()  # <--
        loss = (counts - 1).pow(2).sum().float()
        loss.backward()
        """, tensor="counts", raises="RuntimeError"),
    case("not_differentiable", "indices_of_a_sort", """
        import torch
        scores = torch.tensor([0.3, 0.9, 0.5], requires_grad=True)
        _, order = torch.sort(scores, descending=True)  # <--
        loss = (order.float() * torch.tensor([1.0, 2.0, 3.0])).sum()
        loss.backward()
        """, tensor="order", raises="RuntimeError"),
    case("not_differentiable", "sampled_index_is_not_the_policy", """
        import torch
        torch.manual_seed(0)
        preferences = torch.tensor([0.1, 0.5, -0.2], requires_grad=True)
        probabilities = torch.softmax(preferences, dim=0)
        action = torch.multinomial(probabilities, 1)  # <--
        reward = torch.tensor([1.0, 0.0, 2.0])[action]
        loss = -reward.sum()
        loss.backward()
        """, tensor="action", raises="RuntimeError"),
    # ---------------------------------------------------------------- flat_operation
    case("flat_operation", "round_has_no_slope", """
        import torch
        x = torch.tensor([1.2, 2.7], requires_grad=True)
        y = torch.round(x)  # <--
        loss = ((y - 5.0) ** 2).sum()
        loss.backward()
        print(x.grad)
        """, tensor="y", gives="x.grad.tolist() == [0.0, 0.0]"),
    case("flat_operation", "sign_as_an_activation", """
        import torch
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 2)
        x = torch.randn(4, 3)
        h = layer(x).sign()  # <--
        loss = (h - 1).abs().sum()
        loss.backward()
        """, tensor="h", gives="(layer.weight.grad == 0).all().item()"),
    case("flat_operation", "floor_division_into_bins", """
        import torch
        width = torch.tensor(0.4, requires_grad=True)
        positions = torch.tensor([0.1, 0.5, 1.1])
        bins = torch.floor(positions / width)  # <--
        loss = bins.mean()
        loss.backward()
        print(width.grad)
        """, tensor="bins", gives="width.grad.item() == 0.0"),
    case("flat_operation", "quantised_weights", """
        import torch
        def quantise(w, step=0.25):
            return torch.round(w / step) * step  # <--
        w = torch.tensor([0.3, -0.7], requires_grad=True)
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        loss = (x @ quantise(w) - 1.0).pow(2).mean()
        loss.backward()
        print(w.grad)
        """, tensor="w", gives="w.grad.tolist() == [0.0, 0.0]"),
    # ---------------------------------------------------------------- integer_dtype
    case("integer_dtype", "tensor_of_integers_requires_grad", """
        import torch
        x = torch.tensor([1, 2, 3], requires_grad=True)  # <--
        y = (x**2).sum()
        y.backward()
        """, tensor="x", raises="RuntimeError"),
    case("integer_dtype", "arange_then_requires_grad", """
        import torch
        x = torch.arange(5)  # <--
        x.requires_grad_(True)
        y = torch.sin(x).sum()
        y.backward()
        """, tensor="x", raises="RuntimeError"),
    case("integer_dtype", "parameter_of_integers", """
        import torch
        from torch import nn
        class Polynomial(nn.Module):
            def __init__(self):
                super().__init__()
                self.coefficients = nn.Parameter(torch.tensor([1, 0, 2]))  # <--
            def forward(self, x):
                return self.coefficients[0] + self.coefficients[2] * x**2
        model = Polynomial()
        model(torch.tensor(2.0)).backward()
        """, raises="RuntimeError"),
    # ---------------------------------------------------------------- freed
    case("freed", "backward_twice", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        y = x**2
        y.backward()
        y.backward()  # <--
        """, tensor="y", raises="RuntimeError"),
    case("freed", "two_losses_on_one_trunk", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        trunk, head1, head2 = nn.Linear(4, 3), nn.Linear(3, 1), nn.Linear(3, 1)
        h = torch.tanh(trunk(torch.randn(5, 4)))
        loss1 = head1(h).pow(2).mean()
        loss2 = head2(h).abs().mean()
        loss1.backward()
        loss2.backward()  # <--
        """, tensor="loss2", raises="RuntimeError"),
    case("freed", "forward_pass_before_the_loop", """
        import torch
        x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0])
        w = torch.tensor(0.0, requires_grad=True)
        y_pred = w * x  # <--
        for epoch in range(3):
            loss = ((y_pred - y) ** 2).mean()
            loss.backward()
            w.grad = None
        """, tensor="y_pred", raises="RuntimeError"),
    case("freed", "hidden_state_carried_over", """
        import torch
        torch.manual_seed(0)
        cell = torch.nn.RNNCell(2, 3)
        optimizer = torch.optim.SGD(cell.parameters(), lr=0.01)
        h = torch.zeros(1, 3)
        for x in torch.randn(4, 1, 2):
            h = cell(x, h)  # <--
            loss = h.pow(2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        """, tensor="h", raises="RuntimeError"),
    case("freed", "grad_for_each_weight_in_turn", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        loss = torch.sigmoid(w * 3.0 + b)
        dw = torch.autograd.grad(loss, w)[0]
        db = torch.autograd.grad(loss, b)[0]  # <--
        """, tensor="loss", raises="RuntimeError"),
    case("freed", "positive_weight_made_once", """
        import torch
        log_scale = torch.tensor(0.0, requires_grad=True)
        optimizer = torch.optim.SGD([log_scale], lr=0.1)
        scale = log_scale.exp()  # <--
        for x in (1.0, 2.0, 3.0):
            loss = (scale * x - 4.0) ** 2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        """, tensor="scale", raises="RuntimeError"),
    case("freed", "backward_on_the_running_total", """
        import torch
        w = torch.tensor(1.0, requires_grad=True)
        total = 0.0
        for x in (1.0, 2.0, 3.0):
            loss = (w * x - 2 * x) ** 2
            total = total + loss  # <--
            total.backward()
            w.grad = None
        """, tensor="total", raises="RuntimeError"),
    # ---------------------------------------------------------------- doubled
    case("doubled", "backward_twice_through_a_sum", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        y = x + x + 1
        y.backward()
        y.backward()  # <--
        print(x.grad)
        """, tensor="y", gives="x.grad.item() == 4.0"),
    case("doubled", "retain_graph_to_make_the_error_go_away", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        y = x**2
        y.backward(retain_graph=True)
        print(x.grad)
        y.backward()  # <--
        print(x.grad)
        """, tensor="y", gives="x.grad.item() == 12.0"),
    case("doubled", "mean_backward_in_a_function_and_again_outside", """
        import torch
        def report(loss):
            loss.backward()
            return loss.item()
        w = torch.tensor([1.0, 3.0], requires_grad=True)
        loss = w.mean()
        print(report(loss))
        loss.backward()  # <--
        """, tensor="loss", gives="w.grad.tolist() == [1.0, 1.0]"),
    # ---------------------------------------------------------------- no_create_graph
    case("no_create_graph", "second_derivative_by_grad_of_grad", """
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = x**3
        dy, = torch.autograd.grad(y, x)  # <--
        d2y, = torch.autograd.grad(dy, x)
        """, tensor="dy", raises="RuntimeError"),
    case("no_create_graph", "backward_on_the_gradient", """
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = torch.sin(x)
        y.backward()  # <--
        x.grad.backward()
        """, tensor="x", raises="RuntimeError"),
    case("no_create_graph", "hessian_row_by_row", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = x[0] ** 2 * x[1]
        gradient = torch.autograd.grad(y, x, retain_graph=True)[0]  # <--
        hessian = torch.stack([torch.autograd.grad(g, x, retain_graph=True)[0] for g in gradient])
        """, tensor="gradient", raises="RuntimeError"),
    case("no_create_graph", "gradient_penalty_without_effect", """
        import torch
        torch.manual_seed(0)
        critic = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        x = torch.randn(4, 2, requires_grad=True)
        score = critic(x).mean()
        g, = torch.autograd.grad(score, x, retain_graph=True)  # <--
        penalty = (g.norm(dim=1) - 1).pow(2).mean()
        loss = score + 10 * penalty
        loss.backward()
        """, tensor="g", gives="penalty.grad_fn is None and critic[0].weight.grad is not None"),
    case("no_create_graph", "hessian_vector_product", """
        import torch
        w = torch.tensor([1.0, -1.0], requires_grad=True)
        v = torch.tensor([0.5, 2.0])
        loss = (w**4).sum()
        loss.backward()  # <--
        product = torch.autograd.grad((w.grad * v).sum(), w)
        """, tensor="w", raises="RuntimeError"),
    # ---------------------------------------------------------------- nonscalar
    case("nonscalar", "backward_on_a_vector", """
        import torch
        x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = x**2
        y.backward()  # <--
        """, tensor="y", raises="RuntimeError"),
    case("nonscalar", "one_loss_for_each_example", """
        import torch
        import torch.nn.functional as F
        torch.manual_seed(0)
        model = torch.nn.Linear(4, 3)
        x, y = torch.randn(6, 4), torch.tensor([0, 1, 2, 2, 1, 0])
        loss = F.cross_entropy(model(x), y, reduction="none")
        loss.backward()  # <--
        """, tensor="loss", raises="RuntimeError"),
    case("nonscalar", "autograd_grad_of_a_vector", """
        import torch
        t = torch.linspace(0, 1, 5, requires_grad=True)
        position = torch.sin(t)
        velocity = torch.autograd.grad(position, t)[0]  # <--
        """, tensor="position", raises="RuntimeError"),
    case("nonscalar", "squared_error_without_mean", """
        import torch
        x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
        w, b = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
        def squared_error(y_pred, y):
            return (y_pred - y) ** 2
        loss = squared_error(w * x + b, y)
        loss.backward()  # <--
        """, tensor="loss", raises="RuntimeError"),
    case("nonscalar", "model_output_instead_of_the_loss", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        x, y = torch.randn(5, 2), torch.randn(5, 1)
        for epoch in range(2):
            outputs = model(x)
            loss = torch.nn.functional.mse_loss(outputs, y)
            outputs.backward()  # <--
            model.zero_grad()
        """, tensor="outputs", raises="RuntimeError"),
    # ---------------------------------------------------------------- gradient_shape
    case("gradient_shape", "gradient_of_another_length", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = x**2
        y.backward(torch.ones(3))  # <--
        """, tensor="y", raises="RuntimeError"),
    case("gradient_shape", "gradient_without_the_last_axis", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        y_pred = model(torch.randn(5, 3))
        y_pred.backward(gradient=torch.ones(5))  # <--
        """, tensor="y_pred", raises="RuntimeError"),
    case("gradient_shape", "grad_outputs_of_the_input_shape", """
        import torch
        x = torch.ones(4, 2, requires_grad=True)
        u = (x**2).sum(dim=1)
        du = torch.autograd.grad(u, x, grad_outputs=torch.ones_like(x))[0]  # <--
        """, tensor="u", raises="RuntimeError"),
    # ---------------------------------------------------------------- nonleaf_grad
    case("nonleaf_grad", "grad_of_an_intermediate", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        y = x**2
        z = torch.sin(y)
        z.backward()
        print(x.grad, y.grad)  # <--
        """, tensor="y", warns=(NON_LEAF,), gives="y.grad is None and x.grad is not None"),
    case("nonleaf_grad", "norm_of_the_gradient_of_an_activation", """
        import torch
        torch.manual_seed(0)
        layer1, layer2 = torch.nn.Linear(3, 4), torch.nn.Linear(4, 1)
        h = torch.relu(layer1(torch.randn(2, 3)))
        loss = layer2(h).pow(2).mean()
        loss.backward()
        print(h.grad.norm())  # <--
        """, tensor="h", raises="AttributeError", warns=(NON_LEAF,)),
    case("nonleaf_grad", "saliency_of_scaled_pixels", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(4, 2)
        pixels = torch.tensor([[0.0, 64.0, 128.0, 255.0]], requires_grad=True)
        image = pixels / 255
        score = model(image)[0, 1]
        score.backward()
        saliency = image.grad  # <--
        """, tensor="image", warns=(NON_LEAF,), gives="saliency is None and pixels.grad is not None"),
    case("nonleaf_grad", "gradients_collected_in_a_loop", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        a = w * 3
        b = a**2
        b.backward()
        for name, value in {"w": w, "a": a}.items():
            print(name, value.grad)  # <--
        """, tensor="a", warns=(NON_LEAF,), gives="a.grad is None and w.grad.item() == 36.0"),
    # ---------------------------------------------------------------- retain_grad_on_leaf
    case("retain_grad_on_leaf", "retain_grad_on_the_input", """
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        x.retain_grad()  # <--
        y = x**2
        y.backward()
        print(x.grad)
        """, tensor="x", gives="x.grad.item() == 4.0 and not x.retains_grad"),
    case("retain_grad_on_leaf", "retain_grad_to_keep_it_after_zero_grad", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        w.retain_grad()  # <--
        optimizer = torch.optim.SGD([w], lr=0.1)
        (w**2).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        print(w.grad)
        """, tensor="w", gives="w.grad is None and not w.retains_grad"),
    # ---------------------------------------------------------------- retain_grad_no_grad
    case("retain_grad_no_grad", "retain_grad_on_data", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        x = torch.randn(4, 3)
        x.retain_grad()  # <--
        model(x).sum().backward()
        print(x.grad)
        """, tensor="x", raises="RuntimeError"),
    case("retain_grad_no_grad", "retain_grad_on_the_target", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        x, y = torch.tensor(1.5), torch.tensor(4.0)
        y_pred = w * x
        y_pred.retain_grad()
        y.retain_grad()  # <--
        (y_pred - y).pow(2).backward()
        """, tensor="y", raises="RuntimeError"),
    # ---------------------------------------------------------------- retain_grad_too_late
    case("retain_grad_too_late", "retain_grad_after_backward", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        y = x**2
        z = torch.sin(y)
        z.backward()
        y.retain_grad()  # <--
        print(y.grad)
        """, tensor="y", gives="y.grad is None and y.retains_grad"),
    case("retain_grad_too_late", "retain_grad_after_backward_in_a_network", """
        import torch
        torch.manual_seed(0)
        layer1, layer2 = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
        hidden = torch.tanh(layer1(torch.randn(5, 2)))
        loss = layer2(hidden).pow(2).mean()
        loss.backward()
        hidden.retain_grad()  # <--
        print("gradient of the hidden layer:", hidden.grad)
        """, tensor="hidden", gives="hidden.grad is None"),
    # ---------------------------------------------------------------- leaf_lost
    case("leaf_lost", "update_rebinds_the_weight", """
        import torch
        x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
        w = torch.tensor(0.0, requires_grad=True)
        for epoch in range(3):
            loss = ((w * x - y) ** 2).mean()
            loss.backward()
            w = w - 0.1 * w.grad  # <--
        """, tensor="w", raises="TypeError", warns=(NON_LEAF,)),
    case("leaf_lost", "update_rebinds_the_weight_under_no_grad", """
        import torch
        w = torch.tensor(5.0, requires_grad=True)
        for step in range(3):
            loss = (w - 3) ** 2
            loss.backward()
            with torch.no_grad():
                w = w - 0.1 * w.grad  # <--
        """, tensor="w", raises="RuntimeError"),
    case("leaf_lost", "times_one", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        x = x * 1  # <--
        y = x**2
        y.backward()
        print(x.grad)
        """, tensor="x", warns=(NON_LEAF,), gives="x.grad is None"),
    case("leaf_lost", "moved_to_another_dtype", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True).to(torch.float64)  # <--
        y = (x**2).sum()
        y.backward()
        print(x.grad)
        """, tensor="x", warns=(NON_LEAF,), gives="x.grad is None"),
    case("leaf_lost", "scaled_initial_weights", """
        import torch
        torch.manual_seed(0)
        w = torch.randn(3, 2, requires_grad=True) * 0.01  # <--
        x = torch.randn(5, 3)
        loss = (x @ w).pow(2).mean()
        loss.backward()
        w.data -= 0.1 * w.grad
        """, tensor="w", raises="TypeError", warns=(NON_LEAF,)),
    case("leaf_lost", "optimizer_of_scaled_weights", """
        import torch
        torch.manual_seed(0)
        w = 0.1 * torch.randn(3, requires_grad=True)  # <--
        optimizer = torch.optim.Adam([w], lr=0.01)
        loss = (w**2).sum()
        loss.backward()
        optimizer.step()
        """, tensor="w", raises="ValueError"),
    case("leaf_lost", "reshaped_input", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(1, 1)
        t = torch.linspace(0, 1, 4, requires_grad=True)
        t = t.reshape(-1, 1)  # <--
        model(t).sum().backward()
        print(t.grad)
        """, tensor="t", warns=(NON_LEAF,), gives="t.grad is None"),
    case("leaf_lost", "list_of_updated_parameters", """
        import torch
        w, b = torch.tensor(1.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
        params = [w, b]
        for epoch in range(2):
            w, b = params
            loss = (w * 2.0 + b - 5.0) ** 2
            loss.backward()
            params = [p - 0.1 * p.grad for p in params]  # <--
        """, tensor="params", raises="TypeError", warns=(NON_LEAF,)),
    # ---------------------------------------------------------------- flag_on_nonleaf
    case("flag_on_nonleaf", "requires_grad_off_on_an_intermediate", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        h = w * 2
        h.requires_grad = False  # <--
        loss = (h**2).sum()
        """, tensor="h", raises="RuntimeError"),
    case("flag_on_nonleaf", "frozen_features_by_flag", """
        import torch
        torch.manual_seed(0)
        backbone, head = torch.nn.Linear(4, 3), torch.nn.Linear(3, 1)
        features = torch.relu(backbone(torch.randn(2, 4)))
        features.requires_grad_(False)  # <--
        loss = head(features).sum()
        loss.backward()
        """, tensor="features", raises="RuntimeError"),
    # ---------------------------------------------------------------- inplace_on_leaf
    case("inplace_on_leaf", "update_without_no_grad", """
        import torch
        w = torch.tensor(5.0, requires_grad=True)
        loss = (w - 3) ** 2
        loss.backward()
        w -= 0.1 * w.grad  # <--
        """, tensor="w", raises="RuntimeError"),
    case("inplace_on_leaf", "element_of_a_leaf_assigned", """
        import torch
        x = torch.zeros(3, requires_grad=True)
        x[0] = 1.0  # <--
        y = (x**2).sum()
        y.backward()
        """, tensor="x", raises="RuntimeError"),
    case("inplace_on_leaf", "view_of_a_leaf_multiplied", """
        import torch
        w = torch.ones(2, 3, requires_grad=True)
        row = w[0]
        row *= 2.0  # <--
        w.sum().backward()
        """, tensor="row", raises="RuntimeError"),
    case("inplace_on_leaf", "inplace_relu_on_the_input", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        x = torch.randn(4, requires_grad=True)
        activation = nn.ReLU(inplace=True)
        loss = activation(x).sum()  # <--
        loss.backward()
        """, tensor="x", raises="RuntimeError"),
    case("inplace_on_leaf", "weights_clipped_without_no_grad", """
        import torch
        torch.manual_seed(0)
        critic = torch.nn.Linear(3, 1)
        critic(torch.randn(4, 3)).mean().backward()
        for p in critic.parameters():
            p.clamp_(-0.01, 0.01)  # <--
        """, tensor="p", raises="RuntimeError"),
    case("inplace_on_leaf", "noise_added_to_the_input", """
        import torch
        def attack(image, step):
            image += step * torch.ones_like(image)  # <--
            return image.clamp(0, 1)
        image = torch.full((2, 2), 0.5, requires_grad=True)
        adversarial = attack(image, 0.1)
        """, tensor="image", raises="RuntimeError"),
    # ---------------------------------------------------------------- inplace_on_saved
    case("inplace_on_saved", "output_of_exp_edited", """
        import torch
        x = torch.tensor([0.0, 1.0], requires_grad=True)
        y = torch.exp(x)
        y += 1  # <--
        y.sum().backward()
        """, tensor="y", raises="RuntimeError"),
    case("inplace_on_saved", "output_of_sigmoid_scaled", """
        import torch
        z = torch.tensor([0.5, -0.5], requires_grad=True)
        p = torch.sigmoid(z)
        p.mul_(0.5)  # <--
        loss = -torch.log(p).sum()
        loss.backward()
        """, tensor="p", raises="RuntimeError"),
    case("inplace_on_saved", "input_of_a_square_edited", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        h = 3 * w
        y = h**2
        h += 1  # <--
        y.sum().backward()
        """, tensor="h", raises="RuntimeError"),
    case("inplace_on_saved", "edit_through_a_view", """
        import torch
        w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
        h = w * 2
        first = h[0]
        loss = (h**2).sum()
        first.zero_()  # <--
        loss.backward()
        """, tensor="h", raises="RuntimeError"),
    case("inplace_on_saved", "edit_through_detach", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        h = w * 2
        loss = (h**2).sum()
        h.detach().clamp_(max=3.0)  # <--
        loss.backward()
        """, tensor="h", raises="RuntimeError"),
    case("inplace_on_saved", "optimizer_step_before_backward", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)
        loss1, loss2 = (w - 1) ** 2, w**3
        loss1.backward()
        optimizer.step()  # <--
        loss2.backward()
        """, tensor="w", raises="RuntimeError"),
    case("inplace_on_saved", "critic_step_before_the_actor_backward", """
        import torch
        torch.manual_seed(0)
        actor, critic = torch.nn.Linear(2, 1), torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.Linear(4, 1))
        optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
        state = torch.randn(3, 2)
        value = critic(actor(state))
        critic_loss = (value - 1).pow(2).mean()
        actor_loss = -value.mean()
        critic_loss.backward(retain_graph=True)
        optimizer.step()  # <--
        actor_loss.backward()
        """, raises="RuntimeError"),
    case("inplace_on_saved", "inplace_relu_after_tanh", """
        import torch
        import torch.nn.functional as F
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 4)
        h = torch.tanh(layer(torch.randn(2, 3)))
        out = F.relu(h, inplace=True)  # <--
        out.sum().backward()
        """, tensor="h", raises="RuntimeError"),
    case("inplace_on_saved", "time_steps_written_into_one_tensor", """
        import torch
        rate = torch.tensor(0.5, requires_grad=True)
        states = torch.zeros(4)
        states[0] = 1.0
        for t in range(3):
            states[t + 1] = states[t] * rate  # <--
        states.sum().backward()
        """, tensor="states", raises="RuntimeError"),
    case("inplace_on_saved", "attention_masked_after_softmax", """
        import torch
        scores = torch.tensor([[1.0, 2.0, 0.5], [0.3, 0.1, 0.9]], requires_grad=True)
        padding = torch.tensor([False, False, True])
        attention = torch.softmax(scores, dim=-1)
        attention[:, padding] = 0.0  # <--
        (attention @ torch.tensor([1.0, 2.0, 3.0])).sum().backward()
        """, tensor="attention", raises="RuntimeError"),
    case("inplace_on_saved", "weight_updated_between_forward_and_backward", """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        loss = w**2
        with torch.no_grad():
            w -= 0.1  # <--
        loss.backward()
        """, tensor="w", raises="RuntimeError"),
    case("inplace_on_saved", "hidden_state_decayed_in_place", """
        import torch
        w = torch.tensor(0.8, requires_grad=True)
        h, outputs = torch.ones(2), []
        for step in range(3):
            h = torch.tanh(w * h)
            outputs.append(h)
            h *= 0.9  # <--
        torch.stack(outputs).sum().backward()
        """, tensor="h", raises="RuntimeError"),
    case("inplace_on_saved", "residual_added_in_place", """
        import torch
        class Block(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(3, 3)
            def forward(self, x):
                x += torch.sigmoid(self.layer(x))  # <--
                return x
        torch.manual_seed(0)
        h = torch.relu(torch.nn.Linear(2, 3)(torch.randn(4, 2)))
        Block()(h).sum().backward()
        """, tensor="x", raises="RuntimeError"),
    # ---------------------------------------------------------------- data_edit
    case("data_edit", "hidden_value_edited_through_data", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        h = 2 * x
        y = h**2
        h.data += 1.0  # <--
        y.backward()
        print(x.grad)
        """, tensor="h", gives="x.grad.item() == 28.0"),
    case("data_edit", "weight_updated_through_data_before_backward", """
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        loss = w**2
        w.data -= 1.0  # <--
        loss.backward()
        print(w.grad)
        """, tensor="w", gives="w.grad.item() == 4.0"),
    case("data_edit", "probabilities_clamped_through_data", """
        import torch
        z = torch.tensor([0.0, 4.0], requires_grad=True)
        p = torch.sigmoid(z)
        p.data.clamp_(0.1, 0.9)  # <--
        p.sum().backward()
        print(z.grad)
        """, tensor="p", gives="abs(z.grad[1].item() - 0.09) < 1e-6"),
    case("data_edit", "parameter_data_replaced_before_backward", """
        import torch
        model = torch.nn.Linear(1, 1, bias=False)
        model.weight.data.fill_(2.0)
        loss = model(model.weight).sum()
        model.weight.data.fill_(5.0)  # <--
        loss.backward()
        print(model.weight.grad)
        """, gives="model.weight.grad.item() == 10.0"),
    # ---------------------------------------------------------------- accumulated
    case("accumulated", "descent_without_clearing", """
        import torch
        w = torch.tensor(5.0, requires_grad=True)
        for step in range(2):
            loss = (w - 3) ** 2
            loss.backward()  # <--
            with torch.no_grad():
                w -= 0.1 * w.grad
        print(w)
        """, tensor="w", gives="abs(w.grad.item() - (4.0 + 3.2)) < 1e-5"),
    case("accumulated", "training_loop_without_zero_grad", """
        import torch
        model = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.zeros_(model.weight)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        x, y = torch.ones(4, 1), torch.ones(4, 1)
        for epoch in range(3):
            loss = torch.nn.functional.mse_loss(model(x), y)
            loss.backward()  # <--
            optimizer.step()
        """, gives="abs(model.weight.grad.item() + (2.0 + 1.6 + 0.88)) < 1e-5"),
    case("accumulated", "two_functions_of_one_input", """
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = x**2
        y.backward()
        print("dy/dx =", x.grad)
        z = x**3
        z.backward()  # <--
        print("dz/dx =", x.grad)
        """, tensor="x", gives="x.grad.item() == 4.0 + 12.0"),
    case("accumulated", "gradient_at_several_points", """
        import torch
        def slope(x):
            y = x * x
            y.backward()  # <--
            return x.grad.item()
        x = torch.tensor(1.0, requires_grad=True)
        slopes = [slope(x)]
        x.data.fill_(2.0)
        slopes.append(slope(x))
        """, tensor="x", gives="slopes == [2.0, 6.0]"),
    case("accumulated", "only_one_of_two_weights_cleared", """
        import torch
        w, b = torch.tensor(1.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
        for epoch in range(2):
            loss = (w * 2.0 + b - 4.0) ** 2
            loss.backward()  # <--
            with torch.no_grad():
                w -= 0.01 * w.grad
                b -= 0.01 * b.grad
            w.grad.zero_()
        """, tensor="b", gives="w.grad.item() == 0.0 and abs(b.grad.item() + 7.6) < 1e-5"),
    case("accumulated", "train_function_without_zero_grad", """
        import torch
        def train(model, batches, optimizer):
            for x, y in batches:
                loss = (model(x) - y).abs().mean()
                loss.backward()  # <--
                optimizer.step()
        torch.manual_seed(0)
        model = torch.nn.Linear(1, 1)
        batches = [(torch.ones(2, 1), torch.full((2, 1), 9.0))] * 3
        train(model, batches, torch.optim.SGD(model.parameters(), lr=0.1))
        """, gives="abs(model.bias.grad.item()) == 3.0"),
    # ---------------------------------------------------------------- grad_is_none
    case("grad_is_none", "update_before_backward", """
        import torch
        w = torch.tensor(5.0, requires_grad=True)
        loss = (w - 3) ** 2
        with torch.no_grad():
            w -= 0.1 * w.grad  # <--
        """, tensor="w", raises="TypeError"),
    case("grad_is_none", "zero_before_the_first_backward", """
        import torch
        w = torch.tensor(5.0, requires_grad=True)
        for step in range(3):
            w.grad.zero_()  # <--
            loss = (w - 3) ** 2
            loss.backward()
            w.data -= 0.1 * w.grad
        """, tensor="w", raises="AttributeError"),
    case("grad_is_none", "zero_grad_between_backward_and_update", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)
        loss = (w**2).sum()
        loss.backward()
        optimizer.zero_grad()  # <--
        with torch.no_grad():
            w -= 0.1 * w.grad
        """, tensor="w", raises="TypeError"),
    case("grad_is_none", "gradient_norm_after_zero_grad", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        loss = model(torch.randn(4, 3)).pow(2).mean()
        loss.backward()
        model.zero_grad()  # <--
        print("gradient norm:", model.weight.grad.norm().item())
        """, raises="AttributeError"),
    case("grad_is_none", "cleared_to_none_then_zeroed", """
        import torch
        w = torch.tensor(5.0, requires_grad=True)
        loss = (w - 3) ** 2
        loss.backward()
        w.data -= 0.1 * w.grad
        w.grad = None  # <--
        w.grad.zero_()
        """, tensor="w", raises="AttributeError"),
    # ---------------------------------------------------------------- graphs_kept
    case("graphs_kept", "running_loss_keeps_its_graphs", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        total = 0
        for x in torch.randn(3, 4, 2):
            optimizer.zero_grad()
            loss = model(x).pow(2).mean()
            loss.backward()
            optimizer.step()
            total += loss  # <--
        print("mean loss:", total / 3)
        """, tensor="total", gives="total.grad_fn is not None"),
    case("graphs_kept", "list_of_losses_keeps_their_graphs", """
        import torch
        w = torch.tensor(1.0, requires_grad=True)
        losses = []
        for x in (1.0, 2.0, 3.0):
            loss = (w * x - 2 * x) ** 2
            loss.backward()
            w.data -= 0.01 * w.grad
            w.grad = None
            losses.append(loss)  # <--
        """, tensor="losses", gives="all(loss.grad_fn is not None for loss in losses)"),
    case("graphs_kept", "validation_loss_tracked", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        model.eval()
        validation = 0.0
        for x in torch.randn(3, 5, 2):
            loss = model(x).pow(2).mean()
            validation = validation + loss  # <--
        print(f"validation loss {validation / 3:.3f}")
        """, tensor="validation", gives="validation.grad_fn is not None"),
    # ---------------------------------------------------------------- broadcast_loss
    case("broadcast_loss", "mse_of_a_column_and_a_row", """
        import torch
        import torch.nn.functional as F
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        x, y = torch.randn(8, 3), torch.randn(8)
        y_pred = model(x)
        loss = F.mse_loss(y_pred, y)  # <--
        loss.backward()
        """, tensor="y_pred", warns=(BROADCAST,),
        gives="not torch.isclose(loss, (y_pred[:, 0] - y).pow(2).mean())"),
    case("broadcast_loss", "hand_written_squared_error", """
        import torch
        x = torch.tensor([[1.0], [2.0], [3.0]])
        y = torch.tensor([2.0, 4.0, 6.0])
        w = torch.tensor([[2.0]], requires_grad=True)
        y_pred = x @ w
        loss = ((y_pred - y) ** 2).mean()  # <--
        loss.backward()
        print(loss)
        """, tensor="y_pred", gives="loss.item() > 5 and torch.equal(y_pred[:, 0], y)"),
    case("broadcast_loss", "huber_loss_of_a_column", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        model, criterion = nn.Linear(2, 1), nn.HuberLoss()
        inputs, targets = torch.randn(6, 2), torch.randn(6)
        outputs = model(inputs)
        loss = criterion(outputs, targets)  # <--
        loss.backward()
        """, tensor="outputs", warns=(BROADCAST,), gives="(outputs - targets).shape == (6, 6)"),
    case("broadcast_loss", "target_with_an_extra_axis", """
        import torch
        torch.manual_seed(0)
        w = torch.randn(3, requires_grad=True)
        x, y = torch.randn(5, 3), torch.randn(5, 1)
        y_pred = x @ w
        error = y_pred - y  # <--
        loss = error.abs().mean()
        loss.backward()
        """, tensor="y_pred", gives="error.shape == (5, 5)"),
    case("broadcast_loss", "value_loss_of_an_agent", """
        import torch
        torch.manual_seed(0)
        value_net, states, returns = torch.nn.Linear(4, 1), torch.randn(7, 4), torch.randn(7)
        def value_loss(states, returns):
            values = value_net(states)
            return 0.5 * (returns - values).pow(2).mean()  # <--
        loss = value_loss(states, returns)
        loss.backward()
        """, tensor="values",
        gives="not torch.isclose(loss, 0.5 * (returns - value_net(states)[:, 0]).pow(2).mean())"),
    case("broadcast_loss", "loss_over_several_lines", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
        x, y = torch.randn(6, 3), torch.randn(6)
        y_pred = model(x)
        loss = torch.nn.functional.l1_loss(  # <--
            y_pred,
            y,
            reduction="mean",
        )
        loss.backward()
        """, tensor="y_pred", warns=(BROADCAST,), gives="not torch.isclose(loss, (y_pred[:, 0] - y).abs().mean())"),
    # ---------------------------------------------------------------- not_reached
    case("not_reached", "bias_never_used", """
        import torch
        x, y = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 5.0])
        w = torch.tensor(1.0, requires_grad=True)
        b = torch.tensor(0.0, requires_grad=True)  # <--
        y_pred = w * x
        loss = ((y_pred - y) ** 2).mean()
        loss.backward()
        print(w.grad, b.grad)
        """, tensor="b", gives="b.grad is None and w.grad is not None"),
    case("not_reached", "penalty_not_added", """
        import torch
        w = torch.tensor([1.0, -2.0], requires_grad=True)
        scale = torch.tensor(0.5, requires_grad=True)
        penalty = scale * w.abs().sum()  # <--
        loss = (w**2).sum()
        loss.backward()
        print(scale.grad)
        """, tensor="penalty", gives="scale.grad is None and w.grad is not None"),
    case("not_reached", "layer_whose_output_is_forgotten", """
        import torch
        from torch import nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)
            def forward(self, x):
                h = torch.relu(self.first(x))
                out = self.second(h)  # <--
                return h
        torch.manual_seed(0)
        net = Net()
        net(torch.ones(1, 2)).sum().backward()
        """, tensor="out", gives="net.second.weight.grad is None"),
    case("not_reached", "wrong_variable_in_the_loss", """
        import torch
        w1 = torch.tensor(1.0, requires_grad=True)
        w2 = torch.tensor(2.0, requires_grad=True)
        h1 = torch.sigmoid(w1)
        h2 = torch.sigmoid(w2 * h1)  # <--
        loss = (h1 - 1.0) ** 2
        loss.backward()
        print(w1.grad, w2.grad)
        """, tensor="h2", gives="w2.grad is None and w1.grad is not None"),
    # ---------------------------------------------------------------- unused_input
    case("unused_input", "slice_taken_after_the_network", """
        import torch
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        xt = torch.rand(5, 2, requires_grad=True)
        u = net(xt)
        t = xt[:, 1:]  # <--
        u_t = torch.autograd.grad(u.sum(), t)[0]
        """, tensor="t", raises="RuntimeError"),
    case("unused_input", "element_indexed_again", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = x[0] ** 2 + x[1] ** 3
        dy_dx0 = torch.autograd.grad(y, x[0])  # <--
        """, tensor="x", raises="RuntimeError"),
    case("unused_input", "input_without_a_part_in_the_output", """
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        z = torch.tensor(3.0, requires_grad=True)
        y = x**2
        dy_dx, dy_dz = torch.autograd.grad(y, [x, z])  # <--
        """, tensor="z", raises="RuntimeError"),
    case("unused_input", "clone_of_the_input", """
        import torch
        def energy(position):
            return (position**4).sum()
        position = torch.tensor([0.5, 1.0], requires_grad=True)
        e = energy(position)
        q = position.clone()  # <--
        force = -torch.autograd.grad(e, q)[0]
        """, tensor="q", raises="RuntimeError"),
    case("unused_input", "linear_function_has_no_second_derivative", """
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        w = torch.tensor(3.0, requires_grad=True)
        y = w * x
        dy_dx = torch.autograd.grad(y, x, create_graph=True)[0]
        d2y_dx2 = torch.autograd.grad(dy_dx, x)[0]  # <--
        """, tensor="x", raises="RuntimeError"),
    # ---------------------------------------------------------------- nan_where
    case("nan_where", "sqrt_behind_where", """
        import torch
        x = torch.tensor([-1.0, 4.0], requires_grad=True)
        y = torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))  # <--
        y.sum().backward()
        print(x.grad)
        """, tensor="x", gives="x.grad[0].isnan().item() and x.grad[1].item() == 0.25"),
    case("nan_where", "exp_overflows_behind_where", """
        import torch
        z = torch.tensor([1.0, 100.0], requires_grad=True)
        softplus = torch.where(z > 20, z, torch.log1p(torch.exp(z)))  # <--
        softplus.sum().backward()
        print(softplus, z.grad)
        """, tensor="z", gives="softplus.isfinite().all().item() and z.grad[1].isnan().item()"),
    case("nan_where", "sinc_by_where", """
        import torch
        def sinc(x):
            return torch.where(x == 0, torch.ones_like(x), torch.sin(x) / x)  # <--
        x = torch.tensor([0.0, 1.0], requires_grad=True)
        y = sinc(x)
        y.sum().backward()
        """, tensor="x", gives="y.isfinite().all().item() and x.grad[0].isnan().item()"),
    case("nan_where", "log_behind_where", """
        import torch
        p = torch.tensor([0.0, 0.5], requires_grad=True)
        log_p = torch.where(p > 0, torch.log(p), torch.zeros(()))  # <--
        entropy = -(p * log_p).sum()
        entropy.backward()
        print(entropy, p.grad)
        """, tensor="p", gives="entropy.isfinite().item() and p.grad[0].isnan().item()"),
    # ---------------------------------------------------------------- sqrt_at_zero
    case("sqrt_at_zero", "square_root_of_zero", """
        import torch
        x = torch.tensor([0.0, 4.0], requires_grad=True)
        y = torch.sqrt(x).sum()  # <--
        y.backward()
        print(x.grad)
        """, tensor="x", gives="x.grad[0].item() == float('inf')"),
    case("sqrt_at_zero", "distance_of_a_point_to_itself", """
        import torch
        a = torch.tensor([1.0, 2.0], requires_grad=True)
        b = torch.tensor([1.0, 2.0])
        distance = torch.sqrt(((a - b) ** 2).sum())  # <--
        distance.backward()
        print(distance, a.grad)
        """, tensor="distance", gives="distance.item() == 0.0 and a.grad.isnan().all().item()"),
    case("sqrt_at_zero", "pairwise_distances_with_the_diagonal", """
        import torch
        points = torch.tensor([[0.0, 0.0], [3.0, 4.0]], requires_grad=True)
        difference = points[:, None] - points[None, :]
        distances = (difference**2).sum(dim=-1) ** 0.5  # <--
        loss = distances.sum()
        loss.backward()
        """, tensor="distances", gives="loss.item() == 10.0 and points.grad.isnan().all().item()"),
    case("sqrt_at_zero", "rmse_of_a_perfect_fit", """
        import torch
        import torch.nn.functional as F
        w = torch.tensor(2.0, requires_grad=True)
        x = torch.tensor([1.0, 2.0])
        loss = F.mse_loss(w * x, 2 * x).sqrt()  # <--
        loss.backward()
        """, tensor="loss", gives="loss.item() == 0.0 and w.grad.isnan().item()"),
    # ---------------------------------------------------------------- norm_at_zero
    case("norm_at_zero", "unit_vector_of_zero", """
        import torch
        v = torch.zeros(3, requires_grad=True)
        direction = v / v.norm()  # <--
        direction.sum().backward()
        print(v.grad)
        """, tensor="v", gives="v.grad.isnan().all().item()"),
    case("norm_at_zero", "norm_of_a_zero_start", """
        import torch
        w = torch.zeros(3, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)
        for step in range(3):
            optimizer.zero_grad()
            loss = -torch.linalg.vector_norm(w)  # <--
            loss.backward()
            optimizer.step()
        """, tensor="w", gives="w.tolist() == [0.0, 0.0, 0.0] and w.grad.abs().sum().item() == 0.0"),
    case("norm_at_zero", "gradient_penalty_at_a_flat_point", """
        import torch
        x = torch.tensor([[0.0, 0.0]], requires_grad=True)
        y = (x**2).sum()
        g, = torch.autograd.grad(y, x, create_graph=True)
        penalty = (g.norm(2, dim=1) - 1).pow(2).mean()  # <--
        penalty.backward()
        print(x.grad)
        """, tensor="g", gives="penalty.item() == 1.0 and x.grad.abs().sum().item() == 0.0"),
    # ---------------------------------------------------------------- log_of_zero
    case("log_of_zero", "logarithm_of_a_zero_probability", """
        import torch
        p = torch.tensor([0.0, 0.5], requires_grad=True)
        loss = -torch.log(p).mean()  # <--
        loss.backward()
        print(loss, p.grad)
        """, tensor="p", gives="loss.item() == float('inf') and p.grad[0].item() == -float('inf')"),
    case("log_of_zero", "entropy_of_a_sure_thing", """
        import torch
        p = torch.tensor([1.0, 0.0], requires_grad=True)
        entropy = -(p * p.log()).sum()  # <--
        entropy.backward()
        """, tensor="p", gives="entropy.isnan().item() and p.grad[1].isnan().item()"),
    case("log_of_zero", "cross_entropy_by_hand_saturates", """
        import torch
        w, b = torch.tensor(1.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
        x, y = torch.tensor(17.0), torch.tensor(0.0)
        p = torch.sigmoid(w * x + b)
        loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p))  # <--
        loss.backward()
        print(loss, w.grad)
        """, tensor="p", gives="loss.item() == float('inf') and w.grad.isnan().item()"),
    case("log_of_zero", "log_of_softmax_underflows", """
        import torch
        logits = torch.tensor([200.0, 0.0], requires_grad=True)
        probabilities = torch.softmax(logits, dim=0)
        loss = -probabilities.log()[1]  # <--
        loss.backward()
        """, tensor="probabilities", gives="loss.item() == float('inf') and logits.grad.isnan().any().item()"),
    # ---------------------------------------------------------------- zero_times_inf
    case("zero_times_inf", "masked_exponentials", """
        import torch
        z = torch.tensor([1.0, 100.0], requires_grad=True)
        mask = torch.tensor([1.0, 0.0])
        loss = (mask * torch.exp(z)).sum()  # <--
        loss.backward()
        print(z.grad)
        """, tensor="z", gives="loss.isnan().item() and z.grad[1].isnan().item()"),
    case("zero_times_inf", "masked_reciprocals", """
        import torch
        distance = torch.tensor([2.0, 0.0], requires_grad=True)
        neighbours = torch.tensor([1.0, 0.0])
        inverse = 1 / distance
        energy = (neighbours * inverse).sum()  # <--
        energy.backward()
        """, tensor="inverse", gives="energy.isnan().item() and distance.grad[1].isnan().item()"),
    # ---------------------------------------------------------------- kink
    case("kink", "relu_at_zero", """
        import torch
        x = torch.tensor(0.0, requires_grad=True)
        y = torch.relu(x)  # <--
        y.backward()
        print(x.grad)
        """, tensor="x", gives="x.grad.item() == 0.0"),
    case("kink", "absolute_value_at_zero", """
        import torch
        x = torch.tensor(0.0, requires_grad=True)
        y = x.abs()  # <--
        y.backward()
        print(x.grad)
        """, tensor="x", gives="x.grad.item() == 0.0"),
    case("kink", "maximum_of_equals", """
        import torch
        a = torch.tensor(2.0, requires_grad=True)
        b = torch.tensor(2.0, requires_grad=True)
        y = torch.maximum(a, b)  # <--
        y.backward()
        print(a.grad, b.grad)
        """, tensor="a", gives="a.grad.item() == b.grad.item() == 0.5"),
    case("kink", "tie_in_max", """
        import torch
        x = torch.tensor([2.0, 2.0, 1.0], requires_grad=True)
        y = x.max()  # <--
        y.backward()
        print(x.grad)
        """, tensor="x", gives="x.grad.tolist() == [0.5, 0.5, 0.0]"),
    case("kink", "clamp_at_its_edge", """
        import torch
        p = torch.tensor(1.0, requires_grad=True)
        q = torch.clamp(p, 0.0, 1.0)  # <--
        q.backward()
        print(p.grad)
        """, tensor="p", gives="p.grad.item() == 1.0"),
    case("kink", "hinge_loss_on_the_margin", """
        import torch
        import torch.nn.functional as F
        w = torch.tensor(0.5, requires_grad=True)
        x, y = torch.tensor(2.0), torch.tensor(1.0)
        loss = F.relu(1 - y * (w * x))  # <--
        loss.backward()
        print(w.grad)
        """, tensor="loss", gives="loss.item() == 0.0 and w.grad.item() == 0.0"),
    # ---------------------------------------------------------------- clamp_cuts
    case("clamp_cuts", "weight_outside_the_clamp", """
        import torch
        w = torch.tensor(1.5, requires_grad=True)
        bounded = torch.clamp(w, 0.0, 1.0)  # <--
        loss = (bounded - 0.2) ** 2
        loss.backward()
        print(w.grad)
        """, tensor="bounded", gives="w.grad.item() == 0.0"),
    case("clamp_cuts", "clamped_probability_of_a_sure_mistake", """
        import torch
        w, b = torch.tensor(1.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
        x, y = torch.tensor(-18.5), torch.tensor(1.0)
        p = torch.sigmoid(w * x + b)
        p = p.clamp(1e-8, 1 - 1e-8)  # <--
        loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p))
        loss.backward()
        print(loss, w.grad)
        """, tensor="p", gives="abs(loss.item() - 18.4207) < 1e-3 and w.grad.item() == 0.0"),
    case("clamp_cuts", "image_clamped_between_steps", """
        import torch
        image = torch.tensor([1.2, 0.5], requires_grad=True)
        shown = image.clamp(min=0, max=1)  # <--
        loss = ((shown - torch.tensor([0.3, 0.4])) ** 2).sum()
        loss.backward()
        print(image.grad)
        """, tensor="shown", gives="image.grad[0].item() == 0.0 and image.grad[1].item() != 0.0"),
    case("clamp_cuts", "hardtanh_far_outside", """
        import torch
        import torch.nn.functional as F
        w = torch.full((2,), 8.0, requires_grad=True)
        h = F.hardtanh(w * torch.tensor([1.0, 2.0]))  # <--
        loss = (h - 0.5).pow(2).mean()
        loss.backward()
        """, tensor="h", gives="w.grad.tolist() == [0.0, 0.0]"),
    # ---------------------------------------------------------------- sigmoid_twice
    case("sigmoid_twice", "sigmoid_before_the_logits_loss", """
        import torch
        import torch.nn.functional as F
        z = torch.tensor([4.0, -4.0], requires_grad=True)
        y = torch.tensor([0.0, 1.0])
        p = torch.sigmoid(z)  # <--
        loss = F.binary_cross_entropy_with_logits(p, y)
        loss.backward()
        print(z.grad)
        """, tensor="p", gives="z.grad.abs().max().item() < 0.01"),
    case("sigmoid_twice", "model_ends_with_a_sigmoid", """
        import torch
        from torch import nn
        class Classifier(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(2, 1)
            def forward(self, x):
                return torch.sigmoid(self.layer(x))  # <--
        torch.manual_seed(0)
        model, criterion = Classifier(), nn.BCEWithLogitsLoss()
        loss = criterion(model(torch.randn(6, 2)), torch.ones(6, 1))
        loss.backward()
        """, gives="loss.item() > 0.3132"),
    case("sigmoid_twice", "softmax_before_cross_entropy", """
        import torch
        import torch.nn.functional as F
        logits = torch.tensor([[9.0, 0.0, 0.0]], requires_grad=True)
        probabilities = F.softmax(logits, dim=1)  # <--
        loss = F.cross_entropy(probabilities, torch.tensor([0]))
        loss.backward()
        print(loss)
        """, tensor="probabilities", gives="loss.item() > 0.55"),
    case("sigmoid_twice", "sequential_with_a_softmax", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=1))  # <--
        criterion = nn.CrossEntropyLoss()
        x, y = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
        outputs = model(x)
        loss = criterion(outputs, y)
        loss.backward()
        """, gives="loss.item() > 0.55 and torch.allclose(outputs.sum(dim=1), torch.ones(6))"),
    # ---------------------------------------------------------------- bce_capped
    case("bce_capped", "bce_of_a_saturated_sigmoid", """
        import torch
        import torch.nn.functional as F
        z = torch.tensor([20.0], requires_grad=True)
        y = torch.tensor([0.0])
        p = torch.sigmoid(z)
        loss = F.binary_cross_entropy(p, y)  # <--
        loss.backward()
        print(loss, z.grad)
        """, tensor="p", gives="loss.item() == 100.0 and z.grad.item() == 0.0"),
    case("bce_capped", "bce_loss_module_far_below_zero", """
        import torch
        from torch import nn
        w = torch.tensor(1.0, requires_grad=True)
        p = torch.sigmoid(w * torch.tensor([-104.0, 0.5]))
        criterion = nn.BCELoss(reduction="sum")
        loss = criterion(p, torch.tensor([1.0, 1.0]))  # <--
        loss.backward()
        """, tensor="p", gives="100.0 < loss.item() < 101.0 and abs(w.grad.item()) < 1"),
    # ---------------------------------------------------------------- gradcheck_float32
    case("gradcheck_float32", "gradcheck_in_single_precision", """
        import torch
        from torch.autograd import gradcheck
        x = torch.tensor([0.5, 2.0], requires_grad=True)  # <--
        print(gradcheck(torch.sin, (x,)))
        """, tensor="x", raises="GradcheckError", warns=(SINGLE_PRECISION,)),
    case("gradcheck_float32", "gradcheck_of_a_custom_function", """
        import torch
        class Cube(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x**3
            @staticmethod
            def backward(ctx, grad_output):
                return grad_output * 3 * ctx.saved_tensors[0] ** 2
        x = torch.randn(3, generator=torch.Generator().manual_seed(0), requires_grad=True)  # <--
        torch.autograd.gradcheck(Cube.apply, (x,))
        """, tensor="x", raises="GradcheckError", warns=(SINGLE_PRECISION,)),
    # ---------------------------------------------------------------- inference_tensor
    case("inference_tensor", "features_from_inference_mode", """
        import torch
        torch.manual_seed(0)
        backbone, head = torch.nn.Linear(4, 3), torch.nn.Linear(3, 1)
        with torch.inference_mode():  # <--
            features = backbone(torch.randn(2, 4))
        loss = head(features).sum()
        loss.backward()
        """, tensor="features", raises="RuntimeError"),
    case("inference_tensor", "inference_tensor_made_to_require_grad", """
        import torch
        with torch.inference_mode():  # <--
            embedding = torch.ones(3) * 0.5
        embedding.requires_grad_(True)
        (embedding**2).sum().backward()
        """, tensor="embedding", raises="RuntimeError"),
    # ---------------------------------------------------------------- one message, another cause
    case("not_reached", "no_grad_for_the_norm_of_a_forgotten_layer", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        first, second = nn.Linear(2, 2), nn.Linear(2, 2)
        h = first(torch.randn(3, 2))
        out = second(h)  # <--
        h.pow(2).mean().backward()
        norms = [layer.weight.grad.norm() for layer in (first, second)]
        """, tensor="out", raises="AttributeError"),
    case("cut_by_detach", "none_in_the_update_of_a_detached_weight", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        y_pred = w.detach() * 3.0 + b  # <--
        loss = (y_pred - 4.0) ** 2
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
        """, tensor="w", raises="TypeError"),
    case("never_required", "retain_grad_without_a_leaf", """
        import torch
        x = torch.tensor([1.0, 2.0])  # <--
        h = x * 2
        h.retain_grad()
        h.sum().backward()
        """, tensor="x", raises="RuntimeError"),
    case("leaf_lost", "unused_because_the_name_was_rebound", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = (x**2).sum()
        x = x.double()  # <--
        dy_dx = torch.autograd.grad(y, x)
        """, tensor="x", raises="RuntimeError"),
    case("cut_by_detach", "unused_because_of_detach", """
        import torch
        w1 = torch.tensor(1.0, requires_grad=True)
        w2 = torch.tensor(2.0, requires_grad=True)
        h = torch.tanh(w1 * 3.0).detach()  # <--
        loss = (w2 * h - 1.0) ** 2
        g1, g2 = torch.autograd.grad(loss, (w1, w2))
        """, tensor="h", raises="RuntimeError"),
    case("no_create_graph", "second_time_through_a_gradient_penalty", """
        import torch
        torch.manual_seed(0)
        critic = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
        x = torch.randn(3, 2, requires_grad=True)
        score = critic(x).mean()
        g = torch.autograd.grad(score, x)[0]  # <--
        loss = score + (g.norm(dim=1) - 1).pow(2).mean()
        loss.backward()
        """, tensor="g", raises="RuntimeError"),
    case("copied", "none_because_the_weight_was_copied", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        for step in range(2):
            copy = torch.tensor(w, requires_grad=True)  # <--
            loss = (copy - 5.0) ** 2
            loss.backward()
            w.data -= 0.1 * w.grad
        """, tensor="w", raises="TypeError", warns=(COPIED,)),
    case("left_graph", "numpy_asked_for_by_a_plot", """
        import torch
        from matplotlib.figure import Figure
        x = torch.linspace(0, 1, 5, requires_grad=True)
        y = x**2
        axes = Figure().subplots()
        axes.plot(x.detach().numpy(), y)  # <--
        """, tensor="y", raises="RuntimeError"),
)

CORRECT: tuple[tuple[str, str], ...] = (
    # ---------------------------------------------------------------- first steps
    correct("square", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        y = x**2
        y.backward()
        print(x.grad)
        """),
    correct("gradient_printed_before_and_after", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        print(x.grad)
        y = (x**2).sum()
        y.backward()
        print(x.grad)
        """),
    correct("two_inputs_of_one_expression", """
        import torch
        a = torch.tensor([2.0, 3.0], requires_grad=True)
        b = torch.tensor([6.0, 4.0], requires_grad=True)
        q = 3 * a**3 - b**2
        q.backward(gradient=torch.tensor([1.0, 1.0]))
        assert torch.equal(a.grad, 9 * a.detach() ** 2)
        """),
    correct("value_used_twice", """
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        h = torch.sin(x)
        y = h * x + h**2
        y.backward()
        """),
    correct("autograd_grad_of_a_curve", """
        import torch
        t = torch.linspace(0, 1, 6, requires_grad=True)
        position = torch.sin(3 * t)
        velocity = torch.autograd.grad(position.sum(), t)[0]
        print(velocity)
        """),
    correct("requires_grad_switched_on_later", """
        import torch
        x = torch.arange(4.0)
        x.requires_grad_()
        y = 2 * torch.dot(x, x)
        y.backward()
        """),
    correct("gradient_cleared_between_two_functions", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        (x**2).sum().backward()
        print(x.grad)
        x.grad.zero_()
        x.sum().backward()
        print(x.grad)
        """),
    correct("integers_as_constants", """
        import torch
        n = torch.tensor([1, 2, 3])
        w = torch.tensor(0.5, requires_grad=True)
        loss = (w * n).pow(2).sum()
        loss.backward()
        """),
    correct("branch_on_a_value", """
        import torch
        def f(x):
            if x > 0:
                return x**2
            return -x
        x = torch.tensor(1.5, requires_grad=True)
        f(x).backward()
        """),
    correct("loop_that_doubles_until_large", """
        import torch
        def f(a):
            b = a * 2
            while b.norm() < 100:
                b = b * 2
            return b if b.sum() > 0 else 100 * b
        a = torch.tensor(0.7, requires_grad=True)
        f(a).backward()
        """),
    correct("part_of_a_function_held_constant", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = x * x
        u = y.detach()
        z = u * x
        z.sum().backward()
        assert torch.equal(x.grad, u)
        """),
    correct("retain_graph_for_two_gradients", """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        loss = torch.sigmoid(w * 3.0 + b)
        dw = torch.autograd.grad(loss, w, retain_graph=True)[0]
        db = torch.autograd.grad(loss, b)[0]
        """),
    correct("jacobian_row_by_row", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = torch.stack([x[0] * x[1], torch.sin(x[0])])
        rows = [torch.autograd.grad(y[i], x, retain_graph=True)[0] for i in range(2)]
        jacobian = torch.stack(rows)
        """),
    # ---------------------------------------------------------------- updates by hand
    correct("descent_under_no_grad", """
        import torch
        x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0])
        w = torch.tensor(0.0, requires_grad=True)
        for epoch in range(4):
            loss = ((w * x - y) ** 2).mean()
            loss.backward()
            with torch.no_grad():
                w -= 0.1 * w.grad
            w.grad.zero_()
        """),
    correct("descent_through_data", """
        import torch
        w = torch.tensor([5.0, -1.0], requires_grad=True)
        for step in range(3):
            loss = ((w - 3) ** 2).sum()
            loss.backward()
            w.data -= 0.1 * w.grad
            w.grad = None
        """),
    correct("descent_by_autograd_grad", """
        import torch
        w = torch.tensor(5.0, requires_grad=True)
        for step in range(3):
            loss = (w - 3) ** 2
            g, = torch.autograd.grad(loss, w)
            with torch.no_grad():
                w -= 0.1 * g
        """),
    correct("descent_that_makes_a_new_leaf", """
        import torch
        w = torch.tensor(5.0, requires_grad=True)
        for step in range(3):
            loss = (w - 3) ** 2
            loss.backward()
            w = (w - 0.1 * w.grad).detach().requires_grad_()
        """),
    correct("gradient_cleared_at_the_top_of_the_loop", """
        import torch
        w, b = torch.zeros(2, requires_grad=True), torch.zeros(1, requires_grad=True)
        x, y = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, -1.0])
        for epoch in range(3):
            for p in (w, b):
                if p.grad is not None:
                    p.grad.zero_()
            loss = (x @ w + b - y).pow(2).mean()
            loss.backward()
            with torch.no_grad():
                for p in (w, b):
                    p -= 0.01 * p.grad
        """),
    correct("sgd_function", """
        import torch
        @torch.no_grad()
        def sgd(params, lr):
            for p in params:
                p -= lr * p.grad
                p.grad.zero_()
        w, b = torch.ones(3, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
        x, y = torch.eye(3), torch.tensor([[1.0], [0.0], [2.0]])
        for epoch in range(2):
            ((x @ w + b - y) ** 2 / 2).mean().backward()
            sgd([w, b], 0.1)
        """),
    correct("momentum_by_hand", """
        import torch
        w, velocity = torch.tensor([3.0, -2.0], requires_grad=True), torch.zeros(2)
        for step in range(4):
            w.grad = None
            loss = (w**4).sum()
            loss.backward()
            velocity = 0.9 * velocity + w.grad
            with torch.no_grad():
                w.sub_(0.01 * velocity)
        """),
    correct("weights_initialised_in_place", """
        import torch
        torch.manual_seed(0)
        w = torch.empty(4, 2, requires_grad=True)
        torch.nn.init.normal_(w, std=0.1)
        with torch.no_grad():
            w[0].fill_(0.5)
        loss = (torch.ones(3, 4) @ w).pow(2).mean()
        loss.backward()
        """),
    correct("xavier_scaled_before_requires_grad", """
        import math
        import torch
        torch.manual_seed(0)
        weights = torch.randn(784, 10) / math.sqrt(784)
        weights.requires_grad_()
        bias = torch.zeros(10, requires_grad=True)
        loss = -torch.log_softmax(torch.randn(2, 784) @ weights + bias, dim=1)[:, 3].mean()
        loss.backward()
        """),
    # ---------------------------------------------------------------- training loops
    correct("sgd_training", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        x = torch.randn(16, 2)
        y = x @ torch.tensor([[2.0], [-3.4]]) + 4.2
        model, loss_fn = nn.Linear(2, 1), nn.MSELoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
        for epoch in range(3):
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
        """),
    correct("adam_training_with_running_loss", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        optimizer, criterion = torch.optim.Adam(model.parameters(), lr=1e-3), nn.CrossEntropyLoss()
        running_loss = 0.0
        for inputs, labels in zip(torch.randn(3, 5, 4), torch.randint(3, (3, 5))):
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
        """),
    correct("zero_grad_after_the_step", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
        for x, y in zip(torch.randn(3, 6, 3), torch.randn(3, 6, 1)):
            loss = torch.nn.functional.l1_loss(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        """),
    correct("zero_grad_just_before_backward", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 2)
        optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
        for step in range(2):
            loss = torch.nn.functional.smooth_l1_loss(model(torch.randn(4, 3)), torch.zeros(4, 2))
            model.zero_grad(set_to_none=False)
            loss.backward()
            optimizer.step()
        """),
    correct("learning_rate_schedule", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
        for epoch in range(4):
            optimizer.zero_grad()
            loss = model(torch.ones(1, 2)).pow(2).sum()
            loss.backward()
            optimizer.step()
            scheduler.step()
        """),
    correct("gradients_of_micro_batches_add_up", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        optimizer.zero_grad()
        for i, (x, y) in enumerate(zip(torch.randn(4, 3, 2), torch.randn(4, 3, 1))):
            loss = torch.nn.functional.mse_loss(model(x), y) / 2
            loss.backward()
            if (i + 1) % 2 == 0:
                optimizer.step()
                optimizer.zero_grad()
        """),
    correct("losses_summed_then_one_backward", """
        import torch
        w = torch.tensor(1.0, requires_grad=True)
        total = 0.0
        for x, y in [(1.0, 3.0), (2.0, 5.0)]:
            total += (w * x - y) ** 2
        total.backward()
        """),
    correct("two_losses_two_backward_passes", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        fit = (w - 3).pow(2).sum()
        penalty = 0.1 * w.abs().sum()
        fit.backward()
        penalty.backward()
        print(w.grad)
        """),
    correct("gradient_clipping", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.RNN(2, 4, batch_first=True)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        output, hidden = model(torch.randn(3, 5, 2))
        loss = output.pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.1)
        optimizer.step()
        """),
    correct("gradient_norm_logged", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
        model(torch.randn(2, 3)).sum().backward()
        total = 0.0
        for p in model.parameters():
            if p.grad is not None:
                total += p.grad.norm().item() ** 2
        print(total**0.5)
        """),
    correct("closure_for_lbfgs", """
        import torch
        w = torch.tensor([2.0, -1.0], requires_grad=True)
        optimizer = torch.optim.LBFGS([w], max_iter=5)
        def closure():
            optimizer.zero_grad()
            loss = ((w - 1) ** 4).sum()
            loss.backward()
            return loss
        for step in range(2):
            optimizer.step(closure)
        """),
    correct("train_and_validate", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        model = nn.Linear(3, 2)
        optimizer = torch.optim.Adam(model.parameters())
        x, y = torch.randn(8, 3), torch.randint(2, (8,))
        for epoch in range(2):
            model.train()
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            model.eval()
            with torch.no_grad():
                accuracy = (model(x).argmax(dim=1) == y).float().mean().item()
        """),
    correct("accuracy_counted_after_backward", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(4, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        correct = 0
        for x, y in zip(torch.randn(3, 5, 4), torch.randint(3, (3, 5))):
            logits = model(x)
            loss = torch.nn.functional.cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            correct += (logits.argmax(1) == y).sum().item()
        """),
    correct("prediction_in_inference_mode", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        model(torch.ones(3, 2)).pow(2).mean().backward()
        with torch.inference_mode():
            prediction = model(torch.zeros(1, 2))
        print(prediction.item())
        """),
    correct("losses_kept_as_numbers", """
        import torch
        w = torch.tensor(0.0, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.2)
        history = []
        for step in range(4):
            optimizer.zero_grad()
            loss = (w - 1.5) ** 2
            loss.backward()
            optimizer.step()
            history.append(loss.detach())
        print(torch.stack(history))
        """),
    correct("mini_batches_from_a_loader", """
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        torch.manual_seed(0)
        data = TensorDataset(torch.randn(10, 2), torch.randn(10, 1))
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-2)
        for x, y in DataLoader(data, batch_size=4, shuffle=True):
            optimizer.zero_grad(set_to_none=True)
            loss = ((model(x) - y) ** 2).mean()
            loss.backward()
            optimizer.step()
        """),
    correct("truncated_backpropagation_through_time", """
        import torch
        torch.manual_seed(0)
        cell = torch.nn.RNNCell(2, 3)
        optimizer = torch.optim.SGD(cell.parameters(), lr=0.01)
        h = torch.zeros(1, 3)
        for x in torch.randn(3, 1, 2):
            h = cell(x, h.detach())
            loss = h.pow(2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        """),
    # ---------------------------------------------------------------- modules and losses
    correct("module_with_parameters", """
        import torch
        from torch import nn
        class Polynomial(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Parameter(torch.tensor(0.3)), nn.Parameter(torch.tensor(-0.2))
            def forward(self, x):
                return self.a + self.b * x**3
        model = Polynomial()
        loss = (model(torch.linspace(-1, 1, 7)) - 1.0).pow(2).sum()
        loss.backward()
        """),
    correct("module_with_a_buffer", """
        import torch
        from torch import nn
        class Standardise(nn.Module):
            def __init__(self, mean, scale):
                super().__init__()
                self.register_buffer("mean", mean)
                self.gain = nn.Parameter(scale.reciprocal())
            def forward(self, x):
                return (x - self.mean) * self.gain
        model = Standardise(torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0]))
        model(torch.tensor([[3.0, 5.0]])).sum().backward()
        """),
    correct("logistic_regression_with_logits", """
        import torch
        import torch.nn.functional as F
        torch.manual_seed(0)
        w, b = torch.zeros(2, requires_grad=True), torch.zeros((), requires_grad=True)
        x, y = torch.randn(6, 2), torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0, 0.0])
        loss = F.binary_cross_entropy_with_logits(x @ w + b, y)
        loss.backward()
        """),
    correct("sigmoid_and_bce_loss", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
        loss = nn.BCELoss()(model(torch.randn(5, 2)), torch.ones(5, 1))
        loss.backward()
        """),
    correct("cross_entropy_by_hand", """
        import torch
        p = torch.tensor([0.2, 0.7], requires_grad=True)
        y = torch.tensor([0.0, 1.0])
        p_safe = p.clamp(1e-6, 1 - 1e-6)
        loss = -(y * torch.log(p_safe) + (1 - y) * torch.log(1 - p_safe)).mean()
        loss.backward()
        """),
    correct("log_softmax_and_nll", """
        import torch
        import torch.nn.functional as F
        logits = torch.tensor([[1.0, 2.0, 0.5], [0.1, 0.2, 0.3]], requires_grad=True)
        loss = F.nll_loss(F.log_softmax(logits, dim=1), torch.tensor([1, 2]))
        loss.backward()
        """),
    correct("sigmoid_only_for_the_metric", """
        import torch
        import torch.nn.functional as F
        z = torch.tensor([0.5, -1.0], requires_grad=True)
        y = torch.tensor([1.0, 0.0])
        loss = F.binary_cross_entropy_with_logits(z, y)
        loss.backward()
        accuracy = ((torch.sigmoid(z) > 0.5) == y.bool()).float().mean().item()
        """),
    correct("mse_of_two_columns", """
        import torch
        import torch.nn.functional as F
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        x, y = torch.randn(8, 3), torch.randn(8)
        loss = F.mse_loss(model(x), y.unsqueeze(1))
        loss.backward()
        """),
    correct("mse_of_two_rows", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        x, y = torch.randn(8, 3), torch.randn(8)
        loss = (model(x).squeeze(-1) - y).pow(2).mean()
        loss.backward()
        """),
    correct("weighted_losses_without_reduction", """
        import torch
        import torch.nn.functional as F
        torch.manual_seed(0)
        logits = torch.randn(4, 3, requires_grad=True)
        losses = F.cross_entropy(logits, torch.tensor([0, 1, 2, 0]), reduction="none")
        weights = torch.tensor([1.0, 0.5, 2.0, 1.0])
        (losses * weights).mean().backward()
        """),
    correct("dropout_and_batch_norm", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 1))
        for step in range(2):
            model.zero_grad()
            model(torch.randn(8, 4)).pow(2).mean().backward()
        """),
    correct("embedding_bag_of_words", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        embedding, head = nn.Embedding(10, 4, padding_idx=0), nn.Linear(4, 2)
        tokens = torch.tensor([[1, 5, 2, 0], [7, 3, 0, 0]])
        logits = head(embedding(tokens).mean(dim=1))
        nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
        """),
    correct("convolution_and_pooling", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(18, 2),
        )
        images, labels = torch.randn(3, 1, 8, 8), torch.tensor([0, 1, 0])
        nn.functional.cross_entropy(model(images), labels).backward()
        """),
    correct("attention_with_a_mask", """
        import torch
        torch.manual_seed(0)
        q, k, v = (torch.randn(4, 3, requires_grad=True) for _ in range(3))
        scores = q @ k.T / 3**0.5
        mask = torch.triu(torch.ones(4, 4, dtype=torch.bool), diagonal=1)
        attention = torch.softmax(scores.masked_fill(mask, float("-inf")), dim=-1)
        (attention @ v).pow(2).mean().backward()
        """),
    correct("kl_divergence_of_a_gaussian", """
        import torch
        torch.manual_seed(0)
        mu, log_var = torch.randn(5, 2, requires_grad=True), torch.zeros(5, 2, requires_grad=True)
        z = mu + torch.randn(5, 2) * torch.exp(0.5 * log_var)
        kl = -0.5 * (1 + log_var - mu.pow(2) - log_var.exp()).sum(dim=1).mean()
        loss = z.pow(2).mean() + kl
        loss.backward()
        """),
    correct("policy_gradient", """
        import torch
        torch.manual_seed(0)
        policy = torch.nn.Linear(3, 2)
        optimizer = torch.optim.Adam(policy.parameters())
        distribution = torch.distributions.Categorical(logits=policy(torch.randn(4, 3)))
        action = distribution.sample()
        reward = torch.tensor([1.0, 0.0, 2.0, -1.0])
        loss = -(distribution.log_prob(action) * reward).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        """),
    correct("huber_loss_of_an_agent", """
        import torch
        torch.manual_seed(0)
        q_net = torch.nn.Linear(3, 2)
        states, actions = torch.randn(5, 3), torch.tensor([0, 1, 1, 0, 1])
        q = q_net(states).gather(1, actions.unsqueeze(1)).squeeze(1)
        with torch.no_grad():
            target = torch.ones(5) + 0.9 * q_net(torch.randn(5, 3)).max(dim=1).values
        torch.nn.functional.huber_loss(q, target).backward()
        """),
    # ---------------------------------------------------------------- detach, no_grad and frozen parts, used rightly
    correct("gan_with_two_optimizers", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        G, D, bce = nn.Linear(2, 3), nn.Linear(3, 1), nn.BCEWithLogitsLoss()
        opt_g, opt_d = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())
        real, fake = torch.randn(4, 3), G(torch.randn(4, 2))
        d_loss = bce(D(real), torch.ones(4, 1)) + bce(D(fake.detach()), torch.zeros(4, 1))
        opt_d.zero_grad()
        d_loss.backward()
        opt_d.step()
        opt_g.zero_grad()
        bce(D(fake), torch.ones(4, 1)).backward()
        opt_g.step()
        """),
    correct("target_network", """
        import copy
        import torch
        torch.manual_seed(0)
        online = torch.nn.Linear(2, 1)
        target = copy.deepcopy(online)
        loss = (online(torch.randn(3, 2)) - target(torch.randn(3, 2)).detach()).pow(2).mean()
        loss.backward()
        with torch.no_grad():
            for p, q in zip(online.parameters(), target.parameters()):
                q.copy_(0.99 * q + 0.01 * p)
        """),
    correct("exponential_moving_average_of_weights", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        average = {name: p.detach().clone() for name, p in model.named_parameters()}
        for step in range(3):
            optimizer.zero_grad()
            model(torch.randn(4, 3)).pow(2).mean().backward()
            optimizer.step()
            with torch.no_grad():
                for name, p in model.named_parameters():
                    average[name].mul_(0.9).add_(p, alpha=0.1)
        """),
    correct("frozen_backbone", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        backbone, head = nn.Linear(4, 3), nn.Linear(3, 2)
        for p in backbone.parameters():
            p.requires_grad = False
        optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
        logits = head(torch.relu(backbone(torch.randn(6, 4))))
        loss = nn.functional.cross_entropy(logits, torch.tensor([0, 1, 0, 1, 1, 0]))
        loss.backward()
        optimizer.step()
        """),
    correct("fine_tuning_the_last_layer", """
        import torch
        from torch import nn
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
        model.requires_grad_(False)
        model[2] = nn.Linear(4, 2)
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3)
        optimizer.zero_grad()
        model(torch.randn(3, 4)).pow(2).mean().backward()
        optimizer.step()
        """),
    correct("frozen_critic_for_the_actor", """
        import torch
        torch.manual_seed(0)
        actor, critic = torch.nn.Linear(2, 1), torch.nn.Linear(1, 1)
        critic.requires_grad_(False)
        loss = -critic(torch.tanh(actor(torch.randn(5, 2)))).mean()
        loss.backward()
        critic.requires_grad_(True)
        """),
    correct("features_computed_under_no_grad", """
        import torch
        torch.manual_seed(0)
        encoder, probe = torch.nn.Linear(5, 3), torch.nn.Linear(3, 1)
        encoder.requires_grad_(False)
        with torch.no_grad():
            features = encoder(torch.randn(7, 5))
        loss = (probe(features) - 1).pow(2).mean()
        loss.backward()
        """),
    correct("straight_through_rounding", """
        import torch
        w = torch.tensor([0.3, 1.8], requires_grad=True)
        quantised = w + (torch.round(w) - w).detach()
        loss = ((quantised - 1.5) ** 2).sum()
        loss.backward()
        """),
    correct("stop_gradient_of_a_baseline", """
        import torch
        log_probs = torch.tensor([-0.5, -1.2, -0.3], requires_grad=True)
        values = torch.tensor([0.1, 0.4, 0.2], requires_grad=True)
        returns = torch.tensor([1.0, 0.0, 0.5])
        advantage = returns - values.detach()
        loss = -(log_probs * advantage).mean() + 0.5 * (returns - values).pow(2).mean()
        loss.backward()
        """),
    correct("plot_of_a_function_and_its_gradient", """
        import torch
        from matplotlib.figure import Figure
        x = torch.linspace(-2, 2, 9, requires_grad=True)
        y = torch.sigmoid(x)
        y.sum().backward()
        axes = Figure().subplots()
        axes.plot(x.detach().numpy(), y.detach().numpy(), label="sigmoid")
        axes.plot(x.detach().numpy(), x.grad.numpy(), label="slope")
        """),
    correct("numpy_metrics_after_training", """
        import numpy as np
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        x, y = torch.randn(6, 2), torch.randn(6, 1)
        loss = (model(x) - y).pow(2).mean()
        loss.backward()
        with torch.no_grad():
            residuals = (model(x) - y).numpy()
        print(float(np.abs(residuals).mean()), float(loss.detach()))
        """),
    correct("adversarial_example", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(4, 2)
        image = torch.rand(1, 4).mul(0.5).add(0.25).requires_grad_()
        torch.nn.functional.cross_entropy(model(image), torch.tensor([1])).backward()
        with torch.no_grad():
            attacked = (image + 0.05 * image.grad.sign()).clamp(0, 1)
        """),
    correct("enable_grad_inside_no_grad", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        with torch.no_grad():
            baseline = (x**2).sum()
            with torch.enable_grad():
                y = (x**3).sum()
        y.backward()
        """),
    correct("noise_without_gradient", """
        import torch
        torch.manual_seed(0)
        w = torch.randn(3, requires_grad=True)
        with torch.no_grad():
            noise = 0.1 * torch.randn(3)
        loss = ((w + noise) ** 2).sum()
        loss.backward()
        """),
    # ---------------------------------------------------------------- second derivatives and functional transforms
    correct("second_derivative", """
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = x**3
        dy, = torch.autograd.grad(y, x, create_graph=True)
        d2y, = torch.autograd.grad(dy, x)
        """),
    correct("gradient_penalty", """
        import torch
        torch.manual_seed(0)
        critic = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        optimizer = torch.optim.Adam(critic.parameters())
        x = torch.randn(4, 2, requires_grad=True)
        score = critic(x)
        g, = torch.autograd.grad(score.sum(), x, create_graph=True)
        loss = score.mean() + 10 * (g.norm(dim=1) - 1).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        """),
    correct("hessian_by_the_library", """
        import torch
        from torch.autograd.functional import hessian
        def f(x):
            return (x**3).sum() + x[0] * x[1]
        H = hessian(f, torch.tensor([1.0, 2.0]))
        """),
    correct("hessian_vector_product_with_create_graph", """
        import torch
        w = torch.tensor([1.0, -1.0], requires_grad=True)
        v = torch.tensor([0.5, 2.0])
        g, = torch.autograd.grad((w**4).sum(), w, create_graph=True)
        product, = torch.autograd.grad(g @ v, w)
        """),
    correct("physics_informed_residual", """
        import torch
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        x, t = torch.rand(5, 1, requires_grad=True), torch.rand(5, 1, requires_grad=True)
        u = net(torch.cat([x, t], dim=1))
        u_t, u_x = torch.autograd.grad(u.sum(), (t, x), create_graph=True)
        u_xx, = torch.autograd.grad(u_x.sum(), x, create_graph=True)
        loss = (u_t - 0.1 * u_xx).pow(2).mean()
        loss.backward()
        """),
    correct("one_step_of_meta_learning", """
        import torch
        w = torch.tensor(1.0, requires_grad=True)
        inner = (w * 2.0 - 3.0) ** 2
        g, = torch.autograd.grad(inner, w, create_graph=True)
        fast = w - 0.1 * g
        outer = (fast * 1.5 - 1.0) ** 2
        outer.backward()
        """),
    correct("func_grad_and_vmap", """
        import torch
        from torch.func import grad, vmap
        def loss(w, x, y):
            return (w @ x - y) ** 2
        w = torch.tensor([1.0, 2.0])
        x, y = torch.eye(2), torch.tensor([0.5, 1.0])
        per_example = vmap(grad(loss), in_dims=(None, 0, 0))(w, x, y)
        """),
    correct("func_jacobian_and_hessian", """
        import torch
        from torch.func import hessian, jacrev
        def f(x):
            return torch.sin(x) * x.sum()
        x = torch.tensor([0.1, 0.2, 0.3])
        J, H = jacrev(f)(x), hessian(lambda x: f(x).sum())(x)
        """),
    correct("functional_call_of_a_module", """
        import torch
        from torch.func import functional_call, grad
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        parameters = {name: p.detach() for name, p in model.named_parameters()}
        def loss(parameters, x):
            return functional_call(model, parameters, (x,)).pow(2).mean()
        gradients = grad(loss)(parameters, torch.ones(3, 2))
        """),
    correct("gradcheck_in_double_precision", """
        import torch
        x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(lambda x: torch.sin(x) * x, (x,))
        """),
    correct("custom_autograd_function", """
        import torch
        class Exp(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = x.exp()
                ctx.save_for_backward(y)
                return y
            @staticmethod
            def backward(ctx, grad_output):
                y, = ctx.saved_tensors
                return grad_output * y
        x = torch.tensor([0.0, 1.0], requires_grad=True)
        Exp.apply(x).sum().backward()
        """),
    correct("checkpointed_block", """
        import torch
        from torch.utils.checkpoint import checkpoint
        torch.manual_seed(0)
        block = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
        x = torch.randn(2, 3, requires_grad=True)
        checkpoint(block, x, use_reentrant=False).sum().backward()
        """),
    # ---------------------------------------------------------------- looking at gradients
    correct("retain_grad_before_backward", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        y = x**2
        y.retain_grad()
        z = torch.sin(y)
        z.backward()
        print(y.grad)
        """),
    correct("hook_that_prints", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        h = x * 3
        seen = []
        h.register_hook(seen.append)
        (h**2).sum().backward()
        """),
    correct("hook_that_scales", """
        import torch
        torch.manual_seed(0)
        layer = torch.nn.Linear(2, 2)
        layer.weight.register_hook(lambda g: 0.5 * g)
        layer(torch.randn(3, 2)).sum().backward()
        """),
    correct("activations_by_a_forward_hook", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
        activations = {}
        model[1].register_forward_hook(lambda module, args, output: activations.update(hidden=output.detach()))
        model(torch.randn(3, 2)).sum().backward()
        print(activations["hidden"].mean().item())
        """),
    correct("saliency_of_an_image", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(9, 2))
        image = torch.rand(1, 3, 3, requires_grad=True)
        score = model(image)[0].max()
        score.backward()
        saliency = image.grad.abs().squeeze(0)
        """),
    correct("unused_input_allowed", """
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        z = torch.tensor(3.0, requires_grad=True)
        y = x**2
        dx, dz = torch.autograd.grad(y, (x, z), allow_unused=True)
        """),
    # ---------------------------------------------------------------- shapes, indices and in-place edits that are allowed
    correct("indexing_slicing_and_cat", """
        import torch
        x = torch.arange(6.0).reshape(2, 3).requires_grad_()
        left, right = x[:, :1], x[:, 1:]
        y = torch.cat([right, left], dim=1)
        z = torch.stack([y[0], y[1] * 2]).sum()
        z.backward()
        """),
    correct("gather_and_scatter", """
        import torch
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        picked = x.gather(1, torch.tensor([[1], [0]]))
        sums = torch.zeros(2).scatter_add(0, torch.tensor([0, 0]), picked.squeeze(1))
        sums.sum().backward()
        """),
    correct("pairwise_differences", """
        import torch
        x = torch.tensor([1.0, 2.5, 4.0], requires_grad=True)
        difference = x[:, None] - x[None, :]
        energy = (difference**2).sum() / 2
        energy.backward()
        """),
    correct("pairwise_distances_without_the_diagonal", """
        import torch
        points = torch.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 0.0]], requires_grad=True)
        i, j = torch.triu_indices(3, 3, offset=1)
        distances = (points[i] - points[j]).norm(dim=1)
        distances.sum().backward()
        """),
    correct("outer_product_by_broadcasting", """
        import torch
        a = torch.tensor([1.0, 2.0], requires_grad=True)
        b = torch.tensor([3.0, 4.0, 5.0])
        table = a.unsqueeze(1) * b
        table.sum().backward()
        """),
    correct("bias_row_broadcast_over_the_batch", """
        import torch
        torch.manual_seed(0)
        x, w, b = torch.randn(4, 3), torch.randn(3, 2, requires_grad=True), torch.zeros(2, requires_grad=True)
        loss = (x @ w + b).tanh().pow(2).mean()
        loss.backward()
        """),
    correct("inplace_relu_after_a_linear_layer", """
        import torch
        import torch.nn.functional as F
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 4)
        h = layer(torch.randn(2, 3))
        F.relu_(h)
        h.sum().backward()
        """),
    correct("masked_clone", """
        import torch
        x = torch.tensor([-1.0, 2.0, 3.0], requires_grad=True)
        y = x.clone()
        y[y < 0] = 0
        (y**2).sum().backward()
        """),
    correct("output_of_a_square_edited", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = x**2
        y += 1
        y.sum().backward()
        """),
    correct("input_of_exp_edited", """
        import torch
        x = torch.tensor([0.5, 1.0], requires_grad=True)
        h = x * 2
        y = torch.exp(h)
        h += 1
        y.sum().backward()
        """),
    correct("result_tensor_filled_row_by_row", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        out = torch.zeros(3, 2)
        for i in range(3):
            out[i] = w * (i + 1)
        out.sum().backward()
        """),
    correct("residual_added_in_place_to_a_new_tensor", """
        import torch
        torch.manual_seed(0)
        first, second = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
        x = torch.randn(3, 2)
        out = second(torch.relu(first(x)))
        out += x
        out.pow(2).mean().backward()
        """),
    correct("recurrence_over_time", """
        import torch
        torch.manual_seed(0)
        w, u = torch.randn(3, 3, requires_grad=True), torch.randn(2, 3, requires_grad=True)
        h, outputs = torch.zeros(3), []
        for x in torch.randn(4, 2):
            h = torch.tanh(h @ w + x @ u)
            outputs.append(h)
        torch.stack(outputs).pow(2).mean().backward()
        """),
    correct("safe_square_root_by_two_wheres", """
        import torch
        x = torch.tensor([-1.0, 4.0], requires_grad=True)
        positive = x > 0
        safe = torch.where(positive, x, torch.ones_like(x))
        y = torch.where(positive, torch.sqrt(safe), torch.zeros_like(x))
        y.sum().backward()
        """),
    correct("relu_abs_and_clamp_away_from_their_kinks", """
        import torch
        x = torch.tensor([-1.5, 0.5, 2.0], requires_grad=True)
        y = torch.relu(x) + x.abs() + x.clamp(-5, 5)
        y.sum().backward()
        """),
    correct("where_chooses_between_two_finite_branches", """
        import torch
        error = torch.tensor([0.3, -2.0], requires_grad=True)
        huber = torch.where(error.abs() < 1, 0.5 * error**2, error.abs() - 0.5)
        huber.mean().backward()
        """),
    correct("largest_element_and_logsumexp", """
        import torch
        z = torch.tensor([1.0, 3.0, 2.0], requires_grad=True)
        largest = z.max()
        log_sum = largest + torch.log(torch.exp(z - largest).sum())
        log_sum.backward()
        """),
    correct("shape_and_dtype_read_freely", """
        import torch
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        n, d = x.shape
        y = x.to(torch.float64).mean(dim=0) * n / d
        y.sum().backward()
        print(x.dtype, x.grad.dtype, x.numel(), len(x))
        """),
    # ---------------------------------------------------------------- what looks like a mistake and is none
    correct("clipped_surrogate_of_ppo", """
        import torch
        torch.manual_seed(0)
        policy = torch.nn.Linear(3, 2)
        optimizer = torch.optim.Adam(policy.parameters())
        states, actions, advantage = torch.randn(8, 3), torch.randint(2, (8,)), torch.randn(8)
        with torch.no_grad():
            old = torch.distributions.Categorical(logits=policy(states)).log_prob(actions) + 0.5
        for epoch in range(3):
            ratio = (torch.distributions.Categorical(logits=policy(states)).log_prob(actions) - old).exp()
            loss = -torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        """),
    correct("codebook_by_argmin_and_straight_through", """
        import torch
        torch.manual_seed(0)
        encoder, decoder, book = torch.nn.Linear(4, 2), torch.nn.Linear(2, 4), torch.nn.Embedding(5, 2)
        x = torch.randn(6, 4)
        z = encoder(x)
        nearest = book(torch.cdist(z, book.weight).argmin(dim=1))
        loss = (nearest - z.detach()).pow(2).mean() + 0.25 * (z - nearest.detach()).pow(2).mean()
        loss = loss + (decoder(z + (nearest - z).detach()) - x).pow(2).mean()
        loss.backward()
        """),
    correct("training_on_adversarial_examples", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(4, 2)
        x, y = torch.randn(5, 4), torch.randint(2, (5,))
        perturbed = x.clone().requires_grad_()
        g, = torch.autograd.grad(torch.nn.functional.cross_entropy(model(perturbed), y), perturbed)
        loss = torch.nn.functional.cross_entropy(model(x + 0.1 * g.sign()), y)
        loss.backward()
        """),
    correct("first_order_meta_learning", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        g, = torch.autograd.grad((w**2).sum(), w)
        fast = w - 0.1 * g
        outer = ((fast - 1) ** 2).sum()
        outer.backward()
        print(w.grad)
        """),
    correct("gradient_norms_watched_while_they_add_up", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(2):
            optimizer.zero_grad()
            for x in torch.randn(3, 4, 2):
                model(x).pow(2).mean().backward()
                print(model.weight.grad.norm())
            optimizer.step()
        """),
    correct("discriminator_step_with_a_detached_generator", """
        import torch
        torch.manual_seed(0)
        generator, critic = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
        optimizer = torch.optim.Adam(critic.parameters())
        fake = generator(torch.randn(4, 2)).detach()
        loss = critic(fake).mean() - critic(torch.randn(4, 3)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(loss.item())
        """),
    correct("actor_and_critic_take_turns", """
        import torch
        torch.manual_seed(0)
        actor, critic = torch.nn.Linear(2, 1), torch.nn.Linear(3, 1)
        actor_step, critic_step = torch.optim.Adam(actor.parameters()), torch.optim.Adam(critic.parameters())
        for s, a, r in zip(torch.randn(3, 4, 2), torch.randn(3, 4, 1), torch.randn(3, 4, 1)):
            critic_step.zero_grad()
            (critic(torch.cat([s, a], dim=1)) - r).pow(2).mean().backward()
            critic_step.step()
            actor_step.zero_grad()
            (-critic(torch.cat([s, torch.tanh(actor(s))], dim=1)).mean()).backward()
            actor_step.step()
        """),
    correct("moving_average_written_through_data", """
        import copy
        import torch
        torch.manual_seed(0)
        online = torch.nn.Linear(4, 3)
        target = copy.deepcopy(online)
        x = torch.randn(6, 4)
        loss = 1 - torch.nn.functional.cosine_similarity(online(x), target(x).detach()).mean()
        loss.backward()
        for p, q in zip(online.parameters(), target.parameters()):
            q.data = 0.99 * q.data + 0.01 * p.data
        """),
    correct("best_weights_copied_during_training", """
        import copy
        import torch
        torch.manual_seed(0)
        model, best = torch.nn.Linear(2, 1), float("inf")
        for epoch in range(3):
            with torch.no_grad():
                validation = model(torch.ones(3, 2)).pow(2).mean()
            if validation < best:
                best, state = validation, copy.deepcopy(model.state_dict())
        model.load_state_dict(state)
        """),
    correct("equal_logits_in_a_stable_logsumexp", """
        import torch
        z = torch.zeros(4, requires_grad=True)
        largest = z.max()
        log_sum = largest + torch.log(torch.exp(z - largest).sum())
        log_sum.backward()
        """),
    correct("hinge_by_clamp_from_zero_weights", """
        import torch
        torch.manual_seed(0)
        w, b = torch.zeros(2, requires_grad=True), torch.zeros(1, requires_grad=True)
        x, y = torch.randn(6, 2), torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0, -1.0])
        for step in range(3):
            loss = torch.clamp(1 - y * (x @ w + b), min=0).mean() + 0.01 * (w**2).sum()
            loss.backward()
            with torch.no_grad():
                for p in (w, b):
                    p -= 0.1 * p.grad
                    p.grad.zero_()
        """),
    correct("relu_by_clamp", """
        import torch
        torch.manual_seed(0)
        x, y = torch.randn(8, 5), torch.randn(8, 2)
        w1, w2 = torch.randn(5, 4, requires_grad=True), torch.randn(4, 2, requires_grad=True)
        for step in range(3):
            loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
            loss.backward()
            with torch.no_grad():
                for w in (w1, w2):
                    w -= 1e-4 * w.grad
                    w.grad = None
        """),
    correct("total_printed_and_then_gone_back_through", """
        import torch
        w, total = torch.tensor([1.0, 2.0], requires_grad=True), 0
        for i in range(3):
            loss = ((w * i - 1) ** 2).sum()
            total = total + loss
        print("total:", total.item())
        total.backward()
        """),
    correct("gradient_cleared_through_data", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        for step in range(3):
            loss = (w**2).sum()
            loss.backward()
            w.data = w.data - 0.1 * w.grad.data
            w.grad.data.zero_()
        """),
    correct("data_edit_that_no_operation_had_saved", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        h = x * 2
        y = h + 1
        h.data.zero_()
        y.sum().backward()
        print(x.grad)
        """),
    correct("same_root_twice_with_a_clearing_between", """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = (x**2).sum()
        y.backward(retain_graph=True)
        print(x.grad)
        x.grad = None
        y.backward()
        print(x.grad)
        """),
    correct("newton_steps", """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        for step in range(4):
            f = x**4 - 2 * x
            slope, = torch.autograd.grad(f, x, create_graph=True)
            curvature, = torch.autograd.grad(slope, x)
            with torch.no_grad():
                x -= slope / curvature
        """),
    correct("pairwise_ranking_loss", """
        import torch
        torch.manual_seed(0)
        scores = torch.nn.Linear(3, 1)(torch.randn(5, 3)).squeeze(1)
        difference = scores.unsqueeze(1) - scores
        loss = torch.sigmoid(difference).mean()
        loss.backward()
        """),
    correct("distances_to_as_many_centres", """
        import torch
        torch.manual_seed(0)
        x, centres = torch.randn(4), torch.randn(4, requires_grad=True)
        loss = ((x[:, None] - centres) ** 2).min(dim=1).values.mean()
        loss.backward()
        """),
    correct("loss_divided_by_its_own_size", """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        loss = (w**2).sum()
        loss = loss / loss.item()
        loss.backward()
        """),
    correct("second_output_of_a_network_left_unused", """
        import torch
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.body, self.head, self.extra = (torch.nn.Linear(2, n) for n in (2, 1, 1))
            def forward(self, x):
                h = torch.tanh(self.body(x))
                return self.head(h), self.extra(h)
        torch.manual_seed(0)
        net = Net()
        y, _ = net(torch.ones(3, 2))
        y.mean().backward()
        """),
    correct("gate_looked_at_inside_forward", """
        import torch
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.gate, self.out = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
            def forward(self, x):
                gate = torch.sigmoid(self.gate(x))
                print(gate.mean().item())
                return self.out(x)
        torch.manual_seed(0)
        Net()(torch.ones(3, 2)).sum().backward()
        """),
    correct("gradients_of_a_frozen_network_asked_first", """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
        model[0].requires_grad_(False)
        model(torch.ones(1, 2)).sum().backward()
        for name, p in model.named_parameters():
            if p.grad is not None:
                print(name, p.grad.abs().mean())
        """),
    correct("one_model_after_the_other", """
        import torch
        torch.manual_seed(0)
        first, second = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
        x = torch.ones(1, 2)
        first(x).sum().backward()
        print(first.weight.grad, second.weight.grad)
        second(x).sum().backward()
        print(second.weight.grad)
        """),
    correct("missing_targets_left_out", """
        import torch
        y = torch.tensor([1.0, float("nan"), 2.0])
        y_pred = torch.tensor([1.5, 0.0, 1.0], requires_grad=True)
        known = ~y.isnan()
        loss = ((y_pred[known] - y[known]) ** 2).mean()
        loss.backward()
        """),
    correct("error_caught_by_the_learner", """
        import torch
        x = torch.ones(3, requires_grad=True)
        try:
            (x + torch.ones(2)).sum().backward()
        except RuntimeError:
            pass
        x.sum().backward()
        """),
)
