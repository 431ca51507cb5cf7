"""A simulated waiting-area screen: the page without a browser."""
