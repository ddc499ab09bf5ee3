"""The graph of the shipped scenario `shared-house`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("shared-house")
