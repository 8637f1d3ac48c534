"""Skill by symbol and model as a picture, held against numbers counted by hand; see walks.py."""

import holoviews as hv

from stockanalyst.reporting.figures import Picture
from stockanalyst.reporting.heat_map import shade, skill_heat_map
from tests.reporting.conftest import Page
from tests.reporting.walks import BAD, GOOD, many, walked


def texts(picture: Picture) -> list[str]:
    return [element.text for element in Page(picture._repr_html_()).all("text")]


def test_heat_map_of_a_few_symbols_tells_numbers() -> None:
    """AAA: 1 − √12.5/10. BBB: 1 − √132.5/10."""
    picture = skill_heat_map(walked({"AAA": GOOD, "BBB": BAD}), 1)
    assert {"AAA", "BBB", "own", "+64.6 *", "−15.1"} <= set(texts(picture))
    assert picture.alt.endswith(
        "1 of 2 cells lie above zero, 1 of them by more than luck explains."
    )
    tiles = next(layer for layer in picture.figure if isinstance(layer, hv.Rectangles)).data
    assert dict(zip(tiles["symbol"], tiles["y"], strict=True)) == {"AAA": 1, "BBB": 0}
    assert len(set(tiles["colour"])) == 2


def test_heat_map_of_many_symbols_is_sorted_and_light() -> None:
    picture = skill_heat_map(many(500, winners=3), 1)
    tiles = next(layer for layer in picture.figure if isinstance(layer, hv.Rectangles)).data
    top = tiles.nlargest(3, "y")["symbol"]
    assert set(top) == {"S000", "S001", "S002"}
    html = picture._repr_html_()
    assert len(html) < 150_000
    assert html == skill_heat_map(many(500, winners=3), 1)._repr_html_()
    assert "S000" not in html
    assert {"1", "500", "500 symbols by mean skill"} <= set(texts(picture))


def test_skill_is_shaded_alike_on_both_sides() -> None:
    assert shade(0.0) == "#f4f4f4"
    assert shade(0.05) == shade(0.7) == "#005b8f"
    assert shade(-0.05) == shade(-1.2) == "#a83f00"
    assert shade(0.025) == "#7aa8c2"  # half way: (0xf4 + 0x00)/2, (0xf4 + 0x5b)/2, (0xf4 + 0x8f)/2
