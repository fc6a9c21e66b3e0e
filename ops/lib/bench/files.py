"""One large file up and down, beside the same bytes through the greeting's server, which seals nothing."""

import json
import os
import subprocess

import load

ROUNDS = 3
MIB = 1024 * 1024


def measure(subject, hello, tenant, mib, folder):
    """Each way in turn, `ROUNDS` times: megabytes (10^6) a second, the middle one of each."""
    content = folder / f"{mib}-mib"
    if not content.exists():
        with content.open("wb") as file:
            for _ in range(mib):
                file.write(os.urandom(MIB))
    runs = {"plain up": [], "plain down": [], "up": [], "down": []}
    headers = [*header(tenant.files), "-H", "Content-Disposition: attachment; filename=\"bench.bin\""]
    for _ in range(ROUNDS):
        runs["plain up"].append(curl(f"{hello.base}/file", "-X", "POST", "-T", content))
        runs["plain down"].append(curl(f"{hello.base}/file"))
        answer = folder / "answer.json"
        runs["up"].append(curl(f"{subject.base}/api/v1/files", *headers, "-X", "POST", "-T", content, into=answer))
        made = json.loads(answer.read_text())
        if made["size"] != mib * MIB:
            raise load.Wrong(f"{subject.name}: a file of {made['size']} bytes")
        runs["down"].append(curl(f"{subject.base}/api/v1/files/{made['id']}", *header(tenant.files)))
    middle = {way: sorted(seconds)[ROUNDS // 2] for way, seconds in runs.items()}
    rates = {way: mib * MIB / 1e6 / seconds for way, seconds in middle.items()}
    return {"subject": subject.name, "mib": mib, "rates": rates, "resident": load.resident_mib(subject.pid), "errors": 0}


def header(values):
    return [part for name, value in values.items() for part in ("-H", f"{name}: {value}")]


def curl(url, *arguments, into="/dev/null"):
    """Seconds of one transfer."""
    command = ["curl", "-sS", "-k", "--http1.1", "--fail", "-H", "Expect:", "-o", into, "-w", "%{time_total}", *arguments, url]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise load.Wrong(f"curl {url}: {done.stderr[-500:]}")
    return float(done.stdout)


def markdown(files):
    """A table of its own."""
    if not files:
        return ""
    lines = [
        "| server | MiB | way | MB a second | unsealed | of it | resident at its highest |",
        "|---|---:|---|---:|---:|---:|---:|",
    ]
    for run in files:
        for way in ("up", "down"):
            rate, plain = run["rates"][way], run["rates"][f"plain {way}"]
            cells = [
                run["subject"], f"{run['mib']:,}", way, f"{rate:,.0f}", f"{plain:,.0f}", f"{rate / plain:.2f}", f"{run['resident'][1]:,.0f} MiB",
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\n"
