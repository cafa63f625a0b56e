"""Sections of a run: which they are, and what a long run shows with all but one of them closed."""

import torch

import autograd_lessons as al
from autograd_lessons.grains import links, nodes
from autograd_lessons.sections import sections
from autograd_lessons.views.folding import MOST_NODES, Place, at_round, choices, folded

GRAINS = ("variables", "operations")


def outline(section, depth=9):
    """Kind, name or line, and count of steps of a section, with its parts."""
    inner = [outline(part, depth - 1) for part in section.parts] if depth else []
    return (section.kind, section.name, section.size, *inner)


def helper(x):
    y = torch.sin(x)
    return y * y


def rounds(x):
    for _ in range(3):
        x = helper(x)
    return x + 1


def nested(x):
    for _ in range(2):
        y = x * 2
        for _ in range(3):
            y = torch.sin(y)
        x = y + x
    return x


def leaves_early(x):
    while x < 20:
        x = x * 2
        if x > 5:
            break
    else:
        x = x - 1
    return torch.sin(x)


def long_loop(x, count: int = 600):
    total = 0 * x
    for _ in range(count):
        y = torch.sin(x)
        total = total + y * 0.01
        x = x + 0.001
    return total


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.up = torch.nn.Linear(2, 2)

    def forward(self, x):
        return torch.tanh(self.up(x))


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.blocks = torch.nn.ModuleList([Block(), Block()])

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x.sum()


def test_a_loop_has_a_section_for_each_round_and_a_helper_one_for_each_call():
    loop = sections(al.record(rounds, x=1.0)).parts[0]
    assert (loop.kind, loop.size) == ("loop", 6)
    assert [outline(turn) for turn in loop.parts] == [("round", "", 2, ("call", "helper", 2))] * 3


def test_loops_in_loops():
    outer = sections(al.record(nested, x=1.0)).parts[0]
    assert [turn.size for turn in outer.parts] == [5, 5]
    assert [[part.kind for part in turn.parts] for turn in outer.parts] == [["loop"], ["loop"]]
    assert [turn.parts[0].size for turn in outer.parts] == [3, 3]


def test_the_test_of_a_while_loop_belongs_to_the_round_that_it_begins():
    loop = sections(al.record(leaves_early, x=1.0)).parts[0]
    assert [turn.size for turn in loop.parts] == [3, 3, 3]  # x < 20, x * 2, x > 5


def test_comprehensions_and_sums_are_loops():
    tape = al.record(lambda x: torch.stack([torch.sin(x * i) for i in range(4)]).sum(), x=1.0)
    loop = sections(tape).parts[0]
    assert (loop.kind, [turn.size for turn in loop.parts]) == ("loop", [2, 2, 2, 2])
    tape = al.record(lambda x: sum(x * i for i in range(4)), x=1.0)
    assert [turn.size for turn in sections(tape).parts[0].parts] == [2, 2, 2, 2]


def test_code_without_source_has_its_loops_by_instruction():
    scope = {"torch": torch}
    exec("def f(x):\n    for _ in range(3):\n        x = torch.sin(x)\n    return x", scope)
    assert outline(sections(al.record(scope["f"], x=1.0)), 2)[3][:3] == ("loop", "loop", 3)


def test_a_module_is_a_section_by_its_dotted_name():
    net = Net()
    whole = sections(al.record(net, x=[1.0, 2.0]))
    assert [turn.parts[0].name for turn in whole.parts[0].parts] == ["blocks.0", "blocks.1"]
    whole = sections(al.record(lambda x: net(x), x=torch.tensor([1.0, 2.0])))
    assert [(part.kind, part.name, part.size) for part in whole.parts] == [("module", "net", 5)] or whole.parts[
        0
    ].kind == "module"


def test_a_modules_parameters_are_leaves_by_their_dotted_names():
    net = Net()
    names = ["blocks.0.up.weight", "blocks.0.up.bias", "blocks.1.up.weight", "blocks.1.up.bias"]
    for function in (net, lambda x: net(x)):
        tape = al.record(function, x=torch.tensor([1.0, 2.0]))
        assert [leaf.path for leaf in tape.inputs.values()] == ["x", *names]
    net(torch.tensor([1.0, 2.0])).backward()
    for name, parameter in net.named_parameters():
        recorded = next(leaf for leaf in tape.inputs.values() if leaf.path == name)
        torch.testing.assert_close(recorded.adjoint, parameter.grad)


def test_wrt_takes_a_dotted_name():
    assert list(al.compare(Net(), x=[1.0, 2.0], wrt="blocks.1.up.bias").gradients) == ["blocks_1_up_bias"]


def test_what_flows_through_closed_sections_adds_up_to_autograds_gradient():
    tape = al.record(long_loop, x=1.0)
    place = Place()
    place.go(sections(tape).parts[0].parts[200])
    for grain in GRAINS:
        sight = place.grain(tape, grain)
        assert len(nodes(tape, sight)) <= MOST_NODES
        for value in nodes(tape, sight):
            products = [link.product for link in links(tape, sight) if link.input is value]
            if products:
                torch.testing.assert_close(sum(products), value.adjoint)


def test_no_section_shows_more_than_fits():
    def straight(x):
        for _ in range(1):
            scope = {"x": x, "torch": torch}
            exec("\n".join(f"x = torch.sin(x) + {number}" for number in range(300)), scope)
        return scope["x"]

    def keeps_all(x):
        kept = [torch.sin(x * number) for number in range(300)]
        return torch.stack(kept).sum()

    deep = torch.nn.Sequential(*(torch.nn.Tanh() for _ in range(300)))
    for function in (straight, keeps_all, lambda x: deep(x).sum(), long_loop, lambda x: sum(x * i for i in range(300))):
        tape = al.record(function, x=1.0)
        waiting = [sections(tape)]
        for section in waiting[:40]:
            for grain in GRAINS:
                assert len(nodes(tape, folded(tape, grain, section))) <= MOST_NODES
            waiting += section.parts[:3]


def test_a_small_run_is_shown_whole_and_offers_no_sections():
    explorer = al.explore(rounds, x=1.0)
    assert explorer.scene().grain == "variables"
    assert explorer._folds.widget.layout.display == "none"


def test_the_open_section_survives_a_step_and_a_move():
    explorer = al.explore(long_loop, x=1.0)
    assert "loop, line 3: 600 rounds" in repr(explorer)
    explorer._look(choices(explorer.tape, explorer._place)[1][1])
    explorer._turn(200)
    assert "round 200 of 600" in explorer.html and "round 200 of 600" in explorer.still()
    explorer.step = 4
    shown = repr(explorer)
    explorer.set(x=1.25)
    assert explorer.step == 4 and "round 200 of 600" in explorer.html and repr(explorer) != shown
    at_round(explorer.tape, explorer._place, 600)
    explorer.set(x=1.5)
    assert "round 600 of 600" in explorer.html


def test_a_long_run_is_compared_when_it_is_asked_for():
    explorer = al.explore(long_loop, x=1.0)
    assert "press Compare" in explorer.html
    assert explorer.comparison is not None and explorer.comparison.ok
    assert "press Compare" not in explorer.html


def test_a_printed_tape_of_many_steps_shows_both_ends():
    lines = repr(al.record(long_loop, x=1.0)).splitlines()
    assert len(lines) == 102 and lines[-1].startswith("#2400") and "more: see .steps" in lines[51]


def test_ten_thousand_steps_of_recursion_depth_raise_nothing():
    def chain(x):
        for _ in range(10_000):
            x = torch.sin(x)
        return x

    comparison = al.compare(chain, x=1.0)
    assert comparison.ok and "too long to write out" in repr(comparison)
