"""The graph of the shipped scenario `refund-red-team`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("refund-red-team")
