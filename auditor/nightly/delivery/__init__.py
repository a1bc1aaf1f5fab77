"""Telling people and programs of a night: mail, webhook, and the queue of what is still to be told.

The night writes `queue.due` with its own row, and then calls `queue.deliver` with what is
`queue.pending`; `checks.problems` looks at the settings. docs/delivery.md tells what is sent.
Importing this package is cheap; importing `queue` is not.
"""
