"""The answer to "is this file authentic?", in the one form that all faces print."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from medici.provenance.register import Event, ModelEntry
    from medici.records import WorkId

Answer = Literal["authentic", "altered", "derived", "unknown", "revoked", "forged"]
FoundBy = Literal["credentials", "content-digest", "fingerprint", "none"]
SignatureState = Literal["ok", "bad", "missing"]
Rerun = Literal["identical", "within tolerance", "different", "not asked"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file is. docs/spec/verification.md tells how each answer comes about.

    Attributes:
        verdict: the answer; only ``authentic`` is a yes.
        work: content digest of the work it is, or comes from.
        token: CAIP-19 name of that work's token, minted or not.
        found_by: what led to the work.
        distance: bits of 256 that differ between the fingerprints of file and work, when they were
            compared.
        model: the registry's entry of the model that made the work.
        signature: of the model over the generation, inside the file.
        credentials: state of the file's Content Credentials.
        anchored_at: block time of the anchor on the chain (RFC 3339).
        first_mint: True when this content's one token exists, False when it was burnt, None when it
            was never minted.
        rerun: outcome of making the work again.
        custody: the work's life so far, oldest first.
        licences: licences sold on it.
        notes: sentences a person should read with the answer.
        medium: what the file is, ``picture`` or ``sound``.
    """

    verdict: Answer
    work: WorkId | None = None
    token: str | None = None
    found_by: FoundBy = "none"
    distance: int | None = None
    model: ModelEntry | None = None
    signature: SignatureState = "missing"
    credentials: str = "missing"
    anchored_at: str | None = None
    first_mint: bool | None = None
    rerun: Rerun = "not asked"
    custody: tuple[Event, ...] = ()
    licences: tuple[dict[str, str], ...] = ()
    notes: tuple[str, ...] = field(default=())
    medium: str = "picture"

    def as_json(self) -> dict[str, Any]:
        """The JSON of ``medici verify --json``; its keys never change their meaning."""
        model = None
        if self.model is not None:
            model = {
                "id": self.model.id,
                "authorised": self.model.state == "authorised",
                "weights_sha256": self.model.weights_sha256,
                "data_root": self.model.data_root,
                "bias_report": self.model.bias_report,
            }
        return {
            "verdict": self.verdict,
            "medium": self.medium,
            "work": self.work,
            "token": self.token,
            "found_by": self.found_by,
            "distance": self.distance,
            "model": model,
            "signature": self.signature,
            "credentials": self.credentials,
            "anchored_at": self.anchored_at,
            "first_mint": self.first_mint,
            "rerun": self.rerun,
            "custody": [event.as_json() for event in self.custody],
            "licences": list(self.licences),
            "notes": list(self.notes),
        }
