"""What the tests of this folder share."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import BINARY, Client, Server, frame  # noqa: E402

END = frame(BINARY, b"\0")
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


class Case(unittest.TestCase):
    settings = {}

    def setUp(self):
        self.server = Server(**self.settings)
        self.addCleanup(self.server.stop)

    def client(self, **options):
        client = Client(self.server.port, **options)
        self.addCleanup(client.close)
        return client
