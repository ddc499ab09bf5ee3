"""Experiments: what is compared, how it is analysed and how it is reported; nothing in here plays a run."""
