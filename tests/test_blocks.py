"""What stands below a recorded cell: statements in order, bars with their numbers, one graph at a time, stages through all passes."""

import re
from dataclasses import replace

import pytest
import torch

import autograd_lessons as al
from autograd_lessons.blocks import BlockExplorer
from autograd_lessons.statements import moments, text_of
from autograd_lessons.views import graph, timeline


def accumulating():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        y = x**2
        y.backward()
        (x * 3).backward()
        x.grad.zero_()
        z = x.detach() * 2
        with torch.no_grad():
            x -= 0.5
        x.grad = None
    assert z.item() == 4.0
    return tape


def looping(count):
    w = torch.tensor(1.0, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    with al.recording() as tape:
        for _ in range(count):
            optimizer.zero_grad()
            loss = (
                w - 3
            ) ** 2  # fmt: skip
            loss.backward()
            optimizer.step()
    return tape


def rows_of(tape, at=-1):
    explorer = BlockExplorer(tape, "variables")
    scene = explorer.scene()
    return timeline.rows(replace(scene, at=at % len(scene.stages)))


# ---------------------------------------------------------------- statements
def test_each_statement_that_pytorch_had_to_do_with_is_a_moment_in_order():
    tape = accumulating()
    assert [text_of(tape, moment) for moment in moments(tape)] == [
        "x = torch.tensor(2.0, requires_grad=True)", "y = x**2", "y.backward()", "(x * 3).backward()", "x.grad.zero_()",
        "z = x.detach() * 2", "with torch.no_grad():", "x -= 0.5", "with torch.no_grad():", "x.grad = None",
    ]  # fmt: skip


def test_a_statement_in_a_loop_is_a_moment_each_time_and_keeps_its_lines_together():
    tape = looping(2)
    texts = [text_of(tape, moment).splitlines()[0] for moment in moments(tape)]
    assert texts == ["optimizer.zero_grad()", "loss = (", "loss.backward()", "optimizer.step()"] * 2


def test_a_single_statement_loop_is_a_moment_for_each_backward():
    x = torch.tensor(2.0, requires_grad=True)
    with al.recording() as tape:
        for _ in range(3):
            (x * 3).backward()
    assert len(moments(tape)) == 3
    assert [row.cells[0].text for row in rows_of(tape)] == ["3", "6", "9"]


# ---------------------------------------------------------------- the bars
def test_the_bar_of_a_grad_follows_the_statements():
    cells = [row.cells[0] for row in rows_of(accumulating())]
    assert [cell.state for cell in cells] == [
        "none", "none", "full", "full", "zero", "zero", "zero", "zero", "zero", "none",
    ]  # fmt: skip
    assert [cell.text for cell in cells] == ["None", "None", "4", "7", "0", "0", "0", "0", "0", "None"]
    assert [cell.change for cell in cells] == ["", "", "filled", "added to", "zeroed", "", "", "", "", "removed"]


def test_what_a_statement_did_is_said_in_words():
    told = {row.text: row.told for row in rows_of(accumulating())}
    assert told["x = torch.tensor(2.0, requires_grad=True)"] == ("x = 2, a leaf: it keeps its .grad",)
    assert told["y = x**2"] == ("y = 4",)
    assert "x.grad: 4 + 3 = 7" in told["(x * 3).backward()"]
    assert any("cuts here" in sentence for sentence in told["z = x.detach() * 2"])
    assert told["x -= 0.5"] == ("x is changed to 1.5",)
    assert told["x.grad = None"] == ("x.grad: now None",)


def test_a_leaf_has_no_bar_before_it_is_made():
    with al.recording() as tape:
        a = torch.tensor(1.0, requires_grad=True)
        (a * 2).backward()
        b = torch.tensor(1.0, requires_grad=True)
        (b * 5).backward()
    states = [[cell.state for cell in row.cells] for row in rows_of(tape)]
    assert states == [["none", "unborn"], ["full", "unborn"], ["full", "none"], ["full", "full"]]


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        ("x.item()", "leaves the graph as a plain number"),
        ("x.detach()", "cuts here"),
        ("torch.tensor([1.0, 2.0])[x.long()]", "no gradient goes through"),
        ("(x > 0)", "no gradient goes through"),
        ("x.requires_grad_(False)", "no longer requires a gradient"),
    ],
)
def test_places_where_the_graph_is_cut_are_marked(cut, words):
    with al.recording() as tape:
        x = torch.tensor(1.0, requires_grad=True)
        eval(cut, {"x": x, "torch": torch})
    assert words in " ".join(sentence for row in rows_of(tape) for sentence in row.told)


def test_of_a_long_loop_the_middle_is_left_out_and_said_so():
    rows = rows_of(looping(60))
    assert len(rows) <= 60 and any("backward passes like these" in row.skipped for row in rows)
    skipped = next(row.skipped for row in rows if row.skipped)
    assert int(re.search(r"(\d+) backward", skipped)[1]) == 60 - 8


# ---------------------------------------------------------------- stages and graphs
def test_stages_lead_through_every_pass_in_the_order_in_which_things_happened():
    explorer = BlockExplorer(accumulating(), "variables")
    told = [(stage.direction, getattr(stage.value, "name", None)) for stage in explorer.scene().stages]
    assert told == [
        ("forward", "y"), ("backward", "y"), ("backward", "x"), ("forward", None), ("backward", None), ("backward", "x"),
        ("event", "x"), ("forward", "z"), ("event", "x"), ("event", "x_2"),
    ]  # fmt: skip


def test_each_pass_shows_its_own_gradient():
    explorer = BlockExplorer(accumulating(), "variables")
    shown = []
    for step in range(1, explorer.count + 1):
        explorer.step = step
        scene = explorer.scene()
        if scene.stage.direction == "backward" and scene.stage.value.name == "x":
            shown.append(scene.gradient(scene.stage.value).item())
    assert shown == [4.0, 3.0]


def test_graphs_that_have_nothing_to_do_with_each_other_are_drawn_one_at_a_time():
    with al.recording() as tape:
        a = torch.tensor(1.0, requires_grad=True)
        p = a * 2
        b = torch.tensor(1.0, requires_grad=True)
        q = b * 3
    assert (p + q).item() == 5.0
    explorer = BlockExplorer(tape, "variables")
    drawn = []
    for at in range(explorer.count):
        drawn.append(sorted(node["full"] for node in graph.drawing(explorer.scene(at))["nodes"]))
    assert drawn == [["a", "p"], ["b", "q"]]


def test_an_edge_that_lets_no_gradient_through_is_cut():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        z = x.detach() ** 2
        y = x * z
    assert y.item() == 8.0
    explorer = BlockExplorer(tape, "variables")
    edges = {edge["key"]: edge["cut"] for edge in graph.drawing(explorer.scene())["edges"]}
    assert sorted(edges.values()) == [False, False, True]
    assert "✂" in explorer.html


# ---------------------------------------------------------------- the explorer
def test_text_and_still_picture_hold_the_numbers():
    explorer = BlockExplorer(accumulating(), "variables")
    bundle = explorer._repr_mimebundle_()
    for form in ("text/plain", "image/svg+xml"):
        assert "x.grad: 4 + 3 = 7" in bundle[form] and "x is changed to 1.5" in bundle[form]


def test_text_of_a_learner_is_escaped(tmp_path):
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        y = {"<img src=x onerror=alert(1)>": x * 2}
    assert len(y) == 1
    explorer = BlockExplorer(tape, "operations")
    assert "<img" not in explorer.html and "<img" not in explorer.still()
    assert "<img" not in explorer.save(tmp_path / "page.html").read_text()


def test_a_block_in_which_pytorch_did_nothing_says_so():
    with al.recording() as tape:
        pass
    explorer = BlockExplorer(tape, "variables")
    assert "made no tensor" in repr(explorer) and "made no tensor" in explorer.html
    assert "made no tensor" in explorer.still()


def test_findings_stand_above_the_picture():
    with pytest.raises(RuntimeError), al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        y = x.detach() * 3
        y.backward()
    explorer = BlockExplorer(tape, "variables")
    assert "why this raised" in explorer.html and tape.findings[0].lines[0] in explorer.html
    assert repr(explorer).startswith(tape.findings[0].lines[0])


@pytest.mark.parametrize("grain", ["variables", "operations"])
def test_both_grains_step_through_and_keep_the_stage(grain):
    explorer = BlockExplorer(accumulating(), grain)
    assert explorer.step == explorer.count
    for step in range(1, explorer.count + 1):
        explorer.step = step
        assert f"step {step} of {explorer.count}" in explorer.html
    explorer.step = 2
    before = explorer.scene().stage
    explorer._grain.value = "operations" if grain == "variables" else "variables"
    assert explorer.scene().stage == before
