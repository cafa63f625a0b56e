"""`%%autograd`: run a notebook cell as it stands, and show below it what PyTorch did."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import warnings
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from .clinic import findings
from .frames import learners_traceback
from .grains import GRAINS
from .recorder import Recorder
from .recording import session
from .source import Block
from .tape import Tape


@magics_class
class Magic(Magics):
    """The cell magic. The cell runs in the notebook's own namespace, under its own name for the traceback."""

    shell: Any

    @magic_arguments()
    @argument("-q", "--quiet", action="store_true", help="record, but draw nothing")
    @argument("--grain", choices=GRAINS, default="variables", help="what the graph shows")
    @argument("name", nargs="?", help="a variable that gets the tape")
    @no_var_expand
    @cell_magic
    def autograd(self, line: str, cell: str) -> None:
        """Record this cell, and step through what PyTorch did: its graphs, each backward(), the life of each .grad."""
        options = parse_argstring(self.autograd, line)
        if options.name is not None and not options.name.isidentifier():
            raise UsageError(f"%%autograd {options.name}: the tape needs the name of a variable, like run")
        recorder, error = self._run(cell)
        tape = recorder.finish(error=error)
        recorder.let_go()
        tape.findings = findings(tape)
        if options.name is not None:
            self.shell.user_ns[options.name] = tape
        if not options.quiet:
            self._show(tape, options.grain)
        if error is not None:
            raise self._as_it_was(error)

    def _show(self, tape: Tape, grain: str) -> None:
        from .blocks import BlockExplorer

        try:
            explorer = BlockExplorer(tape, grain)
        except Exception as ours:  # the learner's cell has run: a fault of ours must not look like one of theirs
            warnings.warn(f"autograd_lessons could not draw this cell: {type(ours).__name__}: {ours}", stacklevel=2)
        else:
            display(explorer)

    def _run(self, cell: str) -> tuple[Recorder, BaseException | None]:
        """Run the cell as IPython would, with a recorder beside it; the exception that ended it, if one did."""
        shell = self.shell
        code = shell.transform_cell(cell)
        file = shell.compile.cache(code, shell.execution_count, raw_code=cell)
        recorder = Recorder(sys._getframe(), session)
        recorder.tape.block = Block(file, 1, len(cell.splitlines()))
        try:
            tree = ast.parse(code, file)
            for transformer in shell.ast_transformers:
                tree = transformer.visit(tree)
            named = getattr(shell, "_update_code_co_name", lambda code: code)  # as IPython calls it in a traceback
            programs = [
                named(compile(ast.fix_missing_locations(part), file, mode, shell.compile.flags))
                for part, mode in _parts(tree, shell.ast_node_interactivity, _is_silenced(cell))
            ]
            with recorder:
                for program in programs:
                    exec(program, shell.user_global_ns, shell.user_ns)
        except BaseException as error:
            return recorder, error
        return recorder, None

    def _as_it_was(self, error: BaseException) -> BaseException:
        """The same exception; when IPython asks how to show it, its traceback has the learner's frames only."""
        traceback = learners_traceback(error)
        shown = (type(error), error, traceback)
        show = self.shell.InteractiveTB.structured_traceback
        try:
            error._render_traceback_ = lambda: show(*shown, tb_offset=0)  # pyright: ignore
        except AttributeError:  # an exception without room for attributes is shown with our frames
            pass
        return error.with_traceback(traceback)


def _parts(tree: ast.Module, shown: str, silenced: bool) -> list[tuple[Any, str]]:
    """What to compile: each statement on its own, as IPython does; "single" makes Python show an expression's value."""

    def speaks(node: ast.stmt) -> bool:
        last = node is tree.body[-1]
        return isinstance(node, ast.Expr) and (shown == "all" or (last and shown != "none" and not silenced))

    return [
        (ast.Interactive([node]), "single") if speaks(node) else (ast.Module([node], []), "exec") for node in tree.body
    ]


def _is_silenced(cell: str) -> bool:
    """Whether the cell ends with a semicolon, which in a notebook means: do not show the value."""
    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(cell).readline):
            if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.DEDENT):
                last = token.string
    except (tokenize.TokenError, SyntaxError):
        pass
    return last == ";"
