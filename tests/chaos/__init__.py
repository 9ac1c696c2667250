"""Survival: the real services as processes, a fault at a named point, and what came of it in figures."""
