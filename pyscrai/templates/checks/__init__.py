"""Checks of a valid template: does it make sense as a play? One pass per concern, all problems at once."""
