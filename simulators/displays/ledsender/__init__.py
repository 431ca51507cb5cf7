"""A simulated LEDSender2010 card with a framebuffer."""
