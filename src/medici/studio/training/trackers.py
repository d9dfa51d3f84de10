"""Trackers: who is told of figures and pictures by step. TensorBoard always, others by plug-in.

An entry point of the group ``medici.trackers`` names a callable ``(folder, about) -> Tracker``; a
run uses those that its setting ``trackers`` names.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol

from medici.errors import WrongUse
from medici.logs import logger
from medici.studio.training.events import EventFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

GROUP = "medici.trackers"


class Tracker(Protocol):
    """Anything that shows how a run is doing."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers by name, all finite."""
        ...

    def picture(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """(h, w, 3 or 4) uint8."""
        ...

    def close(self) -> None:
        """The run is over, or stopped."""
        ...


class TensorBoard:
    """`SummaryWriter` where TensorBoard is installed; else the same file, written by us.

    Args:
        folder: TensorBoard's log folder.
    """

    def __init__(self, folder: Path) -> None:
        self._own: EventFile | None = None
        try:
            from torch.utils.tensorboard import SummaryWriter

            self._writer: Any = SummaryWriter(str(folder))
        except ImportError:
            self._own = EventFile(folder)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers by name."""
        if self._own is not None:
            self._own.scalars(step, values)
            return
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def picture(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """(h, w, 3 or 4) uint8."""
        if self._own is not None:
            self._own.picture(step, name, pixels)
        else:
            self._writer.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        """Write what is buffered."""
        (self._own or self._writer).close()


class Trackers:
    """All trackers of a run. One that fails is told of once and left out: training goes on.

    Args:
        folder: of the run; TensorBoard's files go to ``tensorboard`` in it.
        names: plug-ins to use.
        about: settings of the run, for those that show them.

    Raises:
        WrongUse: there is no plug-in of that name.
    """

    def __init__(self, folder: Path, names: Sequence[str], about: Mapping[str, Any]) -> None:
        found = {point.name: point for point in entry_points(group=GROUP)}
        for name in names:
            if name not in found:
                have = ", ".join(sorted(found)) or "none"
                raise WrongUse(f"no tracker is called {name!r}", f"installed plug-ins: {have}")
        self._all: dict[str, Tracker] = {"tensorboard": TensorBoard(folder / "tensorboard")}
        for name in names:
            self._all[name] = found[name].load()(folder, about)

    @property
    def names(self) -> list[str]:
        """Those that still work."""
        return list(self._all)

    def scalars(self, step: int, values: Mapping[str, Any]) -> None:
        """Tell the numbers of a row; what is no finite number is left out."""
        numbers = {
            k: float(v)
            for k, v in values.items()
            if isinstance(v, int | float) and abs(v) < float("inf")
        }
        self._tell(lambda tracker: tracker.scalars(step, numbers))

    def picture(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """Tell a picture, (h, w, 3 or 4) uint8."""
        self._tell(lambda tracker: tracker.picture(step, name, pixels))

    def close(self) -> None:
        """Tell that the run is over."""
        self._tell(lambda tracker: tracker.close())

    def _tell(self, what: Callable[[Tracker], None]) -> None:
        for name, tracker in list(self._all.items()):
            try:
                what(tracker)
            except Exception as error:
                del self._all[name]
                logger("studio").warning("tracker left out", tracker=name, error=str(error))
