"""Test cases that talk gRPC by hand to the gateway of a Flow (http2.py, messages.py)."""
import harness
import http2
from messages import SINGLE, Answer, document, request


class Case(harness.Case):
    def connect(self, flow, **options):
        connection = http2.Connection(flow.port, **options)
        self.addCleanup(connection.close)
        return connection

    def begin_single(self, flow, message, **options):
        """A call whose message has been sent; its connection and its stream."""
        connection = self.connect(flow)
        call = connection.call(SINGLE, **options)
        connection.send(call, message)
        connection.half_close(call)
        connection.until(lambda: not call.out and not connection.out)
        return connection, call

    def single(self, flow, message, path=SINGLE, **options):
        """A call on a connection of its own that succeeds; its answer."""
        call = http2.unary(flow.port, path, message, **options)
        self.assertEqual((call.status, call.details), (0, ""))
        return Answer(call.messages[0])

    def wait_request(self, identity="", name="open"):
        """A request that the executor `gate` keeps until there is the file `name`."""
        return request(identity, [document("t")], "/wait", {"file": self.path(name)})
