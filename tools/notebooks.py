"""Run the notebooks and save them as they are committed: executed, without widget views, and the same bytes every time.

python tools/notebooks.py [FILE …]           run and save (all notebooks if no file is given)
python tools/notebooks.py --check [FILE …]   run nothing; say what in the saved files is wrong
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from colab import ABSENT, GUARD, agreed

ROOT = Path(__file__).parent.parent
VIEW = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}
TIMEOUT = 120  # seconds a cell


def executed(notebook: dict[str, Any], folder: Path) -> dict[str, Any]:
    import nbformat
    from nbclient import NotebookClient

    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    node = nbformat.reads(json.dumps(notebook), as_version=4)
    client = NotebookClient(node, timeout=TIMEOUT, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.store_widget_state = False
    client.execute()
    return json.loads(nbformat.writes(node))


def tidied(notebook: dict[str, Any]) -> dict[str, Any]:
    """The same notebook without whatever differs from run to run, from editor to editor, or needs a live widget."""
    cells, seen = [], set()
    for number, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        metadata = {k: v for k, v in cell.get("metadata", {}).items() if k == "tags"}
        identity = cell.get("id") or hashlib.sha256(f"{number} {source}".encode()).hexdigest()[:8]
        if identity in seen:
            identity = f"{identity}-{number}"
        seen.add(identity)
        new = {"cell_type": cell["cell_type"], "id": identity, "metadata": metadata}
        new["source"] = source.splitlines(keepends=True)
        if cell["cell_type"] == "code":
            new["execution_count"] = cell.get("execution_count")
            new["outputs"] = [o for o in map(_output, _joined(cell.get("outputs", []))) if o]
        cells.append(new)
    metadata = {"kernelspec": KERNEL, "language_info": LANGUAGE}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Text printed in one go may arrive in pieces, by chance: neighbours on the same stream are one output."""
    joined: list[dict[str, Any]] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" == last.get("output_type") and output["name"] == last["name"]:
            joined[-1] = last | {"text": "".join(last["text"]) + "".join(output["text"])}
        else:
            joined.append(output)
    return joined


def _output(output: dict[str, Any]) -> dict[str, Any] | None:
    output = {k: v for k, v in output.items() if k != "transient"}
    if "text" in output:
        output["text"] = "".join(output["text"]).splitlines(keepends=True)
    if "data" in output:
        output["data"] = {k: _value(k, v) for k, v in output["data"].items() if k != VIEW}
        output["metadata"] = {k: v for k, v in output["metadata"].items() if k != VIEW}
        if not output["data"]:
            return None
    return output


def _value(kind: str, value: Any) -> Any:
    if kind.endswith("json"):
        return value
    text = "".join(value)
    return text.splitlines(keepends=True) if kind != "image/png" else text


def written(notebook: dict[str, Any]) -> str:
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def first_code(notebook: dict[str, Any]) -> str:
    return next(("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"), "")


def problems(text: str) -> Iterator[str]:
    notebook = json.loads(text)
    if "widgets" in notebook["metadata"]:
        yield "metadata.widgets is saved"
    if not agreed(first_code(notebook)):
        yield f"the first code cell is not the agreed one:\n{GUARD}{ABSENT}"
    count = 0
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        count += 1
        if cell["execution_count"] != count:
            yield f"cell {number}: execution count {cell['execution_count']}, expected {count}"
        for output in cell["outputs"]:
            if VIEW in output.get("data", {}):
                yield f"cell {number}: a widget view is saved"
            if output["output_type"] == "error" and "raises-exception" not in cell["metadata"].get("tags", []):
                yield f"cell {number}: {output['ename']}: {output['evalue']}"
    if written(tidied(notebook)) != text:
        yield "not saved in the canonical form (`make notebooks` does)"


def save(path: Path) -> bool:
    """Run one notebook and save it; whether a byte changed."""
    text = path.read_text(encoding="utf-8")
    new = written(tidied(executed(tidied(json.loads(text)), path.parent)))
    if new != text:
        path.write_text(new, encoding="utf-8")
    return new != text


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="run nothing, only say what is wrong")
    parser.add_argument("files", nargs="*", type=Path)
    given = parser.parse_args(arguments)
    wrong = 0
    for path in given.files or sorted((ROOT / "notebooks").glob("*.ipynb")):
        if not given.check:
            try:
                print(f"{path.name}: {'saved' if save(path) else 'nothing changed'}")
            except Exception as error:  # a cell that fails: the file is left as it was
                print(f"{path.name}: {error}", file=sys.stderr)
                wrong += 1
                continue
        for problem in problems(path.read_text(encoding="utf-8")):
            print(f"{path.name}: {problem}", file=sys.stderr)
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
