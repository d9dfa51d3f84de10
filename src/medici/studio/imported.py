"""Models of other makers: which of their files are read, what they are called, what they allow.

A float model has no Merkle root over integers, so its identity is a digest over its files. Only
safetensors, GGUF and plain text are ever read; a pickle can run code when it is opened, so it is
never opened, and code that comes with a model is never run.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from medici.errors import BadWeights, MissingPart, NoWeights, WrongUse
from medici.records import Digest, ModelId
from medici.store import atomic_write
from medici.studio.families import RECORD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medici.records import ModelRecord

WEIGHTS = (".safetensors", ".gguf")
SETTINGS = (".json", ".txt", ".model", ".jinja")
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".msgpack", ".h5")
# Files that Medici writes beside a model; they describe it and are no part of it.
OURS = (RECORD, "metrics.json", "curves.json", "bundle.json")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_LICENCE = re.compile(r"^license:\s*[\"']?([\w.+-]+)", re.MULTILINE)
_MOST_FILES = 2000
NOT_STATED = "not stated"
FAMILIES = ("diffusion", "language")


def family_of(source: str) -> str:
    """Which family takes a model in: by its files, or by the kind of address.

    Raises:
        WrongUse: a hub id says nothing of what it names.
    """
    place = Path(source)
    if place.is_dir():
        return "diffusion" if (place / "model_index.json").is_file() else "language"
    if is_hub_id(source) and not source.endswith(".gguf"):
        raise WrongUse(f"{source} can be a model of any kind", "--family diffusion or language")
    return "language"


def files_of(folder: Path) -> dict[str, Digest]:
    """SHA-256 of every file that makes the model, by path in the folder, in order of path.

    Hidden folders and what is written beside a model (record, figures, ``run``) do not count.

    Raises:
        BadWeights: only pickles, or no weights at all.
    """
    found: dict[str, Digest] = {}
    pickles = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if relative.parts[0] == "run" or any(part.startswith(".") for part in relative.parts):
            continue
        if path.suffix.lower() in PICKLES:
            pickles.append(relative)
        elif path.is_file() and _counts(relative):
            _refuse_disguised(path)
            found[relative.as_posix()] = sha256(path)
        if len(found) > _MOST_FILES:
            raise BadWeights(f"{folder} holds more than {_MOST_FILES} files; is it one model?")
    refuse_pickles(folder, found, pickles)
    return found


def _refuse_disguised(path: Path) -> None:
    """See that what is named safetensors begins as such a file does, whatever opens it later."""
    if path.suffix.lower() != ".safetensors":
        return
    with path.open("rb") as file:
        head = file.read(9)
    length = int.from_bytes(head[:8], "little")
    again = "get the model again, from where you trust it"
    if head[8:] not in (b"{", b""):
        raise BadWeights(
            f"{path} is named safetensors and is none, perhaps a pickle in disguise",
            again,
            code="pickle-refused",
        )
    if len(head) < 9 or length + 8 > path.stat().st_size:
        raise BadWeights(f"{path} is cut short", again)


def _counts(relative: Path) -> bool:
    suffix = relative.suffix.lower()
    if len(relative.parts) == 1 and relative.name in OURS:
        return False
    return suffix in WEIGHTS or suffix in SETTINGS


def refuse_pickles(folder: Path, found: Mapping[str, Digest], pickles: Sequence[Path]) -> None:
    """See that every place with a pickle has safetensors too, and that there are weights.

    Raises:
        BadWeights: there are none that can be read safely.
    """
    safe = {Path(name).parent for name in found if name.endswith(WEIGHTS)}
    for pickle in pickles:
        if pickle.parent not in safe:
            raise BadWeights(
                f"{folder / pickle} is a pickle or another format that is never opened",
                "only safetensors are read: get the model in that format, or convert it elsewhere",
            )
    if not safe:
        raise BadWeights(f"{folder} holds no safetensors", "give the folder of a whole model")


def sha256(path: Path) -> Digest:
    """SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").hexdigest())


def identity(files: Mapping[str, Digest]) -> ModelId:
    r"""A float model's id: SHA-256 of what ``sha256sum`` prints for its files, by path.

    One line a file, ``<digest>  <path>\n``, in byte order of the paths; weights and settings both
    count, since another scheduler or tokenizer makes other works.
    """
    return ModelId(_lines(files))


def weights_digest(files: Mapping[str, Digest]) -> Digest:
    """SHA-256 of the one weights file; of several, of their lines as in `identity`."""
    weights = {name: digest for name, digest in files.items() if name.endswith(WEIGHTS)}
    return next(iter(weights.values())) if len(weights) == 1 else _lines(weights)


def _lines(files: Mapping[str, Digest]) -> Digest:
    ordered = sorted(files.items(), key=lambda item: item[0].encode())
    return Digest.of("".join(f"{digest}  {name}\n" for name, digest in ordered).encode())


def check(folder: Path, expected: ModelId) -> dict[str, Digest]:
    """The model's files, if they are those that its record names.

    Raises:
        BadWeights: they are not.
    """
    files = files_of(folder)
    found = identity(files)
    if found != expected:
        raise BadWeights(
            f"the model in {folder} is {found}, its record says {expected}",
            "a file was changed, added or removed; get the model again",
        )
    return files


def licence_of(folder: Path) -> str:
    """The licence that the model card (``README.md``) states in its header, or "not stated"."""
    try:
        text = (folder / "README.md").read_text("utf-8", errors="replace")[:20_000]
    except OSError:
        return NOT_STATED
    if not text.startswith("---"):
        return NOT_STATED
    header = text[3:].partition("\n---")[0]
    found = _LICENCE.search(header)
    return found.group(1) if found else NOT_STATED


def copy_model(source: Path, out: Path) -> None:
    """Copy what is read of a model, and its card; pickles and code stay behind.

    Raises:
        WrongUse: `out` is there already.
    """
    if out.exists():
        raise WrongUse(f"{out} is there already", "give a new folder")
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        for name in [*files_of(source), "README.md", "LICENSE"]:
            if (source / name).is_file():
                (part / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / name, part / name)
        part.replace(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_record(folder: Path, record: ModelRecord) -> None:
    """Write a model's record beside it; without one a folder is no model."""
    text = json.dumps(record.as_json(), indent=1, ensure_ascii=False) + "\n"
    atomic_write(folder / RECORD, text.encode())


def is_hub_id(source: str) -> bool:
    """Whether a text is of the form ``owner/name``."""
    return _HUB_ID.fullmatch(source) is not None


def fetch(
    source: str,
    into: Path,
    patterns: Sequence[str],
    *,
    revision: str | None = None,
    endpoint: str | None = None,
) -> str:
    """Copy a model from a hub that speaks Hugging Face's protocol; pickles and code stay there.

    Args:
        source: ``owner/name``.
        into: new folder; there only if everything came.
        patterns: which files.
        revision: branch, tag or commit; the default branch without one.
        endpoint: another hub's address.

    Returns:
        the commit that was copied.

    Raises:
        WrongUse: no hub id, or `into` is there already.
        NoWeights: no such model, or the hub does not answer.
        MissingPart: the hub's client is not installed.
    """
    if not is_hub_id(source):
        raise WrongUse(f"{source!r} is neither a folder here nor a hub id like owner/name")
    if into.exists():
        raise WrongUse(f"{into} is there already", "give a new folder")
    try:
        from huggingface_hub import HfApi, snapshot_download
    except ImportError as error:
        raise MissingPart(
            "models of a hub need its client", "pip install 'medici[diffusion]'"
        ) from error
    part = into.with_name(into.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        commit = HfApi(endpoint=endpoint).model_info(source, revision=revision, timeout=20).sha
        snapshot_download(
            source,
            revision=commit,
            local_dir=part,
            allow_patterns=list(patterns),
            ignore_patterns=["*.fp16.*", "*.non_ema.*", "*openvino*", "*onnx*", "*flax*"],
            endpoint=endpoint,
            etag_timeout=20,
        )
        if not part.is_dir():
            raise NoWeights(f"{source} holds none of the files that a model here needs")
        shutil.rmtree(part / ".cache", ignore_errors=True)
        part.replace(into)
    except NoWeights:
        raise
    except Exception as error:  # the client's HTTP library, and so its errors, differ by version
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise NoWeights(
            f"{source} cannot be had from the hub: {reason}",
            "check the name and the connection, or give the folder of a copy that is here",
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return str(commit)
