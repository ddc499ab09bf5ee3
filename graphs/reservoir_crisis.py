"""The graph of the shipped scenario `reservoir-crisis`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("reservoir-crisis")
