"""Training a picture model on a folder: which body, then run, export and publish."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import BadWeights, WrongUse
from medici.studio.data.folder import SIDE, PictureSet, read_folder, warn_of_loss
from medici.studio.data.manifest import read_manifest
from medici.studio.data.sampling import some
from medici.studio.data.shards import open_set
from medici.studio.families import RECORD, read_record
from medici.untrusted import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from medici.records import ModelRecord
    from medici.studio.data.sampling import Samples
    from medici.studio.families import Training
    from medici.studio.metrics.distances import Extractor

BODIES = ("auto", "codes", "dcgan", "r3gan")
# Codes learn what a set has in common; from fewer pictures they would learn them by heart.
_FEW = 1000
_MANY_COLOURS = 4096
_LOOKED_AT = 20_000  # pictures of a larger set that statistics and figures are taken from


def train(
    data: Path, out: Path, how: Training, *, extractor: Extractor | None = None, judged: int = 2000
) -> ModelRecord:
    """Train on a folder of pictures and write an exact model folder.

    Args:
        data: pictures, and perhaps a ``source.json`` with licence and authors.
        out: becomes the model's folder; the run's own files go to ``run`` in it.
        how: see `Training`; settings are ``body`` (one of `BODIES`; ``auto`` chooses by the
            data), ``side`` (by default that
            of a built set, else 16) and those of the body's recipe.
        extractor: features for the figures; EfficientNet-Lite0 where they are wanted.
        judged: pictures a side in the record's figures.

    Raises:
        BadData: a picture or the folder cannot be used; the message names it.
        Interrupted: stopped by the user; the same call with `resume` goes on.
        MissingPart: the device is not there, memory or disk is full.
        WrongUse: no budget given, nothing to resume, an unknown setting, or training diverged.
    """
    # First, since it says how to get PyTorch where that is missing.
    import medici.studio.training.run  # noqa: F401
    from medici.studio.pictures import codes_training, gan_training
    from medici.studio.pictures.bodies import SIDES
    from medici.studio.pictures.publish import publish
    from medici.studio.training.judging import PictureJudge
    from medici.studio.training.starting import defaults

    settings = dict(how.settings)
    # What goes on, or is fine-tuned, keeps its body and its size.
    if settings.get("body") == "auto":
        del settings["body"]
    told = replace(how, settings=settings)
    known = defaults(told, out / "run", {"body", "codes", "head", "side"})
    body = str(settings.pop("body", known.get("body", "codes" if "codes" in known else "auto")))
    asked = [settings.pop(name) for name in ("side", "size") if name in settings]
    if len(asked) > 1:
        raise WrongUse("side and size are the same setting", "give one of them")
    side = asked[0] if asked else known.get("side", side_of(data))
    if not asked and "side" in known and side not in SIDES:
        raise BadWeights(f"{how.start_from or out} says that its side is {side!r}")
    if body not in BODIES:
        raise WrongUse(f"body {body!r} is not known", f"one of {', '.join(BODIES)}")
    train_on = open_set(data, side)
    if not asked and read_manifest(data) is None:
        warn_of_loss(data, side, "side")
    tune = read_folder(how.tune, side) if how.tune is not None else None
    judge = read_folder(how.judge, side) if how.judge is not None else None
    if extractor is None and (tune is not None or judge is not None):
        from medici.studio.metrics.extractor import EfficientNetLite0

        extractor = EfficientNetLite0()
    body = body_for(train_on) if body == "auto" else body
    judging = None
    if tune is not None and extractor is not None:
        judging = PictureJudge(extractor, tune, train_on)
    if body == "codes":
        told = replace(how, settings=settings)
        run = codes_training.run_codes(train_on, out / "run", told, judging)
        outcome = codes_training.outcome
    else:
        head = known["head"] if how.resume and "head" in known else head_for(train_on)
        told = replace(how, settings={"head": head, **settings, "body": body, "side": side})
        run = gan_training.run_gan(train_on, out / "run", told, judging)
        outcome = gan_training.outcome
    if not run.workers.first:
        run.workers.wait()
        run.workers.leave()
        return read_record(out / RECORD)
    exact, training = outcome(run)
    record = publish(
        exact,
        out,
        train=train_on if isinstance(train_on, PictureSet) else train_on.portion(_LOOKED_AT),
        whole=train_on,
        name=how.name or out.name,
        training=training,
        curves=run.curves.rows(),
        judge=judge,
        tune=tune,
        extractor=extractor,
        n=judged,
    )
    run.workers.wait()
    run.workers.leave()
    return record


def body_for(data: Samples) -> str:
    """Codes for palette pictures in number; a GAN, augmented, for small sets and for paintings."""
    return "codes" if len(data) >= _FEW and few_colours(data) else "dcgan"


def head_for(data: Samples) -> str:
    """Palette slots for palette pictures, else red, green and blue."""
    return "slots" if few_colours(data) else "rgb"


def few_colours(data: Samples) -> bool:
    """Whether a set keeps to a palette, as drawings do and photographs do not."""
    pixels = some(data, 500)
    opaque = pixels[pixels[..., 3] > 0].astype(np.int64)
    codes = opaque[:, 0] << 16 | opaque[:, 1] << 8 | opaque[:, 2]
    return len(np.unique(codes)) <= _MANY_COLOURS


def side_of(data: Path) -> int:
    """Pixels a side of a set that was built, 16 for a plain folder."""
    try:
        built = read_json((data / "manifest.json").read_text("utf-8"))["size"][0]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return SIDE
    return built if isinstance(built, int) else SIDE
