"""The ledger: what outlives a run, in one SQLite file that several programs may open at once.

Today it holds the reviewers' decisions (auditor.ledger.dispositions). Its tables are made and
changed by numbered steps (auditor.ledger.migrations); rows are appended and never changed.
"""

from auditor.ledger.dispositions import Imported, append, history
from auditor.ledger.store import opened

__all__ = ["Imported", "append", "history", "opened"]
