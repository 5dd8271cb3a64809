"""How dates and times are written, where Django's own do not fit into sentences."""
