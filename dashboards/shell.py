"""What every page stands in: title, light and dark, errors, address."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import panel as pn
import panel_material_ui as pmui
from bokeh.document import Document
from panel.util import edit_readonly

from dashboards.errors import sentence

STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="page")
_LOOK = {
    # The title stands above the content's edge.
    ".header .MuiToolbar-root": {"px": 2},
    # The bar of the whole process, which is drawn even where there is to be none.
    ".header .MuiLinearProgress-root": {"display": "none"},
    # A placeholder that would be read out as a heading.
    "main .MuiTypography-h5": {"visibility": "hidden"},
}


def page(title: str, build: Callable[[], pn.viewable.Viewable]) -> pmui.Page:
    """A page of its own: what `build` makes, or a sentence why it can't be shown.

    Nothing on it asks another host for anything, and nobody's click makes other sessions redraw.

    Parameters
    ----------
    title : str
    build : callable
        Makes the content; it runs once a session.
    """
    shell = pmui.Page(
        meta_title=title,
        header=[text(f"<h1>{escape(title)}</h1>")],
        main=[_content(build)],
        main_width=1100,
        busy_indicator=None,
        sx=_LOOK,
    )
    with edit_readonly(shell):
        shell.busy = False  # instead of a reference to the process, which every click changes
    shell.param.watch(_keep_theme, "dark_theme")
    return shell


def text(html: str = "") -> pn.pane.HTML:
    """A piece of HTML in the style of the pages."""
    return pn.pane.HTML(html, stylesheets=[STYLE], margin=0, sizing_mode="stretch_width")


def in_thread(call: Callable[[], None]) -> None:
    """Run a call beside the server, in one of a few threads of the process."""
    _THREADS.submit(call)


def on_document() -> Callable[[Callable[[], None]], None]:
    """A way to this session's document: calls run under its lock, one after the other.

    It may be called from any thread. Once the person has left, nothing runs. To be asked for on the
    server's loop, where pages are made; elsewhere there is nobody to show a change to.
    """
    document = pn.state.curdoc
    with suppress(RuntimeError):
        loop = asyncio.get_running_loop()

        def schedule(call: Callable[[], None]) -> None:
            if document.session_context is not None:
                document.add_next_tick_callback(partial(_in_one_go, document, call))

        def run(call: Callable[[], None]) -> None:
            # By way of the loop: a document that is being written loses what another thread adds.
            with suppress(RuntimeError):  # the server has stopped
                loop.call_soon_threadsafe(schedule, call)

        return run
    return _nobody


def _in_one_go(document: Document, call: Callable[[], None]) -> None:
    """Send all that a call changes at its end.

    Panel would send each change at once, or queue it while another is being sent; what it queues as
    that one ends lies there until the next change, which may never come.
    """
    document.hold()
    try:
        call()
    finally:
        document.unhold()


def _nobody(_call: Callable[[], None]) -> None:
    """Nothing runs."""


def query() -> dict[str, str]:
    """What the page's address asks for."""
    location = pn.state.location
    return dict(parse_qsl(location.search.removeprefix("?"))) if location else {}


def keep_query(**values: str) -> None:
    """Write values into the page's address, where a reload finds them."""
    location = pn.state.location
    if location:  # whose own update_query would make numbers of symbols such as 0050
        location.search = f"?{urlencode({**query(), **values})}"


def _keep_theme(event: Any) -> None:
    keep_query(theme="dark" if event.new else "default")


def _content(build: Callable[[], pn.viewable.Viewable]) -> pn.viewable.Viewable:
    try:
        return build()
    except Exception as error:  # noqa: BLE001  without this the page stays blank
        return text(
            f"<h2>This page can't be shown</h2><p role='alert'>{escape(sentence(error))}</p>"
        )
