"""Tenants that leave: from the confirmed cancellation to destroyed keys, and the purge after it."""

import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import datetime

MANY = ["records", "record_tags", "audit_entries"]


def measure(subject, empty, full, psql):
    """An empty tenant, then a full one: how long until the keys are destroyed, and how many rows a second go."""
    gone = {"empty": leave(empty, lambda: False), "full": leave(full, lambda: is_left(subject.kept, psql))}
    return {"subject": subject.name, **gone, "errors": 0}


def leave(tenant, is_left):
    """One cancellation, followed to its certificate."""
    wish = {"tenant_name": tenant.name, "when": "now"}
    began = time.monotonic()
    _, _, answer = tenant.client.send("POST", "/api/v1/tenant/cancellation", wish, expect=202)
    answered = time.monotonic() - began
    # The last few rows go when every lease of the keys has run out, which is a matter of seconds and not of rows.
    while is_left():
        time.sleep(0.02)
    purged = time.monotonic() - began - answered
    while True:
        _, _, erasure = tenant.client.send("GET", f"/api/v1/erasures/{answer['erasure_id']}", expect=200)
        if erasure["state"] == "erased":
            break
        time.sleep(0.1)
    certified = (instant(erasure["finished_at"]) - instant(answer["keys_destroyed_at"])).total_seconds()
    return {"answered": answered, "rows": sum(erasure["purged"].values()), "purged": purged, "certified": certified}


def is_left(kept, psql):
    """Whether a row is left of what a tenant has much of."""
    left = " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in MANY)
    if kept.database:
        command = [str(psql), "-tA", "-d", kept.database, "-c", f"SELECT {left}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == "t"
    with closing(sqlite3.connect(f"file:{kept.data / 'seif.db'}?mode=ro", uri=True)) as database:
        return bool(database.execute(f"SELECT {left}").fetchone()[0])


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def markdown(leaving):
    """A table of its own."""
    if not leaving:
        return ""
    lines = [
        "| server | tenant | cancellation to destroyed keys | rows deleted | rows a second | certified after |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for run in leaving:
        for kind in ("empty", "full"):
            one = run[kind]
            rate = f"{one['rows'] / one['purged']:,.0f}" if kind == "full" else ""
            cells = [run["subject"], kind, f"{one['answered'] * 1000:.1f} ms", f"{one['rows']:,}", rate, f"{one['certified']:.1f} s"]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\n"
