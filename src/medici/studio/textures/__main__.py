"""The texture workbench: publish the model of a run, with every figure. Needs the [train] extra.

``medici train --family textures`` is the everyday command; this one exports again, with another
truncation or against other pictures, without training.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from medici.errors import MediciError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m medici.studio.textures", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    publish = commands.add_parser("publish", help="export a run with record, metrics and sheet")
    publish.add_argument("run", type=Path, help="the run folder in a trained model's folder")
    publish.add_argument("out", type=Path, help="model folder")
    publish.add_argument("--train", type=Path, required=True, help="the materials it learned")
    publish.add_argument("--judge", type=Path, help="fresh pictures of the same materials")
    publish.add_argument("--name", help="the model's name; the folder's by default")
    publish.add_argument("--psi", type=float, default=1.0, help="the model's default truncation")
    publish.add_argument("--live", action="store_true", help="the snapshot, not the kept weights")
    return parser


def _publish(options: argparse.Namespace) -> dict[str, object]:
    from medici.studio.metrics.extractor import EfficientNetLite0
    from medici.studio.textures.data import read_materials
    from medici.studio.textures.publish import publish
    from medici.studio.textures.seams import TEXTURES
    from medici.studio.textures.training import keep_snapshot
    from medici.studio.training.curves import Curves
    from medici.studio.training.run import BEST

    data = read_materials(options.train)
    if options.live or not (options.run / BEST).exists():
        keep_snapshot(options.run, data)
    record = publish(
        options.run / BEST,
        options.out,
        data,
        name=options.name or options.out.name,
        curves=Curves(options.run).rows(),
        judge=read_materials(options.judge) if options.judge else None,
        extractor=EfficientNetLite0(),
        psi=round(options.psi * 1000),
        seams_at=TEXTURES,
    )
    return {"id": record.id, "weights_sha256": record.weights_sha256, "metrics": record.metrics}


def main() -> None:
    """Run one command; the result is one JSON object on stdout."""
    options = _parser().parse_args()
    try:
        print(json.dumps(_publish(options), indent=1))
    except MediciError as error:
        print(f"{error.message}. {error.hint}".rstrip(), file=sys.stderr)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
