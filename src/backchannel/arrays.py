"""Names for the array types that rooms exchange."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating]
"""Measurements; stored as float32, computed in whatever precision is at hand."""
TimeArray: TypeAlias = NDArray[np.floating]
"""Times, s, float64: an hour needs more digits than float32 has."""
BoolArray: TypeAlias = NDArray[np.bool_]
ImageArray: TypeAlias = NDArray[np.uint8]
"""(height, width, 3) RGB."""
