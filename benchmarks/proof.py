"""Proof: certify, fingerprint and anchor works; verify a file from a cold start.

    python benchmarks/proof.py [--quick] [--json]

Measures processor time where it compares speed (neighbours on the machine slow the wall clock, not
that), and the wall clock where a user waits. Works are synthetic 16×16 art at 512×512.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from medici.content import encode_png
from medici.ledger.accounts import Key
from medici.provenance import authority, credentials, record, signing, timestamp
from medici.provenance.anchor import AnchorBatch
from medici.provenance.bundle import Bundle, BundledWork
from medici.provenance.fingerprint import fingerprint
from medici.provenance.register import Anchored, FirmIdentity, Kept, ModelEntry
from medici.records import Address, Attestation, Digest, ModelId, ModelRecord, Rendering

CHAIN = 31337
WORKS, ANCHORS, REGISTRY = (Address(f"0x{i:040x}") for i in (1, 2, 3))
TX = "0x" + "ab" * 32
# Every work goes through this before it starts to measure: nothing of it is timed.
COLD = (
    "import sys, pathlib\n"
    "from medici.provenance.bundle import Bundle\n"
    "from medici.provenance.verify import verify\n"
    "bundle = Bundle.load(pathlib.Path(sys.argv[1]).read_bytes())\n"
    "print(verify(pathlib.Path(sys.argv[2]), bundle).verdict)\n"
)


def art(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    palette = rng.integers(0, 256, (6, 3), dtype=np.uint8)
    half = np.kron(rng.integers(0, 6, (8, 4)), np.ones((2, 2), int))
    rgb = palette[np.concatenate([half, half[:, ::-1]], axis=1)]
    rgba = np.concatenate([rgb, np.full((16, 16, 1), 255, np.uint8)], axis=2)
    return np.ascontiguousarray(np.kron(rgba, np.ones((32, 32, 1), np.uint8)))


class Bench:
    """A firm without a chain: real keys, certificates, time-stamps, signatures and trees."""

    def __init__(self) -> None:
        self.now = dt.datetime.now(dt.UTC)
        self.key, self.artist = Key.generate(), Key.generate()
        self.root = authority.found("Bench", self.now)
        self.identity = authority.issue_model(self.root, "m", self.key.address, CHAIN, self.now)
        self.stamper = authority.issue_time_stamper(self.root, self.now)
        self.model = ModelRecord(
            ModelId("1" * 64), "m", "exact/1", Digest("2" * 64), Digest("3" * 64), "CC0-1.0"
        )
        self.spent: dict[str, float] = {}

    def timed(self, name: str, start: float) -> None:
        self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - start

    def certify(self, pixels: list[np.ndarray], stamps: str | None) -> list[tuple]:
        notary = credentials.Notary(self.identity, stamps)
        domain = signing.works_domain(CHAIN, WORKS)
        made = []
        for seed, picture in enumerate(pixels):
            start = time.process_time()
            said = record.describe(Rendering(picture, seed, {}), self.model, 1, self.now)
            word = signing.Generation(said.content, said.digest, said.model)
            claim = credentials.GenerationClaim(
                said,
                signing.sign(self.key, domain, word),
                self.key.address,
                signing.token_uri(CHAIN, WORKS, said.content),
                notary.certificate,
            )
            self.timed("record and signature", start)
            start = time.process_time()
            png = encode_png(picture)
            self.timed("png", start)
            start = time.process_time()
            file = notary.certify(png, claim, self.model)
            self.timed("credentials" if stamps else "credentials without time-stamp", start)
            attestation = Attestation(
                said.content, said.digest, said.model, Digest("4" * 64), Digest("5" * 64), (),
                self.artist.address,
            )  # fmt: skip
            made.append((picture, png, file, attestation, said))
        return made

    def anchor(self, made: list[tuple], stamps: str) -> tuple[list[bytes], Bundle]:
        start = time.process_time()
        prints = [fingerprint(one[0]) for one in made]
        self.timed("fingerprint", start)
        start = time.process_time()
        batch = AnchorBatch(self.model.id, tuple(one[3] for one in made))
        tree = batch.tree
        signing.sign(self.key, signing.anchors_domain(CHAIN, ANCHORS), batch.claim)
        proofs = [tree.proof(a.leaf) for a in batch.attestations]
        self.timed("tree and proofs", start)
        notary = credentials.Notary(self.identity, stamps)
        files, works = [], {}
        start = time.process_time()
        at = int(self.now.timestamp())
        for (_, _, file, attestation, said), proof, print_ in zip(
            made, proofs, prints, strict=True
        ):
            claim = credentials.AnchorClaim(attestation, proof, tree.root, CHAIN, ANCHORS, TX, at)
            files.append(notary.add_anchor(file, claim))
            kept = Kept(attestation, tree.root, proof, print_, said)
            works[attestation.work] = BundledWork(kept)
        self.timed("anchor written into the file", start)
        entry = ModelEntry(
            self.model.id, self.key.address, "authorised", self.model.weights_sha256,
            self.model.data_root, self.model.digest, self.model.bias_digest,
            self.identity.key_digest, at - 1000,
        )  # fmt: skip
        firm = FirmIdentity(
            "Bench", CHAIN, WORKS, ANCHORS, REGISTRY, (self.root.root_pem,),
            as_of=record.rfc3339(self.now),
        )  # fmt: skip
        anchors = {(self.model.id, tree.root): Anchored(at, TX)}
        return files, Bundle(replace(firm, basis="bundle"), (entry,), anchors, works)


def cold(bundle: Path, file: Path, runs: int) -> tuple[float, float, str]:
    """Median wall and processor seconds of a fresh process that verifies one file, its answer."""
    walls, cpus, said = [], [], ""
    for _ in range(runs):
        before, start = os.times(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", COLD, str(bundle), str(file)],
            capture_output=True,
            text=True,
            check=True,
        )
        after = os.times()
        walls.append(time.perf_counter() - start)
        cpus.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
        said = done.stdout.strip()
    return median(walls), median(cpus), said


def row(name: str, value: float, unit: str, bar: float | None = None) -> dict[str, object]:
    better = "higher" if unit.endswith("/s") else "lower"
    holds = bar is None or (value >= bar if better == "higher" else value <= bar)
    return {
        "name": name,
        "value": round(value, 4),
        "unit": unit,
        "peer": None,
        "bar": bar,
        "better": better,
        "holds": holds,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    count, runs = (16, 3) if asked.quick else (64, 7)
    bench = Bench()
    pixels = [art(seed) for seed in range(count)]
    with timestamp.serving(bench.stamper, lambda: dt.datetime.now(dt.UTC)) as stamps:
        bench.certify(pixels[:2], stamps)
        bench.spent.clear()
        start, began = time.process_time(), time.perf_counter()
        made = bench.certify(pixels, stamps)
        files, bundle = bench.anchor(made, stamps)
        cpu, wall = time.process_time() - start, time.perf_counter() - began
    bench.certify(pixels, None)
    with tempfile.TemporaryDirectory() as folder:
        kept, good, bare, copy = (
            Path(folder) / name for name in ("b.json", "good.png", "bare.png", "copy.jpg")
        )
        kept.write_bytes(bundle.export(bench.artist))
        good.write_bytes(files[0])
        bare.write_bytes(made[0][1])
        jpeg = io.BytesIO()
        Image.fromarray(made[0][0]).convert("RGB").save(jpeg, "JPEG", quality=50)
        copy.write_bytes(jpeg.getvalue())
        answers = {path.stem: cold(kept, path, runs) for path in (good, bare, copy)}
    said = {name: answer[2] for name, answer in answers.items()}
    if said != {"good": "authentic", "bare": "authentic", "copy": "derived"}:
        raise SystemExit(f"the verdicts are wrong: {said}")
    rows = [
        row("certify, fingerprint, anchor: 64 works", cpu / count * 64, "cpu s", 10.0),
        row("the same on the wall clock", wall / count * 64, "s"),
        row("works", count / cpu, "works/s"),
        *(
            row(f"each work: {name}", spent / count * 1000, "cpu ms")
            for name, spent in sorted(bench.spent.items())
        ),
        row("verify, cold, anchored file", answers["good"][1], "cpu s", 1.0),
        row("verify, cold, anchored file, wall clock", answers["good"][0], "s"),
        row("verify, cold, stripped file", answers["bare"][1], "cpu s", 1.0),
        row("verify, cold, JPEG copy", answers["copy"][1], "cpu s"),
        row("credentials", len(made[0][2]) - len(made[0][1]), "bytes"),
        row("anchor in the file", len(files[0]) - len(made[0][2]), "bytes"),
    ]
    if asked.json:
        print(json.dumps({"benchmark": "proof", "rows": rows}))
    else:
        for line in rows:
            print(f"{line['name']:<48}{line['value']:>12} {line['unit']}")
    return 0 if all(line["holds"] for line in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
