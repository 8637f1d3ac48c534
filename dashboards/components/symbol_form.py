"""Where a person writes what to analyse."""

from collections.abc import Callable

import panel as pn
import param


class SymbolForm(pn.custom.JSComponent):  # type: ignore[misc]  # panel is untyped
    """A symbol, a horizon and a button, keyboard and all, as the browser makes them.

    Parameters
    ----------
    on_submit : callable
        Told the two texts that the fields hold when a person submits them.
    **params
        Values for the attributes.

    Attributes
    ----------
    symbol, horizon : str
        What the fields show.
    maximum : int
        Longest horizon.
    busy : bool
        Whether submissions have to wait.
    """

    symbol = param.String()
    horizon = param.String()
    maximum = param.Integer(60)
    busy = param.Boolean(default=False)

    _esm = "symbol_form.js"

    def __init__(self, on_submit: Callable[[str, str], None], **params: object) -> None:
        super().__init__(**params)
        self._on_submit = on_submit

    def _handle_msg(self, data: dict[str, object]) -> None:
        self._on_submit(str(data["symbol"]), str(data["horizon"]))
