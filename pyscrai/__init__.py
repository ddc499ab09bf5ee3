"""PyScrAI plays multi-agent scenarios with real language models and records all that happens."""

__version__ = "0.1.0"
