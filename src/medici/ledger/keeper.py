"""The process that keeps one local chain alive and its state safe; run by path, stdlib only.

`node.py` starts it as ``python -I keeper.py CONFIG``. It holds the chain folder's lock, runs anvil,
saves the chain's state every few seconds in one atomic step, and stops anvil gracefully when it is
told to (SIGTERM) or, when tied to a command, as soon as that command is gone (its pipe ends), even
by ``kill -9``. Killed itself, the kernel passes the word on to anvil, which saves and leaves.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gzip
import http.client
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SCHEMA = "medici/chain/1"
_PR_SET_PDEATHSIG = 1
_NEVER = str(10 * 365 * 86400)


class Refusal(Exception):
    """Why the chain could not be started: a code that `node.py` turns into an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def write_atomically(path: Path, data: bytes) -> None:
    """Old file or new file, never half of one."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


class Keeper:
    """One anvil and its folder.

    The folder holds ``chain.json`` (schema and version), ``state.json`` (the chain), ``lock``,
    ``node.json`` (while running), and ``leaving.json`` (what anvil itself wrote as it left).
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self.folder = Path(config["folder"])
        self.program = str(config["program"])
        self.port = int(config["port"])
        self.chain_id = int(config["chain_id"])
        self.tied = bool(config["tied"])
        self.interval = float(config["save_every"])
        self.state = self.folder / "state.json"
        self.leaving = self.folder / "leaving.json"
        self.described = self.folder / "chain.json"
        self.running = self.folder / "node.json"
        self.url_port = 0
        self.genesis = int(time.time())
        self.saved_block = -1
        self.save_cost = 0.0

    def take_lock(self, patience: float = 20.0) -> int:
        """The folder is ours, or another keeper's chain is up (Refusal ``adopt``)."""
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self.running.exists():
                    raise Refusal("adopt", "the chain is already running") from None
                if time.monotonic() > deadline:
                    raise Refusal("locked", "another process holds the chain folder") from None
                time.sleep(0.02)
            else:
                return lock

    def check_state(self) -> None:
        """Never start on, and so never overwrite, what another version wrote."""
        self.running.unlink(missing_ok=True)
        if self.described.exists():
            try:
                description = json.loads(self.described.read_bytes())
                schema, chain_id = description["schema"], description["chain_id"]
                self.genesis = int(description.get("genesis", self.genesis))
            except (ValueError, KeyError, TypeError):
                raise Refusal("state", f"{self.described} cannot be read") from None
            if schema != SCHEMA:
                raise Refusal("state", f"{self.described} has schema {schema}, not {SCHEMA}")
            if chain_id != self.chain_id:
                raise Refusal("state", f"the kept chain has id {chain_id}, not {self.chain_id}")
        elif self.state.exists():
            raise Refusal("state", f"{self.state} has no description beside it")
        if self.leaving.exists():  # a keeper was killed; what anvil wrote then may be the newest
            if _block_of(self.leaving) > _block_of(self.state):
                self.leaving.replace(self.state)
            else:
                self.leaving.unlink()

    def start(self, lock: int) -> subprocess.Popen[bytes]:
        """Start anvil and wait until it listens."""
        cache = self.folder / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        command = [self.program, "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--chain-id", str(self.chain_id), "--accounts", "0", "--cache-path", str(cache)]
        command += ["--dump-state", str(self.leaving), "--state-interval", _NEVER]
        if self.state.exists():
            command += ["--load-state", str(self.state)]
        else:  # begun anew after a crash, transactions can be played again at their old times
            command += ["--timestamp", str(self.genesis)]
        libc = ctypes.CDLL(None) if sys.platform == "linux" else None

        def follow() -> None:
            if libc is not None:
                libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

        anvil = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            pass_fds=(lock,),  # the folder is free only when anvil, too, is gone
            preexec_fn=follow,
        )
        assert anvil.stdout is not None
        said = b""
        while chunk := os.read(anvil.stdout.fileno(), 4096):
            said += chunk
            _, _, rest = said.partition(b"Listening on ")
            if rest and b"\n" in rest:
                self.url_port = int(rest.split()[0].rsplit(b":", 1)[1])
                return anvil
        anvil.wait()
        text = said.decode("utf-8", "replace").strip()
        if "in use" in text:
            raise Refusal("port-taken", f"port {self.port} is used by another program")
        if "load-state" in text or "state" in text:
            raise Refusal("state", f"{self.state} cannot be loaded: {text[:300]}")
        raise Refusal("failed", f"anvil ended with {anvil.returncode}: {text[-300:]}")

    def rpc(self, method: str, *params: object) -> Any:
        """One JSON-RPC request to our anvil."""
        connection = http.client.HTTPConnection("127.0.0.1", self.url_port, timeout=60)
        try:
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/", json.dumps(body), headers)
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise OSError(f"{method}: {answer['error']}")
        return answer["result"]

    def settle_clock(self) -> None:
        """Chain time never runs backwards: anvil forgets how far ahead it was when it restarts."""
        latest = self.rpc("eth_getBlockByNumber", "latest", False)
        ahead = int(latest["timestamp"], 16)
        # Not set needlessly: what was lost can only be played again at times not yet passed.
        if ahead >= time.time():
            self.rpc("anvil_setTime", ahead)
        self.saved_block = int(latest["number"], 16) if self.state.exists() else -1

    def save(self) -> None:
        """Write the chain's state to disk if it grew; a failure leaves the last good one."""
        started = time.monotonic()
        block = int(self.rpc("eth_blockNumber"), 16)
        if block == self.saved_block:
            return
        dump = bytes.fromhex(self.rpc("anvil_dumpState")[2:])
        write_atomically(self.state, gzip.decompress(dump))
        self.saved_block = block
        self.save_cost = time.monotonic() - started

    def describe(self, anvil_pid: int) -> dict[str, Any]:
        """Write who runs here, for the commands to come."""
        version = str(self.rpc("web3_clientVersion"))
        description = {
            "schema": SCHEMA,
            "chain_id": self.chain_id,
            "genesis": self.genesis,
            "version": version,
        }
        write_atomically(self.described, json.dumps(description, indent=1).encode())
        answer = description | {
            "url": f"http://127.0.0.1:{self.url_port}",
            "port": self.url_port,
            "anvil": anvil_pid,
            "keeper": os.getpid(),
            "tied": self.tied,
        }
        write_atomically(self.running, json.dumps(answer, indent=1).encode())
        return answer

    def watch(self, anvil: subprocess.Popen[bytes], told: int) -> None:
        """Until told to stop, or the command we are tied to is gone, or anvil is."""
        assert anvil.stdout is not None
        watched = selectors.DefaultSelector()
        watched.register(told, selectors.EVENT_READ, "stop")
        watched.register(anvil.stdout, selectors.EVENT_READ, "anvil")
        if self.tied:
            watched.register(0, selectors.EVENT_READ, "command")
        due = time.monotonic() + self.interval
        while True:
            for key, _ in watched.select(max(0.0, due - time.monotonic())):
                if key.data == "stop":
                    return
                heard = os.read(key.fd, 65536)  # drained always: a full pipe would stall anvil
                if not heard:
                    return
            if time.monotonic() >= due:
                with contextlib.suppress(OSError, ValueError):
                    self.save()
                # Saving stalls the chain; it may take a twentieth of its time, not more.
                due = time.monotonic() + max(self.interval, 20 * self.save_cost)

    def stop(self, anvil: subprocess.Popen[bytes]) -> None:
        """Stop anvil gracefully and keep what it wrote as it left."""
        self.running.unlink(missing_ok=True)
        anvil.terminate()
        try:
            anvil.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            anvil.kill()
            anvil.communicate()
        if anvil.returncode == 0 and self.leaving.exists():
            with self.leaving.open("rb") as file:
                os.fsync(file.fileno())
            self.leaving.replace(self.state)
        shutil.rmtree(self.folder / "cache", ignore_errors=True)


def _block_of(path: Path) -> int:
    """The last block of a saved state; -1 when there is none or it was cut short."""
    try:
        return int(json.loads(path.read_bytes())["best_block_number"])
    except (OSError, ValueError, KeyError, TypeError):
        return -1


def main(arguments: list[str]) -> int:
    """Keep a chain until told otherwise; the first line on stdout is the answer to who asked."""
    if os.fork():  # who asked need not wait for us, nor reap us
        os._exit(0)
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    keeper = Keeper(json.loads(arguments[0]))
    anvil = None
    try:
        keeper.folder.mkdir(parents=True, exist_ok=True)
        lock = keeper.take_lock()
        keeper.check_state()
        anvil = keeper.start(lock)
        keeper.settle_clock()
        answer = keeper.describe(anvil.pid)
    except (Refusal, OSError, ValueError) as error:
        if anvil is not None:
            keeper.stop(anvil)
        code = error.code if isinstance(error, Refusal) else "failed"
        print(json.dumps({"error": code, "message": str(error)}), flush=True)
        return 1
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(answer), flush=True)
    silence = os.open(os.devnull, os.O_RDWR)
    os.dup2(silence, 1)
    keeper.watch(anvil, told)
    keeper.stop(anvil)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
