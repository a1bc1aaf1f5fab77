"""The audit on a Spark cluster: the same functions as on one machine, part by part.

An optional extra (`auditor[spark]`): nothing else imports this package, and of it only `session`
needs pyspark and only what runs on the workers needs pyarrow, each when it is called.
"""
