"""Training textures: from a folder to an exact model, resumable bit for bit, edges unseen."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from medici.content import content_digest  # noqa: E402
from medici.errors import BadWeights, Interrupted, WrongUse  # noqa: E402
from medici.studio.families import Training, family, load_model  # noqa: E402
from medici.studio.textures.data import read_materials  # noqa: E402
from medici.studio.textures.export import described, to_exact  # noqa: E402
from medici.studio.textures.gan import Recipe, Trainer, draw_grid  # noqa: E402
from medici.studio.textures.model import TextureModel  # noqa: E402
from medici.studio.textures.networks import Discriminator, Generator, Shape  # noqa: E402
from medici.studio.training.trainee import NotFinite, Trainee  # noqa: E402

pytestmark = pytest.mark.train

SMALL = {
    "channels": (8, 6, 4, 4),
    "width": 4,
    "local": 4,
    "shared": 2,
    "batch": 1,
    "side": 56,
    "half": False,
}
RECIPE = Recipe(batch=1, side=56, half=False)


def shape(**changes: Any) -> Shape:
    told = {k: v for k, v in SMALL.items() if k in ("channels", "width", "local", "shared")}
    return Shape(**{"materials": 2, **told, **changes})


def trainer(materials: Path, seed: int = 0) -> Trainer:
    return Trainer(read_materials(materials), shape(), RECIPE, seed, torch.device("cpu"))


def test_without_padding_the_inside_equals_what_wrapping_gives() -> None:
    network = Generator(shape()).eval()
    grid = torch.randn(1, shape().inputs, 12, 12)
    with torch.no_grad():
        wrapped, inside = network(grid, wrap=True), network(grid)
    missing = (wrapped.shape[2] - inside.shape[2]) // 2
    middle = wrapped[:, :, missing:-missing, missing:-missing]
    assert middle.shape == inside.shape
    assert torch.allclose(middle, inside, atol=1e-5)


@pytest.mark.parametrize("side", [56, 72, 75])
def test_a_grid_is_just_large_enough_for_a_crop(side: int) -> None:
    network = Generator(shape())
    cells = shape().grid_for(side)
    assert network(torch.zeros(1, shape().inputs, cells, cells)).shape[2] >= side
    assert network(torch.zeros(1, shape().inputs, cells - 1, cells - 1)).shape[2] < side


def test_the_discriminator_gives_each_material_its_own_score() -> None:
    network = Discriminator(shape())
    pictures = torch.randn(1, 1, 56, 56)
    first = network(pictures, torch.tensor([0]))
    second = network(pictures, torch.tensor([1]))
    assert first.shape == second.shape
    assert (first != second).any()


@pytest.mark.parametrize("channels", [(8, 6, 4, 4), (8, 6, 6, 4, 4)])
def test_a_score_sees_exactly_its_patch(channels: tuple[int, ...]) -> None:
    told = shape(channels=channels)
    network = Discriminator(told)
    with torch.no_grad():
        one = torch.zeros(1, 1, told.patch, told.patch)
        assert network(one, torch.tensor([0])).shape == (1, 1)
    with pytest.raises(RuntimeError):
        network(one[..., 1:], torch.tensor([0]))


def test_waves_of_a_grid_turn_with_the_material() -> None:
    random = torch.Generator().manual_seed(0)
    told = shape()
    grid = draw_grid(torch.tensor([0, 1]), 6, told, [[(1 / 32, 0.0)], []], random)
    at = told.local + told.shared
    cosine, sine = grid[0, at, :, 0], grid[0, at + 1, :, 0]
    angle = torch.atan2(sine, cosine)
    steps = torch.remainder(angle[1:] - angle[:-1], 2 * np.pi)
    assert torch.allclose(steps, torch.full((5,), np.pi / 2), atol=1e-5)
    assert (grid[1, at : at + 2] == 0).all()


def test_the_exact_texture_is_within_one_grey_level_of_the_float_one(materials: Path) -> None:
    run = trainer(materials)
    for _ in range(2):
        run.advance()
    network = run.averaged()
    data = run.data
    exact = to_exact(
        network, [described(m.name, m.pictures, m.relief, m.waves) for m in data.materials]
    )
    model = TextureModel(exact, _record(exact), materials)
    for material in data.names:
        style = model.parse({"material": material, "width": 96, "height": 64})
        latents = model.network.latents(model._grid(3, style), range(8))
        given = torch.from_numpy(latents / 1024).float().movedim(2, 0)[None]
        with torch.no_grad():
            floats = network(given, wrap=True)[0, 0].clamp(-1, 1).numpy()
        levels = model.light(3, style.as_json())[..., 0].astype(float)
        assert np.abs((floats + 1) * 127.5 - levels).max() <= 1.5


def _record(exact: Any) -> Any:
    from medici.records import Digest, ModelRecord

    nothing = Digest("0" * 64)
    return ModelRecord(exact.id, "t", "exact/2", nothing, nothing, "CC0-1.0", family="textures")


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(
    materials: Path, tmp_path: Path
) -> None:
    straight, stopped = trainer(materials), trainer(materials)
    for _ in range(3):
        straight.advance()
    stopped.advance()
    stopped.save(tmp_path / "snapshot.safetensors")
    resumed = trainer(materials, seed=9)
    resumed.load(tmp_path / "snapshot.safetensors")
    for _ in range(2):
        resumed.advance()
    assert resumed.step == straight.step
    for (_, a), (_, b) in zip(straight.weights.tensors(), resumed.weights.tensors(), strict=True):
        assert torch.equal(a, b)
    for (key, a), b in zip(
        straight.generator.state_dict().items(),
        resumed.generator.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(a, b), key


def test_a_snapshot_of_something_else_is_refused(materials: Path, tmp_path: Path) -> None:
    run = trainer(materials)
    path = tmp_path / "snapshot.safetensors"
    run.save(path)
    other = Trainer(run.data, shape(local=5), RECIPE, 0, torch.device("cpu"))
    with pytest.raises(BadWeights, match="local 4, not 5"):
        other.load(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadWeights, match="not a training snapshot"):
        run.load(path)
    path.write_bytes(pickle.dumps({"weights": [1, 2]}))
    with pytest.raises(BadWeights, match="pickle"):
        run.load(path)


def test_fine_tuning_takes_what_fits_from_another_set(materials: Path, tmp_path: Path) -> None:
    run = trainer(materials)
    run.advance()
    run.save(tmp_path / "snapshot.safetensors")
    alone = read_materials(materials / "soil")
    other = Trainer(alone, shape(materials=1), RECIPE, 3, torch.device("cpu"))
    assert other.start_from(tmp_path / "snapshot.safetensors") > 20
    assert torch.equal(other.generator.second.weight, run.generator.second.weight)
    assert other.generator.first.weight.shape != run.generator.first.weight.shape


def test_a_trainer_is_what_the_training_room_asks_for(materials: Path) -> None:
    run = trainer(materials)
    assert isinstance(run, Trainee)
    pictures = run.samples(2, run.averages[-1])
    assert (pictures.shape, pictures.dtype) == ((2, 128, 128, 4), np.uint8)
    assert (pictures == run.samples(2, run.averages[-1])).all()
    run.resize(1)
    assert run.batch == 2
    assert run.real().shape == (2, 1, 56, 56)


def test_a_loss_that_is_no_number_is_told(materials: Path) -> None:
    run = trainer(materials)
    with torch.no_grad():
        run.generator.first.weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(NotFinite, match="step 0"):
        run.advance()


def test_from_a_folder_to_a_model_that_renders_in_another_process(
    materials: Path, tmp_path: Path
) -> None:
    seen: list[int] = []
    out = tmp_path / "model"
    how = Training(steps=2, settings=SMALL, name="two", progress=lambda now: seen.append(now.step))
    record = family("textures").train(materials, out, how)
    assert seen == [1, 2]
    assert (record.name, record.family, record.renderer) == ("two", "textures", "exact/2")
    assert record.training["step"] == 2
    assert set(record.metrics["materials"]) == {"cloth", "soil"}
    assert record.metrics["pixels_that_differ_when_rolled"] == 0
    for side in ("64", "256"):
        assert set(record.metrics["cell_borders"][side]) == {"cloth", "soil"}
        assert record.metrics["seam_error"][side] > 0
    for file in ("weights.safetensors", "record.json", "metrics.json", "curves.json", "sheet.png"):
        assert (out / file).is_file()
    model = load_model(out)
    work = model.sample(1, {"width": 64, "height": 64, "material": "soil"})
    assert content_digest(work) == content_digest(load_model(out).sample(1, work.style))
    with pytest.raises(WrongUse, match="holds a training run"):
        family("textures").train(materials, out, how)
    again = Training(steps=3, settings=SMALL, name="two", resume=True)
    assert family("textures").train(materials, out, again).training["step"] == 3
    assert json.loads((out / "record.json").read_text())["training"]["step"] == 3


def test_a_user_who_stops_loses_nothing(materials: Path, tmp_path: Path) -> None:
    def stop(now: Any) -> None:
        raise KeyboardInterrupt

    how = Training(steps=5, settings=SMALL, progress=stop)
    with pytest.raises(Interrupted, match="step 1"):
        family("textures").train(materials, tmp_path / "model", how)
    assert not (tmp_path / "model" / "record.json").exists()
    resumed = trainer(materials)
    resumed.load(tmp_path / "model" / "run" / "snapshot.safetensors")
    assert resumed.step == 1


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (Training(), "needs an end"),
        (Training(steps=1, settings={"gama": 1}), "no setting 'gama'"),
        (Training(steps=1, settings={"side": 48}), "cannot be trained"),
        (Training(steps=1, resume=True), "nothing to resume"),
        (Training(steps=1, tune=Path("fresh")), "not judged while they train"),
    ],
)
def test_training_that_cannot_be_is_refused(
    materials: Path, tmp_path: Path, how: Training, message: str
) -> None:
    with pytest.raises(WrongUse, match=message):
        family("textures").train(materials, tmp_path / "model", how)
    assert not (tmp_path / "model" / "record.json").exists()
