"""Mask TextSpotter v3."""

from .network import MaskTextSpotterNetwork

__all__ = ["MaskTextSpotterNetwork"]
