"""Questions that a coder asks by day, answered from the tables and rules of the night."""
