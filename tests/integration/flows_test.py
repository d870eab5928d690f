"""The example Flows in flows/, with their data: what their comments say."""
import json
import os

import harness
from harness import SOURCE

TEXTS = os.path.join(SOURCE, "flows", "data", "sentences.txt")
DOCUMENTS = os.path.join(SOURCE, "flows", "data", "documents.jsonl")


class Flows(harness.Case):
    def example(self, name):
        path = os.path.join(SOURCE, "flows", name)
        self.assertEqual(self.sluice("check", path), (0, "", ""))
        return harness.Flow(self, path).start()

    def test_echo_gives_back_what_it_got(self):
        flow = self.example("echo.yml")
        with open(DOCUMENTS) as lines:
            sent = [json.loads(line) for line in lines]
        self.assertEqual(self.post(flow, "/", "--jsonl", DOCUMENTS), sent)
        self.assertEqual(flow.stop(), 0)

    def test_sentences_are_where_their_locations_say(self):
        flow = self.example("sentences.yml")
        documents = self.post(flow, "/", "--lines", TEXTS)
        with open(TEXTS) as lines:
            self.assertEqual([document["text"] for document in documents], [line.rstrip("\n") + "|checked" for line in lines])
        for document in documents:
            self.assertEqual(document["tags"], {"checked": 1, "pod": "checked/rep-0"})
            self.assertGreater(len(document["chunks"]), 1)
            for chunk in document["chunks"]:
                begin, end = map(int, chunk["location"])
                self.assertEqual(document["text"][begin:end], chunk["text"])
                self.assertEqual(chunk["parent_id"], document["id"])
        self.assertEqual([chunk["text"] for chunk in documents[-1]["chunks"]],
                         ["Mr.", "Smith paid 3.50 for it.", "Was that too much?", '"Not at all!"', "he said."])

        settings = json.dumps({"sentences__locale": "en-u-ss-standard", "sentences__limit": 1})
        documents = self.post(flow, "/", "--lines", TEXTS, "--parameters", settings)
        self.assertEqual([chunk["text"] for chunk in documents[-1]["chunks"]], ["Mr. Smith paid 3.50 for it."])
        self.assertEqual(flow.stop(), 0)

    def test_endpoints_go_to_different_handlers(self):
        flow = self.example("endpoints.yml")
        for endpoint, text in (("/draft", "report|writer"), ("/final", "report|writer.other|editor"), ("/else", "report")):
            self.assertEqual(self.post(flow, endpoint, "--text", "report")[0]["text"], text)
        self.assertEqual(flow.stop(), 0)

    def test_faults_come_as_announced(self):
        flow = self.example("faults.yml")
        code, out, err = self.sluice("post", flow.uri, "/", "--lines", TEXTS, "--request-size", "1", "--continue-on-error")
        self.assertEqual((code, len(out.splitlines())), (7, 8), err)
        self.assertIn("ValueError('one call in ten fails')", err)

        certain = {"faults__error_rate": 0, "faults__delay_ms": 0, "faults__jitter_ms": 0}
        parameters = json.dumps({**certain, "faults__wrong": "duplicate"})
        self.assertEqual(len(self.post(flow, "/", "--text", "x", "--parameters", parameters)), 2)
        code, _, err = self.sluice("post", flow.uri, "/", "--text", "x", "--parameters", json.dumps({"faults__crash": "segv"}))
        self.assertEqual(code, 7, err)
        self.assertIn("SIGABRT" if harness.sanitized() else "SIGSEGV", err)  # a sanitizer reports, then aborts
        flow.wait_log(r"faults/rep-0 is ready again")
        self.assertEqual(len(self.post(flow, "/", "--text", "x", "--parameters", json.dumps(certain))), 1)
        self.assertEqual(flow.stop(), 0)

    def test_a_wait_ends_with_its_deadline(self):
        flow = self.flow("jtype: Flow\nexecutors: [{name: faults, uses: fault, stuck_timeout: 60000}]\n").start()
        slow = json.dumps({"faults__delay_ms": 3600e3})
        code, _, err = self.sluice("post", flow.uri, "/", "--text", "x", "--timeout", "0.2", "--parameters", slow)
        self.assertEqual(code, 5, err)
        self.assertEqual(len(self.post(flow, "/", "--text", "x")), 1)  # its one worker is free again
        self.assertEqual(flow.stop(), 0)


if __name__ == "__main__":
    harness.main()
