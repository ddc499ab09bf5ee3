"""The graph of the shipped scenario `job-interview`, for LangGraph Studio."""

from pyscrai.factories.studio_graphs import studio_graph

graph = studio_graph("job-interview")
