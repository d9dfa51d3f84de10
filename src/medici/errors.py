"""Every error that Medici raises on purpose, as one tree under one root.

MediciError
├── AnswerNo                  exit 1   the question was understood and the answer is no
├── WrongUse                  exit 2   the caller can mend it by asking differently
│   ├── BadData
│   ├── BadSettings
│   ├── BadStyle
│   ├── BadWeights
│   ├── KeyReused
│   ├── NoFirm
│   ├── StateFromOtherVersion
│   ├── UnreadableFile
│   └── WrongChain
├── MissingPart               exit 3   a needed part is not here; the hint says how to get it
│   ├── NoKey
│   ├── NoNode
│   ├── NoWeights
│   ├── NotDeployed
│   ├── PortTaken
│   └── WrongPassword
├── ChainRefused              exit 4   the chain answered no, with the decoded reason
│   ├── NodeRefused
│   └── NoFunds
└── Interrupted               exit 130 safely resumable
    └── StillPending
"""

from __future__ import annotations


class MediciError(Exception):
    """Root of the tree: a stable ``code``, what happened, and a ``hint`` that says what to do.

    Attributes:
        code: stable machine name in kebab case, one a class unless a caller gives a finer one.
        exit_code: the process exit code a command ends with.
        message: what happened, in one sentence.
        hint: what the reader can do about it; may be empty.
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, hint: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def as_json(self) -> dict[str, dict[str, str]]:
        """The error as commands and routes print it: ``{"error": {"code", "message", "hint"}}``."""
        return {"error": {"code": self.code, "message": self.message, "hint": self.hint}}


class AnswerNo(MediciError):
    """The question was understood and the answer is no."""

    code = "no"
    exit_code = 1


class WrongUse(MediciError):
    """The caller asked in a way that cannot be answered."""

    code = "wrong-use"
    exit_code = 2


class BadData(WrongUse):
    """A data set holds something that cannot be trained on; the message names the file."""

    code = "bad-data"


class BadSettings(WrongUse):
    """``medici.toml`` or a ``MEDICI_…`` variable holds something that cannot be used."""

    code = "bad-settings"


class BadStyle(WrongUse):
    """A style key is unknown or its value is out of range."""

    code = "bad-style"


class BadWeights(WrongUse):
    """A weights file is damaged, of another architecture, or not safetensors."""

    code = "bad-weights"


class KeyReused(WrongUse):
    """An idempotency key was used before, for a different call."""

    code = "key-reused"


class NoFirm(WrongUse):
    """No ``medici.toml`` here or in any folder above."""

    code = "no-firm"


class StateFromOtherVersion(WrongUse):
    """A state file was written by a version this one cannot read."""

    code = "state-from-other-version"


class UnreadableFile(WrongUse):
    """A file cannot be read as what it should be (an image, a record, a bundle)."""

    code = "unreadable-file"


class WrongChain(WrongUse):
    """The node serves another chain than the one that was asked for."""

    code = "wrong-chain"


class MissingPart(MediciError):
    """A needed part is missing; the hint says how to get it."""

    code = "missing-part"
    exit_code = 3


class NoKey(MissingPart):
    """A key that the operation needs is not in the key store."""

    code = "no-key"


class NoNode(MissingPart):
    """No node answers, or the program that would start one is not installed."""

    code = "no-node"


class NoWeights(MissingPart):
    """A model's weights are not here."""

    code = "no-weights"


class NotDeployed(MissingPart):
    """The firm's contracts are not on this chain yet."""

    code = "not-deployed"


class PortTaken(MissingPart):
    """The port asked for is used by another program."""

    code = "port-taken"


class WrongPassword(MissingPart):
    """The password does not open the key store."""

    code = "wrong-password"


class ChainRefused(MediciError):
    """The chain answered no.

    Attributes:
        reason: the decoded contract error's name (``BidTooLow``), or an RPC message.
        args_: the decoded arguments by name.
    """

    code = "chain-refused"
    exit_code = 4

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        code: str | None = None,
        reason: str = "",
        arguments: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message, hint, code=code)
        self.reason = reason
        self.arguments = arguments or {}


class NodeRefused(ChainRefused):
    """The node answered a request with an error of its own.

    Attributes:
        rpc_code: the JSON-RPC error code.
        data: the bytes a contract reverted with, if it was one.
    """

    code = "node-refused"

    def __init__(self, message: str, *, rpc_code: int = 0, data: bytes = b"") -> None:
        super().__init__(message, reason=message)
        self.rpc_code = rpc_code
        self.data = data


class NoFunds(ChainRefused):
    """An account cannot pay: balance or allowance is too small."""

    code = "no-funds"


class Interrupted(MediciError):
    """Stopped by the user; everything done so far is kept and the same command resumes."""

    code = "interrupted"
    exit_code = 130


class StillPending(Interrupted):
    """A transaction is on its way but not confirmed yet; the same command goes on waiting."""

    code = "still-pending"
