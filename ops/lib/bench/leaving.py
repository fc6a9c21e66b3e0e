"""Tenants that leave: from the confirmed cancellation to destroyed keys, and the purge after it."""

import time
from datetime import datetime


def measure(subject, empty, full):
    """An empty tenant, then a full one: how long until the keys are destroyed, and how many rows a second go."""
    gone = {"empty": leave(empty), "full": leave(full)}
    return {"subject": subject.name, **gone, "errors": 0}


def leave(tenant):
    """One cancellation, followed to its certificate."""
    wish = {"tenant_name": tenant.name, "when": "now"}
    began = time.monotonic()
    _, _, answer = tenant.client.send("POST", "/api/v1/tenant/cancellation", wish, expect=202)
    answered = time.monotonic() - began
    destroyed_at = instant(answer["keys_destroyed_at"])
    path, rows, grown = f"/api/v1/erasures/{answer['erasure_id']}", 0, answered
    while True:
        _, _, erasure = tenant.client.send("GET", path, expect=200)
        now, counted = time.monotonic() - began, sum(erasure["purged"].values())
        if counted > rows:
            rows, grown = counted, now
        if erasure["state"] == "erased":
            break
        time.sleep(0.02)
    certified = (instant(erasure["finished_at"]) - destroyed_at).total_seconds()
    return {"answered": answered, "rows": rows, "purged": grown - answered, "certified": certified}


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
            rate = f"{one['rows'] / one['purged']:,.0f}" if kind == "full" and one["purged"] > 0 else ""
            cells = [run["subject"], kind, f"{one['answered'] * 1000:.1f} ms", f"{one['rows']:,}", rate, f"{one['certified']:.1f} s"]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\n"
