import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError
from stockanalyst.sentiment.lexicon import FinanceLexiconScorer, sector_names

SCORER = FinanceLexiconScorer()

POSITIVE = (
    "Quarterly profit rises 12 % on strong demand",
    "Net loss narrowed to $3 mn from $9 mn",
    "Airline swings to profit",
    "Sales amounted to Rs 120 crore against Rs 95 crore",
    "Chipmaker beats estimates and raises full-year guidance",
    "Broker upgrades the brewer to buy",
    "Price target raised to $240 from $210",
    "Acme +3.2% premarket",
    "Inflation eases to 2.1 %",
    "Jobless claims fall to lowest since May",
    "Profit did not fall as much as feared",
    "Debt reduced by EUR 50 mn",
    "Lower costs lifted the result",
    "$ACME calls printing, this is going to the moon 🚀🚀",
    "$ACME breakout, adding here",
    "Buy Acme with a target of Rs 410, says a broker",
    "Shares hit a record high",
    "Brinko Q3 EPS $1.42, est. $1.31",
    "Brinko loss per share 12c (consensus 20c)",
    "Operating profit was EUR 14.2 million (10.6)",
    "Operating profit amounted to EUR 3 million (loss of 2.4 million)",
    "Judge dismisses class action against Brinko",
    "Regulator lifts clinical hold on a drug of Brinko",
    "Walkout called off at the refinery",
    "Worries about a recession ease",
    "Supply bottlenecks are over",
    "Index erases losses",
    "Quarterly loss smaller than feared",
    "Brinko rules out job cuts",
    "Brinko receives takeover bid from Dalton",
    "Court clears merger of Brinko and Dalton",
    "Stock jumps despite earnings miss",
    "Shares climb after profit miss",
    "While sales fell, profit rose",
)
NEGATIVE = (
    "Loss widened",
    "The insurer swung to a loss",
    "Maker of pumps slipped to a net loss of EUR 4 mn from a profit of EUR 2 mn",
    "EBIT was EUR 2.1 mn compared with EUR 4.4 mn a year earlier",
    "Revenue fell short of analysts' expectations",
    "Broker downgrades the carmaker to hold from buy",
    "Price target cut to $30",
    "Acme -4% after results",
    "down 3% after the bell",
    "Net debt increased to EUR 300 mn",
    "Despite higher sales, margins collapsed",
    "Earnings beat, but shares tumbled on weak guidance",
    "Sales failed to grow",
    "$ACME puts loaded, this is a bull trap 📉",
    "Bearish on small caps",
    "Regulator opens probe into accounting irregularities",
    "Factory closure to cost 400 jobs",
    "Halvor Q2 revenue $4.7B (est $4.9B)",
    "Net income of $250 million; analysts had expected $280 million",
    "US Nov. exports -2.1% vs. est. -0.5%",
    "Loss for the period was EUR 9.1 million (5.2)",
    "Brinko to pay $90 million to settle a lawsuit",
    "Court upholds fine against Brinko",
    "Judge refuses to dismiss lawsuit against Brinko",
    "The rally is over",
    "Fears of default grow",
    "Brinko did not reach its profit target",
    "Shares lack momentum",
    "No growth this year",
    "Brinko won't pay dividend this year",
    "Watchdog blocks takeover of Brinko",
    "Dalton abandons takeover bid for Brinko",
    "Solid sales could not prevent a loss",
    "Brinko removed from conviction buy list",
    "Stock falls after profit rises",
    "While revenue grew, margins shrank",
)
NEUTRAL = (
    "The annual general meeting will be held in Turku on 12 April",
    "The company makes valves and pumps",
    "Shares unchanged at the close",
    "Mr Jones will join the board in May",
    "Company reports third-quarter results",
    "Analyst keeps neutral rating",
    "Increase of share capital registered in the trade register",
    "How the strong defeated the weak: a history of chess",
    "Halvor Q2 revenue $4.9B (est $4.9B)",
    "Net sales were EUR 12.5 million (USD 15.9 million)",
    "The plant (built in 2005) makes 400 units a day",
    "Sales of EUR 12 million (page 3)",
    "Revenue of EUR 12 million (10 countries)",
    "Turnover of EUR 20 million (30 % of the group)",
    "The project will cost an estimated 4 million euros",
    "The court will hear the case in June",
    "The offer period is over",
    "Brinko did not meet the press",
    "Brinko will not attend the fair",
    "Brinko is in merger talks with Dalton",
    "New block of flats for the staff",
    "A beat could lift the shares while a miss would sink them",
)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Brinko sees sales growth of 10%-15% next year", 1),
        ("Shares of Brinko Inc. fell 5%", -1),
        ("Operating profit was EUR 8 mn (2010: 9).", -1),
        ("The rally could be over", -1),
        ("The slump could be over", 1),
        ("EPS –$0.15 vs $0.10", -1),
        ("Brinko loses patent case against a rival", -1),
    ],
)
def test_ranges_abbreviations_years_and_guesses(text: str, sign: int) -> None:
    assert sign * SCORER.score([text]).polarity[0] > 0.2


@pytest.mark.parametrize(
    ("texts", "label"), [(POSITIVE, "positive"), (NEGATIVE, "negative"), (NEUTRAL, "neutral")]
)
def test_labels_that_a_reader_gives(texts: tuple[str, ...], label: str) -> None:
    found = SCORER.score(texts).labels
    assert [text for text, of in zip(texts, found, strict=True) if of != label] == []


GOOD, BAD = ("profit", "sales", "order intake"), ("costs", "net loss", "debt", "unemployment")
UP, DOWN = ("rose", "climbed", "increased", "surged"), ("fell", "declined", "narrowed", "plunged")


@given(st.sampled_from(GOOD + BAD), st.sampled_from(UP + DOWN))
def test_a_move_is_good_or_bad_by_what_moves(gauge: str, move: str) -> None:
    sign = (1 if gauge in GOOD else -1) * (1 if move in UP else -1)
    polarity = SCORER.score([f"Third-quarter {gauge} {move}"]).polarity[0]
    assert np.sign(polarity) == sign


@given(
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.sampled_from(["EUR {} mn", "${} bn", "Rs {} crore", "{} %", "{}", "{:,} euros"]),
    st.sampled_from(
        ["to {a} from {b}", "from {b} to {a}", "{a} compared with {b}", "{a} versus {b}"]
    ),
)
def test_two_amounts_are_compared(newer: int, older: int, unit: str, order: str) -> None:
    if newer == older or 1900 <= newer <= 2100 or 1900 <= older <= 2100:
        return
    told = order.format(a=unit.format(newer), b=unit.format(older))
    turnover, loss = SCORER.score([f"Turnover {told}", f"Loss {told}"]).polarity
    assert np.sign(turnover) == np.sign(newer - older)
    assert np.sign(loss) == np.sign(older - newer)


@given(
    st.integers(1, 10**5),
    st.integers(1, 10**5),
    st.sampled_from(["{a}, est. {b}", "{a} (est {b})", "{a}; analysts expected {b}", "{a} ({b})"]),
)
def test_estimates_and_brackets_are_compared(newer: int, older: int, order: str) -> None:
    told = order.format(a=f"EUR {newer} mn", b=f"EUR {older} mn")
    sales, costs = SCORER.score([f"Sales of {told}", f"Costs of {told}"]).polarity
    assert np.sign(sales) == np.sign(newer - older)
    assert np.sign(costs) == np.sign(older - newer)


@given(st.integers(1, 999), st.integers(1, 999), st.sampled_from(["mn", "billion", "crore"]))
def test_a_bare_amount_in_brackets_is_counted_as_the_one_before(a: int, b: int, unit: str) -> None:
    polarity = SCORER.score([f"Sales of EUR {a} {unit} ({b})"]).polarity[0]
    assert np.sign(polarity) == np.sign(a - b)


@pytest.mark.parametrize("word", ["could", "may", "might", "would"])
def test_a_guess_says_less_than_a_fact(word: str) -> None:
    fact, guess = SCORER.score(["Shares soared 40%", f"Shares {word} soar 40%"]).polarity
    assert fact > 0.7
    assert 0 < guess <= 0.372  # 0.8 / √(0.8² + 4)


def test_years_and_conversions_are_not_compared() -> None:
    texts = ["Turnover was the same in 2006 as compared with 2005", "Turnover (USD 7) from EUR 9"]
    assert SCORER.score(texts).polarity.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("phrase", "polarity"),
    [
        ("earnings beat", 0.6),  # 1.5 / √(1.5² + 4)
        ("revenue miss", -0.514496),
        ("guidance raise", 0.668965),
        ("margin compression", -0.6),
        ("short squeeze", 0.707107),
        ("bear raid", -0.707107),
    ],
)
def test_phrases_are_read_as_one_word(phrase: str, polarity: float) -> None:
    found = SCORER.score([phrase, f"A {phrase.title()}, they say"]).polarity
    np.testing.assert_allclose(found, polarity, atol=1e-6)


def test_a_users_phrases_go_before_ours() -> None:
    phrases = {"Earnings beat": -1.5, "green shoots": 0, "take-private offer": 1.5, "buy": 0}
    scorer = FinanceLexiconScorer(phrases=phrases)
    texts = ["earnings beat", "green shoots", "Acme gets a take private offer", "Buy Acme"]
    np.testing.assert_allclose(scorer.score(texts).polarity, [-0.6, 0, 0.6, 0])


def test_a_users_words_go_behind_ours() -> None:
    scorer = FinanceLexiconScorer(words={"profit": -4, "defalcation": -1.5})
    texts = ["Profit rose", "A defalcation at the company"]
    ours = SCORER.score(texts[:1]).polarity[0]
    np.testing.assert_allclose(scorer.score(texts).polarity, [ours, -0.6])


@pytest.mark.parametrize(
    ("sector", "text", "sign"),
    [
        ("banks", "CET1 ratio rose", 1),
        ("banks", "Combined ratio rose", -1),
        ("energy", "Dry hole off the coast", -1),
        ("mining", "Strip ratio rose", -1),
        ("pharma", "Adverse events rose", -1),
        ("retail", "Markdowns rose", -1),
        ("technology", "Design win at a carmaker", 1),
    ],
)
def test_a_sector_adds_its_words(sector: str, text: str, sign: int) -> None:
    scorer = FinanceLexiconScorer(sectors=[sector])
    assert np.sign(scorer.score([text]).polarity[0]) == sign
    assert scorer.score([text]).polarity[0] != SCORER.score([text]).polarity[0]


def test_every_sector_can_be_added_at_once() -> None:
    assert len(sector_names()) == 6
    FinanceLexiconScorer(sectors=sector_names())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sectors": ["bank"]}, r"sector 'bank': did you mean banks\? choose from banks, energy, "),
        ({"phrases": {"beat": 4.5}}, r"phrases 4\.5: the weight of 'beat' must lie from −4 to 4"),
        ({"words": {"beat": float("nan")}}, "words nan: the weight of 'beat' must lie"),
        ({"phrases": {" – ": 1}}, "phrases ' – ': give at least one word"),
    ],
)
def test_what_cannot_be_used_is_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FinanceLexiconScorer(**settings)  # type: ignore[arg-type]  # a wrong one is meant


@pytest.mark.parametrize("text", ["", "  \n", "\x00\x07", "株価は上昇した", "Прибыль выросла", "🏖️"])
def test_it_abstains_where_it_knows_nothing(text: str) -> None:
    scores = SCORER.score([text])
    assert scores.polarity.tolist() == [0.0]
    assert scores.labels.tolist() == ["neutral"]
    assert scores.probabilities.max() < 0.45


WORDS = st.sampled_from(
    ["profit", "fell", "to", "from", "loss", "5 %", "EUR 3 mn", "but", "despite", "not", "(", ")",
     ".", "?", ",", "$ACME", "upgrade", "buy", "sharply", "as", "up", "swung", "than", "2006", "!"]
)  # fmt: skip


@given(st.lists(st.text() | st.lists(WORDS).map(" ".join), max_size=5))
def test_any_texts_have_scores_each_by_itself(texts: list[str]) -> None:
    together = SCORER.score(texts)
    assert together.probabilities.shape == (len(texts), 3)
    assert (np.abs(together.polarity) <= 1).all()
    np.testing.assert_allclose(together.probabilities.sum(axis=1), 1)
    alone = [SCORER.score([text]).polarity[0] for text in texts]
    np.testing.assert_array_equal(together.polarity, alone)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "!",
        "1,",
        "a.",
        "a'",
        "1 .",
        "profit rose ",
        "from 5 to ",
        "(",
        "$",
        "\ud800",
        "🚀",
        "eur ",
    ],
)
def test_long_texts_are_read_up_to_a_limit(piece: str) -> None:
    """Ten million characters; a pattern that backtracks would not come to an end."""
    long = piece * (10**7 // len(piece))
    whole, start = SCORER.score([long, long[:20_000]]).polarity
    assert whole == start
