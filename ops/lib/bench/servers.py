"""Server processes: started, waited for, ended by their own id."""

import os
import re
import selectors
import signal
import subprocess
import time
from pathlib import Path


class Server:
    """A process that prints `ready https://HOST:PORT` when it serves; `base` is that address."""

    def __init__(self, command, log, environment=None, seconds=120):
        self.log = Path(log)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SEIF_")}
        self.errors = self.log.open("ab")
        self.process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=self.errors, env={**clean, **(environment or {})}
        )
        self.pid = self.process.pid
        try:
            self.base = self._ready(seconds)
        except Exception:
            self.stop()
            raise

    def _ready(self, seconds):
        deadline, seen = time.monotonic() + seconds, b""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.process.stdout, selectors.EVENT_READ)
            while time.monotonic() < deadline:
                if not waiting.select(timeout=0.5):
                    continue
                piece = os.read(self.process.stdout.fileno(), 65536)
                if not piece:
                    break
                seen += piece
                found = re.search(rb"^\s*ready (https://\S+)\s*$", seen, re.MULTILINE)
                if found:
                    return found.group(1).decode()
        tail = self.log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{self.process.args[0]} did not get ready:\n{seen.decode(errors='replace')[-2000:]}\n{tail}")

    def stop(self):
        """SIGTERM, and after half a minute SIGKILL."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def free_port():
    """A loopback port that was free a moment ago."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
