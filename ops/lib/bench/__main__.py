"""Measures Seif and its peers against a greeting from the same server. Started by ops/bench, which builds and prepares."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import backups
import files
import leaving
import load
import machine
import notices
import rekeys
import report
import storm
from client import Client, Unexpected
from peer import Peer
from seif import Tenant
from servers import Server, free_port

OPERATIONS = ["read", "create", "list", "search", "sign-in", "signins", "backups", "rekeys", "files", "leaving", "notices"]


def arguments():
    def listed(text):
        return [part for part in text.split(",") if part]

    parser = argparse.ArgumentParser(prog="ops/bench", add_help=False)
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--postgres")
    parser.add_argument("--postgres-programs", type=Path)
    parser.add_argument("--databases", type=listed, default=["sqlite", "postgres"])
    parser.add_argument("--operations", type=listed, default=OPERATIONS)
    parser.add_argument("--connections", type=lambda text: [int(part) for part in listed(text)], default=[1, 16, 64])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--delivery", type=int, default=240)
    parser.add_argument("--mail-thinks", type=int, default=0)
    parser.add_argument("--smtp-python", type=Path)
    parser.add_argument("--peer", type=Path, action="append", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hello-only", action="store_true")
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


def say(text):
    print(text, file=sys.stderr, flush=True)


class Subject:
    """Something to measure: where it is, whose processor time counts, its requests, and whether an answer is right."""

    def __init__(self, name, base, pid, operations, check=lambda name, answer: True):
        self.name, self.base, self.pid, self.operations, self.check = name, base, pid, operations, check

    def verify(self):
        """Sends each request once and looks at the answer: what is wrong is not worth measuring."""
        for name, plan in self.operations.items():
            value, unique = (plan.values or [""])[0], os.urandom(8).hex()
            path, body = (
                text and text.replace("{{value}}", value).replace("{{unique}}", unique) for text in (plan.path, plan.body)
            )
            _, _, answer = Client(self.base).send(plan.method, path, body, plan.headers, expect=plan.expect)
            if not self.check(name, answer):
                raise load.Wrong(f"{self.name}, {name}: the answer is not what was asked for: {json.dumps(answer)[:400]}")


def seif(options, database, folder, stack):
    """A fresh Seif on `database`, with its collection filled."""
    data = folder / database
    data.mkdir()
    command = [options.programs / "seif", "serve", "--data", data, "--listen", f"127.0.0.1:{free_port()}"]
    kept = backups.Kept(options.programs / "seif", data)
    if database == "postgres":
        for name in ("bench_data", "bench_keyring", "bench_restored", "bench_rewrap", "bench_crowd", "bench_crowd_keyring"):
            create = [options.postgres_programs / "psql", "-q", "-d", options.postgres, "-c", f"CREATE DATABASE {name}"]
            subprocess.run(create, check=True)
        prefix = options.postgres.rsplit("/", 1)[0]
        command += ["--database", f"{prefix}/bench_data", "--keyring", f"{prefix}/bench_keyring"]
        urls = (f"{prefix}/{name}" for name in ("bench_data", "bench_keyring", "bench_restored"))
        kept = backups.Kept(options.programs / "seif", data, *urls)
    crowd = folder / f"{database}-crowd"
    crowded = backups.Kept(options.programs / "seif", crowd)
    if database == "postgres":
        crowded = backups.Kept(options.programs / "seif", crowd, f"{prefix}/bench_crowd", f"{prefix}/bench_crowd_keyring")
    server = stack.enter_context(Server(command, folder / f"{database}.log"))
    say(f"seif on {database}: {server.base}")
    tenant = Tenant(server.base, data, options.records, say)
    wanted = {name: plan for name, plan in tenant.operations().items() if name in options.operations}
    subject = Subject(f"Seif, {database}", server.base, server.pid, wanted, tenant.check)
    subject.reads, subject.sign_in = tenant.operations()["read"], tenant.operations()["sign-in"].body
    subject.kept, subject.tenant, subject.data, subject.crowded = kept, tenant, data, crowded
    subject.rewrap = f"{options.postgres.rsplit('/', 1)[0]}/bench_rewrap" if database == "postgres" else None
    return subject, tenant.load


def argon2(options, threads):
    command = [options.programs / "examples" / "argon2_rate", str(threads), str(options.seconds)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def rounds(options, subjects, folder):
    """Every figure once a round, hello first, so that a ratio's two sides lie seconds apart."""
    runs, cores = [], os.cpu_count() or 1
    for number in range(options.rounds):
        for connections in options.connections:
            for subject in subjects:
                for operation, plan in subject.operations.items():
                    if operation == "sign-in":
                        bare = argon2(options, min(connections, cores))
                        runs.append({**bare, "subject": "argon2", "operation": "sign-in", "connections": connections, "round": number})
                    run = load.measure(subject.base, plan, connections, options.seconds, folder, subject.pid)
                    run |= {"subject": subject.name, "operation": operation, "round": number}
                    runs.append(run)
                    say(
                        f"round {number + 1}, {connections:>3} connections, {subject.name}, {operation}: "
                        f"{run['per_second']:,.0f}/s, p99 {run['p99'] / 1000:.2f} ms, {run['errors']} errors"
                    )
    return runs


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=options.out))
    facts, loads = machine.facts(folder), {}
    try:
        with ExitStack() as stack:
            example = options.programs / "examples" / "hello"
            hello = stack.enter_context(Server([example, folder / "hello", f"127.0.0.1:{free_port()}"], folder / "hello.log"))
            subjects = [Subject("hello", hello.base, hello.pid, {"hello": load.Plan("GET", "/")})]
            if not options.hello_only:
                for database in options.databases:
                    subject, loads[f"Seif, {database}"] = seif(options, database, folder, stack)
                    subjects.append(subject)
            for path in options.peer:
                peer = Peer(path)
                subjects.append(Subject(peer.name, peer.base, peer.pid, peer.operations()))
            if any("postgres" in subject.name for subject in subjects):
                facts["postgres"] = machine.first_line(options.postgres_programs / "postgres", "--version")
            for subject in subjects:
                subject.verify()
                for plan in subject.operations.values():
                    load.measure(subject.base, plan, 4, 1, folder, subject.pid)  # warms caches and pools
            runs = rounds(options, subjects, folder) if any(subject.operations for subject in subjects[1:]) or options.hello_only else []
            storms = []
            for subject in subjects if "signins" in options.operations else []:
                if hasattr(subject, "sign_in"):
                    storms.append(storm.measure(subject, subject.sign_in, options.people, options.seconds, folder))
                    say(f"{subject.name}: {storms[-1]['signed_in']} of {options.people} at once signed in, {storms[-1]['errors']} errors")
            kept = []
            for subject in subjects if "backups" in options.operations else []:
                if hasattr(subject, "kept"):
                    kept.append(backups.measure(subject, subject.kept, options.seconds, folder))
                    say(f"{subject.name}: {kept[-1]['rows']:,} rows taken in {kept[-1]['create']:.2f} s, put back in {kept[-1]['restore']:.2f} s")
            turned = []
            for subject in subjects if "rekeys" in options.operations else []:
                if hasattr(subject, "kept"):
                    turned.append(rekeys.measure(subject, subject.kept, subject.tenant, options.programs, subject.rewrap, options.seconds, folder))
                    say(f"{subject.name}: {turned[-1]['values']:,} values sealed and {turned[-1]['tags']:,} tags made anew in {turned[-1]['busy']:.2f} s")
            moved = []
            for subject in subjects if "files" in options.operations else []:
                if hasattr(subject, "kept"):
                    moved.append(files.measure(subject, hello, subject.tenant, options.mib, folder))
                    say(f"{subject.name}: a file of {options.mib} MiB, {moved[-1]['rates']}")
            left = []
            for subject in subjects if "leaving" in options.operations else []:
                if hasattr(subject, "kept"):
                    empty = Tenant(subject.base, subject.data, 0, say, "empty@example.com")
                    psql = options.postgres_programs and options.postgres_programs / "psql"
                    left.append(leaving.measure(subject, empty, subject.tenant, psql))
                    say(f"{subject.name}: {left[-1]['full']['rows']:,} rows purged in {left[-1]['full']['purged']:.2f} s")
            told = []
            for subject in subjects if "notices" in options.operations else []:
                if hasattr(subject, "crowded"):
                    told.append(notices.measure(subject, options, folder / "hello" / "tls", folder, say))
                    say(f"{subject.name}: {told[-1]['delivered']:,} of {told[-1]['accounts']:,} were told, {told[-1]['mails_per_second']:,.0f} a second")
            memory = {subject.name: load.resident_mib(subject.pid) for subject in subjects if subject.pid}
    except (Unexpected, load.Wrong, RuntimeError, OSError, KeyError, subprocess.CalledProcessError) as fault:
        say(f"ops/bench: {type(fault).__name__}: {fault}")
        say(f"nothing was measured; databases and logs are kept in {folder}")
        return 1
    if options.keep:
        say(f"kept {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    result = {
        "machine": facts, "build": options.build, "records": options.records, "rounds": options.rounds,
        "seconds": options.seconds, "loads": loads, "resident_mib": memory, "rows": report.rows(runs), "runs": runs,
        "signins": storms, "backups": kept, "rekeys": turned, "files": moved, "leaving": left, "notices": told,
    }
    (options.out / "bench.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    table = storm.markdown(storms) + backups.markdown(kept) + rekeys.markdown(turned) + files.markdown(moved) + leaving.markdown(left) + notices.markdown(told) + report.markdown(result)
    (options.out / "bench.md").write_text(table)
    print(table)
    say(f"written: {options.out}/bench.md, {options.out}/bench.json")
    return 1 if any(row["errors"] for row in [*result["rows"], *storms, *kept, *turned, *moved, *left, *told]) else 0


if __name__ == "__main__":
    sys.exit(main())
