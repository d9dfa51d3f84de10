"""Whole pipelines: text to image, picture to picture, inpainting, latent or not."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadStyle, WrongUse
from medici.studio.diffusion.pixels import fitted, scheduler_for
from medici.studio.diffusion.recipe import library
from medici.studio.diffusion.style import read_image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from medici.studio.diffusion.style import Style

# Style key → argument of a pipeline's call.
_ARGUMENTS = {
    "prompt": "prompt",
    "negative": "negative_prompt",
    "guidance": "guidance_scale",
    "width": "width",
    "height": "height",
    "steps": "num_inference_steps",
}
_EDITS = ("image", "image_digest", "strength")


class Latent:
    """Draws by calling a pipeline.

    Args:
        pipeline: of any class of `diffusers` that answers with images.

    Raises:
        WrongUse: it does not answer with images.
    """

    together = 4

    def __init__(self, pipeline: Any) -> None:
        self.pipeline, self.own = pipeline, getattr(pipeline, "scheduler", None)
        takes = inspect.signature(pipeline.__call__).parameters
        if "output_type" not in takes or "generator" not in takes:
            raise WrongUse(f"{type(pipeline).__name__} is no pipeline that makes pictures by seed")
        self.takes = frozenset(takes)
        keys = {key for key, argument in _ARGUMENTS.items() if argument in takes}
        keys |= {"blend", "scale"}
        if self.own is not None:
            keys.add("scheduler")
        if self._edits("AutoPipelineForImage2Image") is not None or self._can_project():
            keys |= set(_EDITS)
        if self._edits("AutoPipelineForInpainting") is not None:
            keys |= {*_EDITS, "mask", "mask_digest"}
        self.keys = tuple(keys)

    def draw(self, seeds: Sequence[int], style: Style) -> NDArray[np.float32]:
        """(n, h, w, 3) float32 in [0, 1].

        Raises:
            BadStyle: the pipeline cannot do what the style asks for.
            WrongUse: its safety checker withheld a picture.
        """
        if style.image is not None and style.strength == 0:
            return np.repeat(self._projected(style), len(seeds), 0)
        pipeline, told = self.pipeline, self._told(len(seeds), style)
        if style.image is not None:
            task = "AutoPipelineForInpainting" if style.mask else "AutoPipelineForImage2Image"
            pipeline = self._edits(task)
            if pipeline is None:
                raise BadStyle("this pipeline cannot start from a picture", "strength 0 projects")
            told = self._from_picture(pipeline, told, style)
        return self._call(pipeline, told, seeds, style)

    def _told(self, n: int, style: Style) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for key, argument in _ARGUMENTS.items():
            value = getattr(style, key)
            if argument in self.takes and value is not None:
                told[argument] = [value] * n if isinstance(value, str) else value
        if "batch_size" in self.takes:
            told["batch_size"] = n
        return told

    def _from_picture(self, pipeline: Any, told: dict[str, Any], style: Style) -> dict[str, Any]:
        from PIL import Image

        assert style.image is not None
        takes = inspect.signature(pipeline.__call__).parameters
        width, height = self._size(style)
        told = {key: value for key, value in told.items() if key in takes}
        told |= {"width": width, "height": height} if "width" in takes else {}
        told["strength"] = style.strength
        # Fewer steps than this and none at all would be taken.
        told["num_inference_steps"] = max(style.steps, int(np.ceil(1 / style.strength)))
        many = len(told["prompt"]) if "prompt" in told else 1
        colour = fitted(read_image(style.image), width, height, 3)
        told["image"] = [Image.fromarray(np.rint(colour * 255).astype(np.uint8))] * many
        if style.mask is not None:
            light = fitted(read_image(style.mask), width, height, 3).mean(2) > 0.5
            told["mask_image"] = [Image.fromarray(light.astype(np.uint8) * 255)] * many
        return told

    def _call(
        self, pipeline: Any, told: dict[str, Any], seeds: Sequence[int], style: Style
    ) -> NDArray[np.float32]:
        import torch

        from medici.studio.diffusion.noise import streams

        draws, blending = streams(seeds, style)
        if self.own is not None:
            pipeline.scheduler = scheduler_for(self.own, style.scheduler)
        try:
            with torch.inference_mode(), blending, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # notes of the library to its own developers
                answer = pipeline(**told, generator=draws, output_type="np")
        except (ValueError, TypeError) as error:
            raise BadStyle(
                f"the pipeline refuses this style: {str(error).splitlines()[0][:300]}"
            ) from error
        finally:
            if self.own is not None:
                pipeline.scheduler = self.own
        flagged = getattr(answer, "nsfw_content_detected", None) or []
        for seed, is_flagged in zip(seeds, flagged, strict=False):
            if is_flagged:
                raise WrongUse(
                    f"the pipeline's own safety checker withheld the picture of seed {seed}",
                    "take another seed or prompt",
                )
        images = np.asarray(answer.images, np.float32)
        if images.ndim != 4 or len(images) != len(seeds):
            raise WrongUse(f"{type(pipeline).__name__} answered with no picture a seed")
        return images

    def _size(self, style: Style) -> tuple[int, int]:
        factor = int(getattr(self.pipeline, "vae_scale_factor", 1))
        part = getattr(self.pipeline, "unet", None) or getattr(self.pipeline, "transformer", None)
        native = getattr(getattr(part, "config", None), "sample_size", None)
        own = int(native) * factor if isinstance(native, int) else 512
        return style.width or own, style.height or own

    def _can_project(self) -> bool:
        return hasattr(getattr(self.pipeline, "vae", None), "encode")

    def _projected(self, style: Style) -> NDArray[np.float32]:
        """The picture as the autoencoder gives it back: what this model could draw at best."""
        import torch

        assert style.image is not None
        if not self._can_project():
            raise BadStyle("this pipeline has no autoencoder to project with", "raise strength")
        vae = self.pipeline.vae
        width, height = self._size(style)
        colour = fitted(read_image(style.image), width, height, 3)
        x = torch.from_numpy(colour).movedim(2, 0)[None].to(self.pipeline.device) * 2 - 1
        with torch.inference_mode():
            said = vae.encode(x)
            code = said.latent_dist.mode() if hasattr(said, "latent_dist") else said.latents
            back = vae.decode(code).sample
        return np.asarray((back / 2 + 0.5).clamp(0, 1).movedim(1, 3).cpu().numpy(), np.float32)

    def _edits(self, task: str) -> Any:
        """The same parts as a pipeline of another task, or None where there is none."""
        make: Callable[[Any], Any] = getattr(library(), task).from_pipe
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                other = make(self.pipeline)
        except (ValueError, TypeError, AttributeError):
            return None
        other.set_progress_bar_config(disable=True)
        return other
