"""Fits over partitions of whole groups, on the workers of a Dask cluster: exact, not approximate.

The log-likelihood is a sum over groups. Each worker holds some partitions and returns its share of
the sum and its derivatives; the search is the one of `ofsight.ordinal.optimise`, through the same
seam. Dask (``pip install 'ofsight[scale]'``) is imported when an engine is asked for.
"""

from ofsight.ordinal.distributed.fit import fit_partitions
from ofsight.ordinal.distributed.shuffle import partition_by_group

__all__ = ["fit_partitions", "partition_by_group"]
