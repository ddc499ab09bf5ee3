"""The graph of the shipped scenario `checkout-outage`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("checkout-outage")
