"""A simulated Onbon card with dynamic areas and a framebuffer."""
