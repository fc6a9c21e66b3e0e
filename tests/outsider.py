#!/usr/bin/env python3
"""Checks a service from its public pages alone, with nothing of Seif's but the formats that it publishes.

Usage: outsider.py URL CA STATE NOTICE_DAYS [ERASURE_ID]

URL is https://host:port, CA the file of its certificate authority, STATE a folder that keeps the log's keys and newest
checkpoint from one time to the next. It reads the whole transparency log and checks that it was signed and only grew,
that every legal document in force stands in it as it is served, that whoever was there was told NOTICE_DAYS before, and,
with an erasure's id, that its certificate holds and that the log states it. Exit status 0: all of that holds, 1: it does
not, and why. Python 3.8 and its own library are enough.
"""
import base64
import hashlib
import json
import os
import ssl
import sys
import urllib.request
from datetime import datetime, timedelta

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ops"))
from verify_certificate import canonical, signed_by, unpadded  # noqa: E402

WIDTH = 256


class Wrong(Exception):
    """What does not hold."""


def demand(holds, what):
    if not holds:
        raise Wrong(what)


class Service:
    def __init__(self, url, authority):
        self.url = url
        self.context = ssl.create_default_context(cafile=authority)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, context=self.context, timeout=30) as answer:
            demand("Set-Cookie" not in answer.headers, f"{path} sets a cookie")
            return answer.read()

    def json(self, path):
        return json.loads(self.get(path))


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def root_of(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    left = 1
    while left * 2 < len(hashes):
        left *= 2
    return hashlib.sha256(b"\1" + root_of(hashes[:left]) + root_of(hashes[left:])).digest()


def read_key(line):
    name, number, key = line.split("+", 2)
    key = base64.b64decode(key)
    mark = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    demand(key[0] == 1 and mark.hex() == number, "a key of the log is malformed")
    return name, mark, key[1:]


def read_checkpoint(note, keys):
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    for line in signatures.strip("\n").split("\n"):
        demand(line.startswith("\u2014 "), "a signature of the checkpoint is malformed")
        name, signature = line[2:].split(" ")
        signature = base64.b64decode(signature)
        for known, mark, key in keys:
            if known == name == origin and signature[:4] == mark:
                demand(signed_by(key, text.encode(), signature[4:]), "the checkpoint's signature does not hold")
                return origin, int(size), base64.b64decode(root)
    raise Wrong("none of the known keys signed the checkpoint")


def number_path(number):
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join(groups)


def read_entries(service, size):
    entries = []
    while len(entries) < size:
        number, width = len(entries) // WIDTH, min(WIDTH, size - len(entries))
        partial = "" if width == WIDTH else f".p/{width}"
        bundle = service.get(f"/transparency/tile/entries/{number_path(number)}{partial}")
        at = 0
        while at < len(bundle):
            length = int.from_bytes(bundle[at:at + 2], "big")
            entries.append(bundle[at + 2:at + 2 + length])
            at += 2 + length
    demand(len(entries) == size, "the log has another number of entries than its checkpoint says")
    return entries


def check_log(service, state):
    kept = os.path.join(state, "keys")
    if not os.path.exists(kept):
        os.makedirs(state, exist_ok=True)
        with open(kept, "wb") as file:
            file.write(service.get("/transparency/keys"))
    with open(kept, encoding="utf-8") as file:
        keys = [read_key(line) for line in file.read().splitlines()]
    note = service.get("/transparency/checkpoint").decode()
    origin, size, root = read_checkpoint(note, keys)
    entries = read_entries(service, size)
    hashes = [leaf_hash(entry) for entry in entries]
    demand(root_of(hashes) == root, "the log's entries are not those that its checkpoint was signed for")
    kept = os.path.join(state, "checkpoint")
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as file:
            before, old_size, old_root = read_checkpoint(file.read(), keys)
        demand(before == origin and old_size <= size and root_of(hashes[:old_size]) == old_root, "the log was rewritten")
    with open(kept, "w", encoding="utf-8") as file:
        file.write(note)
    return [json.loads(entry) for entry in entries], keys


def check_policies(service, facts, days):
    told = {}
    for fact in facts:
        if fact["kind"].startswith("policy_"):
            told.setdefault((fact["document"], fact["version"]), {})[fact["kind"]] = fact
    for policy in service.json("/api/v1/policies"):
        which = (policy["document"], policy["version"])
        name = f"{which[0]} {which[1]}"
        lines = []
        for language in sorted(policy["languages"]):
            text = service.json(f"/api/v1/policies/{which[0]}/{which[1]}?language={language}")
            digest = hashlib.sha256(text["body_markdown"].encode()).hexdigest()
            demand(digest == text["sha256"], f"{name} in {language} is not the text of its digest")
            lines.append(f"{digest}  {language}\n")
        digest = hashlib.sha256("".join(lines).encode()).hexdigest()
        demand(digest == policy["sha256"], f"{name} has other texts than it says")
        announced = told.get(which, {}).get("policy_announced")
        demand(announced and announced["sha256"] == digest, f"{name} is not in the log as it is served")
        if policy["state"] == "announced":
            continue
        began = told[which].get("policy_in_force")
        demand(began and began["sha256"] == digest, f"that {name} is in force is not in the log")
        if began["told"]["accounts"] == 0:
            continue
        notice = datetime.fromisoformat(began["in_force_at"][:-1]) - datetime.fromisoformat(announced["announced_at"][:-1])
        demand(notice >= timedelta(days=days), f"{name} came into force {notice} after it was announced")
        reached = began["told"]["reached"] + began["told"]["unreachable"]
        demand(reached == began["told"]["accounts"], f"{name} came into force before everybody was told")


def check_erasure(service, number, facts, log_keys):
    certificate = service.json(f"/api/v1/erasures/{number}")["certificate"]
    demand(certificate is not None, "the erasure is not certified yet")
    digest = hashlib.sha256(canonical(certificate).encode()).hexdigest()
    demand({"kind": "erasure", "certificate": digest} in facts, "the log does not state the certificate")
    receipt = service.get(f"/api/v1/erasures/{number}/receipt").decode()
    head, _, note = receipt.partition("\n\n")
    lines = head.split("\n")
    demand(lines[0] == "c2sp.org/tlog-proof@v1", "the receipt is of another form")
    index, proof = int(lines[1].split(" ")[1]), [base64.b64decode(line) for line in lines[2:]]
    _, size, root = read_checkpoint(note, log_keys)
    hashed = leaf_hash(canonical({"certificate": digest, "kind": "erasure"}).encode())
    demand(fold(hashed, index, size, proof) == root, "the receipt does not lead to its checkpoint's root")
    keys = {key["kid"]: unpadded(key["x"]) for key in service.json("/.well-known/seif-keys.json")["keys"]}
    signature = unpadded(certificate.pop("signature"))
    demand(signed_by(keys[certificate["key"]], canonical(certificate).encode(), signature),
           "the certificate's signature does not hold")
    read_checkpoint(certificate["checkpoint"], log_keys)


def fold(hashed, index, size, proof):
    """The root that a proof leads to, by the tree's own shape (RFC 6962 2.1.1)."""
    if size == 1:
        demand(not proof, "the receipt has too many hashes")
        return hashed
    demand(bool(proof), "the receipt has too few hashes")
    left = 1
    while left * 2 < size:
        left *= 2
    if index < left:
        return hashlib.sha256(b"\1" + fold(hashed, index, left, proof[:-1]) + proof[-1]).digest()
    return hashlib.sha256(b"\1" + proof[-1] + fold(hashed, index - left, size - left, proof[:-1])).digest()


def main(arguments):
    if len(arguments) not in (4, 5):
        print(__doc__, file=sys.stderr)
        return 2
    service = Service(arguments[0], arguments[1])
    try:
        facts, keys = check_log(service, arguments[2])
        check_policies(service, facts, int(arguments[3]))
        if len(arguments) == 5:
            check_erasure(service, arguments[4], facts, keys)
    except Wrong as wrong:
        print(wrong)
        return 1
    print(f"it holds: {len(facts)} entries")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
