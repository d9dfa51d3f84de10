"""How codes are trained: sizes, rates, shares of the budget, and settings that name them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse
from medici.studio.pictures.codes import CodesShape
from medici.studio.training.options import Options
from medici.studio.training.precision import SETTINGS
from medici.studio.training.settings import refuse_unknown, typed

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class CodesRecipe:
    """How codes are trained.

    Attributes:
        batch: pictures a step.
        rate: Adam's learning rate at the start; it falls to nothing as the budget is used.
        decay: weight decay (decoupled).
        prior_decay: weight decay of the prior, which over-fits first.
        prior_share: the prior learns from one in so many pictures of a batch.
        averages: decay a step of the running average of all weights.
        colours: most colours of the palette.
        hidden: share of pixels hidden from the encoder, against over-fitting.
        focus: a place of the picture counts by this power of how badly it is drawn so far: 0 counts
            all alike, 1 keeps small features of large drawings from drowning in their outlines.
        labels: attribute of ``source.json`` whose values become classes that can be asked for.
        drawing: share of the budget that encoder and decoder learn in; the rest is the prior's.
        precision: see `medici.studio.training.precision.Precision`.
        shape: sizes.
    """

    batch: int = 128
    rate: float = 1.5e-3
    decay: float = 0.02
    prior_decay: float = 0.1
    prior_share: int = 2
    averages: tuple[float, ...] = (0.9985,)
    colours: int = 128
    hidden: float = 0.0
    focus: float = 0.8
    labels: str | None = None
    drawing: float = 0.75
    precision: str = "auto"
    shape: CodesShape = field(default_factory=CodesShape)

    def __post_init__(self) -> None:
        for name in ("batch", "colours", "prior_share"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise WrongUse(f"{name} must be a whole number from 1 up, not {value!r}")
        for name in ("rate", "decay", "prior_decay", "hidden", "focus", "drawing"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise WrongUse(f"{name} must be a number from 0 up, not {value!r}")
        apart = len(set(self.averages)) == len(self.averages)
        if not apart or not all(0 <= average < 1 for average in self.averages):
            raise WrongUse(
                f"averages are different decays from 0 to under 1, not {list(self.averages)}"
            )
        if self.hidden >= 1:
            raise WrongUse(f"hidden is a share under 1, not {self.hidden!r}")
        if self.precision not in SETTINGS:
            raise WrongUse(f"precision {self.precision!r} is not known", ", ".join(SETTINGS))
        if not 0 < self.drawing < 1:
            raise WrongUse(f"drawing is a share between 0 and 1, not {self.drawing!r}")

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            **asdict(self),
            "averages": list(self.averages),
            "shape": self.shape.as_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CodesRecipe:
        """Read what `as_json` wrote."""
        shape = CodesShape.from_json(data["shape"])
        return cls(**{**data, "averages": tuple(data["averages"]), "shape": shape})


SIZES = {f.name for f in fields(CodesShape)} - {"side"}
RATES = {f.name for f in fields(CodesRecipe)} - {"shape"}


def read_settings(settings: Mapping[str, Any], side: int) -> tuple[Options, CodesRecipe]:
    """Options of the run and recipe of the networks, from one flat mapping.

    Raises:
        WrongUse: an unknown name, or a value that cannot be.
    """
    options, rest = Options.take(settings)
    refuse_unknown(rest, SIZES | RATES, "codes")
    sizes = CodesShape(side=side, **typed(CodesShape, rest, {"side"}))
    return options, CodesRecipe(**typed(CodesRecipe, rest, {"shape"}), shape=sizes)
