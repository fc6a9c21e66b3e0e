"""Back-ups beside readers: taken, read through, put back into an empty place."""

import json
import os
import subprocess
import threading
import time

import load

READERS = 4


class Kept:
    """Where a subject's databases are, and an empty place of the same kind."""

    def __init__(self, program, data, database=None, keyring=None, empty=None):
        self.program, self.data, self.database, self.keyring, self.empty = program, data, database, keyring, empty

    def run(self, *arguments, restored=False):
        """One step of a back-up beside the service: seconds, and what it says."""
        return self.seif("backup", *arguments, restored=restored)

    def seif(self, *arguments, restored=False):
        """One command beside the service: seconds, and what it says."""
        folder = self.data.with_name(f"{self.data.name}-restored") if restored else self.data
        database = self.empty if restored else self.database
        keyring = self.keyring or f"sqlite:{self.data / 'keyring.db'}"
        command = [self.program, "--json", "--data", folder, "--keyring", keyring]
        command += ["--database", database] if database else []
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SEIF_")}
        environment |= {"SEIF_ROOT_KEY__FILE": str(self.data / "root.key"), "SEIF_BACKUP__KEY": str(self.data / "backup.key")}
        began = time.monotonic()
        done = subprocess.run(
            [str(part) for part in [*command, *arguments]], capture_output=True, text=True, env=environment
        )
        if done.returncode:
            raise RuntimeError(f"seif {' '.join(arguments[:2])}: {done.stderr[-2000:]}")
        return time.monotonic() - began, json.loads(done.stdout)


def measure(subject, kept, seconds, folder):
    """Reads alone, then beside a back-up that is taken again and again; then one is read through, and put back."""
    to = kept.data.with_name(f"{kept.data.name}-backups")
    alone = load.measure(subject.base, subject.reads, READERS, seconds, folder, subject.pid)
    taken, over, fault = [], threading.Event(), []

    def take():
        try:
            while not over.is_set():
                taken.append(kept.run("create", "--to", to))
        except RuntimeError as error:
            fault.append(error)

    taking = threading.Thread(target=take)
    taking.start()
    beside = load.measure(subject.base, subject.reads, READERS, seconds, folder, subject.pid)
    over.set()
    taking.join()
    if fault:
        raise fault[0]
    alone_taken, made = kept.run("create", "--to", to)
    verified, held = kept.run("verify", "--from", to)
    restored, back = kept.run("restore", "--from", to, restored=True)
    rows = sum(table["rows"] for table in made["data"]["tables"].values())
    right = held["holds"] and back["data"]["tables"] == held["tables"]
    return {
        "subject": subject.name, "rows": rows, "mb": held["size"] / 1e6, "alone": alone, "beside": beside,
        "create_beside": sorted(time for time, _ in taken)[len(taken) // 2],
        "create": alone_taken, "verify": verified, "restore": restored,
        "errors": alone["errors"] + beside["errors"] + (0 if right else 1),
    }


def markdown(backups):
    """A table of its own."""
    if not backups:
        return ""
    lines = [
        "| server | rows | MB | step | seconds | MB a second | rows a second | reads beside, of those alone |",
        "|---|---:|---:|---|---:|---:|---:|---:|",
    ]
    for run in backups:
        title = run["subject"] + (f" (**{run['errors']} errors: not a result**)" if run["errors"] else "")
        share = f"{run['beside']['per_second'] / run['alone']['per_second']:.2f}"
        for step, beside in (("create_beside", share), ("create", ""), ("verify", ""), ("restore", "")):
            seconds = run[step]
            cells = [
                title, f"{run['rows']:,}", f"{run['mb']:,.1f}", step.replace("_", " "), f"{seconds:.2f}",
                f"{run['mb'] / seconds:,.1f}", f"{run['rows'] / seconds:,.0f}", beside,
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\n"
