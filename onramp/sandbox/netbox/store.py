"""The objects of one kind, found by id and, without a scan, by the values of their indexed fields."""

from collections import defaultdict
from collections.abc import Iterable
from ipaddress import IPv4Interface, IPv6Interface
from typing import Any

Row = dict[str, Any]


def index_key(value: Any) -> Any:
    """What two equal values share: letters of either case, and an address whatever its mask."""
    if isinstance(value, str):
        return value.lower()
    return value.ip if isinstance(value, IPv4Interface | IPv6Interface) else value


class Table:
    """Rows by id; a row is replaced as a whole, so that the index can never be left behind."""

    def __init__(self, indexed: tuple[str, ...]) -> None:
        self.rows: dict[int, Row] = {}
        self._last_id = 0
        self._index: dict[str, defaultdict[Any, dict[int, None]]] = {
            name: defaultdict(dict) for name in indexed
        }

    def next_id(self) -> int:
        """An id that no row had before, as from PostgreSQL's sequence."""
        self._last_id += 1
        return self._last_id

    def put(self, row: Row) -> None:
        """Add this row, or replace the one of its id."""
        self.remove(row["id"])
        self.rows[row["id"]] = row
        for name, index in self._index.items():
            index[index_key(row.get(name))][row["id"]] = None

    def remove(self, row_id: int) -> None:
        """Drop the row of this id, if there is one."""
        if row := self.rows.pop(row_id, None):
            for name, index in self._index.items():
                del index[index_key(row.get(name))][row_id]

    def has_index(self, field: str) -> bool:
        """Whether `find` answers for this field."""
        return field in self._index

    def find(self, field: str, value: Any) -> Iterable[Row]:
        """The rows whose indexed field has this value, letters of either case."""
        ids = self._index[field].get(index_key(value), ())
        return [self.rows[row_id] for row_id in ids]
