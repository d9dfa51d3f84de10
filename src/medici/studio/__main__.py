"""The studio's own workbench: train with every setting, publish a run, measure a model.

``medici train`` is the everyday command; this one shows what it hides. Needs the [train] extra.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from medici.errors import MediciError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m medici.studio", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    train = commands.add_parser("train", help="train and publish, with any setting")
    train.add_argument("data", type=Path, help="folder of training pictures")
    train.add_argument("out", type=Path, help="model folder; the run goes to run/ in it")
    train.add_argument("--tune", type=Path, help="fresh pictures to choose the best moment by")
    train.add_argument("--judge", type=Path, help="other fresh pictures, for the figures")
    train.add_argument("--minutes", type=float)
    train.add_argument("--steps", type=int)
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--device", default="cpu")
    train.add_argument("--resume", action="store_true")
    train.add_argument("--start-from", type=Path, help="model folder that is fine-tuned")
    train.add_argument("--set", action="append", default=[], metavar="KEY=JSON")

    publish = commands.add_parser("publish", help="export a run with record, metrics, bias, sheet")
    publish.add_argument("run", type=Path)
    publish.add_argument("out", type=Path, help="model folder")
    publish.add_argument("--psi", type=float, default=1.0, help="the model's default truncation")

    metrics = commands.add_parser("metrics", help="measure a model against held-out pictures")
    metrics.add_argument("model", help="name or folder")
    metrics.add_argument("--psi", type=float)
    for command in (publish, metrics):
        command.add_argument("--train", type=Path, required=True, help="its training pictures")
        command.add_argument("--judge", type=Path, required=True, help="fresh pictures")
        command.add_argument("-n", type=int, default=2000)
    publish.add_argument("--tune", type=Path, help="labelled fresh pictures for the bias report")
    publish.add_argument("--name", help="the model's name; the folder's by default")
    return parser


def _train(options: argparse.Namespace) -> dict[str, object]:
    from medici.studio.families import Training
    from medici.studio.pictures.training import train

    told = (pair.partition("=") for pair in options.set)
    record = train(
        options.data,
        options.out,
        Training(
            minutes=options.minutes,
            steps=options.steps,
            resume=options.resume,
            seed=options.seed,
            device=options.device,
            tune=options.tune,
            judge=options.judge,
            start_from=options.start_from,
            settings={key: json.loads(value) for key, _, value in told},
        ),
    )
    return {"id": record.id, "training": record.training, "metrics": record.metrics}


def _publish(options: argparse.Namespace) -> dict[str, object]:
    from medici.studio.data.folder import read_folder
    from medici.studio.metrics.extractor import EfficientNetLite0
    from medici.studio.pictures.publish import publish_gan

    record = publish_gan(
        options.run,
        options.out,
        train=read_folder(options.train),
        name=options.name or options.out.name,
        judge=read_folder(options.judge),
        tune=read_folder(options.tune) if options.tune else None,
        extractor=EfficientNetLite0(),
        psi=round(options.psi * 1000),
        n=options.n,
    )
    return {"id": record.id, "weights_sha256": record.weights_sha256, "metrics": record.metrics}


def _metrics(options: argparse.Namespace) -> dict[str, object]:
    from medici.studio.data.folder import read_folder
    from medici.studio.families import load_model
    from medici.studio.metrics.extractor import EfficientNetLite0
    from medici.studio.pictures.publish import measure

    return measure(
        load_model(options.model),
        read_folder(options.train),
        read_folder(options.judge),
        EfficientNetLite0(),
        options.n,
        None if options.psi is None else {"psi": options.psi},
    ).as_json()


def main() -> None:
    """Run one command; the result is one JSON object on stdout."""
    options = _parser().parse_args()
    commands = {"train": _train, "publish": _publish, "metrics": _metrics}
    try:
        print(json.dumps(commands[options.command](options), indent=1))
    except MediciError as error:
        print(f"{error.message}. {error.hint}".rstrip(), file=sys.stderr)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
