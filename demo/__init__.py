"""The main job, played on this machine with the real programs: `./run demo`."""
