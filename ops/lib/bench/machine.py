"""Facts about the machine and the programs, so that a table says where it was made."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path


def facts(folder):
    """What the report's last lines say; `folder` is where the databases are."""
    processor = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    system = re.search(r'^PRETTY_NAME="?([^"\n]*)', Path("/etc/os-release").read_text(), re.MULTILINE)
    return {
        "processor": processor.group(1) if processor else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory.group(1)) / 2**20, 1) if memory else None,
        "system": system.group(1) if system else None,
        "kernel": platform.release(),
        "file_system": file_system(folder),
        "flush_4_kib_us": flush_us(folder),
        "rustc": first_line("rustc", "--version"),
        "wrk": first_line("wrk", "-v"),
        "commit": first_line("git", "describe", "--always", "--dirty"),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def first_line(*command):
    """The first line that a command prints, or None where it is missing. wrk's exit status is 1 even for its version."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    lines = (run.stdout or run.stderr).splitlines()
    return lines[0].strip() if lines else None


def file_system(folder):
    """The type of the file system that holds `folder`."""
    best = ("", None)
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, kind, *_ = line.split()
        inside = Path(folder).resolve().is_relative_to(point)
        if inside and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]


def flush_us(folder, times=200):
    """The median time to append 4 KiB and have it on the disk, in microseconds: the floor under every durable write."""
    path, taken = Path(folder) / "flush", []
    with path.open("wb", buffering=0) as file:
        for _ in range(times):
            begin = time.perf_counter()
            file.write(b"\0" * 4096)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - begin)
    path.unlink()
    return round(sorted(taken)[times // 2] * 1e6)
