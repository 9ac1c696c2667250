"""What is stored, told live: server-sent events, from the projection's one subscription."""

from intake.feed.feed import Feed, Filter
from intake.feed.telling import Telling

__all__ = ["Feed", "Filter", "Telling"]
