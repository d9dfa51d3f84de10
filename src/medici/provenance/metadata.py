"""The token's metadata: the JSON that wallets and market places show.

Its SHA-256 is the one word the contract stores, from which the contract computes the IPFS address,
so these bytes are final. Attributes follow what OpenSea documents; ERC-721's schema asks for name,
description and image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medici.records import canonical_json

if TYPE_CHECKING:
    from medici.records import Cid, GenerationRecord, ModelRecord

_AS_ATTRIBUTE = (str, int, float, bool)


def token_metadata(
    record: GenerationRecord,
    model: ModelRecord,
    image: Cid,
    *,
    name: str,
    description: str,
    token: str,
    animation: Cid | None = None,
) -> bytes:
    """Canonical metadata JSON (RFC 8785).

    Args:
        record: how the work came to be.
        model: the model that made it.
        image: content identifier of the certified file, or of the picture that stands for a sound.
        name: the work's title.
        description: one or more sentences, plain text.
        token: the work's CAIP-19 name.
        animation: content identifier of the certified file of a sound; OpenSea's name for whatever
            is played.
    """
    attributes: list[dict[str, Any]] = [
        {"trait_type": "Model", "value": model.name},
        {"trait_type": "Kind", "value": record.kind},
        {"trait_type": "Style version", "display_type": "number", "value": record.style_version},
    ]
    for key in sorted(record.style):
        value = record.style[key]
        # Nested values have no attribute form; they stand in the record, as everything does.
        if isinstance(value, _AS_ATTRIBUTE):
            shown = str(value).lower() if isinstance(value, bool) else value
            attributes.append({"trait_type": key.replace("_", " ").capitalize(), "value": shown})
    return canonical_json(
        {
            "name": name,
            "description": description,
            "image": image.uri,
            **({"animation_url": animation.uri} if animation else {}),
            "attributes": attributes,
            "properties": {
                "token": token,
                "content_digest": record.content,
                "record_sha256": record.digest,
                "record": record.as_json(),
                "model_name": model.name,
                "data_licence": model.data_licence,
            },
        }
    )
