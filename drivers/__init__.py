"""One folder per device family, and what several of them share."""
