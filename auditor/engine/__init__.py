"""The machinery between claim lines and findings: versions, keys, enrichment, resolution."""
