"""The store of earlier lines of a feed: which of tonight's are new, and which must be seen again.

`auditor.history.interface` is what the nightly run uses. The files of a feed lie in one folder:

- `lines-R.parquet`: the lines that run R audited, as `schemas.StoredLines` without line_key. The
  evidence; all else can be made from it again, save `ended` and `rejected`, which are what later
  exports said.
- `index-R.parquet`: the same rows in the same order, narrow: what finds them.
- `ended-R.parquet`: lines of earlier runs that ended with run R.
- `rejected-R.parquet`: keys of the rows that run R rejected, and claims that came without one.

Nothing is changed in place. What stood as of a run is what the runs up to it brought, without what
they ended. Merged files (`compaction`) hold several runs; `manifest.json` names them.
"""
