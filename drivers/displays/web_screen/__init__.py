"""A waiting-area screen: a page of ours in a browser."""
