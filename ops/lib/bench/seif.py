"""Seif by its HTTP contract alone: joins, makes a collection, fills it, and says what each operation's request is."""

import email
import email.policy
import json
import re
import time
from pathlib import Path

from client import Client, Unexpected
from load import KIB, Plan

EMAIL = "bench@example.com"
PASSWORD = "nineteen quiet harbours at dusk"
BATCH = 1000


class Tenant:
    """A business of one, signed in and confirmed, with a collection of 1 KiB records and a token for it."""

    def __init__(self, base, data, records, say, email=EMAIL):
        self.data, self.email, self.name = Path(data), email, "Bench Works"
        # A request with a cookie has to say that it comes from the service's own pages.
        self.client = Client(base, str(self.data / "tls" / "ca.pem"), {"Origin": base})
        self.say = say
        self._join()
        self._collections()
        self.ids = self._fill(records)
        _, _, token = self.client.send(
            "POST", "/api/v1/tokens", {"name": "bench", "scopes": ["records:read", "records:write"]}, expect=201
        )
        self.token = {"Authorization": f"Bearer {token['token']}"}
        scopes = {"name": "bench files", "scopes": ["files:read", "files:write"]}
        _, _, files = self.client.send("POST", "/api/v1/tokens", scopes, expect=201)
        self.files = {"Authorization": f"Bearer {files['token']}"}

    def _join(self):
        _, _, signup = self.client.send("POST", "/api/v1/signups", {"email": self.email, "language": "en"}, expect=202)
        code = self._mailed_code()
        documents = self.client.send("GET", "/api/v1/policies")[2]
        body = {
            "code": code,
            "password": PASSWORD,
            "name": "Bench Keeper",
            "tenant": {"kind": "company", "name": self.name, "country": "EE"},
            "acknowledged": [
                {"document": each["document"], "version": each["version"]}
                for each in documents
                if each["state"] == "in_force"
            ],
        }
        _, headers, joined = self.client.send("PUT", f"/api/v1/signups/{signup['id']}", body, expect=201)
        cookie = next(
            value.split(";")[0] for value in headers.get_all("Set-Cookie", []) if value.startswith("__Host-session=")
        )
        self.client.headers |= {"Cookie": cookie, "Seif-Tenant": joined["tenant_id"]}

    def _mailed_code(self, seconds=30):
        """The code stands alone on a line of the text part of the one mail to this address."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for path in sorted((self.data / "mail").glob("*.eml")):
                mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                if self.email not in mail["To"]:
                    continue
                text = mail.get_body(("plain",)).get_content()
                found = re.search(r"^\s*(\d{6})\s*$", text, re.MULTILINE)
                if found:
                    return found.group(1)
            time.sleep(0.05)
        raise RuntimeError(f"no code was mailed to {self.data / 'mail'} within {seconds} s")

    def _collections(self):
        fields = [
            {"name": "number", "label": "Number", "kind": "text", "searchable": True},
            {"name": "reference", "label": "Reference", "kind": "text", "searchable": True},
            {"name": "note", "label": "Note", "kind": "long_text"},
        ]
        # Created records go to a collection of their own, so that the one that is read and searched keeps its size.
        for slug in ("bench", "bench-created"):
            self.client.send("POST", "/api/v1/collections", {"name": slug, "slug": slug, "fields": fields}, expect=201)

    def _fill(self, records):
        ids, size, begin = [], BATCH, time.monotonic()
        while len(ids) < records:
            count = min(size, records - len(ids))
            batch = [{"values": values(f"N{len(ids) + n:08d}")} for n in range(count)]
            try:
                _, _, made = self.client.send(
                    "POST", "/api/v1/collections/bench/records/batch", {"records": batch}, expect=201
                )
            except Unexpected as refused:
                if ": 413," in str(refused) and size > 10:
                    size //= 2
                    continue
                raise
            ids += made["ids"]
        taken = time.monotonic() - begin
        self.load = {"records": len(ids), "batch": size, "seconds": taken, "per_second": len(ids) / taken}
        self.say(f"  loaded {len(ids)} records in {taken:.1f} s, {size} at a time")
        return ids

    def operations(self):
        """Each operation's request, by name."""
        json_token = {**self.token, "Content-Type": "application/json"}
        numbers = [f"N{n:08d}" for n in range(len(self.ids))]
        created = json.dumps({"values": values("{{unique}}")})
        return {
            "read": Plan("GET", "/api/v1/collections/bench/records/{{value}}", self.token, values=self.ids),
            "create": Plan("POST", "/api/v1/collections/bench-created/records", json_token, created, expect=201),
            "list": Plan("GET", "/api/v1/collections/bench/records?limit=50", self.token),
            "search": Plan(
                "POST",
                "/api/v1/collections/bench/search",
                json_token,
                json.dumps({"where": {"number": "{{value}}"}}),
                values=numbers,
            ),
            "sign-in": Plan(
                "POST",
                "/api/v1/session",
                {"Content-Type": "application/json"},
                json.dumps({"identifier": EMAIL, "password": PASSWORD}),
                expect=201,
            ),
        }

    def check(self, name, answer):
        """Whether the answer is what the operation is about; an empty list is fast and worthless."""
        if name == "read":
            return answer["values"]["note"] == KIB
        if name == "list":
            return len(answer["items"]) == min(50, len(self.ids))
        if name == "search":
            return len(answer["items"]) == 1
        return True


def values(number):
    """A record's values: two searchable texts and a note of 1 KiB."""
    return {"number": number, "reference": f"R-{number}", "note": KIB}
