"""A mail server for the tests: says `port N` when it listens, and ends when its input does.

Writes each message to FOLDER/N.eml, and what clients do, a line each, to FOLDER/events.

Recipients tell it what to do: refuse@ is refused, full@ deferred, spam@ refused after the message, silent@ hung up on
after the message; later@ is deferred the first time, lost@ gets the mail and is hung up on the first time, slow@ gets it
and hears of it late; everybody else gets the mail. So do somebody@refuse.example, somebody@full.example and the rest.
"""

import argparse
import asyncio
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

parser = argparse.ArgumentParser()
parser.add_argument("mode", choices=["implicit", "starttls", "plain", "meddled"])
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--utf8", action="store_true", help="take addresses in any script (RFC 6531)")
parser.add_argument("--login", help="USER:PASSWORD, required of clients when given")
options = parser.parse_args()


TOLD = {"refuse", "full", "spam", "silent", "later", "lost", "slow"}


def word(address):
    """What the recipient tells the server to do."""
    name, domain = address.rsplit("@", 1)
    first = domain.split(".")[0]
    return first if first in TOLD else name


def event(text):
    with open(options.folder / "events", "a", encoding="utf-8") as events:
        events.write(text + "\n")


class Postman:
    """What the server does with what it is told."""

    received = 0
    known = set()

    @classmethod
    def is_first(cls, name):
        """Whether `name` comes for the first time."""
        first = name not in cls.known
        cls.known.add(name)
        return first

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        tls = server.transport.get_extra_info("ssl_object")
        event("EHLO under TLS" if tls else "EHLO in the clear")
        return responses

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        event("MAIL")
        envelope.mail_from = address
        return "250 2.1.0 go on"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        event("RCPT")
        match word(address):
            case "refuse":
                return f"550 5.1.1 <{address}> is unknown here"
            case "full":
                return f"452 4.2.2 the mailbox of <{address}> is full"
            case "later" if self.is_first(address):
                return "451 4.3.0 come back"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 go on"

    async def handle_DATA(self, server, session, envelope):
        event("DATA")
        match word(envelope.rcpt_tos[0]):
            case "spam":
                return "554 5.7.1 not wanted"
            case "silent":
                server.transport.abort()
                return "250 never heard"
        Postman.received += 1
        (options.folder / f"{Postman.received}.eml").write_bytes(envelope.original_content)
        match word(envelope.rcpt_tos[0]):
            case "lost" if self.is_first(envelope.rcpt_tos[0]):
                server.transport.abort()
            case "slow":
                await asyncio.sleep(3)
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    event(f"AUTH {mechanism}")
    given = isinstance(data, LoginPassword) and f"{data.login.decode()}:{data.password.decode()}"
    return AuthResult(success=given == options.login, handled=False)


def server():
    more = {}
    if options.mode == "starttls":
        more = {"tls_context": context, "require_starttls": True}
    else:
        # Implicit TLS is none of aiosmtpd's business. In plain mode it takes credentials from whoever is careless.
        more = {"auth_require_tls": False}
    if options.login:
        more |= {"authenticator": authenticate, "auth_required": True}
    return SMTP(Postman(), hostname="localhost", enable_SMTPUTF8=options.utf8, **more)


async def meddle(reader, writer):
    """STARTTLS as it should be, with answers for the whole of a conversation added before the handshake."""
    try:
        writer.write(b"220 localhost\r\n")
        await reader.readline()
        writer.write(b"250-localhost\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go ahead\r\n250 localhost\r\n250 go on\r\n250 go on\r\n354 go on\r\n250 taken\r\n")
        await writer.drain()
        await writer.start_tls(context)
        event("TLS")
        while line := await reader.readline():
            event(line.decode().split()[0])
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    loop = asyncio.get_running_loop()
    if options.mode == "meddled":
        listening = await asyncio.start_server(meddle, "127.0.0.1", options.port)
    else:
        tls = context if options.mode == "implicit" else None
        listening = await loop.create_server(server, "127.0.0.1", options.port, ssl=tls)
    print("port", listening.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(options.folder / "server.pem", options.folder / "server.key")
asyncio.run(main())
