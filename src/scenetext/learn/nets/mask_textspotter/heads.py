"""What is made of masked regions (section 3.4): a score and a better box; a mask and a map of characters."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from ..base import init_weights


class BoxHead(nn.Module):
    """Two fully connected layers, and from them whether a region is text, and offsets to a better box.

    inputs   features of a region
    dense    units of a layer: 1024
    """

    def __init__(self, inputs: int, dense: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(inputs, dense)
        self.fc2 = nn.Linear(dense, dense)
        self.score = nn.Linear(dense, 1)
        self.offsets = nn.Linear(dense, 4)
        init_weights(self)
        nn.init.normal_(self.score.weight, std=0.01)
        nn.init.normal_(self.offsets.weight, std=0.001)

    def forward(self, regions: Tensor) -> tuple[Tensor, Tensor]:
        """(K, C, s, s) -> logits (K,) and offsets (K, 4)."""
        x = functional.relu(self.fc2(functional.relu(self.fc1(regions.flatten(1)))))
        return self.score(x)[:, 0], self.offsets(x)


class MaskHead(nn.Module):
    """Four 3x3 convolutions and a transposed one; from these the instance and its characters.

    inputs    channels of a region
    width     256
    classes   of characters, the background included: 37
    """

    def __init__(self, inputs: int, width: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels in (inputs, width, width, width):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
        layers += [nn.ConvTranspose2d(width, width, 2, 2), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers)
        self.instance = nn.Conv2d(width, 1, 1)
        self.characters = nn.Conv2d(width, classes, 1)
        init_weights(self)

    def forward(self, regions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(R, C, s, s) -> logits of the instance (R, 2 s, 2 s), of the characters (R, classes, 2 s, 2 s), and
        the features (R, width, 2 s, 2 s) that the sequence is read from."""
        x = self.body(regions)
        return self.instance(x)[:, 0], self.characters(x), x
