"""Importing the package costs next to nothing beyond torch, loads nothing that is not needed yet, and does nothing."""

import json
import re
import subprocess
import sys
import textwrap

import pytest

LATER = ("matplotlib", "networkx", "ipywidgets", "IPython", "jinja2", "latex2mathml", "mpmath", "sympy")
MOST_MILLISECONDS = 50
RUNS = 5


def python(code, *options):
    run = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
    return run


def new_modules(code):
    """The modules that `code` loads and `import torch` does not: torch brings SymPy and networkx itself, or not."""
    script = f"import sys, json, torch\nbefore = set(sys.modules)\n{code}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    return json.loads(python(script).stdout)


def heavy(modules):
    return sorted({name.split(".")[0] for name in modules} & set(LATER))


def test_importing_loads_nothing_that_waits():
    loaded = new_modules("import autograd_lessons")
    assert "autograd_lessons.run" in loaded
    assert heavy(loaded) == []


def test_listing_the_names_loads_nothing_either():
    assert heavy(new_modules("import autograd_lessons\ndir(autograd_lessons)\nautograd_lessons.lessons.square")) == []


def test_recording_and_printing_a_tape_needs_no_more_than_torchs_own_engine():
    """With a vector to start from, `torch.autograd.grad` itself loads SymPy."""
    code = "import autograd_lessons as al\nrepr(al.record(lambda x: torch.sin(x**2), x=4.0))"
    own = "x = torch.ones((), requires_grad=True)\ntorch.autograd.grad(x * 2, [x], torch.ones(()))"
    assert heavy(set(new_modules(code)) - set(new_modules(own))) == []


def test_importing_says_nothing_and_warns_of_nothing():
    run = python("""
        import torch, warnings, sys
        warnings.simplefilter("error")
        import autograd_lessons
    """)
    assert (run.stdout, run.stderr) == ("", "")


def test_importing_changes_no_setting():
    run = python("""
        import torch, warnings, sys, signal, threading
        def settings():
            return (
                list(warnings.filters), warnings.showwarning, torch.get_default_dtype(), torch.is_grad_enabled(),
                torch.get_rng_state().tolist(), torch.is_anomaly_enabled(), torch.get_num_threads(), sys.excepthook,
                sys.displayhook, list(sys.path), list(sys.meta_path), sys.getrecursionlimit(), threading.active_count(),
                torch.Tensor.backward, torch.autograd.grad,
            )
        before = settings()
        import autograd_lessons
        print([i for i, (one, other) in enumerate(zip(before, settings())) if one != other])
    """)
    assert run.stdout.strip() == "[]"


def milliseconds():
    """What `import autograd_lessons` takes with all that it imports, torch imported before."""
    report = python("import torch; import autograd_lessons", "-X", "importtime").stderr
    (cumulative,) = re.findall(r"^import time: +\d+ \| +(\d+) \| autograd_lessons$", report, re.MULTILINE)
    return int(cumulative) / 1000


def test_importing_takes_little_beyond_torch():
    times = []
    for _ in range(RUNS):  # the best: what else the machine does only adds
        times.append(milliseconds())
        if times[-1] <= MOST_MILLISECONDS:
            return
    pytest.fail(f"{min(times):.0f} ms at best, {MOST_MILLISECONDS} allowed; all: {times}")
