"""UHPPOTE / Weigeng 微耕 door controllers, by UDP or TCP."""
