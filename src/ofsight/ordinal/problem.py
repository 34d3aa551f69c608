"""What is fitted, and the fit as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ofsight.errors import ModelError
from ofsight.ordinal.convergence import Convergence
from ofsight.ordinal.coordinates import Coordinates, Working
from ofsight.ordinal.design import Design, Outline
from ofsight.ordinal.links import LINKS
from ofsight.ordinal.objective import Objective, StretchedObjective

__all__ = ["ArrayFit", "Problem"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Problem:
    """What is fitted.

    Attributes
    ----------
    outline : Outline
        What is known of the rows, aliased columns left out.
    coordinates : Coordinates
        In which it is fitted.
    build : callable
        ``build(link, nodes, active)`` makes the log-likelihood with random intercepts for the
        groupings that are active (by position), in fitting coordinates.
    link, threshold : str
        The options.
    nodes : int
        Quadrature nodes of a mixed model.
    aliased : tuple of str
        Columns left out because others determine them.
    design : Design or None
        The rows, where they are here.
    """

    outline: Outline
    coordinates: Coordinates
    build: Callable[[int, int, Sequence[int]], Objective]
    link: str
    threshold: str
    nodes: int
    aliased: tuple[str, ...] = ()
    design: Design | None = None

    def objective(self, active: Sequence[int], nodes: int | None = None) -> Objective:
        """Return the log-likelihood with the active groupings, as the search sees it.

        With scale effects it is centred on their columns.
        """
        count = self.nodes if nodes is None else nodes
        return self.search(self.build(LINKS.index(self.link), count, active))

    def search(self, objective: Objective) -> Objective:
        """Return an objective as the search sees it."""
        c = self.coordinates
        if not c.n_zeta:
            return objective
        return StretchedObjective(objective, c.n_alpha + c.n_beta, c.scale_means)


@dataclass(frozen=True)
class ArrayFit:
    """A fitted model as arrays.

    Attributes
    ----------
    outline : Outline
        What is known of the rows it was fitted to.
    working : Coordinates
        In which it was fitted; with the rows (`Working`) where they are here.
    link, threshold : str
        The options.
    nodes : int
        Quadrature nodes; 0 without random effects, 1 for Laplace.
    names : tuple of str, length p
        Thresholds, location, ``scale.*``, then ``log_sd.*`` of each random intercept.
    estimates : ndarray, shape (p,)
        In the units of the user.
    fitted : ndarray, shape (p,)
        In fitting coordinates: estimates = back @ fitted.
    back : ndarray, shape (p, p)
        The map between the two.
    hessian : ndarray, shape (p, p)
        Of the log-likelihood at the optimum, in fitting coordinates.
    log_likelihood : float
        At the optimum.
    objective : Objective
        The log-likelihood in fitting coordinates.
    random_sds : tuple of float
        One per grouping; 0 where the variance is at zero.
    active : tuple of int
        The groupings whose variance is above zero, by position.
    aliased : tuple of str
        Columns left out because others determine them.
    convergence : Convergence
        How the search ended.
    """

    outline: Outline
    working: Coordinates
    link: str
    threshold: str
    nodes: int
    names: tuple[str, ...]
    estimates: Floats
    fitted: Floats
    back: Floats
    hessian: Floats
    log_likelihood: float
    objective: Objective
    random_sds: tuple[float, ...]
    active: tuple[int, ...]
    aliased: tuple[str, ...]
    convergence: Convergence
    held: Design | None = None

    @property
    def design(self) -> Design:
        """What it was fitted to, aliased columns removed.

        Raises
        ------
        ModelError
            If the rows are on the workers of an engine.
        """
        if self.held is None:
            raise ModelError(
                "This needs the rows that were fitted, and they are on the workers of the engine. Give it "
                "rows (predict(data)), ask for average='grid', or fit without engine=."
            )
        return self.held

    @property
    def order(self) -> Ints:
        """Row ``order[i]`` of the design is row i of what the objective sums over."""
        assert isinstance(self.working, Working)  # whoever asks has asked for the design
        return self.working.order
