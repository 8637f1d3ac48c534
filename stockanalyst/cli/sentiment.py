"""``sentiment``, ``sentiment train`` and ``sources``."""

import argparse
import shlex
import sys
from pathlib import Path

from stockanalyst.cli.commands import Commands, add_command, number
from stockanalyst.cli.terminal import progress, show
from stockanalyst.exceptions import InputError

TRAIN = "sentiment train"
_SCORERS = "blend, vader, finance-lexicon, tfidf, compact, finbert"


def add_commands(commands: Commands) -> None:
    """Add them to the parser."""
    summary = "say what the news say of companies, and who was silent and why"
    command = add_command(commands, "sentiment", _sentiment, summary)
    command.add_argument("symbols", nargs="+", metavar="symbol", help="tickers, such as AAPL")
    command.add_argument("--sources", metavar="A,B", help="ask these alone; see: sources")
    command.add_argument(
        "--preset", metavar="NAME", help="hft, retail, quant, academic or fintech, for --sources"
    )
    command.add_argument("--scorer", metavar="NAME", help=f"{_SCORERS} (default: the settings')")
    command.add_argument(
        "--window", default="7d", metavar="T", help="how far back: 36h, 7d, 2w (default: 7d)"
    )
    command.add_argument(
        "--cutoff", metavar="DATE", help="nothing published later counts, YYYY-MM-DD or a moment"
    )
    command.add_argument(
        "--name", default="", metavar="TEXT", help="what a company is called that isn't well known"
    )
    command.add_argument("--json", action="store_true", help="print JSON instead of tables")

    _add_train(commands)
    command = add_command(
        commands, "sources", _sources, "say which sources are asked, and what is missing"
    )
    command.add_argument(
        "--retry",
        metavar="NAME",
        help="ask a source that pauses again: its plan or fault is mended",
    )


def _add_train(commands: Commands) -> None:
    summary = "train a scorer of texts on labelled files"
    train = add_command(commands, TRAIN, _train, summary)
    train.add_argument(
        "--data",
        nargs="+",
        required=True,
        metavar="FILE",
        help="CSV or Parquet with the columns text, label and, if known, group",
    )
    train.add_argument("--output", required=True, metavar="DIR", help="folder of the model")
    train.add_argument(
        "--model",
        default="tfidf",
        metavar="NAME",
        help="tfidf, blend or compact (default: %(default)s)",
    )
    train.add_argument(
        "--base",
        metavar="DIR",
        help="folder of the BERT or MPNet that compact starts from (default: all-MiniLM-L6-v2)",
    )
    train.add_argument("--seed", default="0", metavar="N", help="of the training (default: 0)")


def _sentiment(asked: argparse.Namespace) -> None:
    from stockanalyst.bootstrap import build_services
    from stockanalyst.services.sentiment import question

    chosen = question(
        sources=asked.sources,
        preset=asked.preset,
        scorer=asked.scorer,
        window=asked.window,
        cutoff=asked.cutoff,
        name=asked.name,
    )
    with progress() as tell:
        made, found = build_services().sentiment.summaries(asked.symbols, chosen, progress=tell)
    if asked.json:
        import json

        from stockanalyst.reporting.sentiment import sentiment_dict

        facts = [sentiment_dict(summary) for summary in made]
        sys.stdout.write(json.dumps(facts, indent=2) + "\n")
        sys.stderr.writelines(f"Alert: {alert}\n" for alert in found.alerts)
        return
    from stockanalyst.reporting.text import sentiment_text

    show(sentiment_text(made, found))


def _train(asked: argparse.Namespace) -> None:
    from stockanalyst.bootstrap.scorers import train_scorer

    output = Path(asked.output).absolute()
    for name, folder in (("output", asked.output), ("base", asked.base)):
        if folder is not None and not folder.strip():
            raise InputError(name, folder, "give a folder")
    with progress() as tell:
        card = train_scorer(
            asked.model,
            [Path(path) for path in asked.data],
            output,
            base=None if asked.base is None else Path(asked.base),
            seed=number(asked.seed, int),
            progress=tell,
        )
    sys.stdout.write(
        f"{card}\nIt is in {output}; use it by STOCKANALYST_SENTIMENT__SCORER={asked.model} "
        f"STOCKANALYST_SENTIMENT__MODEL={shlex.quote(str(output))}\n"
    )


def _sources(asked: argparse.Namespace) -> None:
    from stockanalyst.bootstrap import build_services
    from stockanalyst.reporting.text import sources_text

    service = build_services().sentiment
    if asked.retry is not None:
        service.retry(asked.retry)
    show(sources_text(service.sources()))
