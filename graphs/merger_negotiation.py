"""The graph of the shipped scenario `merger-negotiation`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("merger-negotiation")
