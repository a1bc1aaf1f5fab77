"""The unattended night: from the inbox to reports, exactly once, with memory.

It knows the inbox, the lock, the ledger, the store of earlier lines and the delivery, and nothing
of what a rule does. Importing this package is cheap.
"""
