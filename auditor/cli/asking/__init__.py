"""Commands that answer questions a coder asks by day."""
