"""What can go wrong with an import beside what can with a registration."""

from intake.problems import Problem


class UnknownImport(Problem):
    """Nothing that is stored came with it."""

    status, kind, title = 404, "unknown-import", "No such import is known"
