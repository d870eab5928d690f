"""vector_index in a Flow: what was answered is there after a stop and after a kill, one process per file, many at once."""
import json
import os
import re
import signal
import sqlite3
import struct
import threading

import harness

FLOW = """jtype: Flow
executors:
  - name: index
    uses: vector_index
    uses_with: {path: %s, metric: euclidean, limit: 3}
    workers: %d
"""


class VectorIndex(harness.Case):
    def start(self, workers=1):
        return self.flow(FLOW % (self.path("kept/index.sqlite"), workers)).start()

    def documents(self, name, count, first=0):
        lines = [json.dumps({"id": f"{name}{i}", "text": f"text {i}", "embedding": [i, 1.0], "tags": {"even": i % 2 == 0}})
                 for i in range(first, first + count)]
        return self.write(f"{name}.jsonl", "\n".join(lines) + "\n")

    def matches(self, flow, number, **parameters):
        query = self.write(f"query{number}.jsonl", json.dumps({"id": "q", "embedding": [number, 1.0]}) + "\n")
        answer = self.post(flow, "/search", "--jsonl", query, "--parameters", json.dumps(parameters))
        return [match["id"] for match in answer[0]["matches"]]

    def test_it_is_there_after_a_stop_and_after_a_kill(self):
        flow = self.start()
        self.post(flow, "/index", "--jsonl", self.documents("a", 250), "--request-size", "10")
        self.assertEqual(self.matches(flow, 7), ["a7", "a6", "a8"])
        self.assertEqual(self.matches(flow, 7, filter={"tags__even": {"$eq": True}}), ["a6", "a8", "a10"])
        self.assertEqual(flow.stop(), 0)
        self.assertEqual(os.listdir(self.path("kept")), ["index.sqlite"])

        flow = self.start()
        self.post(flow, "/index", "--jsonl", self.documents("a", 10, 1000))
        os.kill(flow.pid("index"), signal.SIGKILL)
        flow.wait_log("index/rep-0")
        self.assertEqual(self.matches(flow, 1004), ["a1004", "a1003", "a1005"])
        self.assertEqual(self.matches(flow, 7), ["a7", "a6", "a8"])
        self.assertEqual(flow.stop(), 0)

    def test_the_file_is_as_the_page_says(self):
        flow = self.start()
        self.post(flow, "/index", "--jsonl", self.documents("a", 2))
        self.assertEqual(flow.stop(), 0)
        with open(os.path.join(harness.SOURCE, "docs/plugins/vector_index.md")) as page:
            tables = re.search(r"^```sql\n(.*?)```$", page.read(), re.MULTILINE | re.DOTALL).group(1).splitlines()
        file = sqlite3.connect(self.path("kept/index.sqlite"))
        self.assertEqual(sorted(row[0] for row in file.execute("SELECT sql FROM sqlite_schema")), sorted(tables))
        self.assertEqual(file.execute("PRAGMA application_id").fetchone(), (0x536C7678,))
        self.assertEqual(file.execute("PRAGMA user_version").fetchone(), (1,))
        self.assertEqual(file.execute("SELECT name, value FROM properties").fetchall(), [("dimension", 2)])
        rows = file.execute("SELECT number, id, vector FROM documents ORDER BY number").fetchall()
        self.assertEqual(rows, [(1, "a0", struct.pack("<2f", 0, 1)), (2, "a1", struct.pack("<2f", 1, 1))])
        file.close()

    def test_a_file_has_one_process(self):
        flow = self.start()
        self.post(flow, "/index", "--jsonl", self.documents("a", 3))
        second = self.flow(FLOW % (self.path("kept/index.sqlite"), 1))
        report = second.wait_ready()
        self.assertFalse(report["ready"])
        self.assertIn("is in use by another process; stop that one, or give this executor another path", json.dumps(report))
        self.assertNotEqual(second.wait(), 0)
        self.assertEqual(self.matches(flow, 1), ["a1", "a0", "a2"])
        self.assertEqual(flow.stop(), 0)

    def test_many_search_and_write_at_once(self):
        flow = self.start(workers=4)
        self.post(flow, "/index", "--jsonl", self.documents("a", 100))
        problems = []

        def run(action):
            try:
                action()
            except Exception as problem:  # told by the main thread
                problems.append(problem)

        def search(number):
            for _ in range(3):
                self.assertEqual(self.matches(flow, number)[0], f"a{number}")

        files = [self.documents(name, 60, 5000) for name in ("x", "y", "z")]
        actions = [lambda number=number: search(number) for number in (3, 50, 97)]
        actions += [lambda path=path: self.post(flow, "/index", "--jsonl", path, "--request-size", "4") for path in files]
        threads = [threading.Thread(target=run, args=(action,)) for action in actions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        self.assertEqual(self.matches(flow, 5001), ["x5001", "y5001", "z5001"])
        self.assertEqual(flow.stop(), 0)


if __name__ == "__main__":
    harness.main()
