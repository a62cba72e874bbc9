"""Everything Dagster: assets, checks, sensors, jobs, partitions, resources, storage, metadata.

An asset body is a phone call into ``pipeline/``. Does not belong here: rules of the trade. Next: ``assets.py``.
"""
