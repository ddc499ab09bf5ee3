"""The graph of the shipped scenario `two-agent-conversation`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("two-agent-conversation")
