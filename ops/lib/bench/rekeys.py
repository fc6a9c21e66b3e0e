"""Keys that turn over: a new root key over many owners, and a tenant's values sealed anew beside readers."""

import json
import subprocess
import threading

import load

READERS = 16
OWNERS = 10_000
# So long each of three changes settles, which is no work.
SETTLE = 5


def measure(subject, kept, tenant, programs, keyring, seconds, folder):
    """Re-wraps a keyring of its own; turns the tenant's key over as fast as it goes, and again beside readers at the pace
    that is kept where none is wanted."""
    aside = folder / f"rewrap-{kept.data.name}"
    aside.mkdir()
    command = [programs / "examples" / "rewrap_rate", OWNERS, keyring or f"sqlite:{aside / 'keyring.db'}", aside]
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    rewrapped = json.loads(done.stdout)
    # Answers kept for the loader's repeated requests would hold the old version for a day.
    turn = ["keys", "rotate", tenant.client.headers["Seif-Tenant"], "--destroy-now", "--settle", str(SETTLE)]
    took, result = kept.seif(*turn, "--rate", "1000000")
    alone = load.measure(subject.base, subject.reads, READERS, seconds, folder, subject.pid)
    turned, fault = [], []

    def turn_beside():
        try:
            turned.append(kept.seif(*turn))
        except RuntimeError as error:
            fault.append(error)

    turning = threading.Thread(target=turn_beside)
    turning.start()
    beside = []
    while turning.is_alive() or not beside:
        beside.append(load.measure(subject.base, subject.reads, READERS, seconds, folder, subject.pid))
    turning.join()
    if fault:
        raise fault[0]
    keys = [*result["keys"], *turned[0][1]["keys"]]
    lost = sum(sum(key["unopenable"].values()) for key in keys) + rewrapped["unopenable"]
    values, tags = (sum(sum(key[kind].values()) for key in result["keys"]) for kind in ("sealed", "tagged"))
    busy = max(took - 3 * SETTLE, 0.001)
    return {
        "subject": subject.name, "rewrapped": rewrapped, "records": len(tenant.ids), "values": values, "tags": tags,
        "seconds": took, "busy": busy, "records_per_second": len(tenant.ids) / busy,
        "beside_seconds": turned[0][0], "alone": alone, "beside": beside, "p99_alone": alone["p99"],
        "p99_beside": sorted(run["p99"] for run in beside)[len(beside) // 2],
        "errors": alone["errors"] + sum(run["errors"] for run in beside) + lost,
    }


def markdown(rekeys):
    """A table of its own."""
    if not rekeys:
        return ""
    lines = [
        "| server | owners re-wrapped a second | records | values and tags anew | took, without settling | records a second | "
        f"p99 of reads, {READERS} connections | beside |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for run in rekeys:
        title = run["subject"] + (f" (**{run['errors']} errors: not a result**)" if run["errors"] else "")
        cells = [
            title, f"{run['rewrapped']['per_second']:,.0f}", f"{run['records']:,}", f"{run['values'] + run['tags']:,}",
            f"{run['busy']:.1f} s", f"{run['records_per_second']:,.0f}",
            f"{run['p99_alone'] / 1000:.2f} ms", f"{run['p99_beside'] / 1000:.2f} ms",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\n"
