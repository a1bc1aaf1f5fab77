"""Commands that answer questions by day: `check`."""
