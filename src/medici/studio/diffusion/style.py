"""Style parameters of diffusion models: which there are depends on the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.content import picture_digest
from medici.errors import BadStyle
from medici.studio.checking import StyleChecks
from medici.studio.data.picture import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

LARGEST_SIDE = 8192
_LONGEST_TEXT = 2000

# Name in styles → class in diffusers, and what it is made with besides the model's own settings.
SCHEDULERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "ddpm": ("DDPMScheduler", {}),
    "dpm++": ("DPMSolverMultistepScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "pndm": ("PNDMScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {}),
}

# Key → what it does; the same words serve help texts and error messages.
KEYS: dict[str, str] = {
    "blend": '{"seed": S, "amount": 0 to 1}: move the noise towards seed S',
    "guidance": "how closely the prompt is followed, 0 to 50; null is the pipeline's own",
    "height": "pixels, a multiple of 8, 8 to 8192; null is the pipeline's own",
    "image": "path of a picture to start from, or null",
    "image_digest": "content digest that the picture must have, or null",
    "mask": "path of a picture that is light where the image is to be made anew, or null",
    "mask_digest": "content digest that the mask must have, or null",
    "negative": "text that says what is not wanted",
    "prompt": "text that says what is wanted",
    "scale": "pixels a side for each pixel of the model, 1 to 64",
    "scheduler": 'the model\'s own with "own", or one of: ' + ", ".join(SCHEDULERS),
    "steps": "denoising steps, 1 to 1000",
    "strength": "how much of the image is made anew, 0 to 1; 0 is its projection",
    "width": "pixels, a multiple of 8, 8 to 8192; null is the pipeline's own",
}
CHECK = StyleChecks(KEYS)


@dataclass(frozen=True, slots=True)
class Style:
    """A checked style; None where the pipeline decides or the model has no such key.

    Amounts of a blend are thousandths.
    """

    steps: int
    scheduler: str
    scale: int
    prompt: str
    negative: str
    guidance: float | None
    width: int | None
    height: int | None
    image: str | None
    mask: str | None
    strength: float
    image_digest: str | None
    mask_digest: str | None
    blend_seed: int | None = None
    blend_amount: int = 0

    @property
    def blend(self) -> dict[str, Any] | None:
        """As it is given in a style."""
        if self.blend_seed is None:
            return None
        return {"seed": self.blend_seed, "amount": self.blend_amount / 1000}

    def as_json(self, keys: Mapping[str, str]) -> dict[str, Any]:
        """Those of the given keys, defaults included."""
        return {key: getattr(self, key) for key in sorted(keys)}


def parse_style(given: Mapping[str, Any] | None, keys: Mapping[str, str], steps: int = 25) -> Style:
    """Check a style and fill in what it leaves open.

    Args:
        given: keys of `keys` with JSON values.
        keys: what the model understands, a part of `KEYS`.
        steps: the model's own number of steps.

    Raises:
        BadStyle: an unknown key (the hint names the nearest), or a value out of range.
    """
    given = StyleChecks(keys).known(given)
    blend_seed, blend_amount = CHECK.blend(given.get("blend"))
    scheduler = given.get("scheduler", "own")
    if not isinstance(scheduler, str) or scheduler not in ("own", *SCHEDULERS):
        raise CHECK.wrong("scheduler", scheduler)
    image, mask = _path("image", given), _path("mask", given)
    if mask is not None and image is None:
        raise BadStyle("style mask is given without an image", KEYS["image"])
    return Style(
        steps=CHECK.whole("steps", given.get("steps", steps), 1, 1000),
        scheduler=scheduler,
        scale=CHECK.whole("scale", given.get("scale", 1), 1, 64),
        prompt=_text("prompt", given),
        negative=_text("negative", given),
        guidance=_fraction("guidance", given.get("guidance"), 50),
        width=_side("width", given.get("width")),
        height=_side("height", given.get("height")),
        image=image,
        mask=mask,
        strength=_fraction("strength", given.get("strength", 0.6), 1) or 0.0,
        image_digest=_digest("image", image, given),
        mask_digest=_digest("mask", mask, given),
        blend_seed=blend_seed,
        blend_amount=blend_amount,
    )


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """A picture to start from, (h, w, 4) uint8.

    Raises:
        BadStyle: it cannot be read; the message names the file.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=FORMATS) as image:
            if max(image.size) > LARGEST_SIDE:
                raise BadStyle(f"{path} is larger than {LARGEST_SIDE} pixels a side", "reduce it")
            return np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadStyle(f"{path} cannot be read as a picture: {error}", "give a PNG") from error


def _fraction(key: str, value: object, high: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
        raise CHECK.wrong(key, value)
    return float(value)


def _side(key: str, value: object) -> int | None:
    if value is None:
        return None
    side = CHECK.whole(key, value, 8, LARGEST_SIDE)
    if side % 8:
        raise CHECK.wrong(key, value)
    return side


def _text(key: str, given: Mapping[str, Any]) -> str:
    value = given.get(key, "")
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or "\0" in value:
        raise CHECK.wrong(key, value if not isinstance(value, str) else value[:60])
    return value


def _path(key: str, given: Mapping[str, Any]) -> str | None:
    value = given.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise CHECK.wrong(key, value)
    return value


def _digest(key: str, path: str | None, given: Mapping[str, Any]) -> str | None:
    """The file's content digest, so that a record says which picture its path meant."""
    said = given.get(f"{key}_digest")
    if path is None:
        if said is not None:
            raise BadStyle(f"style {key}_digest is given without {key}", KEYS[key])
        return None
    found = str(picture_digest(read_image(path)))
    if said is not None and said != found:
        raise BadStyle(f"{path} is another picture than the style's {key}_digest names")
    return found
