"""Renderings of what a run recorded: for people, for programs and for files."""
