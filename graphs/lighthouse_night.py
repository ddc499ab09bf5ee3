"""The graph of the shipped scenario `lighthouse-night`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("lighthouse-night")
