"""Opening hours: when devices are on, and how bright they are."""
