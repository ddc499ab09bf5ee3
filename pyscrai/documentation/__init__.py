"""The documentation inside the product: the built site, and what every error code means."""
