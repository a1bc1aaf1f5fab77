"""Samples for a manual audit: drawn from the findings, filled in by people, measured.

It knows findings, as their file tells them, and nothing of how they were made.
"""
