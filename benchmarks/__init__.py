"""Measurements of the whole product with its real programs; `./run bench NAME` runs one and writes RESULTS.md."""
