"""A work's way through the rooms: generated, certified, anchored.

Works are known by their content, so each step can be given the same works again: what was done
stays as it is, what is missing is done.
"""

from __future__ import annotations

import datetime as dt
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medici.content import digest, encode_png
from medici.errors import MissingPart, WrongUse
from medici.firm import registering, titles
from medici.firm.catalogue import Entry
from medici.firm.launch import income_split
from medici.provenance import anchor as batches
from medici.provenance import credentials, metadata, prints, record, signing, timestamp
from medici.provenance.examine import MAX_FILE_BYTES
from medici.records import Attestation, Cid, Digest
from medici.store import atomic_write
from medici.studio.making.files import write_work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from medici.firm.house import Firm
    from medici.ledger.calls import Call
    from medici.ledger.chain import Chain
    from medici.records import ModelRecord, Rendering

JSON = dict[str, Any]
BATCH = 64
"""Works rendered at a time, so that memory stays flat however many are asked for."""
_MOST_BYTES = MAX_FILE_BYTES - (1 << 20)  # the rest is for credentials


def enter(
    firm: Firm,
    rendering: Rendering,
    *,
    created: dt.datetime,
    title: str = "",
    number: int = 0,
    scores: dict[str, float] | None = None,
    out: Path | None = None,
) -> Entry:
    """Put a work into the firm's catalogue; one that is there already stays as it is.

    Raises:
        MissingPart: works of this kind cannot be proven yet.
        WrongUse: it is too long to be verified.
    """
    if rendering.text is not None:
        raise MissingPart(
            "a firm proves and sells pictures and music; works of kind "
            f"{rendering.kind} only come as files",
            "medici generate --model NAME outside a firm writes them",
        )
    if rendering.audio is not None and rendering.audio.samples.nbytes > _MOST_BYTES:
        raise WrongUse(
            f"the work of seed {rendering.seed} is longer than verifiers read",
            "fewer bars, or a higher tempo",
        )
    model = firm.generator.record
    version = firm.settings.studio.style_version
    said = record.describe(rendering, model, version, created)
    known = firm.catalogue.get(said.content)
    if known is not None and (firm.folder / known.file).exists():
        return known
    path = write_work(out or firm.folder / "out" / "works", rendering)
    file = str(path.relative_to(firm.folder)) if path.is_relative_to(firm.folder) else str(path)
    heard = rendering.audio is not None
    return firm.catalogue.put(
        Entry(
            id=said.content,
            title=title or titles.title(rendering),
            file=file,
            round=number,
            scores=scores or {},
            generation=said.as_json(),
            cover=firm.store.put(encode_png(rendering.pixels)) if heard else "",
        )
    )


def certify(firm: Firm, chain: Chain, entries: Sequence[Entry]) -> list[Entry]:
    """Sign works: record, model's signature, Content Credentials, metadata and attestation.

    Raises:
        NoKey, WrongPassword: the model's key is not there, or does not open.
        WrongUse: a work was made by another model than the one in use.
    """
    todo = [entry for entry in entries if not entry.certified]
    if todo:
        with _notary(firm, chain) as notary:
            desk = _Desk(firm, chain, notary)
            for entry in todo:
                _certify(desk, entry)
    return [firm.catalogue.find(entry.id) for entry in entries]


@contextmanager
def _notary(firm: Firm, chain: Chain) -> Iterator[credentials.Notary]:
    """Who writes credentials, with the firm's own time-stamp authority at hand."""
    stamper, certificate = registering.time_stamper(firm), registering.model_certificate
    with timestamp.serving(stamper, lambda: dt.datetime.now(dt.UTC)) as url:
        yield credentials.Notary(certificate(firm, chain.chain_id), url)


class _Desk:
    """What certifying needs, fetched once for many works."""

    def __init__(self, firm: Firm, chain: Chain, notary: credentials.Notary) -> None:
        self.firm, self.chain, self.notary = firm, chain, notary
        self.model: ModelRecord = firm.generator.record
        self.signer = firm.key(registering.signer_role(firm))
        self.artist = firm.keyring.address("artist")
        self.domain = signing.works_domain(chain.chain_id, chain.contracts.works.address)
        self.split = income_split(firm, chain).id


def _certify(desk: _Desk, entry: Entry) -> None:
    firm, said = desk.firm, entry.record
    if said.model != desk.model.id:
        raise WrongUse(
            f"{entry.title} was made by model {said.model[:16]}, not by the one in use",
            "set studio.model to the model that made it",
        )
    token = desk.chain.token_uri(entry.id)
    word = signing.sign(
        desk.signer, desk.domain, signing.Generation(said.content, said.digest, said.model)
    )
    path = firm.folder / entry.file
    content = firm.decode(path)
    if digest(content) != entry.id:
        raise WrongUse(f"{path} is not the work any more", "medici generate makes it again")
    claim = credentials.GenerationClaim(
        record=said,
        signature=word,
        signer=desk.signer.address,
        token=token,
        certificate=desk.notary.certificate,
    )
    file = desk.notary.certify(path.read_bytes(), claim, desk.model, entry.title)
    certified = firm.store.put(file)
    words = metadata.token_metadata(
        said,
        desk.model,
        Cid(entry.cover) if entry.cover else certified,
        name=entry.title,
        description=firm.settings.firm.description,
        token=token,
        animation=certified if entry.cover else None,
    )
    attestation = Attestation(
        work=entry.id,
        record=said.digest,
        model=said.model,
        metadata=Digest.of(words),
        split=desk.split,
        parents=(),
        creator=desk.artist,
    )
    atomic_write(path, file, durable=False)  # the store keeps it, too
    firm.catalogue.put(
        entry.with_(
            fingerprint=prints.take(content).as_json(),
            certified=certified,
            metadata=firm.store.put(words),
            attestation=attestation.as_json(),
            signature=signing.sign(desk.signer, desk.domain, attestation).hex(),
        )
    )


def anchor(firm: Firm, chain: Chain, entries: Sequence[Entry], *, dry_run: bool = False) -> JSON:
    """Anchor certified works in one transaction and write the proof into their files.

    The batch is written down before it is sent, so that one which was cut off is finished as it
    was begun. Works that are anchored already are left out; with none left nothing is sent.

    Returns:
        ``root``, ``count``, ``tx``, ``time`` and where the batch lies; ``root`` is null when there
        was nothing to do.

    Raises:
        ChainRefused: the model is not authorised.
    """
    begun = firm.settings.state / "batches"
    for path in sorted(begun.glob("*.json")):
        _finish(firm, chain, batches.AnchorBatch.from_json(json.loads(path.read_bytes())), path)
    entries = [firm.catalogue.find(entry.id) for entry in entries]
    attestations = tuple(e.attested for e in entries if e.stage == "certified")
    if attestations:
        batch = batches.AnchorBatch(attestations[0].model, attestations)
        if dry_run:
            artist = firm.key("artist")
            return chain.dry_run(artist, _anchor_call(firm, chain, batch))
        path = begun / f"{batch.tree.root}.json"
        atomic_write(path, batch.canonical)
        _finish(firm, chain, batch, path)
        entries = [firm.catalogue.find(entry.id) for entry in entries]
    for entry in entries:
        if entry.anchor:
            return {key: value for key, value in entry.anchor.items() if key != "proof"}
    return {"root": None, "count": 0}


def _anchor_call(firm: Firm, chain: Chain, batch: batches.AnchorBatch) -> Call:
    signer = firm.key(registering.signer_role(firm))
    anchors = chain.contracts.anchors
    domain = signing.anchors_domain(chain.chain_id, anchors.address)
    signature = signing.sign(signer, domain, batch.claim)
    return anchors.anchor(batch.model, batch.tree.root, len(batch.attestations), signature)


def _finish(firm: Firm, chain: Chain, batch: batches.AnchorBatch, path: Path) -> None:
    """Send a batch that is written down, tell its works, and strike it off."""
    tree = batch.tree
    call = _anchor_call(firm, chain, batch)
    receipt = chain.send(f"anchor/{tree.root}", firm.key("artist"), call)
    said: JSON = {
        "root": tree.root,
        "count": len(batch.attestations),
        "uri": firm.store.put(batch.canonical).uri,
        "chain_id": chain.chain_id,
        "contract": chain.contracts.anchors.address,
        "tx": receipt.hash,
        "time": record.rfc3339(dt.datetime.fromtimestamp(receipt.time, dt.UTC)),
    }
    with _notary(firm, chain) as notary:
        for attestation in batch.attestations:
            entry = firm.catalogue.find(attestation.work)
            claim = credentials.AnchorClaim(
                attestation=attestation,
                proof=tree.proof(attestation.leaf),
                root=tree.root,
                chain_id=chain.chain_id,
                anchors=chain.contracts.anchors.address,
                tx=receipt.hash,
                time=receipt.time,
            )
            anchored = notary.add_anchor(firm.store.get(entry.certified_cid), claim)
            firm.store.put(anchored)
            atomic_write(firm.folder / entry.file, anchored, durable=False)
            firm.catalogue.put(entry.with_(anchor=said | {"proof": list(claim.proof)}))
    path.unlink()


def generate(
    firm: Firm,
    seeds: Sequence[int],
    style: JSON,
    out: Path | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> JSON:
    """Make works by hand and enter them into the catalogue.

    Returns:
        what ``medici generate --json`` prints.

    Raises:
        BadStyle: a style key is unknown or out of range.
    """
    works = []
    for start in range(0, len(seeds), BATCH):
        part = list(seeds[start : start + BATCH])
        for rendering in firm.render(part, style):
            entry = enter(firm, rendering, created=dt.datetime.now(dt.UTC), out=out)
            works.append(shown(entry.id, firm.folder / entry.file, rendering))
        progress(start + len(part))
    return {
        "model": firm.generator.id,
        "renderer": firm.generator.record.renderer,
        "works": works,
    }


def shown(work: str, file: Path, rendering: Rendering) -> JSON:
    """A generated work as commands print it."""
    return {
        "id": work,
        "file": str(file),
        "seed": rendering.seed,
        "style": dict(rendering.style),
        "kind": rendering.kind,
    }


def certify_files(firm: Firm, chain: Chain, files: Sequence[Path]) -> list[Entry]:
    """Certify works that were generated here, given as files.

    Raises:
        UnreadableFile: a file is neither a picture nor a sound.
        WrongUse: a file was not generated here.
    """
    entries = []
    for file in files:
        entry = firm.catalogue.get(digest(firm.decode(file)))
        if entry is None:
            raise WrongUse(
                f"{file} was not generated here", "medici generate makes works; only those are ours"
            )
        entries.append(entry)
    return certify(firm, chain, entries)
