"""Builds a firm's folder as the rooms would leave it, through the real catalogue and store."""

import hashlib
import io
import json

import numpy as np
from PIL import Image

from medici.content import encode_png, encode_wav, picture_digest
from medici.firm import folder as folders
from medici.firm.catalogue import Entry
from medici.firm.house import Firm
from medici.provenance import acoustic
from medici.provenance.fingerprint import fingerprint
from medici.records import Audio, Digest, GenerationRecord, ModelId
from medici.store import atomic_write

MODEL = ModelId(hashlib.sha256(b"a model").hexdigest())


def portrait(seed):
    """A 64x64 pixel-art face, mirrored; only to have something to look at."""
    random = np.random.default_rng(seed)
    colours = random.integers(0, 256, (5, 3))
    half = random.integers(0, 5, (16, 8))
    small = colours[np.concatenate([half, half[:, ::-1]], axis=1)]
    picture = np.full((64, 64, 4), 255, np.uint8)
    picture[..., :3] = np.kron(small, np.ones((4, 4, 1), int))
    return picture


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "PNG")
    return file.getvalue()


def make_firm(path, name="Casa Test"):
    folders.init(path, name=name)
    return Firm.open(path, environ={})


def add_work(firm, seed, *, title=None, number=1, stage="anchored"):
    """Enter a work as far as it is to have come: generated, certified or anchored."""
    pixels = portrait(seed)
    work = picture_digest(pixels)
    record = GenerationRecord(
        content=work,
        kind="picture",
        model=MODEL,
        weights_sha256=Digest.of(b"weights"),
        data_root=Digest.of(b"data"),
        model_record=Digest.of(b"record"),
        renderer="exact/1",
        seed=seed,
        style={"psi": 0.7},
        style_version=1,
        size=(64, 64),
        created=f"2026-11-23T10:00:{seed % 60:02d}Z",
    )
    file = f"out/works/{work[:16]}.png"
    atomic_write(firm.folder / file, png(pixels))
    title = title or f"Portrait in blue, no. {seed}"
    entry = Entry(
        id=work,
        title=title,
        file=file,
        round=number,
        scores={"quality": 0.5, "novelty": 0.25},
        generation=record.as_json(),
    )
    if stage != "generated":
        token = f"eip155:31337/erc721:0x{'00' * 20}/{work.prefixed}"
        properties = {"token": token, "model_name": "portraits"}
        words = json.dumps({"name": title, "properties": properties}).encode()
        entry = entry.with_(
            fingerprint=fingerprint(pixels).as_json(),
            certified=firm.store.put(png(pixels)),
            metadata=firm.store.put(words),
            signature="ab" * 65,
        )
    if stage == "anchored":
        anchor = {
            "root": Digest.of(b"root %d" % number),
            "proof": [Digest.of(b"left"), Digest.of(b"right")],
            "tx": "0x" + Digest.of(b"tx"),
            "time": "2026-11-23T10:05:00Z",
        }
        entry = entry.with_(anchor=anchor)
    return firm.catalogue.put(entry)


def add_music(firm, seed):
    """A work that is heard: its entry is a picture's, with another file, a cover and a print."""
    entry = add_work(firm, seed, title=f"Chorale {seed}, on G")
    wave = np.random.default_rng(seed).integers(-9000, 9000, (9 * 8_000, 1), np.int16)
    sound = Audio(wave, 8_000)
    file = entry.file.replace(".png", ".wav")
    atomic_write(firm.folder / file, encode_wav(sound))
    return firm.catalogue.put(
        entry.with_(
            file=file,
            cover=firm.store.put(encode_png(portrait(seed))),
            fingerprint=acoustic.fingerprint(sound).as_json(),
            generation=entry.generation | {"kind": "music"},
        )
    )
