"""Pieces of HTML that several fragments share."""

import xml.etree.ElementTree as ET

import pandas as pd

from stockanalyst.reporting.fragments import table_html


def test_a_table_is_one_for_screen_readers() -> None:
    frame = pd.DataFrame({"Model": ["a & b"], "Skill": ["<1"]})
    root = ET.fromstring(table_html([frame], "What <it> is. And more."))  # noqa: S314  made here
    assert [cell.get("scope") for cell in root.iter("th")] == ["col", "col", "row"]
    assert [cell.text for cell in root.iter("td")] == ["<1"]
    (caption,) = root.iter("caption")
    assert "".join(caption.itertext()) == "What <it> is. And more."
    assert (root.get("tabindex"), root.get("role")) == ("0", "region")
    assert root.get("aria-label") == "Table: What <it> is"
