"""The lab's NetBox, cleared in its database: its API takes a second and more to delete what a test made."""

from collections.abc import Callable

from tests.contract.netbox.subject import Subject
from tests.lab import netbox, postgres

_KEEP = """
DROP TABLE IF EXISTS onramp_ground;
CREATE TABLE onramp_ground (name text, newest bigint);
DO $$ DECLARE one text; BEGIN
  FOR one IN SELECT table_name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'id' AND data_type IN ('integer', 'bigint')
  LOOP
    EXECUTE format('INSERT INTO onramp_ground SELECT %L, coalesce(max(id), 0) FROM %I', one, one);
  END LOOP;
END $$
"""

# What refers to a row that came later came later, too: so no constraint need be looked at.
_PUT_BACK = """
SET session_replication_role = replica;
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT * FROM onramp_ground LOOP
    EXECUTE format('DELETE FROM %I WHERE id > %s', one.name, one.newest);
  END LOOP;
END $$
"""


class Laboratory(Subject):
    """A NetBox of which every row goes that came after the ground was laid."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, token)
        self._database = next(name for name in (netbox.MAIN, netbox.BESIDE) if netbox.url(name) == url)

    def _lay(self, lay: Callable[[], dict[str, int]]) -> None:
        super()._lay(lay)
        postgres.sql(self._database, _KEEP)

    def _clear(self) -> None:
        postgres.sql(self._database, _PUT_BACK)
