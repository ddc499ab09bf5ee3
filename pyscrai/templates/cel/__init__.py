"""Expressions: CEL's syntax, the names that a scenario gives them, and their types."""
