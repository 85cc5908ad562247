"""The customer's program: shows the screen, applies input, and alone decides what is allowed."""

import os

# Before numpy: its library for matrices starts a thread for each core, and each of them turns for a tenth of a second before it rests.
# No matrix here is large enough for a second thread.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
