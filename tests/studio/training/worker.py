"""One of two workers that `torchrun` starts in the tests: trains and says what it ended with."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from tests.studio.training.trainees import CODES, SETTINGS, drawings

from medici.errors import Interrupted
from medici.studio.families import Training
from medici.studio.pictures.codes_training import run_codes
from medici.studio.pictures.gan_training import run_gan

WHOLE = 3  # steps; schedules follow the whole budget, so a shorter run is one that was stopped

torch.set_num_threads(1)
folder, steps, resume = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "resume"
codes = sys.argv[4] == "codes"
settings = {**(CODES if codes else SETTINGS), "batch": 4, "note_steps": 1}


def stop(now):
    if now.step == steps < WHOLE:
        raise KeyboardInterrupt


how = Training(steps=WHOLE, resume=resume, settings=settings, progress=stop)
try:
    run = (run_codes if codes else run_gan)(drawings(), folder, how)
except Interrupted:
    sys.exit()
trainer = run.trainee
trained = trainer.networks if codes else trainer.generator
total = sum(float(p.detach().double().abs().sum()) for p in trained.parameters())
told = {"rank": run.workers.rank, "of": run.workers.count, "step": trainer.step, "total": total}
told["pictures"] = int(trainer.random.get_state().sum())
(folder.parent / f"{folder.name}-rank{run.workers.rank}.json").write_text(json.dumps(told))
run.workers.wait()
run.workers.leave()
