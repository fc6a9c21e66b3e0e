"""Load from wrk: one operation at one number of connections for a few seconds."""

import json
import os
import random
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Enough that a cache of the last few is no help, few enough that rendering them takes no time.
RENDERED = 20_000
# The text of a record of 1 KiB.
KIB = ("The tide turns slowly; nets dry on the quay. " * 23)[:1024]


@dataclass
class Plan:
    """A request, with {{value}} and {{unique}} as plan.lua explains, and the status that counts as success."""

    method: str
    path: str
    headers: dict = field(default_factory=dict)
    body: str | None = None
    values: list | None = None
    expect: int = 200


class Wrong(Exception):
    """An answer that is not what the operation is about."""


def lua(value):
    """A Lua literal: texts, numbers, tables of texts, nil."""
    if value is None:
        return "nil"
    if isinstance(value, dict):
        return "{" + ", ".join(f"[{lua(key)}] = {lua(item)}" for key, item in value.items()) + "}"
    if isinstance(value, int):
        return str(value)
    return '"' + "".join(f"\\{byte:03d}" if not 32 <= byte < 127 or byte in b'"\\' else chr(byte) for byte in value.encode()) + '"'


def measure(base, plan, connections, seconds, folder, server_pid=None):
    """Runs wrk and returns its result with the server's processor time; figures with errors are marked, never dropped."""
    folder.mkdir(parents=True, exist_ok=True)
    values = None
    if plan.values:
        values = folder / "values.txt"
        values.write_text("\n".join(plan.values) + "\n")
    table = {
        "method": plan.method,
        "path": plan.path,
        "headers": plan.headers,
        "body": plan.body,
        "values": str(values) if values else None,
        "rendered": RENDERED,
        "salt": f"{random.getrandbits(24):06x}",
        "seed": random.getrandbits(20),
    }
    plan_file = folder / "plan.lua"
    plan_file.write_text(f"return {lua(table)}\n")
    threads = min(connections, os.cpu_count() or 1)
    command = ["wrk", "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s", "--timeout", "30s",
               "-s", str(HERE / "plan.lua"), base, "--", str(plan_file)]
    before, begin = cpu_seconds(server_pid), time.monotonic()
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    taken, after = time.monotonic() - begin, cpu_seconds(server_pid)
    line = next((line for line in run.stdout.splitlines() if line.startswith("RESULT ")), None)
    if run.returncode != 0 or line is None:
        raise Wrong(f"wrk failed: {(run.stderr or run.stdout).strip()[-500:]}")
    result = json.loads(line.removeprefix("RESULT "))
    # wrk waits for what is in flight when the time is up; its own duration includes that.
    result["per_second"] = result["requests"] / (result["duration"] / 1e6)
    result["connections"] = connections
    result["errors"] = result["refused"] + result["broken"] + result["timeouts"]
    if before is not None and after is not None and result["requests"]:
        result["server_cpu_us"] = (after - before) / result["requests"] * 1e6
        result["server_cpus"] = (after - before) / taken
    return result


def cpu_seconds(pid):
    """The processor time of a process so far, its threads included; None without one."""
    if pid is None:
        return None
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    """(now, at most so far) in MiB; None without a process."""
    if pid is None:
        return None
    sizes = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return tuple(round(int(sizes[name].split()[0]) / 1024, 1) for name in ("VmRSS", "VmHWM"))
