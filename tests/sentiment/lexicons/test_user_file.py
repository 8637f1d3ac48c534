from pathlib import Path

import pytest

from stockanalyst.exceptions import InputError
from stockanalyst.sentiment.lexicons.user_file import read_lexicon


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "words.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_master_dictionary(tmp_path: Path) -> None:
    """The year says since when a word is in a list; below 0, that it was taken out."""
    path = written(
        tmp_path,
        "Word,Seq_num,Negative,Positive,Uncertainty\n"
        "DEFALCATION,1,2009,0,0\nLAUDABLE,2,0,2009,0\nTABLE,3,0,0,0\nTRICKY,4,-2020,0,2011\n",
    )
    assert read_lexicon(path) == {"defalcation": -1.3, "laudable": 1.3}


def test_terms_with_weights(tmp_path: Path) -> None:
    path = written(tmp_path, "weight, Term\n-1.5,Margin Call\n2,moat\n0,table\n", "utf-8-sig")
    assert read_lexicon(path) == {"margin call": -1.5, "moat": 2.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "give a CSV file"),
        ("word,tone\nmoat,2\n", "columns term and weight"),
        ("term,weight\n", "holds no word with a weight"),
        ("term,weight\nmoat,2\ndebt,high\n", "line 3: could not convert string to float: 'high'"),
        ("term,weight\nmoat,5\n", "the weight of 'moat' must lie from −4 to 4"),
        ("term,weight\nmoat,nan\n", "the weight of 'moat' must lie from −4 to 4"),
        ("term,weight\nmoat\n", "line 2: could not convert"),
        ("Word,Negative,Positive\nMOAT,,2009\n", "line 2: could not convert"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        read_lexicon(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    with pytest.raises(InputError, match=r"can't be read.*No such file"):
        read_lexicon(path)
    path.write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(InputError, match=r"can't be read.*utf-8"):
        read_lexicon(path)
