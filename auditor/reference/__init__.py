"""CMS reference tables: the importers, the store, and what an audit joins against."""

from auditor.reference.loaded import Named, load_reference
from auditor.reference.memory import memory_reference

__all__ = ["Named", "load_reference", "memory_reference"]
