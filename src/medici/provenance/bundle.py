"""The trust bundle: one file with which anybody verifies a firm's works without a node.

It is a snapshot of what the chain and the firm say, canonical JSON, signed by an account of the
firm. Whoever uses it decides where they got it from; the signature shows that it is whole.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from eth_hash.auto import keccak

from medici.errors import UnreadableFile, WrongUse
from medici.provenance import prints, signing
from medici.provenance.register import Anchored, Event, FirmIdentity, Kept, ModelEntry, Token
from medici.records import (
    Address,
    Attestation,
    Digest,
    GenerationRecord,
    ModelId,
    WorkId,
    canonical_json,
)
from medici.untrusted import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medici.provenance.fingerprint import Match
    from medici.provenance.prints import AnyQuery

SCHEMA = "medici/bundle/2"
READ = ("medici/bundle/1", SCHEMA)
"""The first had fingerprints of pictures only."""


@dataclass(frozen=True, slots=True)
class BundledWork:
    """One work as the bundle holds it; what is None or empty was not known at export."""

    kept: Kept
    token: Token | None = None
    custody: tuple[Event, ...] = ()
    licences: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True)
class Bundle:
    """A firm's facts at one time. Implements `register.Register`.

    Attributes:
        firm: identity with the root certificates; its ``as_of`` is the time of export.
        models: the registry's entries.
        anchors: anchored roots by model and root.
        works: by content digest.
    """

    firm: FirmIdentity
    models: tuple[ModelEntry, ...] = ()
    anchors: Mapping[tuple[ModelId, Digest], Anchored] = field(default_factory=dict)
    works: Mapping[WorkId, BundledWork] = field(default_factory=dict)

    def model(self, model: ModelId) -> ModelEntry | None:
        """The registry's entry."""
        return next((m for m in self.models if m.id == model), None)

    def model_of_signer(self, signer: Address) -> ModelEntry | None:
        """The model for which an account signs."""
        return next((m for m in self.models if m.signer == signer), None)

    def anchored(self, model: ModelId, root: Digest) -> Anchored | None:
        """When the model anchored the root."""
        return self.anchors.get((model, root))

    def token(self, work: WorkId) -> Token | None:
        """The minted work."""
        held = self.works.get(work)
        return held.token if held else None

    def kept(self, work: WorkId) -> Kept | None:
        """What the bundle holds of it."""
        held = self.works.get(work)
        return held.kept if held else None

    def similar(self, asked: AnyQuery) -> list[Match]:
        """Works that the picture or the sound may come from, surest first."""
        return self._index.search(asked)

    def custody(self, work: WorkId) -> list[Event]:
        """Transfers and the like, oldest first."""
        held = self.works.get(work)
        return list(held.custody) if held else []

    def licences(self, work: WorkId) -> list[dict[str, str]]:
        """Licences sold on the work."""
        held = self.works.get(work)
        return list(held.licences) if held else []

    @cached_property
    def _index(self) -> prints.Index:
        return prints.Index(
            (work, held.kept.fingerprint)
            for work, held in self.works.items()
            if held.kept.fingerprint
        )

    def as_json(self) -> dict[str, Any]:
        """Everything but the signature, as plain JSON."""
        firm = asdict(self.firm)
        del firm["basis"]
        return {
            "schema": SCHEMA,
            "firm": firm | {"roots": list(self.firm.roots)},
            "models": [asdict(model) for model in self.models],
            "anchors": [
                {"model": model, "root": root, "time": at.time, "tx": at.tx}
                for (model, root), at in sorted(self.anchors.items())
            ],
            "works": [_work_json(self.works[work]) for work in sorted(self.works)],
        }

    def export(self, signer: signing.Signer) -> bytes:
        """The bundle as canonical JSON with the signer's word on it."""
        data = self.as_json()
        data["signer"] = signer.address
        data["signature"] = "0x" + signer.sign_digest(_digest(data, self.firm)).hex()
        return canonical_json(data)

    @classmethod
    def load(cls, text: bytes, signer: Address | None = None) -> Bundle:
        """Read what `export` wrote.

        Args:
            text: the file.
            signer: the account that must have signed; any account when None.

        Raises:
            UnreadableFile: malformed, of another schema, changed after signing, or signed by
                another account.
        """
        try:
            data = read_json(text)
            if data["schema"] not in READ:
                raise UnreadableFile(
                    f"unknown bundle schema {data['schema']!r}",
                    f"this version reads {' and '.join(READ)}",
                )
            signature = bytes.fromhex(data.pop("signature").removeprefix("0x"))
            said = Address(data["signer"])
            bundle = cls(
                _firm_from(data["firm"]),
                tuple(_model_from(m) for m in data["models"]),
                {
                    (ModelId(a["model"]), Digest(a["root"])): Anchored(int(a["time"]), a["tx"])
                    for a in data["anchors"]
                },
                {work.kept.attestation.work: work for work in map(_work_from, data["works"])},
            )
            who = signing.recover_digest(_digest(data, bundle.firm), signature)
        except UnreadableFile:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, WrongUse) as error:
            raise UnreadableFile(f"not a trust bundle: {error}") from error
        if who is None or who != said or signer not in (None, said):
            raise UnreadableFile(
                "the trust bundle does not bear the signature it should",
                "get it again from the firm; it was changed, or somebody else made it",
            )
        return bundle


def _digest(data: Mapping[str, Any], firm: FirmIdentity) -> bytes:
    """EIP-712 digest of ``Bundle(bytes32 digest)`` under the firm's registry contract."""
    body = Digest.of(canonical_json({k: v for k, v in data.items() if k != "signature"}))
    domain = signing.Domain("Medici Bundle", firm.chain_id, firm.registry)
    return domain.digest(keccak(keccak(b"Bundle(bytes32 digest)") + body.raw))


def _work_json(work: BundledWork) -> dict[str, Any]:
    kept, token = work.kept, work.token
    return {
        "attestation": kept.attestation.as_json(),
        "root": kept.root,
        "proof": list(kept.proof),
        "fingerprint": kept.fingerprint.as_json() if kept.fingerprint else None,
        "record": kept.record.as_json() if kept.record else None,
        "token": asdict(token) if token else None,
        "custody": [event.as_json() for event in work.custody],
        "licences": list(work.licences),
    }


def _work_from(data: Mapping[str, Any]) -> BundledWork:
    token = data["token"]
    return BundledWork(
        Kept(
            Attestation.from_json(data["attestation"]),
            Digest(data["root"]) if data["root"] else None,
            tuple(Digest(d) for d in data["proof"]),
            prints.from_json(data["fingerprint"]) if data["fingerprint"] else None,
            GenerationRecord.from_json(data["record"]) if data["record"] else None,
        ),
        Token(
            ModelId(token["model"]),
            Address(token["owner"]) if token["owner"] else None,
            int(token["minted_at"]),
            Digest(token["metadata"]),
            bool(token["burnt"]),
        )
        if token
        else None,
        tuple(Event(**event) for event in data["custody"]),
        tuple(dict(licence) for licence in data["licences"]),
    )


def _firm_from(data: Mapping[str, Any]) -> FirmIdentity:
    return FirmIdentity(
        name=str(data["name"]),
        chain_id=int(data["chain_id"]),
        works=Address(data["works"]),
        anchors=Address(data["anchors"]),
        registry=Address(data["registry"]),
        roots=tuple(str(pem) for pem in data["roots"]),
        basis="bundle",
        as_of=str(data["as_of"]),
    )


def _model_from(data: Mapping[str, Any]) -> ModelEntry:
    if data["state"] not in ("proposed", "authorised", "retired", "revoked"):
        raise UnreadableFile(f"unknown state of a model: {data['state']!r}")
    return ModelEntry(
        id=ModelId(data["id"]),
        signer=Address(data["signer"]),
        state=data["state"],
        weights_sha256=Digest(data["weights_sha256"]),
        data_root=Digest(data["data_root"]),
        record=Digest(data["record"]),
        bias_report=Digest(data["bias_report"]),
        certificate_key=Digest(data["certificate_key"]),
        authorised_from=int(data["authorised_from"]),
        authorised_until=int(data["authorised_until"]),
    )
