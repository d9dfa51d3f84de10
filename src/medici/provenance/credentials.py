"""Content Credentials (C2PA) inside the work's file: written by the firm, read without trust.

A certified file carries the generation record, the model's signature and the future token's name;
once anchored, an update manifest in the same file adds attestation, Merkle proof and where the
root stands. docs/spec/credentials.md describes both assertions.
"""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import c2pa

from medici.content import media_type
from medici.errors import UnreadableFile, WrongUse
from medici.provenance.claims import ANCHOR, GENERATION
from medici.provenance.claims import AnchorClaim as AnchorClaim
from medici.provenance.claims import GenerationClaim as GenerationClaim
from medici.records import Cid, Digest, canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medici.provenance.authority import Identity
    from medici.records import ModelRecord

_AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
# Failures that say whose word it is, not that the file was changed.
_NOT_TAMPERING = ("signingCredential.", "timeStamp.", "claimSignature.outsideValidity")

State = Literal["trusted", "untrusted", "tampered", "missing"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was found in a file.

    Attributes:
        state: ``trusted`` when the chain of certificates ends at a given root, ``untrusted`` when
            intact but somebody else's, ``tampered`` when the file is not what was signed.
        pinned: SHA-256 of the public key the credentials are signed with, to be compared with the
            registry's; known only when trusted.
        generation: the claim, None without a readable one.
        anchor: the claim, None without a readable one.
        own: the active manifest itself makes a claim of ours; else ours is only an ingredient of
            somebody's edit.
        problems: codes of what failed, as C2PA names them.
    """

    state: State
    pinned: Digest | None = None
    generation: GenerationClaim | None = None
    anchor: AnchorClaim | None = None
    own: bool = False
    problems: tuple[str, ...] = ()


class Notary:
    """Writes credentials with one model's certificate.

    Args:
        identity: certificate of `authority.issue_model`.
        time_stamps: URL of a running time-stamp authority, None to go without.
    """

    def __init__(self, identity: Identity, time_stamps: str | None) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding

        self.certificate: bytes = identity.certificate.public_bytes(Encoding.DER)
        self._root = identity.root_pem
        self._context = _context([identity.root_pem])
        self._signer = c2pa.Signer.from_info(
            c2pa.C2paSignerInfo(
                "es256", identity.pem.encode(), identity.key_pem.encode(), time_stamps
            )
        )

    def certify(
        self, file: bytes, claim: GenerationClaim, model: ModelRecord, title: str = ""
    ) -> bytes:
        """The file with credentials inside.

        Args:
            file: the claim's content as a PNG or WAV; whatever credentials it has are replaced.
            claim: what to say; its certificate must be this notary's.
            model: named as the ingredient the work was made with.
            title: shown by viewers of credentials.
        """
        if claim.certificate != self.certificate:
            raise WrongUse("the claim names another certificate than the one that signs it")
        record = canonical_json(model.as_json())
        definition = {
            "claim_generator_info": [_generator()],
            "title": title or claim.record.content,
            "format": media_type(file),
            "assertions": [
                {
                    "label": "c2pa.actions.v2",
                    "data": {
                        "actions": [
                            {
                                "action": "c2pa.created",
                                "when": claim.record.created,
                                "digitalSourceType": _AI,
                                "parameters": {"ingredientIds": ["model"]},
                            }
                        ]
                    },
                },
                {"label": GENERATION, "data": claim.as_json()},
            ],
        }
        ingredient = {
            "title": f"{model.name} (model record)",
            "label": "model",
            "instance_id": "model",
            "relationship": "inputTo",
            "description": f"sha256:{model.digest}",
            "informational_URI": Cid.of_raw(record).uri,
            "data_types": [{"type": "c2pa.types.model"}],
        }
        builder = c2pa.Builder.from_json(json.dumps(definition), self._context)
        builder.add_ingredient(json.dumps(ingredient), "application/json", io.BytesIO(record))
        return self._sign(builder, file)

    def add_anchor(self, file: bytes, claim: AnchorClaim) -> bytes:
        """The certified file with a further manifest that says where it is anchored.

        In a PNG it is an update manifest. In a WAV, whose header counts the manifests into a length
        that the first one hashed, an update would break that hash (contentauth/c2pa-rs#2529): there
        it is a manifest of its own, with the certified file as its parent.

        Raises:
            WrongUse: the file is not the firm's own, intact and certified, or of another work.
        """
        mime = media_type(file)
        held = read(file, mime, [self._root])
        if held.state != "trusted" or held.generation is None:
            raise WrongUse(
                f"only a file with the firm's own credentials can be anchored ({held.state})",
                "medici certify FILE",
            )
        if (
            held.generation.record.content != claim.attestation.work
            or held.generation.record.digest != claim.attestation.record
        ):
            raise WrongUse("the anchored attestation is of another work than the file")
        definition = {
            "claim_generator_info": [_generator()],
            "format": mime,
            "assertions": [{"label": ANCHOR, "data": claim.as_json()}],
        }
        builder = c2pa.Builder.from_json(json.dumps(definition), self._context)
        intent = c2pa.C2paBuilderIntent
        builder.set_intent(intent.EDIT if mime == "audio/wav" else intent.UPDATE)
        builder.add_ingredient(
            json.dumps({"relationship": "parentOf", "title": held.generation.record.content}),
            mime,
            io.BytesIO(file),
        )
        return self._sign(builder, file)

    def _sign(self, builder: Any, file: bytes) -> bytes:
        out = io.BytesIO()
        try:
            builder.sign(self._signer, media_type(file), io.BytesIO(file), out)
        except c2pa.C2paError as error:
            raise WrongUse(f"the credentials cannot be signed: {error}") from error
        return out.getvalue()


def _generator() -> dict[str, str]:
    from importlib.metadata import version

    return {"name": "medici", "version": version("medici")}


def _context(roots: Sequence[str]) -> Any:
    trust = {"trust_anchors": "".join(roots)} if roots else {}
    return c2pa.Context.from_dict(
        {
            "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
            "builder": {"thumbnail": {"enabled": False}},
            "trust": trust,
        }
    )


def read(file: bytes, mime: str, roots: Sequence[str]) -> Credentials:
    """The credentials of a file. No network is touched.

    Args:
        file: the whole file.
        mime: its format, as a MIME type.
        roots: PEM certificates that are trusted; none makes nothing trusted.
    """
    report = _report(file, mime, _context(roots))
    if report is None:
        return Credentials("missing")
    if isinstance(report, str):
        return Credentials("tampered", problems=(report,))
    problems = _failures(report)
    generation, anchor, own = _claims(report)
    state: State = "untrusted"
    if report.get("validation_state") == "Trusted":
        state = "trusted"
    elif any(not code.startswith(_NOT_TAMPERING) for code in problems):
        state = "tampered"
    pinned = None
    if generation is not None and state == "trusted":
        pinned = _pin(report, generation.certificate, roots)
    return Credentials(state, pinned, generation, anchor, own, tuple(problems))


def _report(file: bytes, mime: str, context: Any) -> dict[str, Any] | str | None:
    """The reader's JSON; None without credentials; the error's text when they cannot be parsed."""
    try:
        reader = c2pa.Reader(mime, io.BytesIO(file), context=context)
        with reader:
            report: dict[str, Any] = json.loads(reader.json())
            return report
    except c2pa.C2paError as error:
        text = str(error)
        if "ManifestNotFound" in text or "NotSupported" in text:
            return None
        return text[:200]


def _failures(report: Mapping[str, Any]) -> list[str]:
    results = report.get("validation_results", {})
    failed = list(results.get("activeManifest", {}).get("failure", []))
    for delta in results.get("ingredientDeltas", []):
        failed += delta.get("validationDeltas", {}).get("failure", [])
    return sorted({str(item.get("code", "")) for item in failed})


def _claims(
    report: Mapping[str, Any],
) -> tuple[GenerationClaim | None, AnchorClaim | None, bool]:
    """Our claims along the line of parents, nearest first, and whether the active one makes any."""
    manifests = report.get("manifests", {})
    label = report.get("active_manifest")
    generation: GenerationClaim | None = None
    anchor: AnchorClaim | None = None
    own = False
    seen: set[str] = set()
    while isinstance(label, str) and label in manifests and label not in seen:
        seen.add(label)
        manifest = manifests[label]
        for assertion in manifest.get("assertions", []):
            kind, data = assertion.get("label", ""), assertion.get("data", {})
            if kind not in (GENERATION, ANCHOR):
                continue
            own = own or len(seen) == 1
            try:
                if kind == GENERATION and generation is None:
                    generation = GenerationClaim.from_json(data)
                elif kind == ANCHOR and anchor is None:
                    anchor = AnchorClaim.from_json(data)
            except UnreadableFile:
                continue
        parents = [
            i for i in manifest.get("ingredients", []) if i.get("relationship") == "parentOf"
        ]
        label = parents[0].get("active_manifest") if parents else None
    return generation, anchor, own


def _pin(report: Mapping[str, Any], certificate: bytes, roots: Sequence[str]) -> Digest | None:
    """The key digest of the certificate in the claim, if that is the one that signed.

    The reader tells only the signer's serial number; under a trusted root it names one certificate.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    from medici.provenance.authority import public_key_digest

    try:
        active = report["manifests"][report["active_manifest"]]
        named = x509.load_der_x509_certificate(certificate)
        if active["signature_info"]["cert_serial_number"] != str(named.serial_number):
            return None
        for root in x509.load_pem_x509_certificates("".join(roots).encode()):
            with contextlib.suppress(ValueError, TypeError, InvalidSignature):
                named.verify_directly_issued_by(root)
                return public_key_digest(named)
    except (ValueError, KeyError):
        return None
    return None
