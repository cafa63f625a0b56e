"""Odd functions and odd inputs, each through all four verbs: a result, or an error that says what was wrong and what to type.

The error's class is one of ours, or it is the learner's own error, raised in the learner's code.
"""

from __future__ import annotations

import contextlib
import decimal
import fractions
import functools
import math
import operator
import random
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import tensor

import autograd_lessons as al

VERBS = {"record": al.record, "derive": al.derive, "compare": al.compare, "explore": al.explore}
ALL = tuple(VERBS)
TARGET = ("compare", "explore")  # the verbs that need one output to differentiate
GIVEN = ("record", "compare")  # the verbs that need every input


class Case(NamedTuple):
    function: Any
    given: dict
    error: type[BaseException] | None = None
    words: str = ""
    verbs: tuple[str, ...] = ALL


def fine(function, **given):
    return Case(function, given)


def no_target(words, function, **given):
    """What it returns cannot be differentiated: it can be recorded all the same."""
    return Case(function, given, al.OutputError, words, TARGET)


def fails(error, words, function, **given):
    return Case(function, given, error, words)


# ---------------------------------------------------------------------- functions that need a name
def power(x, n: int):
    return x**n


def named(x, mode: str):
    return torch.sin(x) if mode == "sin" else torch.cos(x)


def generator(x):
    yield x
    yield x * 2


async def coroutine(x):
    return x * 2


async def asynchronous_generator(x):
    yield x


first, second = (lambda x: torch.sin(x)), (lambda x: torch.cos(x) * torch.sin(x))
scope: dict[str, Any] = {"torch": torch}
exec("def made(x):\n    y = torch.sin(x)\n    return y * x\n", scope)


class Holder:
    scale = 3.0

    def method(self, x):
        return self.scale * x * x

    @staticmethod
    def static(x):
        return x * x

    @classmethod
    def of_the_class(cls, x):
        return cls.scale * x

    def __call__(self, x):
        return torch.sin(x) * self.scale


class Unhashable(Holder):
    __hash__ = None  # pyright: ignore


class Net(torch.nn.Module):
    def __init__(self, p=0.0):
        super().__init__()
        torch.manual_seed(0)
        self.fc1, self.norm = torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)
        self.drop, self.fc2 = torch.nn.Dropout(p), torch.nn.Linear(3, 1)

    def forward(self, x):
        return self.fc2(self.drop(torch.tanh(self.norm(self.fc1(x))))).sum()


def calls(module):
    return lambda x: module(x)


def with_weight(module):
    return lambda w, x: torch.func.functional_call(module, {"weight": w}, (x,)).sum()


def traced():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is on its way out
        return torch.jit.trace(lambda x: torch.sin(x) * x, tensor(1.0))


def recursive(x, n: int = 5):
    return x if n == 0 else torch.sin(recursive(x, n - 1))


def endless(x):
    return endless(x * 1.0)


def times(k):
    def inner(x):
        return k * x

    return inner


def half_way(x):
    y = torch.sin(x)
    raise KeyError(f"lost at {y.item():.0f}")


def shapes(x):
    return torch.ones(2, 3) @ torch.ones(2, 3) * x


def positional_only(x, y, /):
    return x * y


def keyword_only(*, x, y=2.0):
    return x * y


def defaults(x, y=3.0):
    return x * y


def mutable(x, seen=[]):  # noqa: B006
    seen.append(x)
    return sum(seen)


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def barely_decorated(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs) * 2

    return wrapper


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2 * ctx.saved_tensors[0]


class NoWayBack(Square):
    @staticmethod
    def backward(ctx, gradient):
        raise ValueError("no way back")


class Sub(torch.Tensor):
    pass


def interrupted(x):
    raise KeyboardInterrupt


CASES = {
    # inputs
    "complex": fine(lambda z: (z * z.conj()).real, z=tensor(1 + 2j)),
    "complex inside": fine(lambda x: torch.view_as_real(torch.exp(1j * x)).sum(), x=1.0),
    "complex returned": fails(al.OutputError, "returned complex numbers, which have no single gradient. Return a real", lambda z: z * z, z=tensor(1 + 2j)),
    "half": fine(lambda x: torch.sin(x) * x, x=tensor(1.5, dtype=torch.float16)),
    "bfloat16": fine(lambda x: torch.sin(x) * x, x=tensor(1.5, dtype=torch.bfloat16)),
    "float32": fine(lambda x: torch.sin(x) * x, x=tensor(1.5)),
    "integers": fine(lambda n: n * n, n=tensor(3)),
    "integers beside": fine(lambda x, n: x**n, x=2.0, n=tensor(3)),
    "a mask": fine(lambda x, m: torch.where(m, x, -x), x=2.0, m=tensor(True)),
    "annotated int": fine(power, x=2.0, n=3),
    "annotated str": fine(named, x=2.0, mode="sin"),
    "empty tensor": fine(lambda x: x.sum(), x=torch.zeros(0)),
    "empty elementwise": fine(lambda x: torch.sin(x), x=torch.zeros(0)),
    "empty list": fails(AttributeError, "'list' object has no attribute 'sum'", lambda x: x.sum(), x=[]),
    "None given": fine(lambda x, m: torch.sin(x) if m is None else m, x=1.0, m=None),
    "nan": fine(lambda x: torch.sin(x), x=math.nan),
    "infinity": fine(lambda x: torch.exp(-x), x=math.inf),
    "huge integer": fails(al.InputError, "x=10000", lambda x: x * 2, x=10**400),
    "integer beyond writing": fails(al.InputError, "a very large number cannot be made a tensor", lambda x: x * 2, x=10**6000),
    "NumPy": fine(lambda x: (x**2).sum(), x=np.array([1.0, 2.0])),
    "fraction": fine(lambda x: x**2, x=fractions.Fraction(1, 3)),
    "decimal": no_target("returned no tensor", lambda x: x * 2, x=decimal.Decimal("0.1")),
    "text": no_target("returned no tensor but a str", lambda x: x, x="hello"),
    "sparse": fails(al.InputError, "x is a sparse tensor, and only plain tensors can be shown number by number. Give x.to_dense()", lambda x: x.to_dense().sum(), x=torch.eye(2).to_sparse()),
    "meta": fails(al.InputError, "x is a tensor on the meta device", lambda x: x * 2, x=torch.ones((), device="meta")),
    "a bool": no_target("returned no tensor", lambda x: x * 1, x=True),
    "left out": Case(defaults, {"y": 1.0}, al.InputError, "needs a value for 'x'. Add it by name: x=1.0", GIVEN),
    "unknown": fails(al.InputError, "defaults(x, y) has no parameter 'z'. It takes: x, y", defaults, x=1.0, z=1.0),
    # outputs
    "tuple": no_target("returned 2 values. Return the one to differentiate", lambda x: (x, x * 2), x=1.0),
    "list": no_target("returned 2 values. Return the one to differentiate", lambda x: [x, x * 2], x=1.0),
    "tuple of one": no_target("returned one value in a tuple. Return the one to differentiate", lambda x: (x * 2,), x=1.0),
    "named tuple": no_target("returned 2 values. Return the one to differentiate", lambda x: torch.max(x, 0), x=[1.0, 2.0]),
    "dict": no_target("returned a dict, and no tensor. Return the entry", lambda x: {"loss": x * 2}, x=1.0),
    "not a scalar": fails(al.OutputError, "returned a tensor of shape 2×2, which has no single gradient. Return a number", lambda x: x.reshape(2, 1) * x, x=[1.0, 2.0]),
    "number by item": no_target("returned no tensor. Return the tensor itself: a Python number", lambda x: x.item() * 2, x=1.0),
    "number by math": no_target("returned no tensor. Return the tensor itself: a Python number", lambda x: math.sin(x), x=1.0),
    "a number": no_target("returned no tensor. Return the tensor itself", lambda x: 3.0, x=1.0),
    "None": no_target("returned nothing. Return the tensor itself", lambda x: None, x=1.0),
    "text returned": no_target("returned no tensor but a str", lambda x: "done", x=1.0),
    "NumPy returned": no_target("returned no tensor but a ndarray. Return the tensor that it was computed from", lambda x: x.detach().numpy(), x=1.0),
    "a constant": fine(lambda x: tensor(3.0), x=1.0),
    "itself": fine(lambda x: x, x=1.0),
    "integer returned": fine(lambda x: x.to(torch.int64), x=1.7),
    "bool returned": fine(lambda x: x > 0, x=1.7),
    "argmax": fine(lambda x: x.argmax(), x=[1.0, 3.0]),
    "detached": fine(lambda x: x.detach() * 2, x=1.0),
    "under no_grad": fine(torch.no_grad()(lambda x: x * 2), x=1.0),
    "under inference_mode": fine(torch.inference_mode()(lambda x: x * 2), x=1.0),
    # random numbers
    "dropout": fine(lambda x: torch.nn.functional.dropout(x, 0.5).sum(), x=torch.ones(8)),
    "rand": fine(lambda x: x * torch.rand(()), x=1.0),
    "randn_like": fine(lambda x: (x + torch.randn_like(x)).sum(), x=[1.0, 2.0]),
    "a generator of its own": fine(lambda x: x * torch.rand((), generator=torch.Generator().manual_seed(1)), x=1.0),
    "seeded": fine(lambda x: (torch.manual_seed(3), x * torch.rand(()))[1], x=1.0),
    "Python's random": fine(lambda x: x * random.random(), x=1.0),
    # kinds of functions
    "generator": no_target("generator is a generator: nothing of it has run. Return one tensor", generator, x=1.0),
    "generator inside": fine(lambda x: sum(x * i for i in range(4)), x=1.0),
    "async": no_target("coroutine is an async function: nothing of it has run. Write it with a plain def", coroutine, x=1.0),
    "async generator": no_target("is an async function: nothing of it has run", asynchronous_generator, x=1.0),
    "context manager": no_target("returned no tensor but a", contextlib.contextmanager(generator), x=1.0),
    "two lambdas in a line": fine(second, x=1.0),
    "two calls in a line": fine(lambda x: torch.sin(x) + torch.sin(x), x=1.0),
    "built-in": fine(torch.sin, x=1.0),
    "math's": no_target("sin returned no tensor", math.sin, x=1.0),
    "abs": fine(abs, x=-1.0),
    "operator": fails(al.InputError, "neg(a) has no parameter 'x'. It takes: a", operator.neg, x=1.0),
    "exec": fine(scope["made"], x=1.0),
    "eval": fine(eval("lambda x: x * x", {}), x=2.0),
    "partial": fine(functools.partial(power, n=3), x=2.0),
    "partial by position": fine(functools.partial(lambda a, x: a * x, 3.0), x=2.0),
    "method": fine(Holder().method, x=2.0),
    "static method": fine(Holder.static, x=2.0),
    "class method": fine(Holder.of_the_class, x=2.0),
    "callable object": fine(Holder(), x=2.0),
    "object without a hash": fine(Unhashable(), x=2.0),
    "class": fails(al.InputError, "Holder() has no parameter 'x'", Holder, x=2.0),
    "a number for a function": fails(al.InputError, "A function is needed, and this is float. Give the function itself", 3.0, x=1.0),
    "recursion": fine(recursive, x=1.0),
    "deep recursion": fine(recursive, x=1.0, n=200),
    "endless recursion": fails(RecursionError, "maximum recursion depth exceeded", endless, x=1.0),
    "closure": fine(times(3.0), x=1.0),
    "closure over a tensor": fine(times(tensor(3.0, requires_grad=True)), x=1.0),
    "error half way": fails(KeyError, "lost at 1", half_way, x=1.0),
    "torch's error": fails(RuntimeError, "mat1 and mat2 shapes cannot be multiplied", shapes, x=1.0),
    "*args": fails(al.InputError, "(*args) takes its inputs by position, and here they are given by name", lambda *args: args[0] * 2, x=1.0),
    "**kwargs": fine(lambda **kw: kw["x"] * kw["y"], x=1.0, y=2.0),
    "no parameters": fine(lambda: tensor(1.0, requires_grad=True) * 2),
    "positional only": fine(positional_only, x=1.0, y=2.0),
    "keyword only": fine(keyword_only, x=1.0),
    "default": fine(defaults, x=1.0),
    "mutable default": fine(mutable, x=1.0),
    "decorated": fine(decorated(power), x=2.0, n=3),
    "decorated without wraps": fine(barely_decorated(defaults), x=2.0, y=1.0),
    "cached": fine(functools.cache(lambda x: x * 2), x=1.0),
    "runs backward": fine(lambda x: (x.sin().backward(), x)[1], x=1.0),
    "changes a leaf": fails(RuntimeError, "a leaf Variable that requires grad is being used in an in-place operation", lambda x: x.add_(1), x=1.0),
    "interrupted": fails(KeyboardInterrupt, "", interrupted, x=1.0),
    "map and reduce": fine(lambda x: functools.reduce(torch.mul, map(torch.sin, [x, x, x])), x=1.0),
    # PyTorch's own kinds
    "module": fine(torch.nn.Linear(1, 1), input=[1.0]),
    "sequential": fine(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)), input=[1.0, 2.0]),
    "network": fine(Net(), x=[[1.0, 2.0], [0.0, 1.0]]),
    "network with dropout": fine(Net(p=0.5), x=[[1.0, 2.0], [0.0, 1.0]]),
    "lambda around a network": fine(calls(Net()), x=tensor([[1.0, 2.0], [0.0, 1.0]])),
    "functional_call": fine(with_weight(torch.nn.Linear(2, 1, bias=False, dtype=torch.float64)), w=[[1.0, 2.0]], x=[3.0, 4.0]),
    "lazy module": fails(al.InputError, "LazyLinear does not know the shapes of its parameters yet. Call it once", torch.nn.LazyLinear(1), input=[1.0]),
    "traced": fine(traced(), x=1.0),
    "vmap": fine(torch.vmap(lambda x: torch.sin(x)), x=[1.0, 2.0]),
    "func.grad": fine(torch.func.grad(lambda x: torch.sin(x)), x=1.0),
    "custom Function": fine(lambda x: Square.apply(x) * 2, x=3.0),  # pyright: ignore
    "custom Function that raises": fails(ValueError, "no way back", lambda x: NoWayBack.apply(x) * 2, x=3.0),  # pyright: ignore
    "tensor subclass": fine(lambda x: x.as_subclass(Sub).sin(), x=1.0),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning:torch", "ignore::DeprecationWarning:torch")
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_result_or_a_clear_error(case, verb):
    call = VERBS[verb]
    if case.error is None or verb not in case.verbs:
        made = call(case.function, **case.given)
        assert repr(made) is not None  # shown as text without an error of ours
        assert verb != "explore" or made.tape is not None
        return
    shown = verb == "explore" and issubclass(case.error, Exception) and case.error is not al.InputError
    if shown:  # an explorer stands as soon as its inputs do: what the function raises is shown, not raised
        explorer = call(case.function, **case.given)
        assert explorer.tape is None
        text = repr(explorer).replace("\n", " ")
        assert (
            text.startswith(case.error.__name__)
            and case.words in text
            and case.words.split(".")[0][:20] in explorer.html.replace("&#39;", "'")
        )
        return
    with pytest.raises(BaseException) as raised:
        call(case.function, **case.given)
    assert raised.type is case.error
    assert case.words in str(raised.value)


def test_a_module_stays_as_it_was():
    net = Net()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    al.compare(net, x=[[1.0, 2.0], [0.0, 1.0]])
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())


def test_a_mutable_default_stays_as_it_was():
    al.compare(mutable, x=1.0)
    assert mutable.__defaults__ == ([],)
