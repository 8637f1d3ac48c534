from collections.abc import Callable
from itertools import cycle, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stockanalyst.exceptions import DataError, FrameSchema, InputError
from stockanalyst.sentiment.labelled import PARTS, near_duplicates, parts_of, read_labelled

Write = Callable[..., Path]
SYLLABLES = ("tor", "bel", "mik", "lun", "ves", "kar", "dan", "sol", "vik", "ost", "ran", "hed")
NAMES = [a + b + c for a, b, c in permutations(SYLLABLES, 3)][::18]
VERBS = (("gained", "positive"), ("sank", "Negative "), ("met", "neutral"))
ROWS = [(f"{name} {verb}", label) for name, (verb, label) in zip(NAMES, cycle(VERBS), strict=False)]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(name: str, rows: Any, columns: tuple[str, ...] = ("text", "label")) -> Path:
        path = tmp_path / name
        frame = pd.DataFrame(rows, columns=list(columns))
        if path.suffix == ".csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path)
        return path

    return file


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_rows_are_read_once_each_and_mixed_ones_left_out(write: Write, name: str) -> None:
    path = write(name, [*ROWS, ROWS[0], ("Torvik can't decide", "mixed")])
    labelled = read_labelled([path])
    assert sorted(labelled.texts) == sorted(text for text, _ in ROWS)
    assert np.bincount(labelled.labels).tolist() == [25, 24, 25]
    assert set(labelled.files) == {name}
    assert sum(len(labelled.of(part)[0]) for part in PARTS) == len(ROWS)


def test_capitals_and_spaces_around_a_column_dont_matter(write: Write) -> None:
    plain = read_labelled([write("plain.csv", ROWS)])
    other = read_labelled([write("other.csv", ROWS, (" Text", "LABEL "))])
    assert other.texts.tolist() == plain.texts.tolist()
    assert other.labels.tolist() == plain.labels.tolist()


def test_groups_are_never_parted_and_whoever_knows_them_knows_the_part(write: Write) -> None:
    rows = [(text, label, 1000 + place % 50) for place, (text, label) in enumerate(ROWS)]
    labelled = read_labelled([write("rows.parquet", rows, ("text", "label", "group"))])
    groups = {text: group for text, _, group in rows}
    frame = pd.DataFrame({"part": labelled.parts, "group": [groups[t] for t in labelled.texts]})
    joined = frame.groupby("group")["part"].nunique()
    assert (joined == 1).all()
    assert set(labelled.parts) == set(PARTS)


def test_the_part_follows_from_the_group_alone() -> None:
    groups = np.arange(40_000)
    parts = parts_of(groups)
    assert parts.tolist() == parts_of([str(group) for group in groups]).tolist()
    shares = {part: float((parts == part).mean()) for part in PARTS}
    assert shares == pytest.approx({"test": 0.25, "calibration": 0.05, "training": 0.7}, abs=0.01)


def test_near_duplicates_are_found_by_hand() -> None:
    """A changed ending, then a changed beginning of that: a chain; capitals don't matter."""
    texts = [
        "Karhula raises its dividend after a strong autumn",
        "Nothing to see at the harbour of Quito today",
        "Karhula raises its dividend after a strong autumn (update)",
        "KARHULA RAISES ITS DIVIDEND AFTER A STRONG AUTUMN (UPDATE) - Wire",
        "",
        "x",
    ]
    clusters = near_duplicates(texts)
    assert clusters[0] == clusters[2] == clusters[3]
    assert len(set(clusters)) == 4


def test_near_duplicates_are_never_parted(write: Write) -> None:
    """Every text stands there twice, the second time with another ending, in another file."""
    rows = [
        (f"{name.title()} of {name[::-1]}", label)
        for name, (_, label) in zip(NAMES, ROWS, strict=True)
    ]
    again = [(f"{text}.", label) for text, label in rows]
    labelled = read_labelled([write("one.csv", rows), write("two.csv", again)])
    parts = dict(zip(labelled.texts, labelled.parts, strict=True))
    assert all(parts[text] == parts[f"{text}."] for text, _ in rows)


@pytest.mark.parametrize(
    ("rows", "columns", "problem"),
    [
        ([("a", "b")], ("text", "sentiment"), r"column 'label' is missing \(there are: text, sent"),
        ([("good", "bullish")], ("text", "label"), "column 'label' is 'bullish' in row 1"),
        ([*ROWS[:3], ("", "neutral")], ("text", "label"), "column 'text' is empty in row 4"),
        (
            [*ROWS[:3], ("a\nb", "bad")],
            ("text", "label"),
            r"'bad' in row 4 of the texts \(the head",
        ),
        ([], ("text", "label"), "column 'text' has no rows"),
        ([("a", "b", "c")], ("text", "label", "Label"), "column 'label' is there twice"),
    ],
    ids=["column", "label", "text", "lines", "rows", "twice"],
)
@pytest.mark.parametrize("name", ["bad.csv", "bad.parquet"])
def test_a_bad_table_is_refused_with_its_first_fault(
    write: Write, name: str, rows: Any, columns: tuple[str, ...], problem: str
) -> None:
    path = write(name, rows, columns)
    with pytest.raises(FrameSchema, match=problem) as raised:
        read_labelled([path])
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00bad", b'text,label\n"no end,neutral\n'])
@pytest.mark.parametrize("name", ["bad.csv", "bad.parquet"])
def test_a_file_that_cant_be_read_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        read_labelled([tmp_path / name])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("text;label\nSales rise;positive\n", "text;label"),
        ("Sales rise,positive\nSales fall,negative\n", "sales rise, positive"),
    ],
)
def test_a_file_without_the_columns_is_told_how_to_name_them(
    tmp_path: Path, content: str, found: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(content)
    with pytest.raises(FrameSchema) as raised:
        read_labelled([path])
    mend = "name the columns text and label, with commas between, in its first line"
    problem = f"column 'text' is missing (there are: {found})"
    assert str(raised.value) == f"{path}: {problem}; {mend}"


@pytest.mark.parametrize("first", ["Sales rise", "Sales rise, at last"])
def test_commas_in_texts_want_quotes(tmp_path: Path, first: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"text,label\n{first},positive\nSales fall, too,negative\n")
    with pytest.raises(DataError, match=r"put each text that holds a comma between double quotes$"):
        read_labelled([path])


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "utf-32-be"])
def test_a_file_in_another_encoding_is_to_be_saved_as_utf_8(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "rows.csv").write_text("text,label\nCafé opens,neutral\n", encoding=encoding)
    with pytest.raises(DataError, match=r"isn't UTF-8.*; save it as UTF-8$"):
        read_labelled([tmp_path / "rows.csv"])


def test_texts_that_stand_twice_are_counted_by_hand(write: Write) -> None:
    """Two rows again; one text with another label; one left out, which contradicts nothing."""
    again = [ROWS[0], ROWS[0], (ROWS[1][0], "neutral"), (ROWS[2][0], "mixed")]
    labelled = read_labelled([write("one.csv", ROWS), write("two.csv", again)])
    assert (labelled.duplicates, labelled.contradicting) == (2, 1)
    assert len(labelled.texts) == len(ROWS) + 1


def test_files_that_arent_there_or_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_labelled([tmp_path / "none.csv"])
    with pytest.raises(InputError, match=r"ends in \.csv or \.parquet"):
        read_labelled([tmp_path / "rows.xlsx"])
    for none_or_twice in ([], [tmp_path / "one" / "rows.csv", tmp_path / "two" / "rows.csv"]):
        with pytest.raises(InputError, match="each with a name of its own"):
            read_labelled(none_or_twice)


def test_a_file_of_mixed_labels_alone_is_told(write: Write) -> None:
    with pytest.raises(DataError, match="no text with a label to train on"):
        read_labelled([write("mixed.csv", [("Torvik can't decide", "mixed")])])


def test_too_few_texts_say_how_many_there_are(write: Write) -> None:
    only = [(text, label) for text, label in ROWS if label != "neutral"]
    with pytest.raises(DataError, match=r"0 neutral, .* in the training part"):
        read_labelled([write("rows.csv", only)])
    with pytest.raises(DataError, match="too few different texts"):
        read_labelled([write("rows.csv", ROWS[:3])])
