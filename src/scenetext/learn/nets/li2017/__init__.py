"""Li, Wang and Shen (ICCV 2017), each part under the name that the paper gives it."""

from .network import Li2017Network

__all__ = ["Li2017Network"]
