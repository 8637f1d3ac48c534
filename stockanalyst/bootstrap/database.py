"""The database's tables made, changed, checked and copied, whichever database it is."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Engine
from sqlalchemy.exc import SQLAlchemyError

from stockanalyst.bootstrap.ledger import own_url
from stockanalyst.exceptions import InputError
from stockanalyst.infra import migrations, usage_store
from stockanalyst.infra.database_copy import Copied, copy
from stockanalyst.infra.db import Pool, make_engine, parsed_url
from stockanalyst.infra.settings import Settings, load_settings
from stockanalyst.market.store import sql
from stockanalyst.portfolio.store import tables

_PATIENT = Pool(size=1, overflow=1, statement=86_400.0, idle=86_400.0)  # large tables take long
STORES = (sql, tables, usage_store)
"""By whose import the tables are known."""


@dataclass(frozen=True)
class Database:
    """A database, and the steps by which its tables were made.

    Every method may raise OSError: the database can't be reached, or refuses.

    Parameters
    ----------
    url : URL
    """

    url: URL

    def __str__(self) -> str:
        """Where it is; what may hold a password isn't shown."""
        if self._file is not None:
            return f"sqlite:///{self._file}"
        port = f":{self.url.port}" if self.url.port else ""
        return f"postgresql://{self.url.host or ''}{port}/{self.url.database or ''}"

    @property
    def newest(self) -> str:
        """The last revision that this version knows."""
        return _steps()[-1][0]

    def revision(self) -> str | None:
        """At which it is; None before the first."""
        if self._is_missing:
            return None
        try:
            with self.engine.connect() as connection:
                found = MigrationContext.configure(connection).get_current_revision()
        except SQLAlchemyError as error:
            words = str(getattr(error, "orig", None) or type(error).__name__)
            raise OSError(" ".join(words.split())[:100]) from None
        if found is not None and found not in dict(_steps()):
            mend = f"is at revision {found}, which a newer version made; install that one"
            raise InputError("database", str(self), mend)
        return found

    def upgrade(self, application_role: str | None = None) -> None:
        """Bring it to the newest revision.

        Parameters
        ----------
        application_role : str or None
            See :func:`stockanalyst.infra.migrations.upgrade`.
        """
        if application_role is not None and self._file is not None:
            mend = "SQLite has no roles; leave it out"
            raise InputError("application_role", application_role, mend)
        self.revision()
        migrations.upgrade(self.engine, application_role=application_role)

    def undone(self, revision: str) -> list[tuple[str, str]]:
        """The steps that a downgrade undoes, newest first, each with what it made.

        Raises
        ------
        InputError
            There is no such revision, or this version doesn't know the one it is at.
        """
        known = ["base", *(name for name, _ in _steps())]
        if revision not in known:
            raise InputError("revision", revision, f"choose from {', '.join(known)}")
        current = self.revision() or "base"
        return _steps()[known.index(revision) : known.index(current)][::-1]

    def downgrade(self, revision: str) -> None:
        """Undo every step after a revision, and drop what is in the tables that they made."""
        migrations.downgrade(self.engine, revision)

    def differences(self) -> list[str]:
        """What it has otherwise than this version needs it."""
        if self._is_missing:
            return ["there is no such file; upgrade makes it"]
        self.revision()
        return migrations.differences(self.engine)

    def copy_to(self, target: "Database") -> list[Copied]:
        """Copy all ledgers into a database that holds none; its tables are made where it is new.

        Raises
        ------
        InputError
            This one is a file that isn't there.
        LedgerError
            As :func:`stockanalyst.infra.database_copy.copy`; nothing is copied then.
        """
        if self._is_missing:
            raise InputError("database", str(self), "there is no such file; check the path")
        if target.revision() is None:
            target.upgrade()
        return copy(self.engine, target.engine)

    @cached_property
    def engine(self) -> Engine:
        """Asked nothing yet."""
        return make_engine(self.url, pool=None if self._file is not None else _PATIENT)

    @property
    def _file(self) -> Path | None:
        is_sqlite = self.url.get_backend_name() == "sqlite"
        return Path(self.url.database or "") if is_sqlite else None

    @property
    def _is_missing(self) -> bool:
        """Whether it is a file that isn't there: a question must not make it."""
        return self._file is not None and not self._file.exists()


def database(url: str, *, said_in: str) -> Database:
    """That of a URL.

    Parameters
    ----------
    url : str
    said_in : str
        The option or the variable that holds it, for the error.

    Raises
    ------
    InputError
        It is none of SQLite or PostgreSQL; the URL isn't repeated, for it may hold a password.
    """
    return Database(parsed_url(url, said_in=said_in))


def own_database(settings: Settings | None = None) -> Database:
    """That of the settings, by default those of the environment."""
    return Database(own_url(settings or load_settings()))


def _steps() -> list[tuple[str, str]]:
    """Every revision, oldest first, with what it made."""
    script = ScriptDirectory(Path(migrations.__file__).parent)
    return [(each.revision, each.doc) for each in script.walk_revisions()][::-1]
