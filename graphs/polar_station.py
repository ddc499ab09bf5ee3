"""The graph of the shipped scenario `polar-station`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("polar-station")
