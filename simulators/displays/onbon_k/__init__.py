"""A simulated Onbon BX-5K or BX-6K font card with a framebuffer."""
