"""oCLIP: pre-training of a backbone on images with bags of words."""

from .network import OCLIPNetwork

__all__ = ["OCLIPNetwork"]
