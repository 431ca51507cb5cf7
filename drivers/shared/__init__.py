"""Pure code that several drivers use: checksums, text, pictures. No transports."""
