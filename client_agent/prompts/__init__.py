"""All that the customer sees and hears of the agent: in windows (window.py) or as plain lines (terminal.py).

Both are a `Customer` (customer.py) and say the same sentences (words/).
"""
