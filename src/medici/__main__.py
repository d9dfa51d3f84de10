"""``python -m medici`` is the ``medici`` program; `torchrun` starts it so."""

from medici.cli import main

main()
