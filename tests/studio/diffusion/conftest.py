from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from medici.studio.families import Training, family

if TYPE_CHECKING:
    from pathlib import Path

TINY = {"widths": [8, 16], "batch": 4, "precision": "float32", "shown": 20, "judged": 20}


@pytest.fixture(scope="session")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 12 small drawings on transparent ground, with a licence."""
    folder = tmp_path_factory.mktemp("drawings")
    random = np.random.default_rng(3)
    for i in range(12):
        pixels = np.zeros((16, 16, 4), np.uint8)
        top, left = random.integers(1, 6, 2)
        pixels[top : top + 8, left : left + 7] = [*random.integers(0, 255, 3), 255]
        Image.fromarray(pixels).resize((48, 48), 0).save(folder / f"{i:02d}.png")
    (folder / "source.json").write_text(json.dumps({"licence": "CC0-1.0", "title": "drawings"}))
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, drawings: Path) -> Path:
    """A model folder after three steps: random pictures, but the whole way."""
    out = tmp_path_factory.mktemp("models") / "small"
    family("diffusion").train(drawings, out, Training(steps=3, settings=TINY))
    return out


@pytest.fixture(scope="session")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny latent text-to-image pipeline with random weights, as a stranger would save it."""
    import torch
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    folder = tmp_path_factory.mktemp("painter")
    letters = [chr(i) for i in range(33, 127)]
    words = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16
    )
    torch.manual_seed(0)
    text = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=16,
        bos_token_id=len(words) - 2,
        eos_token_id=len(words) - 1,
        pad_token_id=len(words) - 1,
    )
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL(
            block_out_channels=(8, 8),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            norm_num_groups=4,
            sample_size=32,
        ),
        text_encoder=CLIPTextModel(text),
        tokenizer=tokenizer,
        unet=UNet2DConditionModel(
            block_out_channels=(8, 16),
            layers_per_block=1,
            sample_size=16,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=16,
            attention_head_dim=2,
            norm_num_groups=4,
        ),
        scheduler=DDIMScheduler(
            beta_schedule="scaled_linear",
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    out = folder / "pipeline"
    pipeline.save_pretrained(out)
    (out / "README.md").write_text("---\nlicense: openrail++\ntags: [art]\n---\n# Tiny\n")
    return out
