"""A small firm with keys, certificates and works, made without a chain or a trained model."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zlib
from dataclasses import dataclass, field, replace

import numpy as np
from coincurve import PrivateKey
from eth_hash.auto import keccak
from PIL import Image

from medici.content import content_of, encode
from medici.provenance import authority, credentials, prints, record, signing
from medici.provenance.anchor import AnchorBatch
from medici.provenance.bundle import Bundle, BundledWork
from medici.provenance.register import Anchored, FirmIdentity, Kept, ModelEntry, Token
from medici.records import (
    Address,
    Attestation,
    Audio,
    Digest,
    ModelId,
    ModelRecord,
    Rendering,
)

CHAIN = 31337
NOW = dt.datetime.now(dt.UTC)
T0 = 1_700_000_000


class Key:
    def __init__(self, secret: int) -> None:
        self._key = PrivateKey(secret.to_bytes(32, "big"))
        self.address = Address.from_raw(keccak(self._key.public_key.format(False)[1:]))

    def sign_digest(self, digest: bytes) -> bytes:
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])


def art(seed: int, scale: int = 32) -> np.ndarray:
    """A symmetric 16×16 figure in a few colours, enlarged without blur."""
    rng = np.random.default_rng(seed)
    palette = rng.integers(0, 256, (5, 3), dtype=np.uint8)
    coarse = rng.integers(0, 5, (8, 4))
    half = np.kron(coarse, np.ones((2, 2), int))
    speckle = rng.random(half.shape) < 0.15
    half = np.where(speckle, rng.integers(0, 5, half.shape), half)
    rgb = palette[np.concatenate([half, half[:, ::-1]], axis=1)]
    rgba = np.concatenate([rgb, np.full((16, 16, 1), 255, np.uint8)], axis=2)
    return np.ascontiguousarray(np.kron(rgba, np.ones((scale, scale, 1), np.uint8)))


RATE = 22_050


def tune(seed: int, seconds: int = 12) -> Audio:
    """Chords of three notes, two a second, in two channels, and a moment of silence at the end."""
    rng = np.random.default_rng(seed)
    at = np.arange(RATE // 2) / RATE
    swell = np.minimum(np.minimum(at, at[::-1]) * 20, 1)
    chords = []
    for _ in range(2 * seconds - 1):
        notes = 110 * 2 ** (rng.integers(0, 30, 3) / 12)
        wave = sum(np.sin(2 * np.pi * at * note * k) / k for note in notes for k in (1, 2, 3, 4))
        chords.append(wave * swell)
    mono = np.concatenate([*chords, np.zeros(RATE // 2)]) * 4_000
    return Audio(np.stack([mono, mono * 0.7], axis=1).astype(np.int16), RATE)


def riff_of(parts: list[tuple[bytes, bytes]]) -> bytes:
    """A WAV file of chunks, with an honest header."""
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in parts
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def riff_chunks(wav: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 12
    while at + 8 <= len(wav):
        (size,) = struct.unpack_from("<I", wav, at + 4)
        found.append((wav[at : at + 4], wav[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def spliced(credentials_of: bytes, onto: bytes) -> bytes:
    """The second WAV's sound with the first one's credentials."""
    manifest = [c for c in riff_chunks(credentials_of) if c[0] == b"C2PA"]
    return riff_of([*(c for c in riff_chunks(onto) if c[0] != b"C2PA"), *manifest])


def pixels_of(file: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGBA"))


def encoded(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image = Image.fromarray(pixels)
    image = image if kind == "PNG" else image.convert("RGB")
    image.save(out, kind, **options)
    return out.getvalue()


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def png_of(parts: list[tuple[bytes, bytes]]) -> bytes:
    out = b"\x89PNG\r\n\x1a\n"
    for kind, body in parts:
        crc = zlib.crc32(kind + body)
        out += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)
    return out


def transplanted(credentials_of: bytes, onto: bytes) -> bytes:
    """The second PNG's picture with the first one's credentials."""
    manifest = [c for c in chunks(credentials_of) if c[0] == b"caBX"]
    parts = [c for c in chunks(onto) if c[0] != b"caBX"]
    return png_of([parts[0], *manifest, *parts[1:]])


def repainted(file: bytes, cells: int = 3) -> bytes:
    """Some of the picture painted over, the credentials left as they were."""
    pixels = pixels_of(file).copy()
    for i in range(cells):
        pixels[32 * i : 32 * i + 32, 64:96, :3] ^= 0x5A
    return transplanted(file, encoded(pixels, "PNG"))


@dataclass
class Made:
    """One work on its way."""

    work: Rendering
    said: credentials.GenerationClaim
    file: bytes
    attestation: Attestation

    @property
    def pixels(self) -> np.ndarray:
        return self.work.pixels


@dataclass
class World:
    """A firm. `register` shows it as a verifier sees it."""

    name: str
    salt: int
    stamps: str | None = None
    models: list[ModelEntry] = field(default_factory=list)
    anchors: dict = field(default_factory=dict)
    works: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = Key(self.salt * 1000 + 1)
        self.artist = Key(self.salt * 1000 + 2)
        self.contracts = [Address("0x" + f"{self.salt * 100 + i:040x}") for i in range(3)]
        self.root = authority.found(self.name, NOW)
        self.identity = authority.issue_model(self.root, "portraits", self.key.address, CHAIN, NOW)
        self.record = ModelRecord(
            ModelId(f"{self.salt:064x}"),
            "portraits",
            "exact/1",
            Digest("bb" * 32),
            Digest("cc" * 32),
            "CC0-1.0",
        )
        self.models = [
            ModelEntry(
                id=self.record.id,
                signer=self.key.address,
                state="authorised",
                weights_sha256=self.record.weights_sha256,
                data_root=self.record.data_root,
                record=self.record.digest,
                bias_report=self.record.bias_digest,
                certificate_key=self.identity.key_digest,
                authorised_from=T0,
            )
        ]
        self.firm = FirmIdentity(
            self.name,
            CHAIN,
            *self.contracts,
            roots=(self.root.root_pem,),
            basis="firm",
        )

    @property
    def domain(self) -> signing.Domain:
        return signing.works_domain(CHAIN, self.contracts[0])

    def notary(self, identity: authority.Identity | None = None, stamps: bool = True):
        return credentials.Notary(identity or self.identity, self.stamps if stamps else None)

    def make(
        self, seed: int, *, identity=None, key=None, pixels=None, audio=None, edit=None, stamps=True
    ):
        """Render, record, sign and certify; `edit` changes the record after it was signed."""
        pixels = art(seed + self.salt * 10_000) if pixels is None else pixels
        kind = "music" if audio else "picture"
        work = Rendering(pixels, seed, {"truncation": 0.7}, kind, audio)
        said = record.describe(work, self.record, 1, NOW)
        signature = signing.sign(
            key or self.key,
            self.domain,
            signing.Generation(said.content, said.digest, said.model),
        )
        notary = self.notary(identity, stamps)
        claim = credentials.GenerationClaim(
            record=edit(said) if edit else said,
            signature=signature,
            signer=self.key.address,
            token=signing.token_uri(CHAIN, self.contracts[0], said.content),
            certificate=notary.certificate,
        )
        file = notary.certify(encode(work)[1], claim, self.record, f"Work {seed}")
        attestation = Attestation(
            said.content,
            said.digest,
            said.model,
            Digest("11" * 32),
            Digest("12" * 32),
            (),
            self.artist.address,
        )
        return Made(work, claim, file, attestation)

    def keep(self, made: Made, **token: object) -> None:
        """Enter a certified work into the firm's records, minted when token facts are given."""
        self.works[made.attestation.work] = BundledWork(
            Kept(
                made.attestation,
                fingerprint=prints.take(content_of(made.work)),
                record=made.said.record,
            ),
            Token(
                self.record.id,
                self.artist.address,
                int(token["minted_at"]),
                made.attestation.metadata,
                bool(token.get("burnt", False)),
            )
            if token
            else None,
        )

    def anchor(self, made: list[Made], time: int = T0 + 100, **token: object) -> list[bytes]:
        """Anchor the works at a block time; their files with the anchor inside."""
        batch = AnchorBatch(self.record.id, tuple(m.attestation for m in made))
        tree = batch.tree
        self.anchors[self.record.id, tree.root] = Anchored(time, "0x" + "ab" * 32)
        files = []
        for one in made:
            self.keep(one, **token)
            held = self.works[one.attestation.work]
            proof = tree.proof(one.attestation.leaf)
            self.works[one.attestation.work] = replace(
                held, kept=replace(held.kept, root=tree.root, proof=proof)
            )
            claim = credentials.AnchorClaim(
                one.attestation, proof, tree.root, CHAIN, self.contracts[1], "0x" + "ab" * 32, time
            )
            files.append(self.notary().add_anchor(one.file, claim))
        return files

    @property
    def register(self) -> Bundle:
        return Bundle(self.firm, tuple(self.models), dict(self.anchors), dict(self.works))

    def with_model(self, **changes: object) -> Bundle:
        return replace(self.register, models=(replace(self.models[0], **changes),))

    def with_firm(self, **changes: object) -> Bundle:
        return replace(self.register, firm=replace(self.firm, **changes))
