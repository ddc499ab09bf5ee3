"""The browser viewer: static files under ``web``, shipped as they stand, and what puts them into a page."""
