"""Called numbers: accepted once, in order for each window, and shown on its screens until something newer comes."""
