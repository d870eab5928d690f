"""What the Python client was recorded to do over HTTP (tests/golden: http/client, graphql/client), done by ours: a server plays the recorded
answers, and requests and outcome are compared. Where we differ on purpose the case stands in DIFFERENT with the reason."""
import glob
import json
import os
import socket
import threading

import harness

GOLDEN = os.path.join(harness.SOURCE, "tests", "golden")

# Cases of what a command line cannot say: Python's own kinds of inputs, its session and asyncio.
LEFT_OUT = ("async_", "auth", "callbacks_", "cookies", "inputs_", "methods", "reuse_session", "stream_doc", "two_posts", "many",
            "order_", "prefetch_", "batch_generator", "profiling", "metadata", "headers", "refused", "return_responses",
            "timeout", "ready_", "tensor_scalar", "answer_gzip")  # the last: its bytes were not kept whole

# Ours ends otherwise: its exit code, and why.
DIFFERENT = {
    "answer_499": (7, "an executor served without a gateway: its failure is an answer"),
    "answer_redirect": (1, "redirects are not followed"),
    "answer_header_unknown_key": (0, "unknown keys are ignored"),
    "answer_top_unknown_key": (0, "unknown keys are ignored"),
    "answer_data_docs": (0, "data as an object with docs is read too"),
    "answer_time_no_offset": (0, "a time without offset is taken as UTC"),
    "answer_error_status_continue": (7, "the command tells of failures even when it goes on"),
    "retry_404": (1, "only what may pass later is tried again"),
    "retry_all_404": (1, "only what may pass later is tried again"),
    "retry_422": (1, "only what may pass later is tried again"),
    "retry_all_422": (1, "only what may pass later is tried again"),
}

# The exit codes that stand for what Python raises; 1 for what is not here.
EXIT = {"ConnectionError": {3, 5}, "BadServer": {7}, "BadClient": {1}, "ValueError": {1, 3, 9}}


class Server:
    """Plays the answers of one recording: each request gets the next one recorded for its method."""

    def __init__(self, exchanges):
        self.answers = {method: [exchange["answer"] for exchange in exchanges if exchange["request_line"].startswith(method)]
                        for method in ("GET", "POST")}
        self.requests = []
        self.lock = threading.Lock()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.serve, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while self.serve_one(connection, stream):
                pass

    def serve_one(self, connection, stream):
        line = stream.readline().decode().rstrip("\r\n")
        headers = {}
        while (header := stream.readline().decode().rstrip("\r\n")):
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        if not line:
            return False
        body = stream.read(int(headers.get("content-length", 0)))
        with self.lock:
            self.requests.append((line, headers, body.decode()))
            left = self.answers[line.split()[0]]
            answer = left.pop(0) if left else None
        if answer is None or answer == "connection closed without an answer":
            return False
        connection.sendall(answer.encode("latin-1") if answer.isascii() else answer.encode())
        return "content-length" in answer and not answer.startswith("HTTP/1.1 200 OK")  # the cut one is closed

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for thread in self.threads:
            thread.join(harness.PATIENCE)

    def posts(self):
        return [request for request in self.requests if request[0].startswith("POST")]


def without_id(body):
    """A request without what is new each time; 1 and 1.0 are the same number."""
    body = json.loads(body, parse_int=float)
    del body["header"]["request_id"]
    return body


def in_order(bodies):
    """Python sends several requests at once, in any order."""
    return sorted(bodies, key=lambda body: [document["id"] for document in json.loads(body)["data"]])


class RecordedHttp(harness.Case):
    def arguments(self, name, bodies):
        first = bodies[0]
        lines = "".join(json.dumps(document) + "\n" for body in bodies for document in body["data"])
        arguments = ["--jsonl", self.write(f"{name}.jsonl", lines)] if lines else ["--none"]
        arguments += ["--request-size", str(max(1, len(first["data"]))), "--prefetch", "1", "--results-in-order"]
        if "target_executor" in first:
            arguments += ["--target-executor", first["target_executor"]]
        if first["parameters"] != {"__results__": {}}:
            arguments += ["--parameters", json.dumps(first["parameters"])]
        if name.startswith("retry"):
            arguments += ["--max-attempts", "3", "--initial-backoff", "0.01"]
        if name.endswith("_continue"):
            arguments += ["-k"]
        return [first["exec_endpoint"], *arguments]

    def replay(self, recording):
        name = recording["name"]
        recorded = [exchange for exchange in recording["exchanges"] if exchange["request_line"].startswith("POST")]
        server = Server(recording["exchanges"])
        try:
            bodies = in_order(exchange["body_text"] for exchange in recorded)
            once = name.startswith(("retry", "answer"))
            arguments = self.arguments(name, [json.loads(body) for body in (bodies[:1] if once else bodies)])
            code, out, err = self.sluice("post", f"http://127.0.0.1:{server.port}", *arguments)
        finally:
            server.close()
        different = DIFFERENT.get(name)
        if different is None:
            self.assertEqual([request[0] for request in server.posts()], [exchange["request_line"] for exchange in recorded])
        for request, exchange, body in zip(server.posts(), recorded, bodies):
            self.assertEqual(without_id(request[2]), without_id(body))
            self.assertEqual(request[1]["content-type"], dict(exchange["headers"])["Content-Type"])
            self.assertEqual(request[1]["accept-encoding"], dict(exchange["headers"])["Accept-Encoding"])
        self.assertEqual(server.requests[0][0], "GET /openapi.json HTTP/1.1")
        outcome = recording["outcome"]
        if different is not None:
            self.assertEqual(code, different[0], err)
        elif "raised" in outcome:
            self.assertIn(code, EXIT.get(outcome["raised"], {1}), err)
        else:
            self.assertEqual((code, err), (0, ""))
            documents = [json.loads(line) for line in out.splitlines()]
            self.assertEqual([[document["id"], document.get("text") or ""] for document in documents],
                             outcome["returned"]["ids_texts"])

    def test_all(self):
        equal = different = 0
        for path in sorted(glob.glob(os.path.join(GOLDEN, "http", "client", "*.json"))):
            name = os.path.basename(path)[:-len(".json")]
            if ".3.5.0" in name or name == "index" or name.startswith(LEFT_OUT):
                continue
            with open(path) as file, self.subTest(name):
                self.replay(json.load(file))
                equal += name not in DIFFERENT
                different += name in DIFFERENT
        print(f"{equal} equal, {different} deviations")
        self.assertGreater(equal, 60)


class RecordedMutate(harness.Case):
    def replay(self, recording):
        recorded, = recording["exchanges"]
        asked = json.loads(recorded["body_text"])
        arguments = ["--query", asked["query"]]
        if asked["variables"] is not None:
            arguments += ["--variables", json.dumps(asked["variables"])]
        server = Server([recorded])
        try:
            code, out, err = self.sluice("mutate", f"http://127.0.0.1:{server.port}", *arguments)
        finally:
            server.close()
        (line, headers, body), = server.requests
        self.assertEqual((line, json.loads(body)), (recorded["request_line"], asked))
        for name in ("Content-Type", "Accept"):
            self.assertEqual(headers[name.lower()], dict(recorded["headers"])[name])
        outcome = recording["outcome"]
        if "raised" in outcome:
            self.assertNotEqual(code, 0)
            for message in ("first", "second", "deep"):
                self.assertEqual(message in outcome["text"], message in err, err)
        else:
            self.assertEqual((code, err), (0, ""))
            del outcome["returned"]["headers"]
            self.assertEqual(json.loads(out), outcome["returned"])

    def test_all(self):
        paths = sorted(glob.glob(os.path.join(GOLDEN, "graphql", "client", "mutate_*.json")))
        for path in paths:
            with open(path) as file, self.subTest(os.path.basename(path)):
                self.replay(json.load(file))
        self.assertEqual(len(paths), 24)


if __name__ == "__main__":
    harness.main()
