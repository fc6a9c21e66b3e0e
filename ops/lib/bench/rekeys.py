"""Keys that turn over: a new root key over many owners, and a tenant's values sealed anew beside readers."""

import json
import subprocess
import threading

import load

READERS = 4
OWNERS = 10_000


def measure(subject, kept, programs, keyring, seconds, folder):
    """Re-wraps a keyring of its own; then reads alone, and beside the turning over of the tenant's key."""
    aside = folder / f"rewrap-{kept.data.name}"
    aside.mkdir()
    command = [programs / "examples" / "rewrap_rate", OWNERS, keyring or f"sqlite:{aside / 'keyring.db'}", aside]
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    rewrapped = json.loads(done.stdout)
    alone = load.measure(subject.base, subject.reads, READERS, seconds, folder, subject.pid)
    turned, fault = [], []

    def turn():
        try:
            # Answers kept for the loader's repeated requests would hold the old version for a day.
            turned.append(kept.seif("keys", "rotate", "--all", "--destroy-now", "--rate", "1000000", "--settle", "5"))
        except RuntimeError as error:
            fault.append(error)

    turning = threading.Thread(target=turn)
    turning.start()
    beside = []
    while turning.is_alive() or not beside:
        beside.append(load.measure(subject.base, subject.reads, READERS, seconds, folder, subject.pid))
    turning.join()
    if fault:
        raise fault[0]
    took, result = turned[0]
    values = sum(sum(key["sealed"].values()) + sum(key["tagged"].values()) for key in result["keys"])
    lost = sum(sum(key["unopenable"].values()) for key in result["keys"]) + rewrapped["unopenable"]
    # Three times it waits until every node knows.
    busy = max(took - 3 * 5, 0.001)
    return {
        "subject": subject.name, "rewrapped": rewrapped, "values": values, "seconds": took, "values_per_second": values / busy,
        "alone": alone, "beside": beside, "p99_alone": alone["p99"], "p99_beside": max(run["p99"] for run in beside),
        "errors": alone["errors"] + sum(run["errors"] for run in beside) + lost,
    }


def markdown(rekeys):
    """A table of its own."""
    if not rekeys:
        return ""
    lines = [
        "| server | owners re-wrapped a second | values and tags anew | a second | reads, p99 alone | p99 beside |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for run in rekeys:
        title = run["subject"] + (f" (**{run['errors']} errors: not a result**)" if run["errors"] else "")
        cells = [
            title, f"{run['rewrapped']['per_second']:,.0f}", f"{run['values']:,}", f"{run['values_per_second']:,.0f}",
            f"{run['p99_alone'] / 1000:.2f} ms", f"{run['p99_beside'] / 1000:.2f} ms",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\n"
