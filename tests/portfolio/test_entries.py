"""What is kept of an entry, and that it comes back."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.portfolio.entries import Entry, EntryType, MovedLot, digest

counts = st.integers(-(2**62), 2**62)
pairs = st.tuples(counts, counts)
lots = st.builds(MovedLot, st.dates(), counts, counts)
entries = st.builds(
    Entry,
    type=st.sampled_from(EntryType),
    on=st.dates(),
    currency=st.text(),
    amount=counts,
    fee=counts,
    tax=counts,
    symbol=st.text(),
    units=counts,
    ratio=pairs,
    child=st.text(),
    child_amount=counts,
    basis=pairs,
    lots=st.lists(lots, max_size=3).map(tuple),
    reverses=counts,
    note=st.text(),
)


@given(entries)
def test_payload_comes_back_as_it_was(entry: Entry) -> None:
    again = Entry.of(entry.payload())
    assert again == entry
    assert again.payload() == entry.payload()
    assert type(again.type) is EntryType


@given(entries, entries)
def test_other_entries_have_other_payloads(one: Entry, other: Entry) -> None:
    assert (one.payload() == other.payload()) == (one == other)


def test_payload_has_one_spelling() -> None:
    entry = Entry(
        EntryType.TRANSFER_IN,
        date(2024, 2, 29),
        "EUR",
        symbol="SAP.DE",
        units=5,
        lots=(MovedLot(date(2020, 1, 2), 5, 700),),
        note="über",
    )
    assert entry.payload() == (
        '{"currency": "EUR", '
        '"lots": [{"acquired_on": "2020-01-02", "cost": 700, "units": 5}], '
        '"note": "\\u00fcber", "on": "2024-02-29", "symbol": "SAP.DE", '
        '"type": "transfer_in", "units": 5}'
    )


def test_a_note_may_hold_any_character() -> None:
    entry = Entry(EntryType.DEPOSIT, date(2024, 2, 29), "EUR", 5, note="\udcff")
    assert len(digest(entry.payload())) == 64
    assert Entry.of(entry.payload()) == entry


def test_digest_is_sha_256() -> None:
    # FIPS 180-2, appendix B.1
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
