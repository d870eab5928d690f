"""Search on real text: flows/search/flow.yml by itself, and tools/quickstart, which runs it and prints what README.md shows."""
import json
import os
import re
import shlex
import shutil
import signal
import subprocess

import http2
import harness
from harness import BUILD, SOURCE
from messages import SINGLE, Answer, document, request

FLOW = os.path.join(SOURCE, "flows", "search", "flow.yml")
LICENCES = "/usr/share/common-licenses"
TEXTS = {
    "first.txt": "1. Bread is baked from flour and water.\nIt is eaten\nwarm, with butter.\n\nThe end of the first page of all.\n",
    "second.txt": "Ships sail over the wide ocean. 2. The captain keeps a log of every day at sea.\n",
    "third.txt": "Земля вращается вокруг Солнца. 地球围绕太阳旋转，月亮围绕地球旋转，周而复始，没有尽头。\n",
}


class Search(harness.Case):
    def start(self):
        return harness.Flow(self, FLOW, "--set", f"workspace={self.path('workspace')}").start()

    def files(self, *names):
        return [argument for name in names for argument in ("--text-file", self.path(name))]

    def search(self, flow, question, limit=1):
        return self.post(flow, "/search", "--text", question, "--parameter", f"limit={limit}")[0]

    def count(self, flow):
        code, out, err = self.sluice("post", flow.uri, "/status", "--none", "--responses")
        self.assertEqual((code, err), (0, ""))
        return json.loads(out)["parameters"]["__results__"]["index/rep-0"]["count"]

    def check_place(self, match, name):
        """The match says where it stands, and there it stands."""
        self.assertEqual(match["uri"], self.path(name))
        begin, end = map(int, match["location"])
        self.assertEqual(match["text"], TEXTS[name][begin:end])

    def test_sentences_are_found_with_their_place(self):
        for name, text in TEXTS.items():
            self.write(name, text)
        flow = self.start()
        self.assertEqual(self.count(flow), 0)
        documents = self.post(flow, "/index", *self.files(*TEXTS))
        self.assertEqual([len(document["chunks"]) for document in documents], [3, 2, 2])
        self.assertEqual(len(documents[0]["chunks"][0]["embedding"]), 512)
        self.assertNotIn("embedding", documents[0])
        self.assertEqual(self.count(flow), 7)
        self.assertEqual([chunk["id"] for chunk in documents[1]["chunks"]], [self.path("second.txt") + end for end in ("#0", "#1")])
        self.post(flow, "/index", *self.files("first.txt", "second.txt"))  # once more: it replaces
        self.assertEqual(self.count(flow), 7)

        for question, name, text in [
                ("bread with butter?", "first.txt", "It is eaten\nwarm, with butter."),
                ("FLOUR AND WATER. Bread.", "first.txt", "1. Bread is baked from flour and water."),
                ("a captain's log", "second.txt", "2. The captain keeps a log of every day at sea."),
                ("вокруг солнца", "third.txt", "Земля вращается вокруг Солнца."),
                ("月亮围绕地球", "third.txt", "地球围绕太阳旋转，月亮围绕地球旋转，周而复始，没有尽头。")]:
            found = self.search(flow, question)
            self.assertEqual((found["text"], found.get("chunks", [])), (question, []))
            self.assertEqual([match["text"] for match in found["matches"]], [text])
            self.check_place(found["matches"][0], name)
        before = self.search(flow, "the end of a day", limit=5)
        self.assertEqual(len(before["matches"]), 5)
        self.assertEqual(flow.stop(), 0)

        flow = self.start()  # and the index is as it was left
        self.assertEqual(self.count(flow), 7)
        self.assertEqual(self.search(flow, "the end of a day", limit=5)["matches"], before["matches"])
        self.post(flow, "/delete", "--jsonl", self.write("ids.jsonl", json.dumps({"id": before["matches"][0]["id"]})))
        self.assertEqual(self.count(flow), 6)
        self.assertEqual(self.search(flow, "the end of a day", limit=4)["matches"], before["matches"][1:])
        self.assertEqual(flow.stop(), 0)


    def test_the_commands_of_the_page_about_flows(self):
        with open(os.path.join(SOURCE, "flows", "README.md"), encoding="utf-8") as file:
            commands, answer = re.search(r"## Search\n.*?```sh\n(.*?)```\n\n```\n(.*?)```", file.read(), re.DOTALL).groups()
        run, index, search = (shlex.split(line)[1:] for line in commands.strip().split("\n"))
        flow = harness.Flow(self, *(argument.replace("port=51000", "port=0") for argument in run[1:]), "--set",
                            f"workspace={self.path('workspace')}").start()
        for command in (index, search):
            code, out, err = self.sluice(*(argument.replace("grpc://127.0.0.1:51000", flow.uri) for argument in command))
            self.assertEqual((code, err), (0, ""))
        pattern = ".*?".join(re.escape(part) for part in answer.replace("\n", "").split("…"))
        self.assertRegex(out, pattern)
        self.assertEqual(flow.stop(), 0)

    def test_workers_give_the_same_numbers(self):
        """Many requests at once, on several workers: each text has one embedding, whoever made it."""
        flow = self.flow("jtype: Flow\nexecutors: [{name: encoder, uses: hashing_encoder, workers: 4}]\n").start()
        texts = ["One text.", "Другой текст: ещё слово.", "你好，世界", "x" * 3000 + " " + "слово" * 500, "ไทยไทย \U0001F680", "?"]
        lines = self.write("lines.txt", "\n".join(texts))
        found = {}
        for document in self.post(flow, "/encode", "--lines", lines, "--repeat", "40", "--request-size", "1"):
            found.setdefault(document["text"], []).append(document["embedding"])
        self.assertEqual(sorted(found), sorted(texts))
        for text, embeddings in found.items():
            self.assertEqual(len(embeddings), 40, text)
            self.assertEqual([embedding == embeddings[0] for embedding in embeddings], [True] * 40, text)
        self.assertEqual(flow.stop(), 0)

    def test_a_long_text_is_left_at_its_deadline(self):
        flow = self.flow("jtype: Flow\nexecutors: [{name: encoder, uses: hashing_encoder, stuck_timeout: 60000}]\n").start()
        long = self.write("long.txt", "Words without an end, amen. " * (40 << 20 >> 5) + "字" * (2 << 20))
        code, _, err = self.sluice("post", flow.uri, "/index", "--text-file", long, "--quiet", "--timeout", "0.5")
        self.assertEqual(code, 5, err)
        self.assertEqual(len(self.post(flow, "/index", "--text", "short")), 1)  # its one worker is free again
        self.assertNotIn("ready again", flow.log())
        self.assertEqual(flow.stop(), 0)

    def test_what_is_no_text_is_refused(self):
        """Bytes that are no UTF-8 never reach a handler; an empty request and one without text are none of its business."""
        flow = self.start()
        for endpoint in ("/index", "/search"):
            message = request("bad", [document("good text"), document(b"bad \xff text")], endpoint)
            call = http2.unary(flow.port, SINGLE, message)
            answer = Answer(call.messages[0])
            self.assertEqual((answer.code, answer.exception), (1, "DecodeError"))
            self.assertEqual(answer.texts, [b"good text", b"bad \xff text"])
        self.assertEqual(self.count(flow), 0)
        self.assertEqual(self.post(flow, "/index", "--none"), [])
        self.assertEqual(self.post(flow, "/index", "--text", "Short.")[0].get("chunks", []), [])
        self.assertEqual(self.count(flow), 0)
        self.assertEqual(flow.stop(), 0)


def shown(output):
    """The lines of an output without what differs from run to run: times, rates, ports, process numbers, paths."""
    output = re.sub(r"grpc://127\.0\.0\.1:\d+|127\.0\.0\.1:\d+", "ADDRESS", output)
    output = re.sub(r"[\d.]+(?= *(ms\b|s:|documents/s|MB/s|MB received|%))", "N", output)
    output = re.sub(r" +", " ", output)
    return [line.rstrip() for line in output.split("\n") if line.strip()]


class Quickstart(harness.Case):
    def quickstart(self, *arguments):
        done = subprocess.run([os.path.join(SOURCE, "tools", "quickstart"), "--built", BUILD, *arguments], env=self.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=harness.PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.errors.append(done.stdout)
        return done.stdout

    def in_readme(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            return re.search(r"<!-- output: quickstart -->\n```\n(.*?)\n```", file.read(), re.DOTALL).group(1)

    def test_it_prints_what_the_readme_shows(self):
        printed = self.quickstart()
        self.assertEqual(shown(printed), shown(self.in_readme()))
        for place, begin in re.findall(r"^ +0\.\d+ +(\S+:\d+) +(\S+ \S+ \S+)", printed, re.MULTILINE):
            name, line = place.split(":")
            with open(os.path.join(LICENCES, name), encoding="utf-8") as file:
                below = " ".join("".join(file.readlines()[int(line) - 1:int(line) + 2]).split())
            self.assertIn(begin, below, place)

    def test_what_is_kept_is_found_again(self):
        kept = os.path.join(BUILD, "quickstart")
        shutil.rmtree(kept, ignore_errors=True)
        try:
            first = self.quickstart("--keep")
            count = re.search(r"(\d+) sentences are indexed", first).group(1)
            self.assertGreater(int(count), 1000)
            second = self.quickstart("--keep")
            self.assertIn("stopping the Flow that an earlier run left", second)
            self.assertIn(f"the index is as it was left: {count} sentences", second)
            self.assertNotIn("splitting and indexing", second)
            matches = [[line for line in text.split("\n") if re.match(r" +0\.\d{3} ", line)] for text in (first, second)]
            self.assertEqual(matches[0], matches[1])
            self.assertGreater(len(matches[0]), 5)
            self.assertEqual(self.sluice("ping", "flow", re.search(r"grpc://\S+", second).group())[0], 0)
            os.kill(int(re.search(r"kill (\d+)", second).group(1)), signal.SIGTERM)
            self.wait_processes_gone()
        finally:
            shutil.rmtree(kept, ignore_errors=True)

    def test_a_wrong_option_is_named(self):
        done = subprocess.run([os.path.join(SOURCE, "tools", "quickstart"), "--keeep"], env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn('unknown option "--keeep"', done.stderr)


if __name__ == "__main__":
    harness.main()
