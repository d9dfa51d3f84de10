"""Language models that run here, through `transformers`: a folder, or one GGUF file.

Small models ignore formats. So every token is chosen among those that keep the words within their
form, and what comes out has the form whatever the model would rather have said.
"""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from medici.errors import BadWeights, MissingPart, WrongUse
from medici.studio.language.gguf import read_about
from medici.studio.language.writer import FORMS, Form, description

if TYPE_CHECKING:
    from pathlib import Path

HUB_FILES = ("*.json", "*.txt", "*.model", "*.jinja", "*.safetensors", "README.md", "LICENSE*")
TEMPERATURE = 0.7
_CANDIDATES = 256
_MOST_TOKENS = 200
_TAG = 0x776F7264  # "word": keeps these streams apart from others of the same seed


class LocalWriter:
    """Writes with a causal language model on the CPU, in float32.

    The same seed gives the same words on the same machine and library versions; elsewhere floats
    may round another way and another word may win.

    Args:
        place: folder in the layout of `transformers`, or a ``.gguf`` file.
        temperature: 0 takes the likeliest word always; 0.7 leaves room.
    """

    def __init__(self, place: Path, temperature: float = TEMPERATURE) -> None:
        self.place, self.temperature = place, temperature
        self.name = place.stem if place.suffix == ".gguf" else place.name

    def title(self, about: str, seed: int) -> str:
        """See `medici.studio.language.writer.Writer`."""
        return self.write(FORMS["title"], about, seed)

    def statement(self, about: str, seed: int) -> str:
        """See `medici.studio.language.writer.Writer`."""
        return self.write(FORMS["statement"], about, seed)

    def prompt(self, about: str, seed: int) -> str:
        """See `medici.studio.language.writer.Writer`."""
        return self.write(FORMS["prompt"], about, seed)

    def concept(self, about: str, seed: int) -> str:
        """See `medici.studio.language.writer.Writer`."""
        return self.write(FORMS["concept"], about, seed)

    @cached_property
    def parts(self) -> tuple[Any, Any]:
        """Tokenizer and network.

        Raises:
            BadWeights: they cannot be read safely.
            MissingPart: a library or memory is missing.
        """
        return open_model(self.place)

    def write(self, form: Form, about: str, seed: int, temperature: float | None = None) -> str:
        """Words of a form.

        Raises:
            WrongUse: the model has no words that fit, whatever is left out.
        """
        import torch

        network = self.parts[1]
        heat = self.temperature if temperature is None else temperature
        random = torch.Generator().manual_seed((seed << 32 | _TAG) % (1 << 63))
        asked = self._asked(form, description(about))
        said: list[int] = []
        text, past = "", None
        with torch.inference_mode():
            fed = torch.tensor([asked])
            while len(said) < _MOST_TOKENS:
                answer = network(input_ids=fed, past_key_values=past, use_cache=True)
                past, scores = answer.past_key_values, answer.logits[0, -1].float()
                if heat > 0:
                    # Gumbel-max: the best of noisy scores is a draw from their softmax.
                    noise = torch.rand(scores.shape, generator=random).clamp_(1e-9, 1 - 1e-7)
                    scores = scores - heat * torch.log(-torch.log(noise))
                chosen = self._choose(form, scores, said, text)
                if chosen is None:
                    break
                said.append(chosen)
                text = self._decode(said)
                fed = torch.tensor([[chosen]])
        found = form.best_part(text)
        if found is None:
            raise WrongUse(f"{self.name} found no {form.name} for this", "take another seed")
        return found

    def _asked(self, form: Form, about: str) -> list[int]:
        tokenizer, _ = self.parts
        wish = form.ask.format(about=about or "an untitled work")
        if tokenizer.chat_template:
            told = tokenizer.apply_chat_template(
                [{"role": "user", "content": wish}], add_generation_prompt=True, tokenize=False
            )
            ids = tokenizer.encode(told + form.line.rstrip(), add_special_tokens=False)
        else:
            ids = tokenizer.encode(f"{wish}\n{form.line.rstrip()}")
        return [int(i) for i in ids]

    def _choose(self, form: Form, scores: Any, said: list[int], text: str) -> int | None:
        """The best token that keeps to the form; None where the words end."""
        tokenizer, _ = self.parts
        special = set(tokenizer.all_special_ids)
        for token in scores.topk(min(_CANDIDATES, len(scores))).indices.tolist():
            if token in special:
                if form.fits(text):
                    return None
                continue
            longer = self._decode([*said, token])
            if longer != text and form.may_begin(longer):
                return int(token)
        return None

    def _decode(self, tokens: list[int]) -> str:
        tokenizer, _ = self.parts
        told: str = tokenizer.decode(tokens, clean_up_tokenization_spaces=False)
        return told.lstrip()


def open_model(place: Path) -> tuple[Any, Any]:
    """Tokenizer and network of a folder or a GGUF file (whose numbers become float32).

    Raises:
        NoWeights, BadWeights: they cannot be read safely.
        MissingPart: a library or memory is missing.
    """
    from medici.studio.imported import files_of

    told: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    if place.suffix == ".gguf":
        read_about(place)
        told["gguf_file"] = place.name
    else:
        files_of(place)
    folder = place.parent if place.suffix == ".gguf" else place
    try:
        import torch

        models: Any = import_module("transformers")
        notes: Any = import_module("transformers.utils.logging")
    except ImportError as error:
        raise MissingPart(
            "a local language model needs transformers", "pip install 'medici[llm]'"
        ) from error
    notes.set_verbosity_error()
    notes.disable_progress_bar()
    try:
        with _quiet():
            tokenizer = models.AutoTokenizer.from_pretrained(folder, **told)
            network = models.AutoModelForCausalLM.from_pretrained(
                folder, use_safetensors=True, dtype=torch.float32, **told
            )
    except ImportError as error:
        raise MissingPart(
            f"{place} needs a library: {_first(error)}", "pip install 'medici[llm]'"
        ) from error
    except MemoryError as error:
        raise MissingPart(f"there is not memory enough for {place}", "take a smaller") from error
    except Exception as error:  # what a damaged model raises differs by library
        raise BadWeights(f"{place} cannot be opened: {_first(error)}", "get it again") from error
    return tokenizer, network.eval()


def _quiet() -> Any:
    """GGUF's progress bar comes from tqdm itself, which no switch of transformers turns off."""
    import contextlib
    import io
    import warnings

    stack = contextlib.ExitStack()
    stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    return stack


def _first(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
