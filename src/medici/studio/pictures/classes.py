"""Classes: the values of an attribute of the samples, which a model can be asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medici.errors import BadData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from medici.studio.data.sampling import Samples


def classes_of(data: Samples, label: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The classes that an attribute makes, and the class of each sample.

    Raises:
        BadData: ``source.json`` does not give the attribute of every sample.
    """
    told: list[Mapping[str, str]] = getattr(data, "attributes", list)()
    missing = sum(label not in row for row in told)
    if not told or missing:
        have = sorted({k for row in told for k in row})
        raise BadData(
            f"source.json gives no {label!r} of {missing or len(data)} of {len(data)} samples",
            "attributes there: " + (", ".join(have) or "none"),
        )
    values = [str(row[label]) for row in told]
    names = tuple(sorted(set(values)))
    if len(names) < 2:
        raise BadData(f"every sample has the same {label!r}", "train without labels")
    return names, np.array([names.index(v) for v in values], np.int64)
