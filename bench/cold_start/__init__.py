"""How good a recommendation is after 0, 1, 2, 4, … clicks, measured through the service."""
