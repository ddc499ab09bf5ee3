"""The graph of the shipped scenario `public-goods`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("public-goods")
