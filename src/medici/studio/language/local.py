"""Language models that run here, through `transformers`: a folder, or one GGUF file.

Small models ignore formats. So every token is chosen among those that keep the words within their
form, and what comes out has the form whatever the model would rather have said.
"""

from __future__ import annotations

import copy
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights, MissingPart, WrongUse
from medici.studio.language.gguf import read_about
from medici.studio.language.writer import FORMS, Form, description, repeats

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

        tokenizer, network = self.parts
        asked = self._asked(form, description(about))
        heat = self.temperature if temperature is None else temperature
        steps = _Steps(form, tokenizer, len(asked), heat, seed)
        with torch.inference_mode(), _quiet():
            network.generate(
                torch.tensor([asked]),
                attention_mask=torch.ones((1, len(asked)), dtype=torch.long),
                logits_processor=[steps],
                do_sample=False,
                num_beams=1,
                max_new_tokens=_MOST_TOKENS,
                eos_token_id=steps.end,
                pad_token_id=steps.end,
            )
        text = steps.text
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


class _Steps:
    """Picks every token itself: the best one that keeps the words within their form.

    Args:
        form: of the words.
        tokenizer: the model's.
        asked: tokens of the question.
        heat: how much chance there is; 0 takes the likeliest.
        seed: of the chance.
    """

    def __init__(self, form: Form, tokenizer: Any, asked: int, heat: float, seed: int) -> None:
        self.form, self.tokenizer, self.asked, self.heat = form, tokenizer, asked, heat
        # Not of torch: its generator takes no more than 32 bits of a seed.
        self.random = np.random.default_rng([_TAG, seed])
        self.special = set(tokenizer.all_special_ids)
        self.end = int(tokenizer.eos_token_id or 0)
        self.text = ""

    def __call__(self, tokens: Any, scores: Any) -> Any:
        """(1, t) tokens so far and (1, v) scores → scores with one token left."""
        import torch

        said = tokens[0, self.asked :].tolist()
        row = scores[0].float()
        if self.heat > 0:
            # Gumbel-max: the best of noisy scores is a draw from their softmax.
            noise = self.random.gumbel(size=len(row)).astype(np.float32)
            row = row + self.heat * torch.from_numpy(noise)
        only = torch.full_like(scores, -torch.inf)
        only[0, self._choose(row, said)] = 0
        return only

    def _choose(self, row: Any, said: list[int]) -> int:
        for rank, token in enumerate(row.topk(min(_CANDIDATES, len(row))).indices.tolist()):
            longer = self.text if token in self.special else self._decode([*said, token])
            if longer != self.text and self.form.may_begin(longer) and not repeats(longer):
                self.text = longer
                return int(token)
            # Where the model itself would leave the form (a new line, a sign, its end), and the
            # words are whole, they end.
            if (rank == 0 or token in self.special) and self.form.fits(self.text):
                return self.end
        return self.end

    def _decode(self, tokens: list[int]) -> str:
        told: str = self.tokenizer.decode(tokens, clean_up_tokenization_spaces=False)
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


def unpacked(file: Path, out: Path) -> None:
    """Write a GGUF file's model as a folder of `transformers` in bfloat16 safetensors.

    Raises:
        NoWeights, BadWeights, MissingPart: see `open_model`.
    """
    tokenizer, network = open_model(file)
    import torch

    config = copy.deepcopy(network.config)
    # The network still believes that it is packed, and as such could not be saved.
    del config.quantization_config
    with _quiet(), torch.device("meta"):
        plain = type(network)(config)
    plain.load_state_dict(network.to(torch.bfloat16).state_dict(), assign=True)
    with _quiet():
        plain.save_pretrained(out)
        tokenizer.save_pretrained(out)


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
