"""Hugging Face data sets, from the hub or from disk, through their ``datasets`` library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from medici.errors import BadData, MissingPart
from medici.studio.data.licences import if_listed
from medici.studio.data.picture import LARGEST_FILE, SUFFIXES, Unusable
from medici.studio.data.sidecars import described
from medici.studio.data.sources import Item, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def looks_like_one(place: Path) -> bool:
    """Whether a folder is a saved data set: its own files, or parquet and no pictures."""
    if (place / "dataset_info.json").is_file() or (place / "dataset_dict.json").is_file():
        return True
    files = [p for p in place.rglob("*") if p.is_file()]
    return any(p.suffix == ".parquet" for p in files) and not any(
        p.suffix.lower() in SUFFIXES for p in files
    )


def dataset(name: str) -> Source:
    """A data set by its hub name or folder, perhaps with a split: ``owner/name:train``.

    Rows are streamed, so that a set may be larger than the memory. The first column of pictures is
    taken; columns called licence, author, owner or consent are credits; other plain ones become
    attributes, class labels by their names.

    Raises:
        BadData: it has no such split, or no pictures.
        MissingPart: the library is not installed, or the set cannot be had.
    """
    try:
        import datasets
    except ImportError as error:
        raise MissingPart(
            "reading Hugging Face data sets needs their library, which is not installed",
            "pip install 'medici[data]'",
        ) from error
    head, colon, split = name.rpartition(":")
    where, wanted = (head, split) if colon and "/" not in split else (name, None)
    rows = _open(datasets, where, wanted)
    pictures = [k for k, f in (rows.features or {}).items() if isinstance(f, datasets.Image)]
    if not pictures:
        raise BadData(
            f"{where} has no column of pictures", "columns: " + ", ".join(rows.features or {})
        )
    column = pictures[0]
    rows = rows.cast_column(column, datasets.Image(decode=False))
    labels = {k: f for k, f in rows.features.items() if isinstance(f, datasets.ClassLabel)}
    licence = if_listed(rows.info.license) if rows.info else None
    local = Path(where).exists()
    shown = Path(where).resolve().name if local else where

    def items() -> Iterator[Item]:
        for i, row in enumerate(_each(rows, where)):
            cell = row.pop(column) or {}
            for key, feature in labels.items():
                if row.get(key) is not None and row[key] >= 0:
                    row[key] = feature.int2str(row[key])
            known = {"licence": licence} if licence else {}
            inside = Path(cell.get("path") or f"{i:08d}").name
            place = f"{where}: row {i} ({inside})"
            yield Item(
                f"{i:08d}/{inside}", place, _bytes_of(cell, local), {**known, **described(row)}
            )

    return Source(f"hf:{shown}" + (f":{wanted}" if wanted else ""), items())


def _open(datasets: Any, where: str, split: str | None) -> Any:
    """The rows of one split, streamed."""
    place = Path(where)
    try:
        if (place / "dataset_dict.json").is_file() or (place / "state.json").is_file():
            opened = datasets.load_from_disk(where)
        else:
            opened = datasets.load_dataset(where, streaming=True)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        if place.exists():
            raise BadData(f"{where} cannot be read as a data set: {first}") from error
        raise MissingPart(
            f"the data set {where} cannot be had: {first}", "check its name and the connection"
        ) from error
    if not hasattr(opened, "keys"):
        return opened
    names = list(opened.keys())
    if split is None and len(names) > 1:
        raise BadData(
            f"{where} has several splits: {', '.join(names)}", f"choose one: hf:{where}:{names[0]}"
        )
    if split is not None and split not in names:
        raise BadData(f"{where} has no split {split!r}", "splits: " + ", ".join(names))
    return opened[split or names[0]]


def _each(rows: Any, where: str) -> Iterator[dict[str, Any]]:
    try:
        yield from rows
    except (OSError, ValueError, RuntimeError) as error:  # Arrow's errors are of these kinds
        raise BadData(f"{where} cannot be read: {error}", "get the data set again") from error


def _bytes_of(cell: Mapping[str, Any], local: bool) -> Callable[[], bytes]:
    def read() -> bytes:
        data = cell.get("bytes")
        if data is None and cell.get("path"):
            data = _fetch(str(cell["path"]), local)
        if data is None:
            raise Unusable("empty", "is empty", "remove the row")
        if len(data) > LARGEST_FILE:
            raise Unusable("too-large", f"is larger than {LARGEST_FILE >> 20} MiB")
        return bytes(data)

    return read


def _fetch(path: str, local: bool) -> bytes:
    import fsspec  # comes with datasets

    # A stranger's set must not name files of this machine.
    if not local and not path.split("::")[-1].startswith("hf://"):
        raise Unusable("unreadable", f"lies at {path}, outside of its data set")
    try:
        with fsspec.open(path, "rb") as file:
            return bytes(file.read(LARGEST_FILE + 1))
    except (OSError, ValueError, RuntimeError) as error:
        raise Unusable("unreadable", f"cannot be read: {error}") from error
