"""Verification as everybody runs it: find out whom to ask, then let the proof room judge.

Whom to ask, in this order: the bundle that was given; the firm at hand, by its chain, or by the
bundle it last wrote when the chain does not answer; else the chain that the file itself names,
which is then said in the verdict. The file is never trusted to say who is right.
"""

from __future__ import annotations

import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medici.errors import MissingPart, NoFirm, NotDeployed, UnreadableFile
from medici.provenance import verify as judging
from medici.provenance.bundle import Bundle, BundledWork
from medici.provenance.examine import examine
from medici.provenance.register import FirmIdentity
from medici.store import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from medici.firm.house import Firm
    from medici.firm.register import ChainRegister
    from medici.ledger.chain import Chain
    from medici.ledger.rpc import Rpc
    from medici.provenance.examine import Findings
    from medici.provenance.register import Register
    from medici.records import Address, GenerationRecord, WorkId

USUAL_NODE = "http://127.0.0.1:8545"
"""Where a node of one's own listens by custom; asked when the file names a chain and no other is
known."""


def firm_at_hand(
    folder: Path | None, network: str | None, bundle: Path | None = None
) -> Firm | None:
    """The firm that a file is checked against: the one named, or the one around here, if any.

    Raises:
        NoFirm: a folder was named and holds none.
    """
    from medici.firm.house import Firm

    if folder is None and bundle is not None:
        return None
    try:
        return Firm.open(folder or Path.cwd(), network)
    except NoFirm:
        if folder is not None:
            raise
        return None


def verify_file(
    firm: Firm | None,
    source: Path | bytes,
    *,
    rerun: bool = False,
    offline: bool = False,
    bundle: Path | None = None,
    rpc: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, Any]:
    """Judge a file; the answer is what ``medici verify --json`` prints.

    Args:
        firm: the firm at hand, if any.
        source: path or bytes of an untrusted file.
        rerun: make the work again from its record and compare.
        offline: ask no chain, only the firm's bundle.
        bundle: a trust bundle to check against, instead of the firm at hand.
        rpc: a node of the chain that the file names, when no firm is at hand.
        environ: where ``MEDICI_RPC_URL`` is looked up.

    Raises:
        UnreadableFile: the file is no picture or sound, or the bundle is no bundle.
        MissingPart: there is a firm but neither its chain nor a bundle of it.
    """
    with ExitStack() as stack:
        register: Register | None = None
        if bundle is not None:
            register = _bundle(bundle)
            found = examine(source, register.firm.roots)
        elif firm is not None:
            # The child process looks into the file while this one finds out whom to ask.
            hand = stack.enter_context(ThreadPoolExecutor(1))
            looking = hand.submit(examine, source, firm.trusted_roots)
            register = _of_firm(firm, stack, offline)
            found = looking.result()
        else:
            found = examine(source)
        if register is None and not offline:
            node = rpc or environ.get("MEDICI_RPC_URL") or USUAL_NODE
            register = _of_file(found, node, stack, asked=rpc is not None)
        again = _renderer(firm) if rerun else None
        return judging.judge(found, register, rerun=again).as_json()


def _bundle(path: Path) -> Bundle:
    try:
        return Bundle.load(path.read_bytes())
    except OSError as error:
        raise UnreadableFile(f"bundle {path} cannot be read: {error.strerror}") from error


def own_bundle(firm: Firm) -> Path:
    """Where a firm keeps the bundle it last wrote, for the chain in use."""
    return firm.settings.state / "bundles" / f"{firm.settings.network}.json"


def _of_firm(firm: Firm, stack: ExitStack, offline: bool) -> Register:
    path = own_bundle(firm)
    if not offline:
        try:
            return _live(firm, stack)
        except MissingPart:
            if not path.exists():
                raise
    if not path.exists():
        raise NotDeployed(
            "this firm has written no trust bundle yet", "medici bundle FILE writes one"
        )
    return _bundle(path)


def _live(firm: Firm, stack: ExitStack) -> ChainRegister:
    from medici.firm.register import ChainRegister
    from medici.ledger import deployment
    from medici.ledger.networks import connect
    from medici.ledger.reader import Reader

    rpc = stack.enter_context(connect(firm.network, firm.settings.state))
    chain_id = int(rpc.call("eth_chainId"), 16)
    works = deployment.load(firm.settings.state, chain_id).address("Works")
    reader = Reader(rpc, works)
    identity = FirmIdentity(
        firm.settings.firm.name,
        chain_id,
        works,
        reader.anchors,
        reader.registry,
        firm.trusted_roots,
    )
    return ChainRegister(identity, reader, firm.catalogue)


def _of_file(found: Findings, node: str, stack: ExitStack, *, asked: bool) -> ChainRegister | None:
    named = judging.named_firm(found)
    if named is None:
        return None
    chain_id, works = named
    from medici.ledger.rpc import Rpc

    try:
        rpc = stack.enter_context(Rpc(node))
        if int(rpc.call("eth_chainId"), 16) != chain_id:
            return None
        return _by_address(rpc, chain_id, works)
    except MissingPart:
        if asked:
            raise
        return None


def _by_address(rpc: Rpc, chain_id: int, works: Address) -> ChainRegister:
    from medici.firm.register import ChainRegister
    from medici.ledger.reader import Reader

    reader = Reader(rpc, works)
    identity = FirmIdentity(
        reader.name(), chain_id, works, reader.anchors, reader.registry, basis="file"
    )
    return ChainRegister(identity, reader)


def _renderer(firm: Firm | None) -> Callable[[GenerationRecord], WorkId]:
    """Makes a work again with the firm's model, or a shipped one, if it is the record's."""
    from medici.content import content_digest
    from medici.studio.families import with_id

    def render(said: GenerationRecord) -> WorkId:
        model = firm.generator if firm is not None else None
        if model is None or model.id != said.model:
            model = with_id(said.model)
        if model is None:
            raise MissingPart(
                f"the work was made by model {said.model[:16]}, which is not here",
                "set studio.model to its folder",
            )
        return content_digest(model.sample(said.seed, said.style))

    return render


def write_bundle(firm: Firm, chain: Chain, path: Path | None = None) -> Path:
    """Write all that a verifier needs to know of the firm today, signed by the artist.

    Args:
        firm: whose.
        chain: where its contracts are.
        path: where to; the firm's own place by default.
    """
    from medici.firm.register import ChainRegister
    from medici.firm.registering import models
    from medici.ledger.reader import Reader
    from medici.provenance.record import rfc3339
    from medici.records import ModelId

    reader = Reader(chain.rpc, chain.contracts.works.address)
    identity = FirmIdentity(
        firm.settings.firm.name,
        chain.chain_id,
        reader.works,
        reader.anchors,
        reader.registry,
        firm.trusted_roots,
        as_of=rfc3339(dt.datetime.fromtimestamp(chain.now(), dt.UTC)),
    )
    register = ChainRegister(identity, reader, firm.catalogue)
    known = [register.model(ModelId(model["id"])) for model in models(chain)]
    anchors, works = {}, {}
    for entry in firm.catalogue:
        kept = register.kept(entry.id)
        if kept is None:
            continue
        token = register.token(entry.id)
        custody = tuple(register.custody(entry.id)) if token else ()
        works[entry.id] = BundledWork(kept, token, custody)
        key = (kept.attestation.model, kept.root)
        if kept.root is not None and key not in anchors:
            anchored = register.anchored(*key)  # type: ignore[arg-type]
            if anchored is not None:
                anchors[kept.attestation.model, kept.root] = anchored
    bundle = Bundle(identity, tuple(m for m in known if m), anchors, works)
    target = path or own_bundle(firm)
    atomic_write(target, bundle.export(firm.key("artist")))
    return target
