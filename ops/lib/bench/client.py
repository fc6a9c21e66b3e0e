"""JSON over HTTPS for setting things up: one connection, the standard library only."""

import http.client
import json
import ssl
import urllib.parse


class Unexpected(Exception):
    """An answer with another status than the one asked for."""


class Client:
    """Speaks to one server; `ca` is the file of the authority that it must chain to, None to trust whatever answers."""

    def __init__(self, base, ca=None, headers=None):
        self.base = base
        url = urllib.parse.urlsplit(base)
        context = ssl.create_default_context(cafile=ca) if ca else ssl._create_unverified_context()
        self.connection = http.client.HTTPSConnection(url.hostname, url.port or 443, context=context, timeout=120)
        self.headers = dict(headers or {})

    def send(self, method, path, body=None, headers=None, expect=(200, 201, 202, 204)):
        """The answer as (status, headers, value); value is None where the body is no JSON."""
        raw = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
        sent = {**self.headers, **(headers or {})}
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
        try:
            self.connection.request(method, path, raw, sent)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            # The server ended an idle connection: once more on a new one.
            self.connection.close()
            self.connection.request(method, path, raw, sent)
            answer = self.connection.getresponse()
        content = answer.read()
        try:
            value = json.loads(content) if content else None
        except ValueError:
            value = None
        wanted = (expect,) if isinstance(expect, int) else expect
        if wanted and answer.status not in wanted:
            raise Unexpected(f"{method} {path}: {answer.status}, expected {wanted}: {content[:600].decode(errors='replace')}")
        return answer.status, answer.headers, value
