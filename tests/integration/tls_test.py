"""TLS from the command line, over each protocol: good and bad certificates on both sides, made when the test runs."""
import json
import os
import socket
import ssl
import subprocess
import warnings

import harness

MAKER = os.path.join(harness.BUILD, "tests", "tls", "make_certificates")
TRUST = ("--tls-ca-file", "ca.pem")

# The gateway's certificate, the client's options, and what is wrong; None: an answer.
SERVERS = [
    ("server", TRUST, None),
    ("rsa", TRUST, None),
    ("chain", TRUST, None),
    ("self", ("--tls-ca-file", "self.pem"), None),
    ("server", (), "unknown"),
    ("server", ("--tls-ca-file", "other-ca.pem"), "unknown"),
    ("other", TRUST, "unknown"),
    ("short", TRUST, "unknown"),
    ("self", TRUST, "self-signed"),
    ("name", TRUST, "name"),
    ("expired", TRUST, "expired"),
    ("future", TRUST, "future"),
    ("client-only", TRUST, "purpose"),
    ("expired", ("--tls-insecure",), None),
    ("name", ("--tls-insecure",), None),
    ("other", ("--tls-insecure",), None),
]

# What the client shows to a gateway that asks for a certificate, and what is wrong; None: an answer.
CLIENTS = [
    (("--tls-certificate", "client.pem", "--tls-key", "client.key"), None),
    ((), "none"),
    (("--tls-certificate", "client-other.pem", "--tls-key", "client-other.key"), "refused"),
    (("--tls-certificate", "client-expired.pem", "--tls-key", "client-expired.key"), "refused"),
]

# How a protocol's client says it. The sentences about certificates are those of common/net/tls.h.
WORDS = {
    "grpc": {
        "unknown": "not trusted, or the server does not show the certificates in between",
        "self-signed": "is signed by itself and not among the trusted ones",
        "name": "is for elsewhere.example, not for 127.0.0.1",
        "expired": "the server's certificate expired on ",
        "future": "the server's certificate is valid from ",
        "purpose": "is not accepted: unsuitable certificate purpose",
        "none": "it may ask for a certificate of the client",
        "refused": "may not accept the client's certificate",
        "plain": "does it speak TLS (grpcs://)?",
        "encrypted": "is it a grpc:// address?",
    },
    "http": {
        "plain": "does the gateway speak TLS (https://)?",
        "encrypted": "is it an http:// address?",
    },
    "websocket": {
        "plain": "does the gateway speak TLS (wss://)?",
        "encrypted": "is it a ws:// address?",
    },
}
WORDS["http"] = {**WORDS["grpc"], **WORDS["http"]}
WORDS["websocket"] = {**WORDS["grpc"], **WORDS["websocket"]}

# Options that fail before anything is sent.
OPTIONS = [
    (("--tls-ca-file", "none.pem"), "none.pem: cannot open: No such file or directory"),
    (("--tls-ca-file", "text.pem"), "text.pem: this is not PEM"),
    (("--tls-ca-file", "server.key"), "server.key: the file holds a private key; it should hold a certificate"),
    (("--tls-certificate", "client.pem"), "give both tls_certificate_file and tls_key_file, or neither"),
    (("--tls-key", "client.key"), "give both tls_certificate_file and tls_key_file, or neither"),
    (("--tls-certificate", "client.pem", "--tls-key", "server.key"), "does not belong to the certificate in"),
    (("--tls-certificate", "client.pem", "--tls-key", "locked.key"), "the key is encrypted"),
    (("--tls-insecure", "--tls-ca-file", "ca.pem"), "with it nothing is checked"),
]

# Files with which no gateway starts, or which `check` refuses already.
STARTS = [
    ("server.pem", "rsa.key", "does not belong to the certificate in"),
    ("server.pem", "locked.key", "the key is encrypted"),
    ("der.pem", "server.key", "this is DER, not PEM"),
    ("turned.pem", "chain.key", "is that of certificate 2 in the file"),
    ("empty.pem", "server.key", "the file is empty"),
]


class Base(harness.Case):
    """One protocol's Flows."""

    protocol = "grpc"

    def setUp(self):
        super().setUp()
        self.certificates = self.path("tls")
        os.mkdir(self.certificates)
        subprocess.run([MAKER, self.certificates], check=True)

    def file(self, name):
        return os.path.join(self.certificates, name)

    def files(self, options):
        """The options with the files' full names."""
        return [self.file(option) if option.endswith((".pem", ".key")) else option for option in options]

    def flow_with(self, certificate, key, authorities=None):
        keys = {"protocol": self.protocol, "ssl_certfile": self.file(certificate), "ssl_keyfile": self.file(key)}
        if authorities:
            keys["ssl_ca_certs"] = self.file(authorities)
        return self.flow("jtype: Flow\ngateway:\n" + "".join(f"  {name}: {value}\n" for name, value in keys.items()))

    def ask(self, uri, options, wrong):
        code, out, err = self.sluice("post", uri, "/", "--text", "x", "--timeout", str(harness.PATIENCE), *self.files(options))
        if wrong is None:
            self.assertEqual((code, err), (0, ""), options)
            self.assertIn('"text":"x"', out, options)
        else:
            self.assertEqual(code, 3, (options, wrong, err))
            self.assertIn(WORDS[self.protocol][wrong], err, options)


class Protocol:
    """What holds for each protocol."""

    def test_the_client_looks_at_the_gateways_certificate(self):
        for name in sorted({row[0] for row in SERVERS}):
            flow = self.flow_with(f"{name}.pem", f"{name}.key").start()
            self.assertTrue(flow.report["gateway"][0]["tls"], flow.report)
            for certificate, options, wrong in SERVERS:
                if certificate == name:
                    self.ask(flow.uri, options, wrong)
            self.assertEqual(flow.stop(), 0)

    def test_the_gateway_looks_at_the_clients_certificate(self):
        flow = self.flow_with("server.pem", "server.key", "ca.pem").start()
        for options, wrong in CLIENTS:
            self.ask(flow.uri, (*TRUST, *options), wrong)
        self.assertEqual(flow.stop(), 0)

    def test_large_messages_pass_in_both_directions(self):
        self.write("large.txt", "x" * (24 << 20))
        flow = self.flow_with("server.pem", "server.key").start()
        code, out, err = self.sluice("post", flow.uri, "/", *self.files(TRUST), "--text-file", self.path("large.txt"), "--repeat", "3")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual([len(json.loads(line)["text"]) for line in out.splitlines()], [24 << 20] * 3)
        self.assertEqual(flow.stop(), 0)

    def test_ping(self):
        flow = self.flow_with("server.pem", "server.key", "ca.pem").start()
        own = ("--tls-certificate", "client.pem", "--tls-key", "client.key")
        for target in ("flow", "gateway"):
            code, out, err = self.sluice("ping", target, flow.uri, *self.files((*TRUST, *own)))
            self.assertEqual(code, 0, out + err)
        code, out, _ = self.sluice("ping", flow.uri, *self.files(own))
        self.assertEqual(code, 3, out)
        self.assertIn("is not trusted", out)
        self.assertEqual(flow.stop(), 0)

    def test_plain_and_encrypted_do_not_meet(self):
        flow = self.flow_with("server.pem", "server.key").start()
        self.ask(flow.uri.replace("s://", "://"), (), "plain")
        self.assertEqual(flow.stop(), 0)
        flow = self.flow(f"jtype: Flow\ngateway: {{protocol: {self.protocol}}}\n").start()
        self.ask(flow.uri.replace("://", "s://"), TRUST, "encrypted")
        self.assertEqual(flow.stop(), 0)

    def test_a_gateway_with_bad_files_does_not_start(self):
        for certificate, key, wanted in STARTS:
            flow = self.flow_with(certificate, key)
            report = flow.wait_ready()
            self.assertFalse(report["ready"], certificate)
            self.assertIn(wanted, report["error"])
            self.assertEqual(flow.wait(), 1)
        flow = self.flow_with("server.pem", "server.key", "text.pem")
        self.assertIn("this is not PEM", flow.wait_ready()["error"])
        self.assertEqual(flow.wait(), 1)

    def handshake(self, port, highest, lowest=None):
        """The version of TLS that both agree on; None: the gateway refuses."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.file("ca.pem"))
        context.set_alpn_protocols(["h2", "http/1.1"])
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # or the client's library would refuse first
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.maximum_version = highest
            context.minimum_version = lowest or ssl.TLSVersion.TLSv1
        try:
            with socket.create_connection(("127.0.0.1", port), harness.PATIENCE) as plain, \
                    context.wrap_socket(plain, server_hostname="localhost") as connection:
                return connection.version()
        except (ssl.SSLError, ConnectionError):
            return None

    def test_old_versions_are_refused(self):
        flow = self.flow_with("server.pem", "server.key").start()
        self.assertIsNone(self.handshake(flow.port, ssl.TLSVersion.TLSv1))
        self.assertIsNone(self.handshake(flow.port, ssl.TLSVersion.TLSv1_1))
        self.assertEqual(self.handshake(flow.port, ssl.TLSVersion.TLSv1_2), "TLSv1.2")
        self.assertEqual(self.handshake(flow.port, ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3), "TLSv1.3")
        self.assertEqual(flow.stop(), 0)

    def test_old_certificates_are_warned_of(self):
        flow = self.flow_with("expired.pem", "expired.key").start()
        flow.wait_log(r"warning.*expired\.pem expired on ")
        self.assertEqual(flow.stop(), 0)


class Grpc(Protocol, Base):
    pass


class Http(Protocol, Base):
    protocol = "http"


class WebSocket(Protocol, Base):
    protocol = "websocket"


class Options(Base):
    def test_options_that_do_not_fit_are_told_at_once(self):
        for options, wanted in OPTIONS:
            code, _, err = self.sluice("post", "grpcs://localhost:1", "/", "--text", "x", *self.files(options))
            self.assertEqual(code, 1, (options, err))
            self.assertIn(wanted, err)
        code, _, err = self.sluice("post", "grpc://localhost:1", "/", "--text", "x", *self.files(TRUST))
        self.assertEqual(code, 1, err)
        self.assertIn("given for an address without TLS", err)

    def test_check_looks_for_the_files(self):
        text = "jtype: Flow\ngateway:\n  ssl_certfile: tls/server.pem\n  ssl_keyfile: tls/none.key\n"
        code, _, err = self.sluice("check", self.write("f.yml", text))
        self.assertEqual(code, 1)
        self.assertRegex(err, r'f\.yml:4:16: error: "ssl_keyfile": the file /.*/tls/none\.key cannot be read: No such file')
        self.assertNotIn("ssl_certfile", err)
        code, _, err = self.sluice("check", self.write("g.yml", text.replace("none", "server")))
        self.assertEqual((code, err), (0, ""))


if __name__ == "__main__":
    harness.main()
