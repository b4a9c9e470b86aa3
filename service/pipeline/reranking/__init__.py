"""From scores to the order in which a page shows them. Pure functions over candidates."""
