"""`NetBox`: every object, and how it is created, changed and deleted."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from onramp.sandbox.netbox import deletion, rules
from onramp.sandbox.netbox.errors import Refused, not_found
from onramp.sandbox.netbox.kinds import kinds_of
from onramp.sandbox.netbox.store import Row, Table
from onramp.sandbox.netbox.values import read_fields


class NetBox:
    """One NetBox: its release and its objects.

    Its methods never wait, so that on one event loop each is done before the next begins: two parallel
    requests cannot be given the same address or the same rack unit.
    """

    def __init__(
        self, version: str = "4.7.3", *, enforce_global_unique: bool = True, graphql_enabled: bool = True
    ) -> None:
        self.version = version
        major, minor = version.split(".")[:2]
        self.release = (int(major), int(minor))
        self.enforce_global_unique = enforce_global_unique
        self.graphql_enabled = graphql_enabled
        self.kinds = kinds_of(self.release)
        self.tables: dict[str, Table] = {name: Table(kind.indexed) for name, kind in self.kinds.items()}

    def add(self, kind: str, **fields: Any) -> int:
        """Create an object and return its id, for seeding; a text names a related object by its slug or name.

        Raises:
            Refused: as a client's POST would be.
        """
        sent = {name: self._by_name(kind, name, value) for name, value in fields.items()}
        return int(self.create(kind, sent)["id"])

    def _by_name(self, kind: str, field: str, value: Any) -> Any:
        known = self.kinds[kind].fields.get(field)
        if known is None or not known.to:
            return value
        natural = self.kinds[known.to].natural
        if isinstance(value, list):
            return [{natural: one} if isinstance(one, str) else one for one in value]
        return {natural: value} if isinstance(value, str) else value

    def get(self, kind: str, row_id: int | None) -> Row | None:
        """The object of this id, or None."""
        return self.tables[kind].rows.get(row_id) if row_id is not None else None

    def find(self, kind: str, **fields: Any) -> list[Row]:
        """The objects whose fields have these values; the first one given must be indexed."""
        (first, wanted), *others = fields.items()
        rows: Iterable[Row] = self.tables[kind].find(first, wanted)
        return [row for row in rows if all(row[name] == value for name, value in others)]

    def create(self, kind: str, sent: Mapping[str, Any]) -> Row:
        """Store a new object and what NetBox makes along with it."""
        now = _now()
        row: Row = {"id": None, "created": now, "last_updated": now}
        row |= read_fields(self, self.kinds[kind], sent, partial=False)
        rules.check(self, kind, row)
        row["id"] = self.tables[kind].next_id()
        self.tables[kind].put(row)
        rules.after_create(self, kind, row, sent)
        return self.tables[kind].rows[row["id"]]

    def change(self, kind: str, row_id: int, sent: Mapping[str, Any]) -> Row:
        """Change the fields that were sent; the rules are checked over the whole object."""
        before = self.tables[kind].rows.get(row_id)
        if before is None:
            raise not_found(self.kinds[kind].model)
        values = read_fields(self, self.kinds[kind], sent, partial=True)
        if isinstance(values.get("custom_fields"), dict):
            values["custom_fields"] = {**before["custom_fields"], **values["custom_fields"]}
        row = {**before, **values, "last_updated": _now()}
        rules.check(self, kind, row)
        self.tables[kind].put(row)
        return row

    def delete(self, kind: str, row_id: int) -> None:
        """Delete an object and what hangs on it; 409 when something protected does."""
        if row_id not in self.tables[kind].rows:
            raise not_found(self.kinds[kind].model)
        deletion.delete(self, kind, row_id)

    def create_all(self, kind: str, sent: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Store all of them or, when one is refused, none; the answer then has a place for each."""
        rows: list[Row] = []
        for one in sent:
            try:
                rows.append(self.create(kind, one))
            except Refused as refused:
                for row in rows:
                    deletion.delete(self, kind, row["id"])
                bodies: list[Any] = [{} for _ in sent]
                bodies[len(rows)] = refused.body
                raise Refused(bodies, refused.status) from None
        return rows


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
