from stockanalyst.sentiment.lexicons.vocabulary import Entry, Kind, Vocabulary, parse

LEXICON = """# A remark
[move -1 alone -0.8]
drop**, ease* off, deny*, gain*

[gauge 1.5]
share+ price, penny+, tax+
[jargon 1]
long
[call 2]
buy
"""


def test_forms_of_a_term() -> None:
    found = dict(parse(LEXICON))
    moves = [term for term, entry in found.items() if entry == Entry(Kind.MOVE, -1, -0.8)]
    assert moves == [
        "drop", "drops", "dropped", "dropping", "ease off", "eases off", "eased off", "easing off",
        "deny", "denies", "denied", "denying", "gain", "gains", "gained", "gaining",
    ]  # fmt: skip
    gauges = [term for term, entry in found.items() if entry == Entry(Kind.GAUGE, 1.5)]
    assert gauges == ["share price", "shares price", "penny", "pennies", "tax", "taxes"]


def test_the_longest_term_comes_first_and_the_last_entry_counts() -> None:
    tone = Entry(Kind.TONE, 3)
    terms = [*parse(LEXICON), ("share", tone), ("tax", tone)]
    vocabulary = Vocabulary(terms)
    assert vocabulary.plain["share"] == [(["price"], Entry(Kind.GAUGE, 1.5)), ([], tone)]
    assert vocabulary.plain["tax"] == [([], tone)]


def test_jargon_and_calls_have_places_of_their_own() -> None:
    vocabulary = Vocabulary(parse(LEXICON))
    assert "long" not in vocabulary.plain
    assert vocabulary.street["long"] == [([], Entry(Kind.JARGON, 1))]
    assert "buy" not in vocabulary.street
    assert vocabulary.calls == {"buy": [([], Entry(Kind.CALL, 2))]}
