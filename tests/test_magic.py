"""`%%autograd` against the same cells without it, in real kernels: the seed lesson and cells that are hard to run right."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from .seed_cells import SEED_CELLS

VIEW = "application/vnd.jupyter.widget-view+json"
LOAD = "%load_ext autograd_lessons"
HARD = [
    "import torch, warnings\nx = torch.tensor(2.0, requires_grad=True)",
    "print('one')\nx * 2\nprint('two')",
    "x * 3;",
    "x * 3;  # a remark",
    "y = x**2\ny.backward()\n_ = x.grad",
    "%time 1 + 1 and None",
    "def f(t):\n    return t * t\n\n\nfor i in range(3):\n    z = f(x)\nz",
    "class Double(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, t): return t * 2\n    @staticmethod\n    def backward(ctx, g): return g * 2\nDouble.apply(x)",
    "warnings.warn('mine')\nfloat(x * 1)",
    "1 / 0",
    "x.grad.zero_()\nundefined_name",
    "x.backward(torch.ones(3))",
    "with torch.inference_mode():\n    w = x * 2\nw.is_inference()",
    "import sys; sys.stderr.write('told\\n')",
    "'text'",
    "None",
    "raise KeyError('k')",
    "p = torch.nn.Linear(2, 1)\np(torch.ones(2)).shape",
    "x, _",
]


def run(cells, magic):
    """The outputs of each cell, those of the explorer below it apart."""
    sources = [f"%%autograd\n{cell}" if magic else cell for cell in cells]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in [LOAD, *sources]])
    NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
    said, shown = [], []
    for cell in notebook.cells[1:]:
        said.append([plain(output) for output in joined(cell.outputs) if VIEW not in output.get("data", {})])
        shown.append([output["data"] for output in cell.outputs if VIEW in output.get("data", {})])
    return said, shown


def joined(outputs):
    """Neighbouring pieces of one stream are one text."""
    result = []
    for output in outputs:
        if result and output.output_type == "stream" == result[-1].output_type and output.name == result[-1].name:
            result[-1].text += output.text
        else:
            result.append(output)
    return result


def plain(output):
    """An output without what must differ: the numbers of cells, colours, the file that a kernel gives a cell."""

    def clean(text):
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
        text = re.sub(r"In\[\d+\]|<ipython-input-[\d\w-]+>|\S*ipykernel_\d+\S*?\.py", "CELL", text)
        text = re.sub(r"0x[0-9a-f]+", "ADDRESS", text)
        return re.sub(r"(CPU times|Wall time).*", r"\1", text)

    if output.output_type == "stream":
        return output.name, clean(output.text)
    if output.output_type == "error":
        return "error", output.ename, output.evalue, clean("\n".join(output.traceback))
    return output.output_type, clean(output.data.get("text/plain", ""))


@pytest.fixture(scope="module")
def seed():
    codes = [code for code, _, _ in SEED_CELLS]
    return run(codes, magic=False)[0], *run(codes, magic=True)


def test_the_seed_lessons_cells_give_what_they_give_without_the_magic(seed):
    without, with_magic, _ = seed
    for (code, _, _), expected, got in zip(SEED_CELLS, without, with_magic):
        assert got == expected, code


def test_the_seed_lessons_cells_give_what_the_seed_says(seed):
    _, said, _ = seed
    for (code, kind, text), outputs in zip(SEED_CELLS, said):
        if kind == "value":
            assert outputs == [("execute_result", text)], code
        elif kind == "printed":
            assert outputs == [("stdout", text + "\n")], code
        elif kind == "error":
            assert [f"{o[1]}: {o[2]}" for o in outputs if o[0] == "error"] == [text], code
        elif kind == "warning":
            assert "leaf" in outputs[0][1] and outputs[0][0] == "stderr", code
        else:
            assert outputs == [], code


def test_below_each_cell_of_the_seed_stands_one_explorer(seed):
    _, _, shown = seed
    assert [len(each) for each in shown] == [1] * len(SEED_CELLS)
    for data in (each[0] for each in shown):
        assert set(data) == {VIEW, "image/svg+xml", "text/plain"}


def test_the_seeds_backward_cells_show_what_they_did_to_each_grad(seed):
    _, _, shown = seed
    texts = [data[0]["text/plain"] for data, (code, _, _) in zip(shown, SEED_CELLS) if code.endswith(".backward()")]
    assert [text.count("x.grad: None, now") for text in texts] == [1, 1, 0, 1, 1, 1, 0, 1, 0, 1]
    assert "w.grad: None, now 6.6918" in texts[2] and "b.grad: None, now 0.99877" in texts[2]


def test_the_seeds_two_errors_are_explained_with_the_line_that_made_them(seed):
    _, _, shown = seed
    texts = [data[0]["text/plain"] for data, (_, kind, _) in zip(shown, SEED_CELLS) if kind == "error"]
    first, second = (text.splitlines()[0] for text in texts)
    assert first == "line 1 of an earlier cell: x.requires_grad_(False) tells x not to require grad."
    assert second == "line 1 of an earlier cell: z = x.detach()"


def test_hard_cells_run_as_they_would():
    without, with_magic = run(HARD, magic=False)[0], run(HARD, magic=True)[0]
    for code, expected, got in zip(HARD, without, with_magic):
        assert got == expected, code


def test_options(tmp_path):
    cells = [
        "import torch",
        "%%autograd -q run\nx = torch.tensor(3.0, requires_grad=True)\ny = x**2\ny.backward()",
        "run.lives[0].changes[0].grad",
        "%%autograd --grain operations\nx * 2",
        "%%autograd 2run\nx * 2",
        "%%autograd --grain fine\nx * 2",
    ]
    said, shown = run([*cells], magic=False)
    assert said[1] == [] and shown[1] == []
    assert said[2] == [("execute_result", "tensor(6.)")]
    assert len(shown[3]) == 1
    assert "needs the name of a variable" in said[4][0][1]
    assert "invalid choice" in said[5][0][1]
