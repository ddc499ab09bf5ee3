"""The graph of the shipped scenario `product-focus-group`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("product-focus-group")
