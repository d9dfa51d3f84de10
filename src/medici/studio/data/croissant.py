"""A set's description as Croissant JSON-LD, the vocabulary that data set search engines read.

Source: MLCommons Croissant format specification 1.0.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from medici.studio.data.manifest import MANIFEST, NOT_STATED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CROISSANT = "croissant.json"
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(manifest: Mapping[str, Any], place: Path) -> dict[str, Any]:
    """JSON-LD of a built set.

    Args:
        manifest: what ``manifest.json`` says.
        place: the folder, with the manifest in it.
    """
    about = manifest["about"]
    sha256 = hashlib.sha256((place / MANIFEST).read_bytes()).hexdigest()
    shards = manifest.get("shards")
    objects: list[dict[str, Any]] = [
        {
            "@type": "cr:FileObject",
            "@id": "manifest",
            "name": MANIFEST,
            "contentUrl": MANIFEST,
            "encodingFormat": "application/json",
            "sha256": sha256,
        }
    ]
    for shard in shards or []:
        objects.append(
            {
                "@type": "cr:FileObject",
                "@id": shard["file"],
                "name": shard["file"],
                "contentUrl": shard["file"],
                "encodingFormat": "application/x-tar",
                "contentSize": f"{shard['bytes']} B",
                "sha256": shard["sha256"],
            }
        )
    within = {"containedIn": [{"@id": s["file"]} for s in shards]} if shards else {}
    objects.append(
        {
            "@type": "cr:FileSet",
            "@id": "pictures",
            "name": "pictures",
            **within,
            "encodingFormat": "image/png",
            "includes": "*.png",
        }
    )
    licence = manifest["licence"]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": str(about.get("title", "")),
        "description": f"{manifest['count']} pictures of {manifest['size'][0]} pixels a side, "
        f"under the Merkle root {manifest['root']}.",
        "version": "1.0.0",
        **({"license": licence} if licence != NOT_STATED else {}),
        "creator": [{"@type": "sc:Person", "name": name} for name in about.get("authors", [])],
        "distribution": objects,
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "samples",
                "name": "samples",
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": "samples/picture",
                        "name": "picture",
                        "dataType": "sc:ImageObject",
                        "source": {
                            "fileSet": {"@id": "pictures"},
                            "extract": {"fileProperty": "content"},
                        },
                    }
                ],
            }
        ],
    }
