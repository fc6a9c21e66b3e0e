#!/usr/bin/env python3
"""Checks an erasure certificate with nothing of Seif's: Ed25519 of RFC 8032 over the form of RFC 8785.

Usage: verify_certificate.py CERTIFICATE KEYS [ERASURE_ID NAME]

CERTIFICATE is the JSON that /api/v1/erasures/ID gives as `certificate`, KEYS the file at /.well-known/seif-keys.json.
With the erasure's id and the name of who left, it also checks that the certificate is about them. Exit status 0: it
holds, 1: it does not, 2: wrong use. Python 3.8 and its own library are enough.
"""
import base64
import hashlib
import json
import sys
import unicodedata

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    x = recover_x(y, sign) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


def add(a, b):
    left = (a[1] - a[0]) * (b[1] - b[0]) % P
    right = (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, d - c, d + c, right + left
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar, base):
    sum_ = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            sum_ = add(sum_, base)
        base = add(base, base)
        scalar >>= 1
    return sum_


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed_by(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = times(s, BASE), add(r, times(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def canonical(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(json.dumps(n, ensure_ascii=False) + ":" + canonical(value[n]) for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        raise ValueError("a certificate holds whole numbers alone")
    return json.dumps(value, ensure_ascii=False)


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def commitment(erasure_id, name):
    parts = [b"seif/erasure/name", bytes.fromhex(erasure_id), unicodedata.normalize("NFC", name.strip()).encode()]
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()


def main(arguments):
    if len(arguments) not in (2, 4):
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[0], encoding="utf-8") as file:
        certificate = json.load(file)
    with open(arguments[1], encoding="utf-8") as file:
        keys = {key["kid"]: unpadded(key["x"]) for key in json.load(file)["keys"]}
    signature = unpadded(certificate.pop("signature"))
    key = keys.get(certificate["key"])
    if key is None:
        print("it names a key that is not among those given")
        return 1
    if not signed_by(key, canonical(certificate).encode(), signature):
        print("the signature does not hold")
        return 1
    if certificate["check"]["rows"] or certificate["check"]["keys"] or not certificate["check"]["overwritten"]:
        print("it states that something was left over")
        return 1
    if len(arguments) == 4 and commitment(arguments[2], arguments[3]) != certificate["commitment"]:
        print("it is about somebody else")
        return 1
    print(f"{certificate['owner']}: keys destroyed {certificate['keys_destroyed_at']}, "
          f"{sum(certificate['purged'].values())} rows and {certificate['files']} files deleted by "
          f"{certificate['finished_at']}; no old back-up can open anything from {certificate['horizon_at']} on")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
