"""One of two workers that `torchrun` starts in the tests: trains and says what it ended with."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from tests.studio.training.trainees import SETTINGS, drawings

from medici.studio.families import Training
from medici.studio.pictures.gan_training import run_gan

torch.set_num_threads(1)
folder, steps, resume = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "resume"
settings = {**SETTINGS, "batch": 4, "note_steps": 1}
run = run_gan(drawings(), folder, Training(steps=steps, resume=resume, settings=settings))
trainer = run.trainee
total = sum(float(p.detach().double().abs().sum()) for p in trainer.generator.parameters())
told = {"rank": run.workers.rank, "of": run.workers.count, "step": trainer.step, "total": total}
told["pictures"] = int(trainer.random.get_state().sum())
(folder.parent / f"{folder.name}-rank{run.workers.rank}.json").write_text(json.dumps(told))
run.workers.wait()
run.workers.leave()
