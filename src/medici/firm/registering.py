"""The firm's model in its registry: proposed by the artist, authorised by governance.

A model has two keys, cross-bound: an account that signs for it on the chain, and a certificate that
signs Content Credentials in files. The certificate names the account, the registry the certificate.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from medici.ledger.clients.structs import Model
from medici.ledger.timelock import govern
from medici.provenance import authority
from medici.records import ZERO_DIGEST, Digest, ModelId
from medici.store import atomic_write

if TYPE_CHECKING:
    from medici.firm.house import Firm
    from medici.ledger.chain import Chain
    from medici.provenance.authority import Identity

STATES = ("unknown", "proposed", "authorised", "retired", "revoked")
"""Names of the registry's states, in their order."""


def signer_role(firm: Firm) -> str:
    """The name of the key that signs for the model in use; each model has its own."""
    return f"model-{firm.generator.id[:12]}"


def root_certificate(firm: Firm) -> Identity:
    """The firm's own certificate authority, made when first needed."""
    path = firm.settings.state / "certificates" / "root.pem"
    if path.exists():
        return authority.Identity.unseal(path.read_bytes(), firm.password())
    made = authority.found(firm.settings.firm.name, datetime.now(UTC))
    atomic_write(path.with_name("root.crt"), made.root_pem.encode())
    atomic_write(path, made.seal(firm.password()), 0o600)
    return made


def model_certificate(firm: Firm, chain_id: int) -> Identity:
    """The certificate of the model in use on this chain, issued when first needed."""
    role = signer_role(firm)
    path = firm.settings.state / "certificates" / f"{role}-{chain_id}.pem"
    if path.exists():
        return authority.Identity.unseal(path.read_bytes(), firm.password())
    made = authority.issue_model(
        root_certificate(firm),
        firm.generator.record.name,
        firm.keyring.address(role),
        chain_id,
        datetime.now(UTC),
    )
    atomic_write(path, made.seal(firm.password()), 0o600)
    return made


def time_stamper(firm: Firm) -> Identity:
    """The certificate of the firm's time-stamp authority, issued when first needed."""
    path = firm.settings.state / "certificates" / "time-stamps.pem"
    if path.exists():
        return authority.Identity.unseal(path.read_bytes(), firm.password())
    made = authority.issue_time_stamper(root_certificate(firm), datetime.now(UTC))
    atomic_write(path, made.seal(firm.password()), 0o600)
    return made


def details(firm: Firm, chain: Chain) -> Model:
    """What the registry is told of the model in use."""
    record = firm.generator.record
    return Model(
        id_=record.id,
        predecessor=ZERO_DIGEST,
        signer=firm.keyring.address(signer_role(firm)),
        weights_digest=record.weights_sha256,
        data_root=record.data_root,
        record_digest=record.digest,
        bias_report_digest=record.bias_digest,
        certificate_key_digest=model_certificate(firm, chain.chain_id).key_digest,
        data_licence=record.data_licence,
    )


def register(firm: Firm, chain: Chain) -> dict[str, Any]:
    """Propose the model in use and have governance authorise it; done before, it only tells.

    Raises:
        StillPending: the timelock's delay is not over; the same call goes on after it.
    """
    registry, model = chain.contracts.registry, firm.generator.id
    state = STATES[registry.state_of(model)]
    if state in ("unknown", "proposed"):
        said, artist = details(firm, chain), firm.key("artist")
        chain.send(f"model/{model}/propose", artist, registry.propose(said))
        authorise = registry.authorise(said)
        govern(chain.sender, chain.contracts.timelock, f"model/{model}", artist, authorise)
        state = STATES[registry.state_of(model)]
    return {"id": model, "name": firm.generator.record.name, "state": state}


def models(chain: Chain) -> list[dict[str, Any]]:
    """Every model that was ever authorised, in order."""
    registry = chain.contracts.registry
    found = []
    for number in range(1, registry.count() + 1):
        model = registry.model_of(registry.model_at(number))
        begun, ended = registry.span_of(model.id_)
        found.append(
            {
                "id": model.id_,
                "state": STATES[registry.state_of(model.id_)],
                "signer": model.signer,
                "weights_sha256": model.weights_digest,
                "data_root": model.data_root,
                "data_licence": model.data_licence,
                "authorised_from": begun,
                "authorised_until": ended or None,
            }
        )
    return found


def revoke(firm: Firm, chain: Chain, model: ModelId, reason: str) -> dict[str, Any]:
    """End a model's word in distrust, through the timelock.

    Raises:
        ChainRefused: the model was never authorised, or is revoked already.
        StillPending: the timelock's delay is not over.
    """
    registry, artist = chain.contracts.registry, firm.key("artist")
    call = registry.revoke(Digest(model), reason)
    govern(chain.sender, chain.contracts.timelock, f"model/{model}/revoke", artist, call)
    return {"id": model, "state": STATES[registry.state_of(model)]}
