"""The log-likelihood as a sum over partitions: one more implementation of the seam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofsight.ordinal.distributed.crew import Crew
from ofsight.ordinal.distributed.pieces import evaluate_piece, modes_of_piece, squares_of_piece
from ofsight.ordinal.objective import Evaluation

if TYPE_CHECKING:
    from distributed import Future

__all__ = ["SpreadObjective"]

Floats = NDArray[np.float64]


class SpreadObjective:
    """A sum over partitions, each on the worker that holds it.

    The shares are added in the order of the partitions, and each is a sum in an order of its own:
    the number of workers, and which of them does what, moves no digit.

    Parameters
    ----------
    crew : Crew
        The workers.
    pieces : sequence of Future
        A `Piece` each.
    size : int
        The number of parameters.
    link : int
        Position of the link in ``links.LINKS``.
    nodes : int
        Quadrature nodes; 0 without a random intercept.
    """

    def __init__(self, crew: Crew, pieces: Sequence[Future[Any]], size: int, link: int, nodes: int) -> None:
        self.crew = crew
        self.pieces = pieces
        self.link = link
        self.nodes = nodes
        self._size = size

    @property
    def size(self) -> int:
        """The number of parameters."""
        return self._size

    def _ask(self, work: Any, *args: Any) -> list[Any]:
        return self.crew.gather([self.crew.submit(work, piece, *args) for piece in self.pieces])

    def evaluate(self, parameters: Floats, order: int = 2) -> Evaluation:
        """Return the log-likelihood and its derivatives."""
        point = np.array(parameters, dtype=np.float64)
        shares: list[Evaluation] = self._ask(evaluate_piece, point, order, self.link, self.nodes)
        if not all(np.isfinite(s.log_likelihood) for s in shares):  # derivatives mean nothing there
            return Evaluation(-np.inf, np.zeros(self.size), np.zeros((self.size, self.size)))
        return Evaluation(
            float(sum(s.log_likelihood for s in shares)),
            np.sum([s.gradient for s in shares], axis=0),
            np.sum([s.hessian for s in shares], axis=0),
        )

    def with_nodes(self, nodes: int) -> SpreadObjective:
        """Return the same with another number of nodes; workers keep the modes they know."""
        return SpreadObjective(self.crew, self.pieces, self._size, self.link, nodes)

    def modes(self, parameters: Floats) -> list[tuple[Floats, Floats]]:
        """Return the conditional modes and their errors, partition by partition."""
        return self._ask(modes_of_piece, parameters, self.link, self.nodes)

    def squares(self, parameters: Floats, transform: Floats) -> tuple[Floats, int]:
        """Return the sum of squares of transformed scores by group (by row without), and of how many."""
        shares = self._ask(squares_of_piece, parameters, self.link, self.nodes, transform)
        return np.sum([s[0] for s in shares], axis=0), sum(s[1] for s in shares)
