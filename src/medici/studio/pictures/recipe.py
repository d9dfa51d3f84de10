"""How a picture GAN is trained: everything an artist can set, checked by name."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from medici.errors import WrongUse
from medici.studio.pictures.augment import SMALL
from medici.studio.pictures.bodies import GanShape
from medici.studio.pictures.losses import LOSSES
from medici.studio.training.precision import SETTINGS
from medici.studio.training.settings import refuse_unknown, typed

if TYPE_CHECKING:
    from collections.abc import Mapping

AUGMENT = ("auto", "none", "diffaugment")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the networks are trained.

    Attributes:
        batch: pictures a step and worker.
        rate: Adam's learning rate, both networks.
        momentum: Adam's first decay; 0 as in the papers on gradient penalties.
        loss: ``auto`` (what goes with the body), ``logistic`` or ``relativistic``.
        gamma: weight of the R1 penalty; constant, since decay hurt in trials.
        gamma_made: weight of the R2 penalty; None takes `gamma` with the relativistic loss, else 0.
        lazy: penalties are taken every so many steps, and weighted by as much.
        averages: decay a step of each running average of the generator's weights.
        colours: most colours of the palette that slots snap to.
        precision: see `medici.studio.training.precision.Precision`.
        augment: ``auto`` augments sets of under 3,000 pictures.
        flip: mirror real pictures at random.
        labels: the attribute in ``source.json`` that makes the classes; None for no classes.
        shape: sizes.
    """

    batch: int = 64
    rate: float = 5e-4
    momentum: float = 0.0
    loss: str = "auto"
    gamma: float = 5.0
    gamma_made: float | None = None
    lazy: int = 8
    averages: tuple[float, ...] = (0.998, 0.9995)
    colours: int = 128
    precision: str = "auto"
    augment: str = "auto"
    flip: bool = False
    labels: str | None = None
    shape: GanShape = field(default_factory=GanShape)

    def __post_init__(self) -> None:
        for value, known, what in (
            (self.loss, ("auto", *LOSSES), "loss"),
            (self.precision, SETTINGS, "precision"),
            (self.augment, AUGMENT, "augment"),
        ):
            if value not in known:
                raise WrongUse(f"{what} {value!r} is not known", f"one of {', '.join(known)}")
        for name in ("batch", "lazy", "colours"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise WrongUse(f"{name} must be a whole number from 1 up, not {value!r}")
        for name in ("rate", "gamma", "momentum", "gamma_made"):
            value = getattr(self, name)
            if name == "gamma_made" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise WrongUse(f"{name} must be a number from 0 up, not {value!r}")
        if not all(isinstance(a, float) and 0 <= a < 1 for a in self.averages):
            raise WrongUse("averages are decays from 0 to under 1")

    @property
    def chosen_loss(self) -> str:
        """The loss that is meant, ``auto`` resolved."""
        if self.loss != "auto":
            return self.loss
        return "relativistic" if self.shape.body == "r3gan" else "logistic"

    @property
    def second_gamma(self) -> float:
        """Weight of the R2 penalty, None resolved."""
        if self.gamma_made is not None:
            return self.gamma_made
        return self.gamma if self.chosen_loss == "relativistic" else 0.0

    def augments(self, samples: int) -> bool:
        """Whether a set of so many samples is augmented."""
        return self.augment == "diffaugment" or (self.augment == "auto" and samples < SMALL)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "averages": list(self.averages), "shape": self.shape.as_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        """Read what `as_json` wrote."""
        told = dict(data)
        told["averages"] = tuple(told["averages"])
        told["shape"] = GanShape.from_json(told["shape"])
        return cls(**told)

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Recipe:
        """A recipe from a flat mapping of its own and its shape's names (``size`` is `side`).

        Raises:
            WrongUse: an unknown name, or a value that cannot be.
        """
        told = {"side" if key == "size" else key: value for key, value in settings.items()}
        refuse_unknown(told, SIZES | RATES, "picture GANs")
        shape = GanShape(**typed(GanShape, told, {"classes"}))
        return cls(**typed(cls, told, {"shape"}), shape=shape)


SIZES = {f.name for f in fields(GanShape)} - {"classes"}
RATES = {f.name for f in fields(Recipe)} - {"shape"}
