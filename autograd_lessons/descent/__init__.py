"""Gradient descent on a loss of two weights: the path that it takes, the surface that it walks on, and a lab to try it in."""

from .lab import descent_lab
from .path import Path, descend
from .picture import loss_surface
from .surface import Surface, surface

__all__ = ["Path", "Surface", "descend", "descent_lab", "loss_surface", "surface"]
