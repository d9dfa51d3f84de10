"""Extractors whose weights are the user's own files: Inception, DINOv2, any network as ONNX.

Weights are read from safetensors, ONNX, or PyTorch files opened with ``weights_only=True``; nothing
is unpickled and nothing is downloaded, except a DINOv2 named by its hub id.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medici.errors import BadWeights, MissingPart, WrongUse
from medici.studio.metrics.distances import Extractor

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Features = NDArray[np.float64]

_BATCH = 32
# Of ImageNet, by channel. Source: torchvision and DINOv2 preprocessing.
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_DINO_SIDE = 224
_PLAIN = "safetensors, or a PyTorch file that holds tensors only"


class Inception(Extractor):
    """The Inception-v3 of published FIDs, through torch-fidelity: features (n, 2048).

    Args:
        file: its weights (``weights-inception-2015-12-05-6726825d``) as .pth or safetensors.

    Raises:
        MissingPart: torch-fidelity or the file is not there.
        BadWeights: the file holds something else.
        WrongUse: no file was named.
    """

    def __init__(self, file: str | Path | None = None) -> None:
        if file is None:
            raise WrongUse(
                "Inception needs its weights",
                "--extractor inception:FILE, with torch-fidelity's weights-inception-2015-12-05",
            )
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        except ImportError as error:
            raise MissingPart(
                "Inception runs through torch-fidelity, which is not installed",
                "pip install torch-fidelity",
            ) from error
        import io

        import torch

        path = Path(file)
        state = _state(path)
        # It only takes a file, and unpickles that: it gets one that was written right here.
        own = io.BytesIO()
        torch.save(state, own)
        own.seek(0)
        try:
            self.network = FeatureExtractorInceptionV3(
                "inception-v3-compat", ["2048"], feature_extractor_weights_path=own
            )
        except RuntimeError as error:
            raise BadWeights(
                f"{path} is not the Inception of torch-fidelity: {_first_line(error)}"
            ) from error
        self.name = f"Inception-v3 (torch-fidelity, {_short_digest(path)}), 299×299"

    def features(self, pictures: Pixels) -> Features:
        """(n, h, w, 3) uint8 → (n, 2048) float64."""
        import torch

        with torch.no_grad():
            parts = [
                self.network(torch.from_numpy(part).movedim(3, 1).contiguous())[0].double().numpy()
                for part in _batches(pictures)
            ]
        return np.concatenate(parts)


class DinoV2(Extractor):
    """DINOv2 through transformers: the class token of the last layer, normalised.

    Source: Stein et al. 2023, "Exposing flaws of generative model evaluation metrics": closer to
    people's judgement than Inception.

    Args:
        model: a folder with ``config.json`` and safetensors, or a hub id.

    Raises:
        MissingPart: transformers or the model is not there.
        BadWeights: the folder holds another model.
    """

    def __init__(self, model: str | Path = "facebook/dinov2-small") -> None:
        try:
            from transformers import Dinov2Model
        except ImportError as error:
            raise MissingPart(
                "DINOv2 runs through transformers, which is not installed",
                "pip install 'medici[llm]'",
            ) from error
        local = Path(model).is_dir()
        try:
            loaded: Any = Dinov2Model.from_pretrained(
                str(model), use_safetensors=True, local_files_only=local, output_loading_info=True
            )
        except (OSError, ValueError) as error:
            raise MissingPart(
                f"no DINOv2 at {model}: {_first_line(error)}",
                "--extractor dinov2:FOLDER, a folder with config.json and model.safetensors",
            ) from error
        network, told = loaded
        if told["missing_keys"] or told["mismatched_keys"]:
            lacking = sorted(map(str, [*told["missing_keys"], *told["mismatched_keys"]]))
            raise BadWeights(f"{model} is no complete DINOv2: it lacks {', '.join(lacking[:3])}")
        self.network = network.eval()
        self.name = f"DINOv2 ({self._version(Path(model)) or model}), class token, 224×224"

    @staticmethod
    def _version(folder: Path) -> str:
        """Name and digest of a local model; empty for a hub id."""
        files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
        return f"{folder.name}, {_short_digest(files[0])}" if files else ""

    def features(self, pictures: Pixels) -> Features:
        """(n, h, w, 3) uint8 → (n, width) float64."""
        import torch

        with torch.no_grad():
            parts = [
                self.network(
                    pixel_values=_prepared(part, _DINO_SIDE, _DINO_SIDE, _MEAN, _DEVIATION)
                )
                .last_hidden_state[:, 0]
                .double()
                .numpy()
                for part in _batches(pictures)
            ]
        return np.concatenate(parts)


class OnnxFeatures(Extractor):
    """Any network as an ONNX file: input (n, 3, h, w) float32, first output (n, d) or (n, d, y, x).

    Metadata of the file may state ``mean`` and ``std``, three numbers each on the scale 0 to 1
    (ImageNet's by default). Outputs with places are averaged over them.

    Args:
        file: the network; needs the [onnx] extra.

    Raises:
        MissingPart: ONNX Runtime or the file is not there.
        BadWeights: the file is no ONNX network, or its input is something else.
        WrongUse: no file was named.
    """

    def __init__(self, file: str | Path | None = None) -> None:
        if file is None:
            raise WrongUse("the ONNX extractor needs its file", "--extractor onnx:FILE")
        path = Path(file)
        if not path.is_file():
            raise MissingPart(f"no network at {path}")
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingPart(
                "ONNX Runtime is not installed", "pip install 'medici[onnx]'"
            ) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self.session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's errors share no public base
            raise BadWeights(f"{path} is not an ONNX network: {_first_line(error)}") from error
        (taken, *more) = self.session.get_inputs()
        if more or len(taken.shape) != 4 or taken.shape[1] != 3 or taken.type != "tensor(float)":
            raise BadWeights(
                f"{path} takes {taken.shape} {taken.type}, not one (n, 3, h, w) of float32"
            )
        if not all(isinstance(side, int) for side in taken.shape[2:]):
            raise BadWeights(f"{path} leaves its input size open", "export it with a fixed size")
        self.input, (self.height, self.width) = taken.name, taken.shape[2:]
        about = self.session.get_modelmeta().custom_metadata_map
        self.mean = _three(about, "mean", _MEAN, path)
        self.deviation = _three(about, "std", _DEVIATION, path)
        self.name = f"ONNX {path.name} ({_short_digest(path)}), {self.width}×{self.height}"

    def features(self, pictures: Pixels) -> Features:
        """(n, h, w, 3) uint8 → (n, d) float64."""
        parts = []
        for part in _batches(pictures):
            x = _prepared(part, self.height, self.width, self.mean, self.deviation).numpy()
            out = np.asarray(self.session.run(None, {self.input: x})[0], np.float64)
            parts.append(out.reshape(*out.shape[:2], -1).mean(-1))
        return np.concatenate(parts)


def _state(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a weights file, by name; safetensors, or a PyTorch file without any code."""
    import pickle

    from safetensors import SafetensorError

    if not path.is_file():
        raise MissingPart(f"no weights at {path}")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        import torch

        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise BadWeights(f"{path} holds more than tensors, or is damaged", _PLAIN) from error
    except (RuntimeError, OSError, ValueError, EOFError, SafetensorError) as error:
        said = f"{path} cannot be read as weights: {_first_line(error)}"
        raise BadWeights(said, _PLAIN) from error
    if not isinstance(state, dict):
        raise BadWeights(f"{path} holds a {type(state).__name__}, not tensors by name")
    return state


def _prepared(
    pictures: Pixels,
    height: int,
    width: int,
    mean: tuple[float, ...] = _MEAN,
    deviation: tuple[float, ...] = _DEVIATION,
) -> torch.Tensor:
    """(n, h, w, 3) uint8 → (n, 3, height, width) float32, bicubic, normalised by channel."""
    import torch
    import torch.nn.functional as F  # noqa: N812

    x = torch.from_numpy(np.ascontiguousarray(pictures)).movedim(3, 1).float() / 255
    x = F.interpolate(x, size=(height, width), mode="bicubic", antialias=True).clamp(0, 1)
    shape = (1, 3, 1, 1)
    return (x - torch.tensor(mean).view(shape)) / torch.tensor(deviation).view(shape)


def _batches(pictures: Pixels) -> list[Pixels]:
    return [pictures[i : i + _BATCH] for i in range(0, len(pictures), _BATCH)]


def _three(
    about: Mapping[str, str], key: str, otherwise: tuple[float, ...], path: Path
) -> tuple[float, ...]:
    if key not in about:
        return otherwise
    words = about[key].strip("[]() ").replace(",", " ").split()
    try:
        numbers = tuple(float(word) for word in words)
    except ValueError:
        numbers = ()
    if len(numbers) != 3:
        raise BadWeights(f"{path} states {key} as {about[key]!r}, not as three numbers")
    return numbers


def _short_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
