"""The graph of the shipped scenario `used-car-negotiation`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("used-car-negotiation")
