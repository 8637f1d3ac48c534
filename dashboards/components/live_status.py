"""What is being done, and what went wrong."""

import panel as pn
import param


class LiveStatus(pn.custom.JSComponent):  # type: ignore[misc]  # panel is untyped
    """A line that screen readers read out when it changes, a bar, and a line for errors.

    Attributes
    ----------
    status, error : str
        Plain text, never HTML.
    share : float
        How much is done, in [0, 1].
    busy : bool
        Whether the bar is shown.
    """

    status = param.String()
    share = param.Number(0.0)
    busy = param.Boolean(default=False)
    error = param.String()

    _esm = "live_status.js"
