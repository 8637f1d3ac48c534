"""The form's end in Python; the browser's end is tested in tests/browser."""

from dashboards.components.symbol_form import SymbolForm


def test_a_message_becomes_a_submission_of_two_texts() -> None:
    submitted: list[tuple[str, str]] = []
    form = SymbolForm(lambda *texts: submitted.append(texts), symbol="AAPL")
    form._handle_msg({"symbol": "MSFT", "horizon": 7})
    assert submitted == [("MSFT", "7")]
    assert form.symbol == "AAPL"
