"""The small denoiser of our own: its sizes, and how it is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from medici.errors import MissingPart, WrongUse
from medici.studio.training.settings import refuse_unknown, typed

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMES = 1000
_GROUPS = 8
_LEAST_JUDGED = 10
_ROW = 20  # pictures in a row of the sample sheet
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of a training run; every field is a key of `Training.settings`.

    Attributes:
        size: pixels a side, 16 to 64, a multiple of 8.
        widths: channels at each of 1 to 4 resolutions, multiples of 8, finest first; every next
            one is half as large.
        layers: residual blocks a resolution, on the way down, 1 to 4.
        batch: pictures a step.
        rate: AdamW's learning rate, after `warm_up` steps.
        warm_up: steps over which the rate rises.
        average: decay a step of the running average of the weights, which is what is kept.
        flip: show pictures mirrored half the time.
        precision: of the products while training; ``auto`` takes bfloat16 where it is fast.
        judged: pictures a side in the record's figures, 10 or more.
        shown: pictures on the sample sheets, a multiple of 20; while it trains large ones fewer.
    """

    size: int = 16
    widths: tuple[int, ...] = (32, 64, 96)
    layers: int = 1
    batch: int = 64
    rate: float = 1e-3
    warm_up: int = 100
    average: float = 0.9995
    flip: bool = False
    precision: str = "auto"
    judged: int = 2000
    shown: int = 160

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "widths": list(self.widths)}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Recipe:
        """A recipe from a user's settings; what is not named keeps its default.

        Raises:
            WrongUse: an unknown key, or a value that cannot be.
        """
        refuse_unknown(settings, {f.name for f in fields(cls)}, "denoisers")
        recipe = cls(**typed(cls, settings))
        recipe.check()
        return recipe

    def check(self) -> None:
        """See that the settings make a network.

        Raises:
            WrongUse: they do not.
        """
        step = max(_GROUPS, 2 ** (len(self.widths) - 1))
        # What a value is, whether it can be, and what it may be.
        rules = {
            f"size {self.size}": (
                16 <= self.size <= 64 and self.size % step == 0,
                f"size: 16 to 64 in steps of {step}",
            ),
            f"widths {list(self.widths)}": (
                1 <= len(self.widths) <= 4
                and all(w >= _GROUPS and w % _GROUPS == 0 for w in self.widths),
                f"widths: 1 to 4 of them, each a multiple of {_GROUPS}",
            ),
            f"layers {self.layers}": (1 <= self.layers <= 4, "layers: 1 to 4"),
            f"batch {self.batch}": (1 <= self.batch <= 4096, "batch: 1 to 4096"),
            f"rate {self.rate}": (0 < self.rate < 1, "rate: over 0 and under 1"),
            f"average {self.average}": (self.average < 1, "average: under 1"),
            f"precision {self.precision!r}": (
                self.precision in PRECISIONS,
                "precision: " + ", ".join(PRECISIONS),
            ),
            f"judged {self.judged}": (
                self.judged >= _LEAST_JUDGED,
                f"judged: {_LEAST_JUDGED} or more",
            ),
            f"shown {self.shown}": (
                self.shown >= _ROW and self.shown % _ROW == 0,
                f"shown: a multiple of {_ROW}, which is a row of the sheet",
            ),
        }
        for said, (can_be, rule) in rules.items():
            if not can_be:
                raise WrongUse(f"diffusion cannot be trained with {said}", rule)


def denoiser(recipe: Recipe, planes: int) -> Any:
    """A U-Net with attention where the picture is smallest. Source: Ho et al. 2020, appendix B.

    Args:
        recipe: sizes.
        planes: 3, or 4 with an alpha plane.
    """
    diffusers = library()
    steps = len(recipe.widths)
    return diffusers.UNet2DModel(
        sample_size=recipe.size,
        in_channels=planes,
        out_channels=planes,
        layers_per_block=recipe.layers,
        block_out_channels=recipe.widths,
        down_block_types=("DownBlock2D",) * (steps - 1) + ("AttnDownBlock2D",),
        up_block_types=("AttnUpBlock2D",) + ("UpBlock2D",) * (steps - 1),
        norm_num_groups=_GROUPS,
        attention_head_dim=_GROUPS,
    )


def schedule() -> Any:
    """Cosine noise (Nichol & Dhariwal 2021), velocity prediction (Salimans & Ho 2022), DDIM."""
    return library().DDIMScheduler(
        num_train_timesteps=TIMES,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=True,
    )


def pipeline(network: Any) -> Any:
    """A trained denoiser with the schedule it was trained with, as a pipeline of `diffusers`."""
    return library().DDIMPipeline(unet=network, scheduler=schedule())


def library() -> Any:
    """The `diffusers` package.

    Raises:
        MissingPart: it is not installed.
    """
    try:
        import diffusers
    except ImportError as error:
        raise MissingPart(
            "diffusion needs the library diffusers", "pip install 'medici[diffusion]'"
        ) from error
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    if find_spec("transformers"):
        notes = import_module("transformers.utils.logging")
        notes.set_verbosity_error()
        notes.disable_progress_bar()
    return diffusers
