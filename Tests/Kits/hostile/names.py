# SPDX-License-Identifier: MIT
"""Resolvers that are slow or wrong, addresses that move, and certificates that are not to be trusted."""

import os
import pathlib
import signal
import ssl
import subprocess
import threading
import time

from .program import EVENT, Program, expect, free_port
from .stand_in import StandIn, metadata, published

# resolver.c answers for this name as its control file says.
HOST = "pubsub.googleapis.test"


class Authority:
    """A certificate authority of our own, in the kit's folder."""

    def __init__(self, folder):
        self.folder = folder
        self._openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "20",
            "-subj", "/CN=hostile kit")

    def _openssl(self, *arguments, **more):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, **more)

    @property
    def file(self):
        return str(self.folder / "ca.pem")

    def context(self, name, subject, days=20, signed=True, newest=None):
        """A server's TLS context with a certificate for `subject`; `days` below 0 has expired."""
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={subject}\n")
        self._openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=x")
        signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"] if signed else ["-signkey", f"{name}.key"]
        command = ["x509", "-req", "-in", f"{name}.csr", *signer, "-out", f"{name}.pem", "-days", "20",
                   "-extfile", extensions.name]
        if days < 0:
            # The one way to a certificate of the past with Debian's openssl.
            command = ["ca", "-batch", "-config", self._ca_config(), "-in", f"{name}.csr", "-out", f"{name}.pem",
                       "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-extfile", extensions.name]
        self._openssl(*command)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        if newest:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
        return context

    def _ca_config(self):
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("01\n")
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\ndir=.\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ncertificate=ca.pem\n"
            "private_key=ca.key\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n")
        return "ca.cnf"


class Resolver:
    """libc's getaddrinfo for HOST, as a library to preload, and its control file."""

    def __init__(self, folder):
        self.library, self._control, self._log = folder / "resolver.so", folder / "resolver", folder / "resolver.log"
        source = pathlib.Path(__file__).resolve().parent / "resolver.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.library, source, "-ldl"], check=True)
        self.set("address 0 127.0.0.1")

    def set(self, text):
        fresh = self._control.with_suffix(".new")
        fresh.write_text(text + "\n")
        os.replace(fresh, self._control)

    @property
    def settings(self):
        return {"LD_PRELOAD": str(self.library), "RESOLVER_FILE": str(self._control)}


def _metadata_alone():
    return StandIn(lambda request: metadata(request) or (404, {}, b""))


class _Named:
    """pixel-ingest that publishes to HOST over TLS, with a resolver of ours."""

    def __init__(self, kit):
        kit.need_program("cc")
        self.kit, self.resolver, self.port = kit, Resolver(kit.folder), free_port()
        self.authority = Authority(kit.folder)
        self.tls = self.authority.context("named", f"DNS:{HOST}")
        self.cloud = _metadata_alone()

    def server(self, address):
        return StandIn(published, self.port, address, self.tls)

    def ingest(self, **more):
        settings = {"PUBSUB_ENDPOINT": f"https://{HOST}:{self.port}", "SSL_CERT_FILE": self.authority.file}
        program = Program(
            self.kit, "pixel-ingest", self.cloud.port, ready=False, **settings, **self.resolver.settings, **more)
        expect(program.answers("/health", 20), "pixel-ingest does not answer")
        return program


def slow_resolver(kit):
    """A name server that takes 12 seconds: health is answered all the time, and SIGTERM ends the program in 10 seconds."""
    named = _Named(kit)
    server = named.server("127.0.0.1")
    named.resolver.set("slow 12000 127.0.0.1")
    slowest = []
    for workers in ("1", "2"):
        ingest = named.ingest(WORKERS=workers)
        hit = threading.Thread(target=lambda: ingest.pixel(20))  # noqa: B023
        hit.start()
        for _ in range(30):
            began = time.monotonic()
            expect(ingest.answers("/health", 1), f"health was not answered within a second, WORKERS={workers}")
            slowest.append(time.monotonic() - began)
            time.sleep(max(0, 0.5 - slowest[-1]))
        hit.join()
        ingest.stop(signal.SIGKILL)
    ingest = named.ingest()
    hit = threading.Thread(target=lambda: ingest.pixel(20))
    hit.start()
    time.sleep(4)
    seconds = ingest.stop(within=20)
    hit.join()
    expect(seconds < 10.5, f"gone {seconds:.1f} s after SIGTERM")
    server.stop()
    return f"health within {max(slowest) * 1000:.0f} ms, gone {seconds:.1f} s after SIGTERM"


def moved_address(kit):
    """The name of Pub/Sub gets another address and the old one dies: the new one is used within 15 seconds."""
    named = _Named(kit)
    old, new = named.server("127.0.0.1"), named.server("127.0.0.2")
    named.resolver.set("fail -3 -")
    ingest = named.ingest()
    expect(ingest.post(EVENT, "/events", within=25) in ([503], [429]), "a post was not sent back while no name resolved")
    named.resolver.set("address 0 127.0.0.1")
    _until_taken(ingest, lambda: old.requests, 60)
    named.resolver.set("address 0 127.0.0.2")
    old.stop()
    seconds = _until_taken(ingest, lambda: new.requests, 15)
    return f"the new address was used after {seconds:.1f} s"


def _until_taken(ingest, there, within):
    began = time.monotonic()
    while True:
        status = ingest.post(EVENT, "/events", within=25)
        took = time.monotonic() - began
        if status == [204] and there():
            return took
        expect(took < within, f"after {took:.0f} s: {status}")
        time.sleep(0.5)


def certificates(kit):
    """Servers with bad certificates, and plain http to elsewhere: no access token leaves."""
    authority, cloud = Authority(kit.folder), _metadata_alone()
    localhost, elsewhere = "DNS:localhost", "DNS:elsewhere.example"
    cases = [
        ("right", authority.context("right", localhost), "localhost", authority.file, 204),
        ("for another host", authority.context("other", elsewhere), "localhost", authority.file, 503),
        ("for a name, reached by address", authority.context("name", localhost), "127.0.0.1", authority.file, 503),
        ("for an address", authority.context("address", "IP:127.0.0.1"), "127.0.0.1", authority.file, 204),
        ("expired", authority.context("expired", localhost, days=-1), "localhost", authority.file, 503),
        ("self-signed", authority.context("self", localhost, signed=False), "localhost", authority.file, 503),
        ("of an unknown authority", authority.context("unknown", localhost), "localhost", None, 503),
        ("right, with TLS 1.1", authority.context("old", localhost, newest=ssl.TLSVersion.TLSv1_1), "localhost",
         authority.file, 503),
    ]
    for name, context, host, trusted, wanted in cases:
        server = StandIn(published, tls=context)
        settings = {"SSL_CERT_FILE": trusted} if trusted else {}
        ingest = Program(
            kit, "pixel-ingest", cloud.port, ready=False, PUBSUB_ENDPOINT=f"https://{host}:{server.port}",
            PUBLISH_TIMEOUT="1s", **settings)
        expect(ingest.answers("/health", 20), "pixel-ingest does not answer")
        seen = ingest.post(EVENT, "/events", within=15)
        tokens = [request.headers.get("authorization") for request in server.requests]
        expect(seen == [wanted], f"certificate {name}: a post was answered {seen}")
        expect(bool(tokens) == (wanted == 204), f"certificate {name}: the server saw {tokens}")
        ingest.stop()
        server.stop()
    refused = [
        "http://192.0.2.1:80", "http://127.0.0.1.evil.example", "http://localhost@evil.example",
        "http://evil.example#127.0.0.1", "http://[::1].evil.example", "http://127.0.0.1:80@evil.example",
        "http://localhost.evil.example", "HTTP://evil.example", "ftp://x", "https://", "http://127.0.0.256",
    ]
    for url in refused:
        ingest = Program(kit, "pixel-ingest", cloud.port, ready=False, PUBSUB_ENDPOINT=url)
        try:
            ingest.process.wait(5)
        except subprocess.TimeoutExpired:
            expect(False, f"pixel-ingest started with PUBSUB_ENDPOINT={url}")
        expect("PUBSUB_ENDPOINT" in ingest.log(), f"the message about {url} does not name PUBSUB_ENDPOINT")
    return f"{len(cases)} certificates, {len(refused)} addresses"
