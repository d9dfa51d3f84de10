"""One of two workers that `torchrun` starts in the tests: trains and says what it ended with."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from tests.studio.training.trainees import CODES, SETTINGS, drawings

from medici.errors import Interrupted
from medici.studio.diffusion.recipe import Recipe as Denoising
from medici.studio.diffusion.trainer import Trainer as Denoiser
from medici.studio.families import Training
from medici.studio.pictures.codes_training import run_codes
from medici.studio.pictures.gan_training import run_gan
from medici.studio.training.options import Options
from medici.studio.training.parallel import Workers
from medici.studio.training.run import drive

WHOLE = 3  # steps; schedules follow the whole budget, so a shorter run is one that was stopped

torch.set_num_threads(1)
folder, steps, resume = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "resume"
body = sys.argv[4]
settings = {"dcgan": SETTINGS, "codes": CODES, "diffusion": {"widths": [8, 16], "shown": 20}}[body]
settings = {**settings, "batch": 4, "note_steps": 1}


def stop(now):
    if now.step == steps < WHOLE:
        raise KeyboardInterrupt


def run_denoiser(data, folder, how):
    options, rest = Options.take(how.settings)
    device = torch.device("cpu")
    workers = Workers.join(device)
    trainer = Denoiser(data, Denoising.from_settings(rest), how.seed, device, workers)
    return drive(trainer, folder, how, options=options, workers=workers)


how = Training(steps=WHOLE, resume=resume, settings=settings, progress=stop)
try:
    train = {"dcgan": run_gan, "codes": run_codes, "diffusion": run_denoiser}[body]
    run = train(drawings(), folder, how)
except Interrupted:
    sys.exit()
trainer = run.trainee
networks = {"dcgan": "generator", "codes": "networks", "diffusion": "network"}
trained = getattr(trainer, networks[body])
total = sum(float(p.detach().double().abs().sum()) for p in trained.parameters())
told = {"rank": run.workers.rank, "of": run.workers.count, "step": trainer.step, "total": total}
told["pictures"] = int(trainer.random.get_state().sum())
(folder.parent / f"{folder.name}-rank{run.workers.rank}.json").write_text(json.dumps(told))
run.workers.wait()
run.workers.leave()
