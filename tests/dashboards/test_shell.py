"""What every page stands in."""

import asyncio
import threading
from concurrent.futures import Future
from contextlib import nullcontext
from typing import NoReturn

import panel as pn
import pytest
from bokeh.document import Document
from bokeh.document.events import TitleChangedEvent
from panel.io.state import set_curdoc

from dashboards.shell import in_thread, keep_query, on_document, page, query, text
from stockanalyst.exceptions import InputError


def build() -> pn.viewable.Viewable:
    return text("<p>content</p>")


def test_a_page_holds_what_is_built_under_its_title() -> None:
    shell = page("A & B", build)
    assert shell.meta.title == "A & B"
    assert shell.header[0].object == "<h1>A &amp; B</h1>"
    assert shell.main[0].object == "<p>content</p>"


@pytest.mark.parametrize(
    ("error", "said"),
    [(InputError("level", 2, "give <0.8>"), "level 2: give &lt;0.8&gt;"),
     (KeyError("internals"), "Something went wrong here")],
)  # fmt: skip
def test_a_page_that_cant_be_built_says_so(error: Exception, said: str) -> None:
    def fail() -> NoReturn:
        raise error

    (content,) = page("Title", fail).main
    assert "This page can't be shown" in content.object
    assert said in content.object
    assert "internals" not in content.object


def test_no_click_of_anybody_reaches_this_page() -> None:
    shell = page("Title", build)
    assert shell.busy_indicator is None
    pn.state._add_busy_event("somebody's click")
    try:
        assert pn.state.busy
        assert not shell.busy
    finally:
        pn.state._remove_busy_event("somebody's click")


def test_the_address_is_read_as_text_and_written_beside_what_stands_there() -> None:
    with set_curdoc(Document()):
        pn.state.location.search = "?symbol=0050&horizon=07"
        assert query() == {"symbol": "0050", "horizon": "07"}
        keep_query(theme="dark")
        assert query() == {"symbol": "0050", "horizon": "07", "theme": "dark"}
        keep_query(symbol="^GSPC", horizon="7")
        assert pn.state.location.search == "?symbol=%5EGSPC&horizon=7&theme=dark"


def test_the_theme_is_kept_in_the_address() -> None:
    with set_curdoc(Document()):
        shell = page("Title", build)
        assert query() == {}
        shell.dark_theme = True
        assert query() == {"theme": "dark"}
        shell.dark_theme = False
        assert query() == {"theme": "default"}


def test_a_call_waits_for_the_document_until_the_person_has_left() -> None:
    document = Document()
    document._session_context = object  # whatever it is, there is one
    done: list[str] = []

    async def session() -> None:
        with set_curdoc(document):
            run = on_document()
        thread = threading.Thread(target=run, args=[lambda: done.append("here")])
        thread.start()
        thread.join(timeout=30)
        assert document.session_callbacks == []  # a thread doesn't touch the document
        await asyncio.sleep(0)
        assert done == []
        (waiting,) = document.session_callbacks
        waiting.callback()
        assert done == ["here"]
        document._session_context = None
        run(lambda: done.append("gone"))
        await asyncio.sleep(0)
        assert document.session_callbacks == []

    asyncio.run(session())


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_call_changes_is_sent_at_its_end(*, fails: bool) -> None:
    document = Document()
    document._session_context = object  # whatever it is, there is one
    sent: list[str] = []
    document.on_change(
        lambda event: sent.append(event.title) if isinstance(event, TitleChangedEvent) else None
    )

    def call() -> None:
        document.title = "Loading"
        document.title = "Done"
        assert sent == []
        if fails:
            raise ZeroDivisionError

    async def session() -> None:
        with set_curdoc(document):
            run = on_document()
        run(call)
        await asyncio.sleep(0)
        (waiting,) = document.session_callbacks
        with pytest.raises(ZeroDivisionError) if fails else nullcontext():
            waiting.callback()

    asyncio.run(session())
    assert sent == ["Done"]
    assert document.callbacks.hold_value is None


def test_without_a_server_nobody_is_told() -> None:
    with set_curdoc(Document()):
        run = on_document()
    run(lambda: pytest.fail("nobody is there"))


def test_threads_run_beside_the_caller() -> None:
    ran: Future[int] = Future()
    in_thread(lambda: ran.set_result(threading.get_ident()))
    assert ran.result(timeout=30) != threading.get_ident()
