"""Another server, driven by an adapter file; see `ops/bench --help` and peer.example.json."""

import json
import os
import re
import uuid
from pathlib import Path

from client import Client
from load import KIB, Plan

KNOWN = {"name", "base", "ca", "pid", "headers", "prepare", "operations"}


class Peer:
    """Reads the adapter and prepares the server: what `prepare` captures becomes the values of the operations."""

    def __init__(self, path):
        text = re.sub(r"\$\{(\w+)\}", lambda found: os.environ[found.group(1)], Path(path).read_text())
        adapter = json.loads(text)
        unknown = adapter.keys() - KNOWN
        if unknown:
            raise ValueError(f"{path}: unknown keys {sorted(unknown)}")
        self.name, self.base, self.pid = adapter["name"], adapter["base"].rstrip("/"), adapter.get("pid")
        self.headers = adapter.get("headers", {})
        self.client = Client(self.base, adapter.get("ca"), self.headers)
        self.values = []
        for request in adapter.get("prepare", []):
            self._prepare(**request)
        self.templates = adapter["operations"]

    def _prepare(self, method, path, body=None, headers=None, expect=(200, 201, 202, 204), repeat=1, capture=None):
        for index in range(repeat):
            value = str(index)
            _, _, answer = self.client.send(method, fill(path, value), fill(body, value), headers, expect=expect)
            if capture == "{{index}}":
                self.values.append(value)
            elif capture:
                for key in capture.strip("/").split("/"):
                    answer = answer[int(key)] if isinstance(answer, list) else answer[key]
                self.values.append(str(answer))

    def operations(self):
        """Each operation's request, by name."""
        return {name: self._plan(**template) for name, template in self.templates.items()}

    def _plan(self, method, path, body=None, headers=None, expect=200):
        headers = {**self.headers, **(headers or {})}
        body = body if body is None or isinstance(body, str) else json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = body.replace("{{kib}}", KIB)
        wants = "{{value}}" in path + (body or "")
        return Plan(method, path, headers, body, values=self.values if wants else None, expect=expect)


def fill(template, index):
    """{{index}} counts from 0, {{unique}} is random, {{kib}} is 1 KiB of text."""
    if template is None:
        return None
    text = template if isinstance(template, str) else json.dumps(template)
    return text.replace("{{index}}", index).replace("{{unique}}", uuid.uuid4().hex[:16]).replace("{{kib}}", KIB)
