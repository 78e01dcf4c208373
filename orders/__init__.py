"""Orders: placed, paid, processed, read by partners."""
