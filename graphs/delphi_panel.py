"""The graph of the shipped scenario `delphi-panel`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("delphi-panel")
