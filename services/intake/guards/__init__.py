"""What every request meets first: a rate, the headers of every answer, and CORS, which is closed."""
