"""Batches that are larger than memory: judged in parts of whole patients, out of files on the disk.

The engine sees one part at a time (auditor.auditing.count, then audit with what all parts counted),
so the findings are those of one audit of all lines.
"""
