"""Bach's four-voice chorales out of music21's corpus, split by tune into train, tune and judge.

python tools/chorales.py runs/chorales

Harmonisations of the same tune stay on the same side of the split, so that no melody is heard in
training and judged on later. The same corpus gives the same split, byte for byte.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from medici.errors import BadData
from medici.studio.music.reading import NOTATION, read_score
from medici.studio.music.scores import save_scores

if TYPE_CHECKING:
    from medici.studio.music.score import Score

# Soprano lines whose intervals agree to this degree are one tune (1 would be to the note).
ALIKE = 0.8
OPENING = 24
TUNE_SHARE, JUDGE_SHARE = 9, 18


def corpus_files() -> tuple[Path, str]:
    """Folder of Bach's pieces in the installed corpus, and music21's version."""
    import music21

    return Path(music21.__file__).parent / "corpus" / "bach", str(music21.__version__)


def tune(score: Score) -> list[int]:
    """Steps between successive different soprano notes, of the opening."""
    pitches = [pitch for _, _, pitch in score.notes(0)]
    steps = [b - a for a, b in pairwise(pitches) if a != b]
    return steps[:OPENING]


def group(scores: list[Score]) -> list[int]:
    """For each score the index of the first one of its tune."""
    tunes = [tune(score) for score in scores]
    first = list(range(len(scores)))

    def root(i: int) -> int:
        while first[i] != i:
            i = first[i]
        return i

    for i, a in enumerate(tunes):
        matcher = difflib.SequenceMatcher(b=a, autojunk=False)
        for j in range(i):
            matcher.set_seq1(tunes[j])
            if matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE:
                first[root(i)] = root(j)
    return [root(i) for i in range(len(scores))]


def side(name: str) -> str:
    """Where a tune goes, by the digest of its first piece's name."""
    number = hashlib.sha256(name.encode()).digest()[0] * 100 // 256
    if number < JUDGE_SHARE:
        return "judge"
    return "tune" if number < JUDGE_SHARE + TUNE_SHARE else "train"


def main() -> None:
    """Write the folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    folder, version = corpus_files()
    scores, left_out = [], {}
    for path in sorted(p for p in folder.iterdir() if p.suffix in NOTATION):
        try:
            score = read_score(path)
            if score.bar not in (6, 8):
                raise BadData(f"{path.name} has bars of {score.bar} eighths")
            scores.append(score)
        except BadData as error:
            left_out[path.name] = error.message.replace(str(path), path.name)
        print(f"\r{len(scores)} read, {len(left_out)} left out", end="", file=sys.stderr)
    tunes = group(scores)
    sides = [side(scores[t].name) for t in tunes]
    for name in ("train", "tune", "judge"):
        chosen = [s for s, where in zip(scores, sides, strict=True) if where == name]
        source = {
            "title": f"Four-voice chorales of J. S. Bach: {name}",
            "authors": ["Johann Sebastian Bach (1685-1750)"],
            "source": f"music21 {version} corpus, bach/*.mxl, .xml, .krn",
            "licence": "works: public domain; encodings: distributed with music21 (BSD-3-Clause) "
            "by permission of their encoders, no licence of their own stated in the files used",
            "changes": "the four voices without instruments; notes at each eighth, faster ones "
            "dropped; repeats not played twice",
            "split": f"by tune: {len(set(tunes))} tunes in {len(scores)} pieces",
        }
        save_scores(out / name, chosen, source)
        steps = np.sum([len(s) for s in chosen])
        print(f"\n{name}: {len(chosen)} pieces, {steps} eighths", end="", file=sys.stderr)
    print(file=sys.stderr)
    for name, why in left_out.items():
        print(f"left out: {why or name}", file=sys.stderr)


if __name__ == "__main__":
    main()
