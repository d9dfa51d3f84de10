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
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of a training run; every field is a key of `Training.settings`.

    Attributes:
        size: pixels a side, 16 to 64, a multiple of 8.
        widths: channels at each resolution, finest first; every next one is half as large.
        layers: residual blocks a resolution, on the way down.
        batch: pictures a step.
        rate: AdamW's learning rate, after `warm_up` steps.
        warm_up: steps over which the rate rises.
        average: decay a step of the running average of the weights, which is what is kept.
        flip: show pictures mirrored half the time.
        precision: of the products while training; ``auto`` takes bfloat16 where it is fast.
        judged: pictures a side in the record's figures.
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
        halvings = 2 ** (len(self.widths) - 1)
        wrong = {
            f"size {self.size}": not 16 <= self.size <= 64 or self.size % max(8, halvings) != 0,
            f"widths {list(self.widths)}": not 1 <= len(self.widths) <= 4
            or any(w < _GROUPS or w % _GROUPS for w in self.widths),
            f"layers {self.layers}": not 1 <= self.layers <= 4,
            f"batch {self.batch}": not 1 <= self.batch <= 4096,
            f"rate {self.rate}": not 0 < self.rate < 1,
            f"average {self.average}": self.average >= 1,
            f"precision {self.precision!r}": self.precision not in PRECISIONS,
            f"judged {self.judged}": self.judged < 10,
            f"shown {self.shown}": self.shown < 20 or self.shown % 20 != 0,
        }
        for said, is_wrong in wrong.items():
            if is_wrong:
                raise WrongUse(
                    f"diffusion cannot be trained with {said}",
                    "size 16 to 64 in steps of 8; widths, multiples of 8; rate, average under 1",
                )


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
