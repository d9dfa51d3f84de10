"""Data parallel training under ``torchrun``: own samples for each worker, gradients averaged.

Written on all-reduce rather than DistributedDataParallel: penalties on gradients differentiate
twice, which its hooks do not follow.
"""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist

from medici.errors import MissingPart, WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor, nn


def started() -> int:
    """How many processes ``torchrun`` started, 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def refuse_others() -> None:
    """For families that train in one process.

    Raises:
        WrongUse: ``torchrun`` started several.
    """
    if started() > 1:
        raise WrongUse("this family trains in one process", "start it without torchrun")


class Workers:
    """The processes of one run; alone, every operation is the identity.

    Attributes:
        rank: of this process, from 0; rank 0 judges and writes.
        count: processes.
    """

    def __init__(self, rank: int = 0, count: int = 1, device: torch.device | None = None) -> None:
        self.rank, self.count = rank, count
        # What small messages travel on: NCCL moves nothing but CUDA tensors.
        self._device = device if device is not None and device.type == "cuda" else None

    @classmethod
    def join(cls, device: torch.device) -> Workers:
        """All processes that ``torchrun`` started, or this one alone.

        Raises:
            MissingPart: PyTorch was built without what is needed, or the others do not answer.
        """
        count = started()
        if count == 1:
            return cls()
        if not dist.is_initialized():
            try:
                dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
            except (RuntimeError, ValueError) as error:
                raise MissingPart(
                    f"the {count} workers of this run do not find each other: {error}",
                    "start them with torchrun; for one machine: torchrun --nproc-per-node 2 …",
                ) from error
            # However the process ends: threads of Gloo that outlive the interpreter abort it.
            atexit.register(_leave)
        return cls(dist.get_rank(), dist.get_world_size(), device)

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def leave(self) -> None:
        """End the group; the process goes on alone."""
        if self.count > 1:
            _leave()

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Mean over workers of every gradient, in one message."""
        if self.count == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.reshape(-1) for g in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        parts = torch.split(flat, [g.numel() for g in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def mean(self, values: dict[str, float]) -> dict[str, float]:
        """Mean over workers of each number; one that is not finite anywhere is so everywhere."""
        if self.count == 1:
            return values
        packed = torch.tensor(list(values.values()), dtype=torch.float64, device=self._device)
        dist.all_reduce(packed)
        return dict(zip(values, (packed / self.count).tolist(), strict=True))

    def mean_of(self, tensor: Tensor) -> Tensor:
        """Mean over workers of a tensor of one shape."""
        if self.count > 1:
            tensor = tensor.clone()
            dist.all_reduce(tensor)
            tensor /= self.count
        return tensor

    def most(self, values: Sequence[float]) -> list[float]:
        """Largest over workers of each number; how they agree on what to do next."""
        if self.count == 1:
            return list(values)
        packed = torch.tensor(values, dtype=torch.float64, device=self._device)
        dist.all_reduce(packed, dist.ReduceOp.MAX)
        return [float(x) for x in packed.tolist()]

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """The tensor of each worker, in order of rank, on every worker."""
        if self.count == 1:
            return [tensor]
        mine = tensor.to(self._device) if self._device is not None else tensor
        parts = [torch.empty_like(mine) for _ in range(self.count)]
        dist.all_gather(parts, mine)
        return [part.to(tensor.device) for part in parts]

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            dist.barrier()


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
    atexit.unregister(_leave)
