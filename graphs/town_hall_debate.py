"""The graph of the shipped scenario `town-hall-debate`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("town-hall-debate")
