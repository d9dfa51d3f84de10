"""The peer `stylegan2-pytorch`, as its users get it, run on the processor.

It is no dependency: it must be importable (``pip install --no-deps --target FOLDER``
``stylegan2-pytorch==1.9.0 einops``, and FOLDER on PYTHONPATH). It demands CUDA and packages that
its training step does not use: its source is read, those lines are left out, nothing else changes.
"""

from __future__ import annotations

import importlib.util
import random
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from contestants.dcgan import Grounded
from contestants.snapping import WAYS, finished

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from contestants import Pictures, Sampler, Task

DEFAULTS: dict[str, Any] = {"capacity": 4, "batch": 32, "rate": 2e-4}
_LEFT_OUT = (
    r"^import (fire|aim|torchvision)$",
    r"^from torchvision import transforms$",
    r"^from kornia\.filters import filter2d$",
    r"^from vector_quantize_pytorch import VectorQuantize$",
    r"^assert torch\.cuda\.is_available\(\).*$",
)


def filter2d(x: torch.Tensor, kernel: torch.Tensor, normalized: bool = True) -> torch.Tensor:
    """What the peer uses of kornia: one blur, reflected at the edges."""
    kernel = kernel / kernel.abs().sum() if normalized else kernel
    weight = kernel.to(x).expand(x.shape[1], 1, *kernel.shape[-2:])
    padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
    return F.conv2d(padded, weight, groups=x.shape[1])


def peer() -> ModuleType:
    """The peer's module, without what demands CUDA."""
    found = importlib.util.find_spec("stylegan2_pytorch")
    if found is None or found.origin is None:
        raise SystemExit(f"stylegan2-pytorch is not importable; see {__file__}")
    folder = Path(found.origin).parent
    # Its package imports what demands CUDA; its other modules are found without that.
    package = ModuleType("stylegan2_pytorch")
    package.__path__ = [str(folder)]
    sys.modules["stylegan2_pytorch"] = package
    source = (folder / "stylegan2_pytorch.py").read_text("utf-8")
    for pattern in _LEFT_OUT:
        source = re.sub(pattern, "", source, flags=re.MULTILINE)
    source = source.replace("self.cuda(rank)", "pass")
    source = re.sub(r"\.cuda\((device|self\.rank|)\)", "", source)
    module = ModuleType("stylegan2_on_cpu")
    module.__dict__.update(filter2d=filter2d, VectorQuantize=None)
    exec(compile(source, "stylegan2_pytorch.py", "exec"), module.__dict__)
    return module


def train(task: Task) -> Iterator[tuple[float, Sampler]]:
    """Train until each budget in turn; see `contestants`."""
    how = {**DEFAULTS, **task.settings}
    task.clock.pause()
    torch.manual_seed(task.seed)
    random.seed(task.seed)
    module = peer()
    data = Grounded(task.pixels, task.seed)
    batch = int(how["batch"])
    with tempfile.TemporaryDirectory() as folder:
        trainer = module.Trainer(
            base_dir=folder,
            image_size=16,
            network_capacity=int(how["capacity"]),
            batch_size=batch,
            lr=float(how["rate"]),
        )
        # The peer reads files, saves and draws grids on the way; none of that is training.
        trainer.loader = iter(lambda: (data.draw(batch) + 1) / 2, None)
        for name in ("save", "evaluate", "track"):
            setattr(trainer, name, lambda *args, **more: None)
        left = list(task.budgets)
        task.clock.go_on()
        while left:
            trainer.train()
            if task.clock.seconds() >= left[0]:
                print(f"step {trainer.steps}: {trainer.d_loss:.3f} {trainer.g_loss:.3f}")
                yield left.pop(0), _Sampler(module, trainer, task)


class _Sampler:
    """Live or averaged weights, then ways of snapping to a palette."""

    def __init__(self, module: ModuleType, trainer: Any, task: Task) -> None:
        self.module, self.trainer, self.task = module, trainer, task
        self.stages = (("live", "averaged"), WAYS)

    def __call__(self, n: int, choice: Sequence[str]) -> Pictures:
        """See `contestants.Sampler`."""
        gan = self.trainer.GAN.eval()
        styles, draw = (gan.S, gan.G) if choice[0] == "live" else (gan.SE, gan.GE)
        state = torch.get_rng_state()
        torch.manual_seed(self.task.seed + 77)
        parts = []
        with torch.no_grad():
            for start in range(0, n, 100):
                size = min(100, n - start)
                latents = self.module.noise_list(size, draw.num_layers, draw.latent_dim, device=0)
                w = self.module.styles_def_to_tensor(self.module.latent_to_w(styles, latents))
                made = draw(w, self.module.image_noise(size, 16, device=0)).clamp(0, 1)
                parts.append((made * 255).round().byte().movedim(1, 3).numpy())
        torch.set_rng_state(state)
        gan.train()
        return finished(np.concatenate(parts), self.task.pixels, choice[1])
