"""Denoisers that work on pixels: sampling, edits, inpainting and inversion with any scheduler."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadStyle
from medici.studio.diffusion.recipe import library
from medici.studio.diffusion.style import SCHEDULERS, read_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from medici.studio.diffusion.style import Style

_KEYS = (
    "blend",
    "image",
    "image_digest",
    "mask",
    "mask_digest",
    "scale",
    "scheduler",
    "steps",
    "strength",
)


def fits(pipeline: Any) -> bool:
    """Whether a pipeline is nothing but a denoiser of pixels and a scheduler."""
    parts = {name for name, part in pipeline.components.items() if part is not None}
    return parts == {"unet", "scheduler"} and type(pipeline.unet).__name__ == "UNet2DModel"


class Pixels:
    """Draws with a U-Net over pixels.

    Args:
        pipeline: one that `fits`.
    """

    keys = _KEYS
    together = 64

    def __init__(self, pipeline: Any) -> None:
        self.network, self.own = pipeline.unet.eval(), pipeline.scheduler
        size = self.network.config.sample_size
        self.height, self.width = (size, size) if isinstance(size, int) else tuple(size)
        self.planes = int(self.network.config.in_channels)
        self.device = pipeline.device

    def draw(self, seeds: Sequence[int], style: Style) -> NDArray[np.float32]:
        """(n, h, w, planes) float32 in [0, 1].

        From an image: noise is added and taken away again (SDEdit, Meng et al. 2022). Under a
        mask, what is kept is put back at every step (Song et al. 2021, section 5). With strength 0
        the image itself is turned into noise by DDIM inversion and drawn from there.

        Raises:
            BadStyle: this scheduler cannot do what the style asks for.
        """
        import torch

        from medici.studio.diffusion.noise import streams

        draws, blending = streams(seeds, style)
        shape = (self.planes, self.height, self.width)
        with torch.inference_mode(), blending, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # notes of the schedulers to their own developers
            noise = torch.stack([torch.randn(shape, generator=g) for g in draws]).to(self.device)
            if style.image is not None and style.strength == 0:
                scheduler = self._scheduler(style, "ddim")
                start = self._inverted(self._image(style.image, len(seeds)), scheduler, style.steps)
                x = self._denoise(start, scheduler, style.steps, draws)
            elif style.image is not None:
                x = self._edit(noise, style, draws)
            else:
                scheduler = self._scheduler(style)
                scheduler.set_timesteps(style.steps)
                x = self._denoise(noise * scheduler.init_noise_sigma, scheduler, style.steps, draws)
        return np.asarray((x.float() / 2 + 0.5).clamp(0, 1).movedim(1, 3).cpu().numpy(), np.float32)

    def _edit(self, noise: Tensor, style: Style, draws: list[Any]) -> Tensor:
        import torch

        assert style.image is not None
        scheduler = self._scheduler(style)
        scheduler.set_timesteps(style.steps)
        image = self._image(style.image, len(noise))
        first = len(scheduler.timesteps) - max(1, round(len(scheduler.timesteps) * style.strength))
        if first and hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(first)
        started = _noisy(scheduler, image, noise, first)
        if style.mask is None:
            return self._denoise(started, scheduler, style.steps, draws, first)
        anew = self._mask(style.mask)
        x = started if first else noise * scheduler.init_noise_sigma
        for i in range(first, len(scheduler.timesteps)):
            x = self._step(x, scheduler, scheduler.timesteps[i], draws)
            last = i + 1 == len(scheduler.timesteps)
            kept = image if last else _noisy(scheduler, image, noise, i + 1)
            x = torch.where(anew, x, kept)
        return x

    def _denoise(
        self, x: Tensor, scheduler: Any, steps: int, draws: list[Any], first: int = 0
    ) -> Tensor:
        if scheduler.num_inference_steps != steps:
            scheduler.set_timesteps(steps)
        for time in scheduler.timesteps[first:]:
            x = self._step(x, scheduler, time, draws)
        return x

    def _step(self, x: Tensor, scheduler: Any, time: Tensor, draws: list[Any]) -> Tensor:
        said = self.network(scheduler.scale_model_input(x, time), time).sample
        random = inspect.signature(scheduler.step).parameters
        told = {"generator": draws} if "generator" in random else {}
        stepped: Tensor = scheduler.step(said, time, x, **told).prev_sample
        return stepped

    def _inverted(self, image: Tensor, scheduler: Any, steps: int) -> Tensor:
        """The noise that DDIM draws this image from. Source: Song et al. 2021, section 4.3."""
        backwards = library().DDIMInverseScheduler.from_config(scheduler.config)
        backwards.set_timesteps(steps)
        x = image
        for time in backwards.timesteps:
            x = backwards.step(self.network(x, time).sample, time, x).prev_sample
        return x

    def _scheduler(self, style: Style, only: str | None = None) -> Any:
        return scheduler_for(self.own, only or style.scheduler)

    def _image(self, path: str, n: int) -> Tensor:
        import torch

        picture = fitted(read_image(path), self.width, self.height, self.planes)
        one = torch.from_numpy(picture).movedim(2, 0)[None] * 2 - 1
        return one.repeat(n, 1, 1, 1).to(self.device)

    def _mask(self, path: str) -> Tensor:
        import torch

        light = fitted(read_image(path), self.width, self.height, 3).mean(2) > 0.5
        return torch.from_numpy(light)[None, None].to(self.device)


def scheduler_for(own: Any, name: str) -> Any:
    """A fresh scheduler of a name, with the model's own noise settings.

    Raises:
        BadStyle: the model's noise cannot be taken away by it.
    """
    diffusers = library()
    made, more = type(own), dict[str, Any]()
    if name != "own":
        kind, more = SCHEDULERS[name]
        if kind not in {type(own).__name__, *(c.__name__ for c in own.compatibles)}:
            raise BadStyle(f"this model cannot be sampled with {name!r}", "leave scheduler at own")
        made = getattr(diffusers, kind)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy's notes on how they read tensors
            return made.from_config(own.config, **more)
    except (ValueError, NotImplementedError, ImportError) as error:
        raise BadStyle(
            f"this model cannot be sampled with {name!r}: {error}", "leave scheduler at own"
        ) from error


def fitted(picture: NDArray[np.uint8], width: int, height: int, planes: int) -> NDArray[np.float32]:
    """A picture at a model's size, (height, width, planes) float32 in [0, 1].

    Without an alpha plane the picture stands on white. It is reduced by area and enlarged by
    nearest pixel where that is exact, else smoothly.
    """
    from PIL import Image

    image = Image.fromarray(picture, "RGBA")
    if planes != 4:
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    if image.size != (width, height):
        smaller = image.width >= width and image.height >= height
        how = Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC
        image = image.resize((width, height), how)
    mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(planes)
    if mode is None:
        raise BadStyle(f"a model of {planes} planes cannot start from a picture")
    levels = np.asarray(image.convert(mode)).reshape(height, width, planes)
    return np.asarray(levels / np.float32(255), np.float32)


def _noisy(scheduler: Any, image: Tensor, noise: Tensor, index: int) -> Tensor:
    import torch

    times = scheduler.timesteps[index : index + 1].repeat(len(image))
    noisy: Tensor = scheduler.add_noise(image, noise, torch.as_tensor(times))
    return noisy
