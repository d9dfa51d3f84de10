"""Mixed precision: which number format a run computes in, and how its losses are scaled."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from medici.errors import MissingPart, WrongUse
from medici.studio.training.snapshots import under

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

SETTINGS = ("auto", "float32", "bfloat16", "float16")


def fast_bfloat16(device: torch.device) -> bool:
    """Whether products in bfloat16 are faster than in float32: the processor says so, no clock."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    asked = (
        getattr(torch.cpu, "_is_avx512_bf16_supported", None),
        getattr(torch.cpu, "_is_amx_tile_supported", None),
    )
    return device.type == "cpu" and any(ask is not None and ask() for ask in asked)


class Precision:
    """How a run computes.

    Args:
        setting: ``float32``; ``bfloat16`` or ``float16`` for autocast; ``auto`` takes bfloat16
            where the device is faster in it (AVX512-BF16, AMX, recent CUDA), else float32.
        device: where.

    Raises:
        WrongUse: an unknown setting.
        MissingPart: float16 on a processor, where it is slower and nothing is gained.
    """

    def __init__(self, setting: str, device: torch.device) -> None:
        if setting not in SETTINGS:
            raise WrongUse(f"precision {setting!r} is not known", f"one of {', '.join(SETTINGS)}")
        if setting == "float16" and device.type != "cuda":
            raise MissingPart("float16 needs CUDA", "precision auto or bfloat16")
        if setting == "auto":
            setting = "bfloat16" if fast_bfloat16(device) else "float32"
        self.setting, self.device = setting, device
        self.half = setting != "float32"
        # Small gradients vanish in float16's narrow range; bfloat16 has float32's.
        # A first scale of 2^12: second derivatives of a penalty overflow at the usual 2^16.
        scales = setting == "float16"
        self.scaler = torch.amp.GradScaler(device.type, init_scale=2.0**12, enabled=scales)

    def cast(self) -> torch.autocast:
        """Forward passes go inside."""
        return torch.autocast(self.device.type, getattr(torch, self.setting), enabled=self.half)

    def backward(self, loss: Tensor) -> None:
        """Gradients of a loss, scaled if the format needs it."""
        torch.autograd.backward(self.scaler.scale(loss))

    def unscale(self, optimiser: torch.optim.Optimizer) -> None:
        """Gradients as they really are, before they are clipped, averaged or looked at."""
        if self.scaler.is_enabled():
            self.scaler.unscale_(optimiser)

    def step(self, optimiser: torch.optim.Optimizer) -> None:
        """The optimiser's step, left out where scaled gradients overflowed."""
        self.scaler.step(optimiser)
        self.scaler.update()

    def tensors(self) -> dict[str, Tensor]:
        """For a snapshot."""
        return {f"scaler.{k}": torch.as_tensor(v) for k, v in self.scaler.state_dict().items()}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """From a snapshot."""
        state: dict[str, Any] = {k: v.item() for k, v in under(tensors, "scaler.").items()}
        if state and self.scaler.is_enabled():
            self.scaler.load_state_dict(state)


@contextmanager
def deterministic(wanted: bool) -> Iterator[None]:
    """Only algorithms that give the same bits each time, inside; CUDA may be slower for it.

    On processors the same thread count is enough and this changes nothing but the check.
    """
    if not wanted:
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]
