"""The commands that answer a coder's questions."""
