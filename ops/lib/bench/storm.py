"""Many people who sign in at once, beside a load of reads: what that does to the reads, and to the server's memory."""

import asyncio
import ssl
import threading
import time
import urllib.parse
from pathlib import Path

import load

# Reads come over so many connections, as many as leave the machine some room.
READERS = 4
# What a sign-in may be told: done, or to come back.
TOLD = {201, 429, 503}


class Crowd:
    """So many people, each on a connection of their own that is open before the clock starts; each signs in, and again
    at once when that is done; who is told to come back does so when they are told."""

    def __init__(self, base, path, body, people):
        url = urllib.parse.urlsplit(base)
        self.host, self.port, self.people = url.hostname, url.port, people
        head = f"POST {path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n"
        self.request = (head + body).encode()
        self.statuses, self.times, self.broken, self.without_a_time = {}, [], 0, 0

    def run(self, ready, seconds):
        """Signs in for so long; calls `ready` when every connection is open."""
        asyncio.run(self._run(ready, seconds))

    async def _run(self, ready, seconds):
        context = ssl._create_unverified_context()
        opened = []
        for _ in range(self.people):
            opened.append(await asyncio.open_connection(self.host, self.port, ssl=context, limit=1 << 20))
        ready()
        end = time.monotonic() + seconds
        await asyncio.gather(*(self._person(reader, writer, end) for reader, writer in opened))
        for _, writer in opened:
            writer.close()

    async def _person(self, reader, writer, end):
        while time.monotonic() < end:
            begin = time.monotonic()
            try:
                writer.write(self.request)
                await writer.drain()
                status, wait = await asyncio.wait_for(self._answer(reader), 60)
            except (OSError, EOFError, ValueError, asyncio.TimeoutError):
                self.broken += 1
                return
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status == 201:
                self.times.append(time.monotonic() - begin)
            elif wait is None:
                self.without_a_time += 1
                wait = 1
            if wait:
                await asyncio.sleep(wait)

    async def _answer(self, reader):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        await reader.readexactly(int(fields.get("content-length", 0)))
        status = int(head[0].split()[1])
        return status, float(fields["retry-after"]) if "retry-after" in fields else None if status != 201 else 0


def measure(subject, body, people, seconds, folder):
    """Reads alone, then while `people` sign in, for `seconds` each; the server's memory at its highest in either."""
    alone = load.measure(subject.base, subject.reads, READERS, seconds, folder, subject.pid)
    before = peak(subject.pid)
    crowd, opened = Crowd(subject.base, "/api/v1/session", body, people), threading.Event()
    signing_in = threading.Thread(target=crowd.run, args=(opened.set, seconds + 1))
    signing_in.start()
    if not opened.wait(120):
        raise load.Wrong(f"{subject.name}: {people} connections were not open within two minutes")
    beside = load.measure(subject.base, subject.reads, READERS, seconds, folder, subject.pid)
    signing_in.join()
    times = sorted(crowd.times)
    return {
        "subject": subject.name, "people": people, "seconds": seconds, "readers": READERS, "alone": alone, "beside": beside,
        "memory_before_mib": before, "memory_peak_mib": load.resident_mib(subject.pid)[1],
        "signed_in": len(times), "statuses": {str(status): count for status, count in sorted(crowd.statuses.items())},
        "sign_in_p50": at(times, 0.5), "sign_in_p99": at(times, 0.99),
        "errors": alone["errors"] + beside["errors"] + crowd.broken + crowd.without_a_time
        + sum(count for status, count in crowd.statuses.items() if status not in TOLD) + (0 if times else 1),
    }


def peak(pid):
    """Resident now; from here on the highest counts anew, where the system lets it."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError:
        pass
    return load.resident_mib(pid)[0]


def at(times, share):
    return round(times[min(int(len(times) * share), len(times) - 1)] * 1e6) if times else None


def markdown(storms):
    """A table of its own: what the others ask does not compare."""
    if not storms:
        return ""
    lines = [
        "| server | reads beside | a second | p50 ms | p99 ms | sign-ins a second | p50 ms | p99 ms | told to come back | memory MiB |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for storm in storms:
        title = storm["subject"] + (f" (**{storm['errors']} errors: not a result**)" if storm["errors"] else "")
        back = sum(count for status, count in storm["statuses"].items() if status != "201")
        for beside, run in (("nobody", storm["alone"]), (f"{storm['people']} who sign in", storm["beside"])):
            alone = run is storm["alone"]
            crowd = ["", "", "", ""] if alone else [
                f"{storm['signed_in'] / (storm['seconds'] + 1):.1f}", ms(storm["sign_in_p50"]), ms(storm["sign_in_p99"]), f"{back:,}",
            ]
            memory = storm["memory_before_mib"] if alone else storm["memory_peak_mib"]
            cells = [title, beside, f"{run['per_second']:,.0f}", ms(run["p50"]), ms(run["p99"]), *crowd, f"{memory:,.0f}"]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\n"


def ms(micros):
    return "" if micros is None else f"{micros / 1000:.1f}"
