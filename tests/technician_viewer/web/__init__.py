"""The pages, in a real browser and in Node.js."""

from pathlib import Path

WEB = Path(__file__).parents[3] / "technician_viewer" / "web"
