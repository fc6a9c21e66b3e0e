"""An announcement to many accounts: how long until every notice is queued, how fast they leave beside what the same mail
server takes from a client that does nothing else, and what reads notice of it.

The accounts are in a service of their own, so that no other figure is of a crowded one.
"""

import json
import shutil
import subprocess
import time
from collections import Counter
from datetime import datetime, timedelta, timezone

import load
from client import Client
from seif import Tenant
from servers import Server, free_port

READERS = 4
# As many as the service keeps to a mail server.
CONNECTIONS = 8
LANGUAGES = ["en", "lv", "lt", "et", "kk"]
RECORDS = 1000


class MailServer:
    """mail_server.py in a folder of its own, with the certificate of the local authority under `tls`."""

    def __init__(self, python, folder, tls, thinks):
        folder.mkdir()
        for name in ("server.pem", "server.key"):
            shutil.copy(tls / name, folder / name)
        self.folder, self.ca = folder, tls / "ca.pem"
        script = load.HERE / "mail_server.py"
        self.process = subprocess.Popen([str(python), "-B", str(script), str(folder), str(thinks)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().split()[1])

    def told(self, subject):
        """How many mails of this subject each recipient got. Others than these go to who joined, of what they did."""
        lines = (line.split("\t") for line in (self.folder / "mails").read_text().splitlines())
        return Counter(recipient for recipient, of in lines if of == subject)

    def mails(self):
        """How many were taken so far."""
        with (self.folder / "mails").open("rb") as file:
            return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def measure(subject, options, tls, folder, say):
    """`tls` holds the certificates of the local authority, for the mail server. Mails leave for `options.delivery` seconds at most."""
    name, kept, programs = subject.name, subject.crowded, options.programs
    accounts, seconds = options.accounts, options.seconds
    kept.data.mkdir()
    databases = [kept.database or f"sqlite:{kept.data / 'seif.db'}", kept.keyring or f"sqlite:{kept.data / 'keyring.db'}"]
    serve = [kept.program, "serve", "--data", kept.data, "--database", databases[0], "--keyring", databases[1]]
    log = folder / f"{kept.data.name}.log"
    with Server([*serve, "--listen", f"127.0.0.1:{free_port()}"], log) as server:
        tenant = Tenant(server.base, kept.data, RECORDS, say)
    made = run(programs / "examples" / "many_accounts", accounts, kept.data, *databases)
    say(f"{name}: {accounts:,} accounts made in {made['seconds']:.0f} s")
    with MailServer(options.smtp_python, folder / f"{kept.data.name}-mail", tls, options.mail_thinks) as mails:
        mailed = {
            "SEIF_SMTP__HOST": "localhost", "SEIF_SMTP__PORT": str(mails.port), "SEIF_SMTP__FROM": "seif@bench.example",
            "SSL_CERT_FILE": str(mails.ca),
        }
        with Server([*serve, "--listen", f"127.0.0.1:{free_port()}"], log, mailed) as server:
            reads = tenant.operations()["read"]
            reading = lambda: load.measure(server.base, reads, READERS, seconds, folder, server.pid)
            Client(server.base).send(reads.method, reads.path.replace("{{value}}", tenant.ids[0]), headers=reads.headers, expect=200)
            reading()  # warms caches and pools
            alone = [reading() for _ in range(3)]
            announced = announce(kept, folder)
            leaving, beside = leave(mails, accounts + 1, reading, seconds, options.delivery, say)
            memory = load.resident_mib(server.pid)
        _, counts = kept.seif("policy", "notices", "privacy", "2")
        taken = mails.told(announced["subject"])
        bare = [run(programs / "examples" / "smtp_rate", mails.port, mails.ca, CONNECTIONS, seconds, mails.folder / "first.eml") for _ in range(3)]
    pace = sorted(one["per_second"] for one in bare)[1]
    wrong = faults(accounts, announced["accounts"], counts, taken, tenant.email)
    for fault in wrong:
        say(f"{name}: {fault}")
    return {
        "subject": name, "accounts": accounts + 1, "announced": announced["seconds"], "queued": announced["queued"],
        "delivered": counts["sent"], "left": counts["queued"], "mails_per_second": leaving["per_second"], "seconds": leaving["seconds"],
        "bare_per_second": pace, "bare": bare, "alone": alone, "beside": beside, "p99_alone": middle(alone),
        "p99_beside": middle(beside), "resident": memory, "wrong": wrong,
        "errors": len(wrong) + sum(run["errors"] for run in [*alone, *beside]),
    }


def middle(runs):
    """The median of their 99th percentiles, in microseconds."""
    return sorted(run["p99"] for run in runs)[len(runs) // 2]


def run(*command):
    """What one of the examples says."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def announce(kept, folder):
    """Drafts the next version of the privacy policy in every language and announces it beside the service."""
    text, summary = folder / "privacy.md", folder / "privacy.txt"
    text.write_text("# Privacy\n\nWe keep sign-ins for a year.\n")
    summary.write_text("Sign-ins are kept for a year.\n")
    texts = [part for language in LANGUAGES for part in ("--language", language, "--file", text, "--summary", summary)]
    kept.seif("policy", "draft", "privacy", *texts)
    _, preview = kept.seif("policy", "preview", "privacy")
    subject = next(mail["subject"] for mail in preview["mails"] if mail["language"] == "en")
    at = (datetime.now(timezone.utc) + timedelta(days=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
    seconds, announced = kept.seif("policy", "announce", "privacy", "--effective-at", at)
    _, counts = kept.seif("policy", "notices", "privacy", "2")
    return {"subject": subject, "seconds": seconds, "accounts": announced["accounts"], "queued": sum(counts[state] for state in ("queued", "sent"))}


def leave(mails, accounts, reading, seconds, longest, say):
    """Lets mails leave by themselves, and then beside reads for as long; then by themselves until all or the time is up.

    Gives the rate of the first and the last, and the reads.
    """
    end, alone, beside = time.monotonic() + longest, [], []
    while mails.mails() < accounts and time.monotonic() < end:
        alone.append(pace(mails, accounts, seconds))
        if len(beside) < 3 and mails.mails() < accounts:
            beside.append(reading())
        say(f"  {mails.mails():,} mails have left")
    if not beside:
        raise load.Wrong("every mail had left before a read was measured: more accounts, or fewer seconds")
    left, took = sum(many for many, _ in alone), sum(time for _, time in alone)
    return {"per_second": left / took, "seconds": took}, beside


def pace(mails, accounts, seconds):
    """How many mails leave within `seconds`, and within how long: less where they are the last."""
    before, begun = mails.mails(), time.monotonic()
    while (now := mails.mails()) < accounts and time.monotonic() - begun < seconds:
        time.sleep(0.1)
    return now - before, time.monotonic() - begun


def faults(accounts, announced, counts, taken, owner):
    """What is not as it must be: each account has one notice, and each that was sent is at the mail server, once."""
    wanted = {f"person-{number}@bench.example" for number in range(accounts)} | {owner}
    twice = {one: many for one, many in taken.items() if many != 1}
    other = {state: many for state, many in counts.items() if isinstance(many, int) and state not in ("version", "accounts", "queued", "sent") and many}
    told = {
        f"{announced:,} accounts were announced to": announced == accounts + 1,
        f"{counts['sent']:,} sent and {counts['queued']:,} queued": counts["sent"] + counts["queued"] == accounts + 1,
        f"notices that are neither queued nor sent: {other}": not other,
        f"{len(taken):,} recipients at the mail server, and {counts['sent']:,} sent": len(taken) == counts["sent"],
        f"{len(twice):,} got it more than once, as {next(iter(twice.items()), None)}": not twice,
        f"mails to nobody known, as {next(iter(set(taken) - wanted), None)}": set(taken) <= wanted,
    }
    return [fault for fault, holds in told.items() if not holds]


def markdown(notices):
    """A table of its own."""
    if not notices:
        return ""
    lines = [
        "| server | accounts | announced and queued | delivered | left | mails a second | a bare client's | of it | reads, p99 alone | p99 beside |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for run in notices:
        title = run["subject"] + (f" (**{run['errors']} errors: not a result**)" if run["errors"] else "")
        cells = [
            title, f"{run['accounts']:,}", f"{run['announced']:.1f} s", f"{run['delivered']:,}", f"{run['left']:,}",
            f"{run['mails_per_second']:,.0f}", f"{run['bare_per_second']:,.0f}", f"{run['mails_per_second'] / run['bare_per_second']:.2f}",
            f"{run['p99_alone'] / 1000:.2f} ms", f"{run['p99_beside'] / 1000:.2f} ms",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\n"
