"""Parameters that a notebook declares in its cell tagged ``parameters``."""

import ast
from collections.abc import Iterable, Mapping

from stockanalyst._typing import Json
from stockanalyst.exceptions import InputError, ReportError, did_you_mean

TAG = "parameters"


def declared_parameters(notebook: Json, *, name: str) -> dict[str, object]:
    """Names and defaults, in the order of the cell.

    The cell is read, not run: it holds assignments of plain literals, with or without an
    annotation, and nothing else.

    Parameters
    ----------
    notebook : mapping
        In nbformat 4.
    name : str
        Its file name, for the message of an error.

    Raises
    ------
    ReportError
        No cell has the tag, or it holds something else.
    """
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(cells, start=1):
        if TAG in cell["metadata"].get("tags", ()):
            try:
                return dict(map(_assignment, ast.parse(cell["source"]).body))
            except (SyntaxError, ValueError) as error:
                raise ReportError(name, number, f"parameters can't be read: {error}") from error
    raise ReportError(name, 1, f"no cell is tagged {TAG!r}")


def check_names(given: Iterable[str], declared: Mapping[str, object]) -> None:
    """Refuse names that the notebook doesn't declare; it would ignore them.

    Raises
    ------
    InputError
        Naming the first of them.
    """
    for name in given:
        if name not in declared:
            hint = did_you_mean(name, declared)
            mend = f"{hint} the notebook takes {', '.join(declared)}".strip()
            raise InputError("parameter", name, mend)


def _assignment(statement: ast.stmt) -> tuple[str, object]:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return name, ast.literal_eval(value)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, ast.literal_eval(value)
    raise ValueError(f"line {statement.lineno} is no assignment of a value to a name")
