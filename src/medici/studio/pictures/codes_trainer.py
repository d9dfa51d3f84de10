"""Training codes: encoder, decoder and prior together, and how the run is put on disk.

The prior learns the codes of the averaged encoder, whose meaning drifts slowly, while encoder and
decoder still learn, so a run can be stopped, sampled and judged at any moment. In the last part
of the budget they rest, and it learns alone.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from medici.errors import WrongUse
from medici.studio.data.folder import common_colours
from medici.studio.data.sampling import batch, some
from medici.studio.pictures import directions, splitting
from medici.studio.pictures.classes import classes_of
from medici.studio.pictures.codes import CodesShape, Decoder, Encoder, quantised, to_tokens
from medici.studio.pictures.codes_export import to_exact
from medici.studio.pictures.labels import Labels
from medici.studio.pictures.networks import as_seen
from medici.studio.training.autoregressive import Autoregressive
from medici.studio.training.averages import Averages
from medici.studio.training.precision import Precision
from medici.studio.training.snapshots import (
    fitting,
    load_optimiser,
    optimiser_tensors,
    read_snapshot,
    refuse_other,
    under,
    write_snapshot,
)
from medici.studio.training.state import State
from medici.studio.training.trainee import NotFinite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from medici.studio.data.sampling import Samples
    from medici.studio.exact.identity import ExactModel
    from medici.studio.pictures.codes_recipe import CodesRecipe
    from medici.studio.training.parallel import Workers

SCHEMA = "medici/codes-snapshot/2"
_PALETTE_FROM = 20_000
_CALIBRATION = (16, 512)  # batches, pictures in each
_WARM = 300  # steps
_RENEWED = 16  # steps
_DIRECTED = 8000
_FORGOTTEN = 0.02  # of a place's mean surprise, a step
_LEAST, _MOST = 0.05, 10.0
_UNTOLD = 0.125  # of the samples: their class is left open


class Networks(nn.Module):
    """What is trained, in one module, so that one average and one optimiser hold it."""

    def __init__(
        self, shape: CodesShape, colours: int, *, transparent: bool, classes: int = 0
    ) -> None:
        super().__init__()
        self.encoder = Encoder(shape, 3 + transparent)
        self.decoder = Decoder(shape, colours, transparent=transparent)
        self.prior = Autoregressive(
            shape.codes,
            shape.levels,
            width=shape.prior,
            inner=shape.prior,
            blocks=shape.prior_blocks,
            heads=shape.codes,
            periods=shape.codes,
            channels=int(classes > 0),
            told_values=classes + 1,
        )


class CodesTrainer(State):
    """The state of a run and its one operation, `advance`.

    Args:
        data: the training pictures.
        recipe: sizes and rates.
        seed: of weights and order of pictures.
        device: where it computes.
        workers: the processes that train together.
    """

    def __init__(
        self,
        data: Samples,
        recipe: CodesRecipe,
        seed: int,
        device: torch.device,
        workers: Workers | None = None,
    ) -> None:
        super().__init__(seed, recipe.rate, recipe.batch, workers)
        self.recipe, self.device, self.data = recipe, device, data
        shape = recipe.shape
        first = some(data, _PALETTE_FROM)
        if first.shape[1:3] != (shape.side, shape.side):
            raise WrongUse(f"the pictures are {first.shape[1:3]}, not of side {shape.side}")
        self.transparent = bool((first[..., 3] == 0).any())
        self.palette = common_colours(first, recipe.colours)
        self.classes: tuple[str, ...] = ()
        self._kinds: NDArray[np.int64] | None = None
        if recipe.labels is not None:
            self.classes, self._kinds = classes_of(data, recipe.labels)
        self.labels = Labels(self.palette, first, transparent=self.transparent)
        # Mean surprise of each place, for `focus`.
        seen = shape.side >> bool(shape.smooth)
        self._errors = torch.ones(seen * seen, device=device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.networks = Networks(
                shape,
                len(self.palette),
                transparent=self.transparent,
                classes=len(self.classes),
            )
        self.networks.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        # Its encoder gives the codes that the prior learns.
        self.slow = copy.deepcopy(self.networks).requires_grad_(False)
        self._averages = Averages(self.networks, recipe.averages)
        self.averages: Sequence[str] = self._averages.names
        prior = list(self.networks.prior.parameters())
        rest = [p for n, p in self.networks.named_parameters() if not n.startswith("prior.")]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": rest, "weight_decay": recipe.decay},
                {"params": prior, "weight_decay": recipe.prior_decay},
            ],
            recipe.rate,
            (0.9, 0.99),
            fused=True,
        )
        self.precision = Precision(recipe.precision, device)

    def advance(self) -> dict[str, float]:
        """One step: of all networks at first, of the prior alone in the last part of the budget.

        Returns:
            nats a pixel of the decoder while it learns, bits a picture of the prior: means over
            all workers.

        Raises:
            NotFinite: a loss is not a finite number; the state is then to be thrown away.
        """
        recipe, networks = self.recipe, self.networks
        drawing = self.fraction < recipe.drawing
        self._set_rates()
        chosen = self.data.order(self.turn, self.batch, self.order)
        pixels = torch.from_numpy(self.data.take(chosen))
        seen = as_seen(pixels, transparent=self.transparent).to(self.device)
        told: dict[str, float] = {}
        self.optimiser.zero_grad(set_to_none=True)
        with self.precision.cast():
            loss = self._prior_loss(seen, chosen, 1 if not drawing else recipe.prior_share)
            told["prior_bits"] = float(loss.detach()) * recipe.shape.codes / math.log(2)
            if drawing:
                pixel_loss = self._pixel_loss(pixels, seen)
                told["pixel_nats"] = float(pixel_loss.detach())
                loss = loss + pixel_loss
        self.precision.backward(loss)
        self.precision.unscale(self.optimiser)
        self.workers.average_gradients(networks.parameters())
        told["gradient"] = float(torch.nn.utils.clip_grad_norm_(networks.parameters(), 1.0))
        told = self.workers.mean(told)
        if not all(abs(v) < float("inf") for v in told.values()):
            raise NotFinite(f"step {self.step}: {told}")
        self.precision.step(self.optimiser)
        self._averages.update(networks, self.step)
        self.step += 1
        return told

    def _set_rates(self) -> None:
        """Encoder and decoder come to rest first; then the prior learns what codes now mean."""
        warm = min(1.0, (self.step + 1) / _WARM)
        share = self.recipe.drawing
        done = (self.fraction / share, (self.fraction - share) / (1 - share))
        for group, part in zip(self.optimiser.param_groups, done, strict=True):
            part = min(max(part, 0.0), 1.0)
            group["lr"] = self.rate * warm * max(0.01, (1 + math.cos(math.pi * part)) / 2)

    def _pixel_loss(self, pixels: Tensor, seen: Tensor) -> Tensor:
        recipe, networks = self.recipe, self.networks
        shown = seen
        if recipe.hidden:
            keep = torch.rand(len(seen), 1, *seen.shape[2:], generator=self.random)
            shown = seen * (keep >= recipe.hidden).to(self.device)
        values = quantised(networks.encoder(shown).float(), recipe.shape.levels)
        if splitting.due(self.step, self.fraction / recipe.drawing):
            splitting.split(networks.decoder, values, self.seed + self.step, self.workers)
        phase = None
        if recipe.shape.smooth:
            # Neighbours say nearly the same where scores are smooth: a quarter counts, and all
            # four come round.
            phase = (self.step // 2 % 2, self.step % 2)
            pixels = pixels[:, phase[0] :: 2, phase[1] :: 2]
        labels = self.labels(pixels).to(self.device)
        return self._focused(networks.decoder.surprise(values, labels, phase))

    def _focused(self, surprise: Tensor) -> Tensor:
        """Mean over pixels, (n, pixels), each place weighed by its mean surprise so far."""
        if not self.recipe.focus:
            return surprise.mean()
        self._errors.lerp_(self.workers.mean_of(surprise.detach().mean(0)), _FORGOTTEN)
        weights = (self._errors / self._errors.mean()).clamp(_LEAST, _MOST) ** self.recipe.focus
        return (surprise * (weights / weights.mean())).mean()

    def _prior_loss(self, seen: Tensor, chosen: NDArray[np.int64], share: int) -> Tensor:
        levels = self.recipe.shape.levels
        with torch.no_grad():
            kept = quantised(self._kept().encoder(seen).float(), levels)
            tokens = to_tokens(kept[: max(1, len(seen) // share)], levels)
        scores = self.networks.prior(tokens, self._told(chosen[: len(tokens)])).float()
        return F.cross_entropy(scores.flatten(0, 1), tokens.flatten())

    def _told(self, chosen: NDArray[np.int64]) -> Tensor | None:
        """What the prior is told of samples: their class, or 0, which leaves it open."""
        if self._kinds is None:
            return None
        kinds = torch.from_numpy(self._kinds[chosen]) + 1
        kinds = kinds * (torch.rand(len(kinds), generator=self.random) >= _UNTOLD)
        return kinds.to(self.device)[:, None, None].expand(-1, self.recipe.shape.codes, 1)

    def _kept(self) -> Networks:
        """Averaged weights, renewed now and then."""
        if self.averages[-1] == "live":
            return self.networks
        if self.step % _RENEWED == 0:
            self._averages.copy_to(self.slow, self.averages[-1])
        return self.slow

    def restart_averages(self) -> None:
        """Average from the present weights on."""
        self._averages.restart(self.networks)
        self.slow.load_state_dict(self.networks.state_dict())

    def averaged(self, which: str) -> Networks:
        """The networks with averaged weights."""
        networks = copy.deepcopy(self.networks)
        self._averages.copy_to(networks, which)
        levels = self.recipe.shape.levels
        norms = [m for m in networks.modules() if isinstance(m, nn.BatchNorm1d)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over the calibration batches
        batches, size = _CALIBRATION
        with torch.no_grad():
            for step in range(batches):
                pixels = torch.from_numpy(batch(self.data, step, size, self.seed + 1))
                seen = as_seen(pixels, transparent=self.transparent).to(self.device)
                networks.decoder(quantised(networks.encoder(seen), levels))
        return networks.eval()

    def exact(self, which: str) -> ExactModel:
        """The model in integers."""
        networks = self.averaged(which)
        plain = to_exact(networks.decoder, networks.prior, self.palette, classes=self.classes)
        return to_exact(
            networks.decoder,
            networks.prior,
            self.palette,
            directions=self._directions(networks, plain),
            classes=self.classes,
        )

    def _directions(self, networks: Networks, exact: ExactModel) -> dict[str, NDArray[np.int16]]:
        """Steps of the mapped latent, by labels of the training pictures where they have any."""
        chosen = np.sort(self.data.order(0, min(_DIRECTED, len(self.data)), self.seed))
        levels, mapped = exact.tensors["levels"].astype(np.float64), []
        with torch.no_grad():
            for part in np.array_split(chosen, len(chosen) // 500 + 1):
                pixels = torch.from_numpy(self.data.take(part))
                seen = as_seen(pixels, transparent=self.transparent).to(self.device)
                values = quantised(networks.encoder(seen), self.recipe.shape.levels)
                tokens = to_tokens(values, self.recipe.shape.levels).cpu().numpy()
                mapped.append(exact.networks["map"](levels[tokens]))
        h = np.concatenate(mapped)
        told: list[Mapping[str, str]] = getattr(self.data, "attributes", list)()
        if not told:
            return directions.components(h)
        return directions.named(h, [told[i] for i in chosen])

    def samples(self, n: int, which: str) -> NDArray[np.uint8]:
        """Pictures of an average, as the exact renderer makes them: (n, side, side, 4) uint8."""
        from medici.studio.pictures.model import preview

        return preview(self.exact(which)).natives(range(n), {"ground": "transparent"})

    def keep(self, path: Path, which: str) -> None:
        """Write an average as an exact weights file."""
        self.exact(which).save(path)

    def save(self, path: Path) -> None:
        """Write everything, atomically.

        Raises:
            MissingPart: the disk is full; what was there before is whole.
        """
        tensors = self.random_states()
        if self.workers.first:
            tensors |= {f"n.{k}": v for k, v in self.networks.state_dict().items()}
            tensors |= {f"slow.{k}": v for k, v in self.slow.state_dict().items()}
            tensors |= {f"average.{k}": v for k, v in self._averages.tensors()}
            tensors |= {f"adam.{k}": v for k, v in optimiser_tensors(self.optimiser).items()}
            tensors |= self.precision.tensors() | {"errors": self._errors}
            about = {"schema": SCHEMA, "recipe": self.recipe.as_json(), **self._about()}
            write_snapshot(path, about | self.state(), tensors)
        self.workers.wait()

    def _about(self) -> dict[str, object]:
        """What the data decided of the networks."""
        return {"transparent": self.transparent, "classes": list(self.classes)}

    def load(self, path: Path) -> None:
        """Continue from a snapshot.

        Raises:
            BadWeights: damaged, or of another architecture; the message says what differs.
        """
        about, tensors = read_snapshot(path, SCHEMA)
        mine = {**self.recipe.shape.as_json(), **self._about()}
        theirs = {**about["recipe"]["shape"], **{k: about.get(k) for k in self._about()}}
        refuse_other(path, mine, theirs)
        with fitting(path):
            self.networks.load_state_dict(under(tensors, "n."))
            self.slow.load_state_dict(under(tensors, "slow."))
            self._averages.load(under(tensors, "average."))
            load_optimiser(self.optimiser, under(tensors, "adam."))
            self.precision.load(tensors)
            self._errors.copy_(tensors["errors"])
            self.restore(about, tensors)
