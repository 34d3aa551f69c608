"""Longitude and latitude to the British National Grid: a Helmert shift, then a transverse Mercator.

Good to about 5 metres in Great Britain, which is what one Helmert shift can do; the maps drawn from it are
far coarser. Nothing here is for surveying.

References
----------
Ordnance Survey, "A guide to coordinate systems in Great Britain", version 3.6, sections 6.6 and C.1.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["to_national_grid"]

FloatArray = NDArray[np.float64]

_WGS84: Final = (6_378_137.000, 6_356_752.3142)
_AIRY: Final = (6_377_563.396, 6_356_256.909)
"""Half the axes of the two ellipsoids, metres."""

_SHIFT: Final = (-446.448, 125.157, -542.060)
_TURN: Final = (-0.1502, -0.2470, -0.8421)
_SCALE: Final = 20.4894e-6
"""WGS 84 to OSGB 36: metres, seconds of arc, and a share."""

_F0, _E0, _N0 = 0.999_601_271_7, 400_000.0, -100_000.0
_PHI0, _LAMBDA0 = np.radians(49.0), np.radians(-2.0)


def to_national_grid(longitude: FloatArray, latitude: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return eastings and northings.

    Parameters
    ----------
    longitude, latitude : ndarray, shape (m,)
        Degrees on WGS 84 (ETRS 89 is the same here).

    Returns
    -------
    easting, northing : ndarray, shape (m,)
        Metres on the British National Grid.
    """
    return _project(*_shift(np.radians(longitude), np.radians(latitude)))


def _shift(lam: FloatArray, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return longitude and latitude on Airy's ellipsoid, radians."""
    a, b = _WGS84
    e2 = 1 - (b / a) ** 2
    nu = a / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    x, y, z = nu * np.cos(phi) * np.cos(lam), nu * np.cos(phi) * np.sin(lam), (1 - e2) * nu * np.sin(phi)
    rx, ry, rz = (np.radians(turn / 3600) for turn in _TURN)
    grown = 1 + _SCALE
    x, y, z = (
        _SHIFT[0] + grown * x - rz * y + ry * z,
        _SHIFT[1] + rz * x + grown * y - rx * z,
        _SHIFT[2] - ry * x + rx * y + grown * z,
    )
    a, b = _AIRY
    e2 = 1 - (b / a) ** 2
    p = np.hypot(x, y)
    found = np.arctan2(z, p * (1 - e2))
    for _ in range(5):  # each round gains about three digits
        nu = a / np.sqrt(1 - e2 * np.sin(found) ** 2)
        found = np.arctan2(z + e2 * nu * np.sin(found), p)
    return np.arctan2(y, x), found


def _project(lam: FloatArray, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return eastings and northings of longitudes and latitudes on Airy's ellipsoid (the guide's C.1)."""
    a, b = _AIRY
    e2 = 1 - (b / a) ** 2
    sin, cos, tan = np.sin(phi), np.cos(phi), np.tan(phi)
    nu = a * _F0 / np.sqrt(1 - e2 * sin**2)
    rho = a * _F0 * (1 - e2) * (1 - e2 * sin**2) ** -1.5
    eta2 = nu / rho - 1
    d = lam - _LAMBDA0
    north = (
        _N0
        + _meridian(phi)
        + d**2 * nu / 2 * sin * cos
        + d**4 * nu / 24 * sin * cos**3 * (5 - tan**2 + 9 * eta2)
        + d**6 * nu / 720 * sin * cos**5 * (61 - 58 * tan**2 + tan**4)
    )
    east = (
        _E0
        + d * nu * cos
        + d**3 * nu / 6 * cos**3 * (nu / rho - tan**2)
        + d**5 * nu / 120 * cos**5 * (5 - 18 * tan**2 + tan**4 + 14 * eta2 - 58 * tan**2 * eta2)
    )
    return east, north


def _meridian(phi: FloatArray) -> FloatArray:
    """Return the length of the meridian from the true origin's latitude, metres."""
    a, b = _AIRY
    n = (a - b) / (a + b)
    less, more = phi - _PHI0, phi + _PHI0
    found: FloatArray = (
        b
        * _F0
        * (
            (1 + n + 1.25 * n**2 + 1.25 * n**3) * less
            - (3 * n + 3 * n**2 + 2.625 * n**3) * np.sin(less) * np.cos(more)
            + (1.875 * n**2 + 1.875 * n**3) * np.sin(2 * less) * np.cos(2 * more)
            - 35 / 24 * n**3 * np.sin(3 * less) * np.cos(3 * more)
        )
    )
    return found
