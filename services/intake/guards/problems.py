"""What is said to whoever asks too often."""

from intake.problems import Problem


class TooManyRequests(Problem):
    """Over the rate."""

    status, kind, title = 429, "too-many-requests", "Too many requests: slow down"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"come again in {seconds} s")
        self.retry_after = seconds
