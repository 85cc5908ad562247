"""Files of the customer's machine: those that come in, and those that leave. Everything here may block: call it in a thread."""
