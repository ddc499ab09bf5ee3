"""Measures what PyScrAI adds around the model calls, as ratios taken in one run on one machine."""
