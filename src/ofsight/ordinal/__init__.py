"""Cumulative link models and cumulative link mixed models.

::

    from ofsight.ordinal import clm, clmm
    fit = clmm("overall ~ sector + C(year)", data, group="urn")
    print(fit.summary())

Fits over partitions on a Dask cluster are asked for with ``engine=``;
``ofsight.ordinal.distributed.partition_by_group`` writes such partitions.

Usable on its own: it knows numbers and factors, and nothing of where they come from.
``docs/ordinal.md`` gives the model, its parameters and signs, and the calls of R's ordinal
package beside ours.
"""

from ofsight.ordinal.bootstrap import Bootstrap, bootstrap
from ofsight.ordinal.clm import clm, clm_arrays
from ofsight.ordinal.clmm import clmm, clmm_arrays
from ofsight.ordinal.comparison import compare, nominal_test, scale_test
from ofsight.ordinal.convergence import Convergence, ConvergenceCode
from ofsight.ordinal.result import OrdinalFit

__all__ = [
    "clm",
    "clmm",
    "clm_arrays",
    "clmm_arrays",
    "compare",
    "nominal_test",
    "scale_test",
    "bootstrap",
    "OrdinalFit",
    "Bootstrap",
    "Convergence",
    "ConvergenceCode",
]
