"""What can go wrong with an import beside what can with a registration."""

from intake.problems import Problem, Unavailable


class UnknownImport(Problem):
    """Nothing that is stored came with it."""

    status, kind, title = 404, "unknown-import", "No such import is known"


class TooManyImports(Unavailable):
    """The replica has as many in hand as it takes at a time."""

    kind, title = "too-many-imports", "No further import is taken at this moment"
