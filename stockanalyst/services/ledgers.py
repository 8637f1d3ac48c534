"""Users' portfolios and brokers."""

from dataclasses import dataclass

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.protocols import Broker, Portfolio
from stockanalyst.services.bookkeeping import Surroundings
from stockanalyst.services.ledger import Ledger


@dataclass(frozen=True)
class LedgerService:
    """What a user has; of others nothing is seen.

    Every method may raise OSError: the database can't be reached. A user of None is the one of the
    settings.

    Parameters
    ----------
    around : Surroundings
    user : str
        Who it is that names nobody.
    """

    around: Surroundings
    user: str

    def create(
        self, user: str | None, name: str, *, currency: str = "USD", method: str = "fifo"
    ) -> Ledger:
        """Make a portfolio; the user too, where there is none of that name.

        Parameters
        ----------
        user : str or None
        name : str
        currency : str
            In which it is valued, ISO 4217.
        method : str
            ``fifo``, ``lifo`` or ``average``: how lots are matched.

        Raises
        ------
        InputError
            A name, currency or method that can't be used.
        Conflict
            The user has one of this name.
        """
        number = self._made(user)
        made = self.around.journal.create_portfolio(number, name, currency=currency, method=method)
        return Ledger(number, made, self.around)

    def portfolio(self, user: str | None, name: str) -> Ledger:
        """A portfolio of a user; InputError where there is none of that name."""
        number = self._number(user)
        if number is None:
            whose = f"user {self.user if user is None else user} has none"
            raise InputError("portfolio", name, f"isn't there: {whose}; create it first")
        return Ledger(number, self.around.journal.portfolio(number, name), self.around)

    def portfolios(self, user: str | None = None) -> list[Portfolio]:
        """All of a user, by name."""
        number = self._number(user)
        return [] if number is None else self.around.journal.portfolios(number)

    def verify(self, user: str | None = None) -> dict[str, int]:
        """How many sound entries each portfolio has.

        Raises
        ------
        BrokenJournal
            Names the first row that isn't as it was written.
        """
        names = [each.name for each in self.portfolios(user)]
        return {name: self.portfolio(user, name).verify() for name in names}

    def brokers(self, user: str | None = None) -> list[Broker]:
        """All of a user, by name."""
        number = self._number(user)
        return [] if number is None else self.around.brokers.all(number)

    def save_broker(self, user: str | None, broker: Broker) -> None:
        """Keep a broker, in place of the user's one of that name.

        Trades that were posted keep the commission that they were posted with.
        """
        self.around.brokers.save(self._made(user), broker)

    def _number(self, user: str | None) -> int | None:
        """None of one that there isn't: nothing that only asks makes a user."""
        return self.around.journal.find_user(self.user if user is None else user)

    def _made(self, user: str | None) -> int:
        return self.around.journal.user(self.user if user is None else user)
