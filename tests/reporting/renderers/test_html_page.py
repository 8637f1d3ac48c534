"""A page from a notebook written by hand."""

import re
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from stockanalyst.reporting.renderers.html_page import html_page
from tests.reporting.conftest import Page

MANIFEST: dict[str, Any] = {
    "data": {
        "digest": "ab" * 32,
        "first_session": "2000-01-03",
        "last_session": "2004-12-31",
        "n_sessions": 1258,
        "provider": "<b>files</b>",
    },
    "git_commit": "c0ffee",
    "notebook": {"digest": "cd" * 32, "name": "n.ipynb"},
    "packages": {"pandas": "3.1.1"},
    "parameters": {"default": {}, "given": {"symbol": "aapl"}, "resolved": {"symbol": "AAPL"}},
    "python": "3.11.7",
    "recommendation": "HOLD",
    "seed": 0,
}


def stream(name: str, text: str) -> Any:
    return new_output("stream", name=name, text=text)


def result(**data: str) -> Any:
    kinds = {kind.replace("_", "/"): value for kind, value in data.items()}
    return new_output("execute_result", data=kinds, execution_count=1)


@pytest.fixture(scope="module")
def page() -> Page:
    cells = [
        new_markdown_cell("# Only here", metadata={"tags": ["notebook-only"]}),
        new_markdown_cell("## The answer\n\nIt is *so* & 1 < 2."),
        new_code_cell(
            "secret_source = 1",
            outputs=[
                stream("stdout", "told <b>plainly</b>"),
                stream("stderr", "/home/alice/x.py: DeprecationWarning"),
                result(text_html="<em>rich</em>", text_plain="poor"),
                result(text_plain="<Analysis>"),
            ],
        ),
    ]
    notebook = nbformat.from_dict(new_notebook(cells=cells))
    return Page(html_page(notebook, MANIFEST, title="A<i>B", notes=["nobody <answered>"]))


def test_it_is_a_page_with_a_language_a_title_and_a_way_past_the_head(page: Page) -> None:
    assert page.source.startswith("<!DOCTYPE html>")
    assert page.all("html")[0].attributes["lang"] == "en"
    assert page.all("title")[0].text == "A<i>B – stock report"
    assert [heading.text for heading in page.all("h1")] == ["A<i>B"]
    skip = next(element for element in page.all("a"))
    assert skip.attributes["href"] == "#report"
    assert page.all("main")[0].attributes["id"] == "report"


def test_notes_stand_at_the_head(page: Page) -> None:
    assert [note.text for note in page.all("p") if note.attributes.get("class") == "note"] == [
        "nobody <answered>"
    ]


def test_text_and_results_are_shown(page: Page) -> None:
    headings = [heading.text for heading in page.all("h2")]
    assert headings == ["The answer", "What this report was made from"]
    assert "It is so & 1 < 2." in page.all("main")[0].text
    assert [pre.text for pre in page.all("pre")] == ["told <b>plainly</b>", "<Analysis>"]
    assert [em.text for em in page.all("em")] == ["so", "rich"]
    assert "poor" not in page.source


def test_code_warnings_and_notebook_only_cells_are_not(page: Page) -> None:
    for hidden in ("secret_source", "alice", "Only here"):
        assert hidden not in page.source


def test_it_says_what_it_was_made_from(page: Page) -> None:
    names = [name.text for name in page.all("dt")]
    values = [value.text for value in page.all("dd")]
    told = dict(zip(names, values, strict=True))
    assert told["Prices"] == "<b>files</b>, 2000-01-03 to 2004-12-31, 1,258 sessions"
    assert told["Code"] == "c0ffee"
    assert told["Seed"] == "0"


def test_it_knows_light_dark_and_paper(page: Page) -> None:
    (style,) = page.all("style")
    assert "prefers-color-scheme: dark" in style.text
    assert "@media print" in style.text


def test_it_needs_nothing_else(page: Page) -> None:
    assert {"script", "link", "img", "iframe"}.isdisjoint(e.tag for e in page.elements)
    assert re.findall(r"https?:|//|@import|url\(", page.source) == []
