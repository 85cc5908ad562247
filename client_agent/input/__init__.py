"""The agent's hands: what the technician does, applied to the customer's desktop, never to the agent's own windows."""
