"""Tests of several folders share the oracle and the harness beside it (tests/oracle)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
