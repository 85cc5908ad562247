"""What both ends of a session agree on: plain state machines without sockets, threads, clock, files or screen."""
