"""A mail server that takes every mail: says `port N` when it listens, and ends when its input does.

Run by the Python of ops/lib/smtp-venv, which has aiosmtpd. Appends each mail's recipient and subject to FOLDER/mails, a line
each with a tab between, before it answers, and keeps the first mail as FOLDER/first.eml. FOLDER holds server.pem and server.key.
What comes after FOLDER is how many milliseconds it thinks about each mail, as servers do that look for spam.
"""

import asyncio
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP


class Taker:
    """Takes whatever comes; `mails` is unbuffered, so that what was answered stands there if this is killed."""

    def __init__(self, folder, thinks):
        self.folder, self.thinks, self.is_first = folder, thinks, True
        self.mails = open(folder / "mails", "ab", buffering=0)

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.thinks)
        if self.is_first:
            self.is_first = False
            (self.folder / "first.eml").write_bytes(envelope.original_content)
        subject = envelope.original_content.partition(b"\r\nSubject: ")[2].partition(b"\r\n")[0]
        self.mails.write(b"".join(one.encode() + b"\t" + subject + b"\n" for one in envelope.rcpt_tos))
        return "250 2.0.0 taken"


async def main(folder, thinks):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    taker, loop = Taker(folder, thinks), asyncio.get_running_loop()
    # TLS from the first byte is none of aiosmtpd's business.
    made = lambda: SMTP(taker, hostname="localhost", enable_SMTPUTF8=True, auth_require_tls=False)
    listening = await loop.create_server(made, "127.0.0.1", 0, ssl=context)
    print("port", listening.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main(pathlib.Path(sys.argv[1]), int(sys.argv[2]) / 1000))
