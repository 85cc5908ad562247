"""The technician's side: the page, the program that serves it locally, and a Python client."""
