"""An executed notebook as one page that needs no other file and no network."""

from collections.abc import Sequence
from pathlib import Path

from stockanalyst._typing import Json
from stockanalyst.reporting.manifest import manifest_facts

_TEMPLATES = Path(__file__).parent / "templates"


def html_page(notebook: Json, manifest: Json, *, title: str, notes: Sequence[str] = ()) -> str:
    """A :class:`~stockanalyst.services.protocols.PageRenderer`.

    Code stays in the notebook; the page has text and results, and what they were made from.
    """
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(
        template_name="report",
        extra_template_basedirs=[str(_TEMPLATES)],
        exclude_anchor_links=True,
    )
    report = {"title": title, "notes": notes, "facts": manifest_facts(manifest)}
    page, _ = exporter.from_notebook_node(notebook, resources={"report": report})
    return str(page)
