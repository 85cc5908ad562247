"""The forms in which pixels travel, one in each module; adding one is one file here and one line in `abilities.py`."""
