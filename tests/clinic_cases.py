"""A corpus of notebook cells: what goes wrong with autograd, what is to blame for it, and cells with no mistake in them.

Each case states what plain PyTorch does with it and which line a teacher would point at. The line is marked in the code by `# <--`,
which `case` takes out again. How the line is chosen where more than one could be changed:

* a gradient that nothing computes: the line that cut it off, or the one that creates the tensor which should have required grad;
* two backward passes through one graph: the second, or in a loop the forward step that should be done anew in each turn;
* a missing clearing: the `backward()` that adds to what is there;
* a tensor that is used nowhere: its creation; one whose trail ends before the loss: the end of the trail;
* an edit in place: the edit, never the `backward()` that finds it;
* a gradient that was cleared and then used: the clearing.
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


@dataclass(frozen=True)
class Case:
    """One cell with one mistake in it.

    `line` counts from 1. `tensor` is the variable that the mistake is about, `None` if it has no plain name. `raises` is the name of the
    exception's type, `None` for what goes wrong in silence; `warns` holds the beginnings of all warnings shown; `gives` is an
    expression that is true in the cell's namespace afterwards, empty if the cell raises.
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


@dataclass(frozen=True)
class Outcome:
    """What running a cell left behind; `error` is `None` if it ran to its end."""

    namespace: dict
    error: Exception | None
    warnings: tuple[str, ...]
    stdout: str


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
    return Outcome(namespace, error, tuple(str(w.message) for w in shown), printed.getvalue())


TO_SCALAR = "Converting a tensor with requires_grad=True to a scalar"
COPIED = "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone()"
NON_LEAF = "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed"
BROADCAST = "Using a target size"
SINGLE_PRECISION = "Input #0 requires gradient and is not a double precision floating point or complex"

CASES: tuple[Case, ...] = (
    # ---------------------------------------------------------------- never_required
    case(
        "never_required",
        "backward_without_requires_grad",
        """
        import torch
        x = torch.tensor(3.0)  # <--
        y = x**2
        y.backward()
        """,
        tensor="x",
        raises="RuntimeError",
    ),
    case(
        "never_required",
        "regression_weights_are_plain_tensors",
        """
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
        """,
        tensor="w",
        raises="RuntimeError",
    ),
    case(
        "never_required",
        "misspelt_require_grad",
        """
        import torch
        x = torch.linspace(0, 1, 5)
        x.require_grad = True  # <--
        y = torch.sin(x).sum()
        y.backward()
        """,
        tensor="x",
        raises="RuntimeError",
    ),
    case(
        "never_required",
        "module_keeps_its_weight_as_a_tensor",
        """
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
        """,
        raises="RuntimeError",
    ),
    case(
        "never_required",
        "grad_with_respect_to_data",
        """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        x = torch.tensor(3.0)  # <--
        y = w * x**2
        dy_dx, = torch.autograd.grad(y, x)
        """,
        tensor="x",
        raises="RuntimeError",
    ),
    case(
        "never_required",
        "from_numpy_does_not_require_grad",
        """
        import numpy as np
        import torch
        t = torch.from_numpy(np.array([0.5, 1.0, 1.5]))  # <--
        position = 4.9 * t**2
        velocity = torch.autograd.grad(position.sum(), t)[0]
        """,
        tensor="t",
        raises="RuntimeError",
    ),
    case(
        "never_required",
        "optimizer_does_not_make_it_require_grad",
        """
        import torch
        w = torch.tensor([1.0, -2.0])  # <--
        optimizer = torch.optim.SGD([w], lr=0.1)
        for step in range(5):
            optimizer.zero_grad()
            loss = (w**2).sum()
            loss.backward()
            optimizer.step()
        """,
        tensor="w",
        raises="RuntimeError",
    ),
    # ---------------------------------------------------------------- cut_by_detach
    case(
        "cut_by_detach",
        "detach_between_two_layers",
        """
        import torch
        x = torch.tensor([1.0, 2.0])
        w = torch.tensor(0.5, requires_grad=True)
        h = torch.tanh(w * x).detach()  # <--
        loss = (h**2).sum()
        loss.backward()
        """,
        tensor="h",
        raises="RuntimeError",
    ),
    case(
        "cut_by_detach",
        "detached_prediction_in_the_loss",
        """
        import torch
        import torch.nn.functional as F
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        x, y = torch.randn(8, 3), torch.randn(8, 1)
        y_pred = model(x)
        loss = F.mse_loss(y_pred.detach(), y)  # <--
        loss.backward()
        """,
        tensor="y_pred",
        raises="RuntimeError",
    ),
    case(
        "cut_by_detach",
        "detach_inside_a_helper",
        """
        import torch
        def normalise(v):
            v = v - v.mean()
            return v.detach()  # <--
        w = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
        z = normalise(w)
        loss = (z**2).sum()
        loss.backward()
        """,
        tensor="v",
        raises="RuntimeError",
    ),
    case(
        "cut_by_detach",
        "data_in_the_chain",
        """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        h = w * 3
        loss = (h.data - 1) ** 2  # <--
        loss.backward()
        """,
        tensor="h",
        raises="RuntimeError",
    ),
    case(
        "cut_by_detach",
        "detach_hides_the_first_weight",
        """
        import torch
        x = torch.tensor(3.0)
        w1 = torch.tensor(0.5, requires_grad=True)
        w2 = torch.tensor(2.0, requires_grad=True)
        h = torch.relu(w1 * x)
        y = w2 * h.detach()  # <--
        y.backward()
        print(w1.grad, w2.grad)
        """,
        tensor="h",
        gives="w1.grad is None and w2.grad.item() == 1.5",
    ),
    case(
        "cut_by_detach",
        "encoder_does_not_learn",
        """
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
        """,
        tensor="code",
        gives="encoder.weight.grad is None and decoder.weight.grad is not None",
    ),
    case(
        "cut_by_detach",
        "detach_in_place",
        """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        h = w.exp()
        h.detach_()  # <--
        h.sum().backward()
        """,
        tensor="h",
        raises="RuntimeError",
    ),
    # ---------------------------------------------------------------- cut_by_no_grad
    case(
        "cut_by_no_grad",
        "forward_pass_under_no_grad",
        """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        x = torch.tensor(3.0)
        with torch.no_grad():  # <--
            y_pred = w * x
        loss = (y_pred - 1) ** 2
        loss.backward()
        """,
        tensor="y_pred",
        raises="RuntimeError",
    ),
    case(
        "cut_by_no_grad",
        "decorated_loss_function",
        """
        import torch
        @torch.no_grad()  # <--
        def loss_of(w, x, y):
            y_pred = w * x
            return ((y_pred - y) ** 2).mean()
        w = torch.tensor(0.1, requires_grad=True)
        x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
        loss = loss_of(w, x, y)
        loss.backward()
        """,
        tensor="loss",
        raises="RuntimeError",
    ),
    case(
        "cut_by_no_grad",
        "grad_mode_left_switched_off",
        """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        torch.set_grad_enabled(False)  # <--
        print("before training:", model(torch.ones(1, 2)).item())
        loss = model(torch.ones(4, 2)).pow(2).mean()
        loss.backward()
        """,
        tensor="loss",
        raises="RuntimeError",
    ),
    case(
        "cut_by_no_grad",
        "loss_under_inference_mode",
        """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        with torch.inference_mode():  # <--
            loss = (w**2).sum()
        loss.backward()
        """,
        tensor="loss",
        raises="RuntimeError",
    ),
    case(
        "cut_by_no_grad",
        "backbone_under_no_grad_is_not_trained",
        """
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
        """,
        tensor="features",
        gives="backbone.weight.grad is None and head.weight.grad is not None",
    ),
    case(
        "cut_by_no_grad",
        "update_rule_with_no_grad_around_everything",
        """
        import torch
        w = torch.tensor(5.0, requires_grad=True)
        for step in range(3):
            with torch.no_grad():  # <--
                loss = (w - 3) ** 2
                loss.backward()
                w -= 0.1 * w.grad
                w.grad = None
        """,
        tensor="loss",
        raises="RuntimeError",
    ),
    case(
        "cut_by_no_grad",
        "retain_grad_on_a_result_of_no_grad",
        """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        with torch.no_grad():  # <--
            h = torch.tanh(w)
        h.retain_grad()
        h.sum().backward()
        """,
        tensor="h",
        raises="RuntimeError",
    ),
    # ---------------------------------------------------------------- turned_off
    case(
        "turned_off",
        "requires_grad_turned_off_for_printing",
        """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        print(w.requires_grad_(False).numpy())  # <--
        loss = (w**2).sum()
        loss.backward()
        """,
        tensor="w",
        raises="RuntimeError",
    ),
    case(
        "turned_off",
        "all_parameters_frozen",
        """
        import torch
        from torch import nn
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
        for p in model.parameters():
            p.requires_grad = False  # <--
        loss = model(torch.randn(5, 2)).mean()
        loss.backward()
        """,
        raises="RuntimeError",
    ),
    case(
        "turned_off",
        "whole_module_frozen",
        """
        import torch
        torch.manual_seed(0)
        critic = torch.nn.Linear(3, 1)
        critic.requires_grad_(False)  # <--
        optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
        optimizer.zero_grad()
        loss = (critic(torch.randn(4, 3)) - 1).pow(2).mean()
        loss.backward()
        optimizer.step()
        """,
        raises="RuntimeError",
    ),
    case(
        "turned_off",
        "grad_of_a_frozen_weight",
        """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        w.requires_grad = False  # <--
        loss = (w * 3 + b) ** 2
        dw, db = torch.autograd.grad(loss, (w, b))
        """,
        tensor="w",
        raises="RuntimeError",
    ),
    case(
        "turned_off",
        "one_weight_frozen_in_silence",
        """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        w.requires_grad_(False)  # <--
        loss = (w * 3 + b) ** 2
        loss.backward()
        print(w.grad, b.grad)
        """,
        tensor="w",
        gives="w.grad is None and b.grad.item() == 14.0",
    ),
    # ---------------------------------------------------------------- left_graph
    case(
        "left_graph",
        "item_then_backward",
        """
        import torch
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        loss = (x**2).sum().item()  # <--
        loss.backward()
        """,
        tensor="loss",
        raises="AttributeError",
    ),
    case(
        "left_graph",
        "math_sin_gives_a_float",
        """
        import math
        import torch
        x = torch.tensor(2.0, requires_grad=True)
        y = math.sin(x**2)  # <--
        y.backward()
        """,
        tensor="y",
        raises="AttributeError",
        warns=(TO_SCALAR,),
    ),
    case(
        "left_graph",
        "losses_added_as_numbers",
        """
        import torch
        w = torch.tensor(1.0, requires_grad=True)
        total = 0.0
        for x, y in [(1.0, 2.0), (2.0, 4.0)]:
            loss = (w * x - y) ** 2
            total += loss.item()  # <--
        total.backward()
        """,
        tensor="total",
        raises="AttributeError",
    ),
    case(
        "left_graph",
        "numpy_of_a_tensor_that_requires_grad",
        """
        import torch
        w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = w**2
        values = y.numpy()  # <--
        """,
        tensor="y",
        raises="RuntimeError",
    ),
    case(
        "left_graph",
        "np_exp_of_a_tensor_that_requires_grad",
        """
        import numpy as np
        import torch
        z = torch.tensor([0.0, 1.0], requires_grad=True)
        p = 1 / (1 + np.exp(-z))  # <--
        p.sum().backward()
        """,
        tensor="z",
        raises="RuntimeError",
    ),
    case(
        "left_graph",
        "rewrapped_item",
        """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        h = x**2
        y = torch.tensor(h.item(), requires_grad=True)  # <--
        y.backward()
        print(x.grad)
        """,
        tensor="h",
        gives="x.grad is None and y.grad.item() == 1.0",
    ),
    case(
        "left_graph",
        "loss_rewrapped_to_silence_the_error",
        """
        import numpy as np
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        x, y = torch.randn(6, 2), np.ones((6, 1), dtype=np.float32)
        y_pred = model(x).detach().numpy()  # <--
        loss = torch.tensor(np.mean((y_pred - y) ** 2), requires_grad=True)
        loss.backward()
        print(model.weight.grad)
        """,
        tensor="y_pred",
        gives="model.weight.grad is None and loss.grad.item() == 1.0",
    ),
    case(
        "left_graph",
        "float_of_the_weight_in_a_formula",
        """
        import torch
        w = torch.tensor(2.0, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        y = float(w) * 3.0 + b  # <--
        y.backward()
        print(w.grad, b.grad)
        """,
        tensor="w",
        warns=(TO_SCALAR,),
        gives="w.grad is None and b.grad.item() == 1.0",
    ),
    case(
        "left_graph",
        "list_and_back",
        """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        squares = [v * v for v in w.tolist()]  # <--
        loss = torch.tensor(squares).sum()
        loss.backward()
        """,
        tensor="w",
        raises="RuntimeError",
    ),
    case(
        "left_graph",
        "item_inside_the_loss_function",
        """
        import torch
        def loss_function(y_pred, y):
            errors = [(p - t).item() ** 2 for p, t in zip(y_pred, y)]  # <--
            return torch.tensor(sum(errors) / len(errors))
        w = torch.tensor(0.5, requires_grad=True)
        x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
        loss = loss_function(w * x, y)
        loss.backward()
        """,
        raises="RuntimeError",
    ),
    # ---------------------------------------------------------------- copied
    case(
        "copied",
        "torch_tensor_of_a_tensor",
        """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        y = torch.tensor(x**2)  # <--
        y.backward()
        """,
        tensor="y",
        raises="RuntimeError",
        warns=(COPIED,),
    ),
    case(
        "copied",
        "torch_tensor_of_a_tensor_that_requires_grad_again",
        """
        import torch
        x = torch.tensor(3.0, requires_grad=True)
        h = x**2
        y = torch.tensor(h, requires_grad=True)  # <--
        (2 * y).backward()
        print(x.grad)
        """,
        tensor="h",
        warns=(COPIED,),
        gives="x.grad is None and y.grad.item() == 2.0",
    ),
    case(
        "copied",
        "list_of_losses_made_into_a_tensor",
        """
        import torch
        w = torch.tensor(1.0, requires_grad=True)
        losses = [(w * x - 2 * x) ** 2 for x in (1.0, 2.0, 3.0)]
        loss = torch.tensor(losses).mean()  # <--
        loss.backward()
        """,
        tensor="losses",
        raises="RuntimeError",
        warns=(TO_SCALAR,),
    ),
    case(
        "copied",
        "rotation_matrix_from_an_angle",
        """
        import torch
        angle = torch.tensor(0.3, requires_grad=True)
        c, s = torch.cos(angle), torch.sin(angle)
        rotation = torch.tensor([[c, -s], [s, c]], requires_grad=True)  # <--
        point = rotation @ torch.tensor([1.0, 0.0])
        point.sum().backward()
        print(angle.grad)
        """,
        tensor="rotation",
        warns=(TO_SCALAR,),
        gives="angle.grad is None and rotation.grad is not None",
    ),
    case(
        "copied",
        "new_tensor_of_a_result",
        """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        h = w * 3
        z = h.new_tensor(h)  # <--
        z.sum().backward()
        """,
        tensor="h",
        raises="RuntimeError",
        warns=(COPIED,),
    ),
    # ---------------------------------------------------------------- not_differentiable
    case(
        "not_differentiable",
        "backward_on_the_result_of_argmax",
        """
        import torch
        logits = torch.tensor([0.1, 2.0, -1.0], requires_grad=True)
        prediction = torch.argmax(logits)  # <--
        loss = (prediction.float() - 2.0) ** 2
        loss.backward()
        """,
        tensor="prediction",
        raises="RuntimeError",
    ),
    case(
        "not_differentiable",
        "accuracy_as_a_loss",
        """
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 3)
        x, y = torch.randn(6, 2), torch.tensor([0, 1, 2, 0, 1, 2])
        logits = model(x)
        correct = logits.argmax(dim=1) == y  # <--
        loss = 1 - correct.float().mean()
        loss.backward()
        """,
        tensor="logits",
        raises="RuntimeError",
    ),
    case(
        "not_differentiable",
        "threshold_by_comparison",
        """
        import torch
        w = torch.tensor([0.2, 0.7, 0.9], requires_grad=True)
        decision = (w > 0.5).float()  # <--
        loss = decision.sum()
        loss.backward()
        """,
        tensor="decision",
        raises="RuntimeError",
    ),
    case(
        "not_differentiable",
        "cast_to_integers",
        """
        import torch
        w = torch.tensor([1.4, 2.6], requires_grad=True)
        counts = w.long()  # <--
        loss = (counts - 1).pow(2).sum().float()
        loss.backward()
        """,
        tensor="counts",
        raises="RuntimeError",
    ),
    case(
        "not_differentiable",
        "indices_of_a_sort",
        """
        import torch
        scores = torch.tensor([0.3, 0.9, 0.5], requires_grad=True)
        _, order = torch.sort(scores, descending=True)  # <--
        loss = (order.float() * torch.tensor([1.0, 2.0, 3.0])).sum()
        loss.backward()
        """,
        tensor="order",
        raises="RuntimeError",
    ),
    case(
        "not_differentiable",
        "sampled_index_is_not_the_policy",
        """
        import torch
        torch.manual_seed(0)
        preferences = torch.tensor([0.1, 0.5, -0.2], requires_grad=True)
        probabilities = torch.softmax(preferences, dim=0)
        action = torch.multinomial(probabilities, 1)  # <--
        reward = torch.tensor([1.0, 0.0, 2.0])[action]
        loss = -reward.sum()
        loss.backward()
        """,
        tensor="action",
        raises="RuntimeError",
    ),
    # ---------------------------------------------------------------- flat_operation
    case(
        "flat_operation",
        "round_has_no_slope",
        """
        import torch
        x = torch.tensor([1.2, 2.7], requires_grad=True)
        y = torch.round(x)  # <--
        loss = ((y - 5.0) ** 2).sum()
        loss.backward()
        print(x.grad)
        """,
        tensor="y",
        gives="x.grad.tolist() == [0.0, 0.0]",
    ),
    case(
        "flat_operation",
        "sign_as_an_activation",
        """
        import torch
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 2)
        x = torch.randn(4, 3)
        h = layer(x).sign()  # <--
        loss = (h - 1).abs().sum()
        loss.backward()
        """,
        tensor="h",
        gives="(layer.weight.grad == 0).all().item()",
    ),
    case(
        "flat_operation",
        "floor_division_into_bins",
        """
        import torch
        width = torch.tensor(0.4, requires_grad=True)
        positions = torch.tensor([0.1, 0.5, 1.1])
        bins = torch.floor(positions / width)  # <--
        loss = bins.mean()
        loss.backward()
        print(width.grad)
        """,
        tensor="bins",
        gives="width.grad.item() == 0.0",
    ),
    # ---------------------------------------------------------------- integer_dtype
    case(
        "integer_dtype",
        "tensor_of_integers_requires_grad",
        """
        import torch
        x = torch.tensor([1, 2, 3], requires_grad=True)  # <--
        y = (x**2).sum()
        y.backward()
        """,
        tensor="x",
        raises="RuntimeError",
    ),
    case(
        "integer_dtype",
        "arange_then_requires_grad",
        """
        import torch
        x = torch.arange(5)  # <--
        x.requires_grad_(True)
        y = torch.sin(x).sum()
        y.backward()
        """,
        tensor="x",
        raises="RuntimeError",
    ),
    case(
        "integer_dtype",
        "parameter_of_integers",
        """
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
        """,
        raises="RuntimeError",
    ),
)
