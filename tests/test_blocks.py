"""What stands below a recorded cell: statements in order, bars with their numbers, one graph at a time, stages through all passes."""

import re
from dataclasses import replace

import pytest
import torch

import autograd_lessons as al
from autograd_lessons.blocks import BlockExplorer
from autograd_lessons.statements import moments, text_of
from autograd_lessons.views import graph, terms, timeline


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


def drawn_at(explorer, at):
    return sorted(node["full"] for node in graph.drawing(explorer.scene(at))["nodes"])


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


def test_the_end_of_a_with_block_is_said_each_time():
    w = torch.tensor(1.0, requires_grad=True)
    with al.recording() as tape:
        for _ in range(2):
            with torch.no_grad():
                w -= 0.5
    assert [row.text for row in rows_of(tape)] == [
        "with torch.no_grad():",
        "w -= 0.5",
        "end of the block of line 2",
    ] * 2
    assert rows_of(tape)[2].told == ("recording for gradients is on from here",)


def test_a_variable_that_lost_its_leaf_says_which_leaf_the_bar_is_of():
    v = torch.tensor(1.0, requires_grad=True)
    with al.recording() as tape:
        w = torch.tensor(1.0, requires_grad=True)
        u = torch.tensor(1.0, requires_grad=True)
        (u * v * w).backward()
        w = w - 0.1 * w.grad
        v = v - 0.1 * v.grad
    headings = {timeline.heading(tape, life).replace("<wbr>", "") for life in timeline.shown_lives(tape)}
    assert headings == {"u.grad", "w.grad (the leaf of line 1)", "v.grad (the first v)"}


def test_a_grad_that_stays_none_while_a_pass_runs_has_a_bar():
    with al.recording() as tape:
        w = torch.tensor(2.0, requires_grad=True)
        loss = torch.tensor((w**2).item(), requires_grad=True)
        loss.backward()
    assert [[cell.text for cell in row.cells] for row in rows_of(tape)][-1] == ["None", "1"]


def test_a_negative_number_is_taken_away():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        (x * 3).backward()
        (x * -5).backward()
    assert "x.grad: 3 − 5 = −2" in rows_of(tape)[-1].told


def test_changes_in_place_are_counted():
    with al.recording() as tape:
        total = torch.zeros(())
        for _ in range(12):
            total += 1
    assert re.findall(r"the (\w+) time", " ".join(rows_of(tape)[-1].told)) == [
        "1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th", "11th", "12th",
    ]  # fmt: skip


def test_numbers_that_are_edited_through_data_are_called_as_they_were_typed():
    with al.recording() as tape:
        y = torch.zeros(())
        y.data.fill_(3.0)
    assert "y.data was changed in place (for the 1st time)" in rows_of(tape)[-1].told


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


def test_each_turn_of_a_loop_has_a_graph_of_its_own():
    xs = torch.tensor([1.0, 2.0])
    w = torch.tensor(1.0, requires_grad=True)
    with al.recording() as tape:
        for _ in range(3):
            y = w * xs
            loss = (y**2).sum()
            loss.backward()
            w.grad = None
    explorer = BlockExplorer(tape, "variables")
    for at in range(explorer.count):
        assert drawn_at(explorer, at) == ["loss", "w", "xs", "y"]
    assert len({explorer.scene(at).part for at in range(explorer.count)}) == 3


def test_at_the_next_turn_the_gradients_of_the_last_one_are_gone():
    explorer = BlockExplorer(looping(2), "variables")
    grads = [graph.drawing(explorer.scene(at))["grads"] for at in range(explorer.count)]
    _, second = (at for at, stage in enumerate(explorer.scene().stages) if stage.direction == "forward")
    assert any(grads[second - 1]) and not any(grads[second])


def test_two_passes_through_one_graph_show_what_stands_behind_each():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        h = x**2
        first, second = 3 * h, h**2
        first.backward(retain_graph=True)
        second.backward()
    explorer = BlockExplorer(tape, "variables")
    drawn = {(stage.direction, stage.value.name, stage.run): drawn_at(explorer, at)
             for at, stage in enumerate(explorer.scene().stages)}  # fmt: skip
    one, two = tape.passes
    assert drawn["backward", "x", one] == ["first", "h", "x"] and drawn["backward", "x", two] == ["h", "second", "x"]


def test_behind_a_cut_stands_what_was_cut_off_and_no_more():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        before = x * 5
        h = before**2
        c = h.detach()
        y = x * c
        y.backward()
    explorer = BlockExplorer(tape, "variables")
    assert drawn_at(explorer, explorer.count - 1) == ["c", "h", "x", "y"]
    assert drawn_at(explorer, 0) == ["before", "c", "h", "x", "y"]  # no pass ever came to `before`


def test_a_name_that_the_next_turn_gives_again_is_the_name_in_its_own_graph():
    explorer = BlockExplorer(looping(2), "variables")
    said = "\n".join(terms.sentence(explorer.scene(at)) for at in range(explorer.count))
    assert said.count("∂loss/∂w") == 2 and not re.search(r"\bv\d|w_2", said)
    explorer.step = 2
    assert re.search(r"<mi[^>]*>l</mi>", explorer.html) and "<mi>v</mi>" not in explorer.html


def test_a_name_given_twice_in_one_graph_is_told_apart_by_its_line():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        y = x**2
        y = y * 3
        y.backward()
    explorer = BlockExplorer(tape, "variables")
    assert drawn_at(explorer, 0) == ["x", "y (line 2)", "y (line 3)"]
    assert terms.sentence(explorer.scene(3)) == "grad   ∂y (line 3)/∂y (line 2) = 1 × 3 = 3"
    assert "line&#x000A0;2" in str(terms.explained(explorer.scene(3))["rows"][0]["right"])


def test_blocks_with_the_same_steps_and_other_calls_share_no_picture():
    def recorded(calls):
        with al.recording() as tape:
            x = torch.tensor(2.0, requires_grad=True)
            y = x**2
            z = y * 3
            calls(x, y, z)
        explorer = BlockExplorer(tape, "variables")
        return drawn_at(explorer, 0)

    assert recorded(lambda x, y, z: y.backward()) == ["x", "y"]
    assert recorded(lambda x, y, z: z.backward()) == ["x", "y", "z"]


def test_an_arrow_is_cut_where_every_way_through_its_unnamed_steps_is():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        h = x**2
        y = x * h.detach()
        z = h + h.detach()
    assert y.item() + z.item() == 16.0
    for at, whole in ((1, {"h", "y"}), (2, {"h", "y", "z"})):
        scene = BlockExplorer(tape, "variables").scene(at)
        names = {node["key"]: node["full"] for node in graph.drawing(scene)["nodes"]}
        cut = [
            tuple(names[end] for end in edge["key"].split()) for edge in graph.drawing(scene)["edges"] if edge["cut"]
        ]
        assert cut == [("y", "h")], whole


# ---------------------------------------------------------------- calls that raised, hooks, frozen parameters
def test_a_caught_failure_has_its_row_and_no_stage():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        y = x**2
        y.backward()
        try:
            y.backward()
        except RuntimeError:
            pass
        try:
            x -= 1
        except RuntimeError:
            pass
    told = [row.told for row in rows_of(tape)]
    assert ("the backward pass from y raises RuntimeError",) in told
    assert ("x is not changed in place: sub_ raises RuntimeError",) in told
    assert [failure.raised for failure in tape.caught] == ["RuntimeError"] * 2 and tape.failure is None
    assert [stage.direction for stage in BlockExplorer(tape, "variables").scene().stages] == ["forward"] + [
        "backward"
    ] * 2


def test_the_failure_that_ended_a_block_is_not_among_those_that_were_caught():
    with pytest.raises(RuntimeError), al.recording() as tape:
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        try:
            (x * 2).backward()
        except RuntimeError:
            pass
        (x * 3).backward()
    assert len(tape.caught) == 1 and tape.caught[0].error is None and tape.failure.error is tape.error


def test_what_a_hook_made_of_a_gradient_is_said():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        y = x**2
        y.register_hook(lambda grad: 10 * grad)
        z = 3 * y
        z.backward()
    assert ("y has a hook now: it is called with the gradient of y",) in [row.told for row in rows_of(tape)]
    explorer = BlockExplorer(tape, "variables")
    (at,) = (i for i, s in enumerate(explorer.scene().stages) if s.direction == "backward" and s.value.name == "y")
    assert "3, of which a hook made 30" in " ".join(terms.explained(explorer.scene(at))["remarks"])
    assert "differs" not in explorer.draw(at) and terms.sentence(explorer.scene(at)).endswith(
        "3, of which a hook made 30"
    )


def test_a_hook_that_only_looks_is_no_remark():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        y = x**2
        y.register_hook(lambda grad: None)
        (3 * y).backward()
    assert "hook made" not in repr(BlockExplorer(tape, "variables"))


def test_what_was_told_not_to_require_a_gradient_is_the_reason_for_the_missing_graph():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        x.requires_grad_(False)
        y = x**2
    assert y.item() == 4.0
    assert rows_of(tape)[-1].told == ("y = 4", "✂ x does not require a gradient any more (line 2)")


def test_a_frozen_layer_is_one_call():
    layer = torch.nn.Linear(2, 1)
    with al.recording() as tape:
        layer.requires_grad_(False)
    assert [stage.direction for stage in BlockExplorer(tape, "variables").scene().stages] == ["event"]
    assert len(rows_of(tape)[0].told) == 2  # weight and bias


def test_a_parameter_of_a_list_of_layers_is_called_as_one_would_type_it():
    model = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Linear(1, 1))
    with al.recording() as tape:
        model(torch.ones(1)).sum().backward()
    assert "model_0_weight" in tape.inputs
    html = BlockExplorer(tape, "variables").html
    assert "model[0].<wbr>weight.<wbr>grad" in html and 'data-grad-of="model_0_weight.grad"' in html
    assert "model[0].weight" in "".join(
        node["full"] for node in graph.drawing(BlockExplorer(tape, "variables").scene())["nodes"]
    )


def test_a_number_read_when_no_graph_is_used_any_more_is_no_stage():
    with al.recording() as tape:
        x = torch.tensor(2.0, requires_grad=True)
        y = x**2
        read = y.item()
        y.backward()
        read += x.item()
    assert read == 6.0
    told = [stage.event.kind for stage in BlockExplorer(tape, "variables").scene().stages if stage.event]
    assert told == ["item"]
    assert "✂ x leaves the graph as a plain number" in rows_of(tape)[-1].told


# ---------------------------------------------------------------- the explorer
def test_text_and_still_picture_hold_the_numbers():
    explorer = BlockExplorer(accumulating(), "variables")
    bundle = explorer._repr_mimebundle_()
    for form in ("text/plain", "image/svg+xml"):
        assert "x.grad: 4 + 3 = 7" in bundle[form] and "x is changed to 1.5" in bundle[form]


def test_a_formula_that_is_wider_than_its_panel_scrolls_by_itself():
    with al.recording() as tape:
        x = torch.ones(6, requires_grad=True)
        loss = (x**2).mean()
    assert loss.item() == 1.0
    html = BlockExplorer(tape, "variables").html
    assert '<div class="al-sideways"><table class="al-term-rows">' in html and ".al-sideways{overflow-x:auto" in html


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
