"""Users, and the names of what they have."""

from sqlalchemy import Connection, bindparam, insert, select

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.store.tables import USERS

_LONGEST = 80
_BY_NAME = select(USERS.c.id).where(USERS.c.name == bindparam("name"))
_BY_ID = select(USERS.c.id).where(USERS.c.id == bindparam("user"))


def checked_name(parameter: str, value: str) -> str:
    """The name without blanks around it; InputError for one that can't be used."""
    name = value.strip()
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise InputError(parameter, value, f"give 1 to {_LONGEST} printable characters")
    return name


def user_named(connection: Connection, name: str) -> int:
    """The number of a user, who is made where there is none."""
    found = found_user(connection, name)
    if found is None:
        new = insert(USERS).values(name=name).returning(USERS.c.id)
        found = int(connection.execute(new).scalar_one())
    return found


def found_user(connection: Connection, name: str) -> int | None:
    """The number of a user; None where there is none."""
    found = connection.execute(_BY_NAME, {"name": name}).scalar()
    return None if found is None else int(found)


def require_user(connection: Connection, user: int) -> None:
    """Raise InputError where there is none of that number."""
    if connection.execute(_BY_ID, {"user": user}).first() is None:
        raise InputError("user", user, "isn't the number of a user")
