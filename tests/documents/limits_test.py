"""docs/limits.md is the list of the limits: it has every one that the settings and the headers have, and each has tests that exist."""
import os
import re
import sys
import unittest

SOURCE = os.path.abspath(os.environ.get("SLUICE_SOURCE", "."))
# Headers whose constants of these names are limits for those outside.
HEADERS = ("gateway/http/front.h", "gateway/websocket/front.h", "gateway/websocket/head.h", "gateway/graphql/graphql.h", "gateway/router/pattern.h",
           "common/flow/flow.h", "common/flow/loader.h", "common/flow/problem.h", "common/flow/substitute.h", "common/flow/yaml.h", "common/net/frame.h",
           "common/include/sluice/document.h", "common/commandline/options.h", "tools/post_inputs.h")
CONSTANT = re.compile(r"\b((?:[A-Z]+_)+(?:MAX|MIN|LIMIT|SECONDS|MS)|SLUICE_DEFAULT_[A-Z]+)\b(?= *=|\s+\S)")
SETTING = re.compile(r"^\| `((?:max|window)_\w+|prefetch|http_(?:max_\w+|\w+_timeout|\w+_rate))` \|", re.MULTILINE)
NO_LIMITS = {"HTTP_LOOPS_MAX",  # threads of the gateway's own
             "HTTP_RETRY_AFTER_SECONDS",  # what a refused client is told
             "GRAPHQL_MEMORY_PER_BYTE"}
TEST = re.compile(r"`([\w./-]+): ((?:\w+\.)?\w+)`")


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def rows():
    """(names, cells of the tests) of each row of each table."""
    for line in read("docs/limits.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            yield re.findall(r"`(\w+)`", cells[0]), cells[-1]


class Limits(unittest.TestCase):
    def test_every_limit_is_listed(self):
        listed = {name for names, _ in rows() for name in names}
        there = set(SETTING.findall(read("docs/flow-yaml.md")))
        self.assertGreater(len(there), 8)
        for header in HEADERS:
            # Definitions only: what stands in a comment is a mention.
            text = re.sub(r"/\*.*?\*/", "", read(header), flags=re.DOTALL)
            found = {name for name in re.findall(r"(?:#define +|\b)([A-Z][A-Z_]+)(?= *=|\s+\S)", text) if CONSTANT.match(name + " =")}
            self.assertTrue(found, header)
            there |= found
        self.assertEqual(sorted(there - listed - NO_LIMITS), [])

    def test_nothing_is_listed_that_is_not_there(self):
        everything = "".join(read(header) for header in HEADERS) + read("docs/flow-yaml.md") + read("client/include/sluice/client.h")
        for names, _ in rows():
            for name in names:
                self.assertTrue(re.search(r"\b%s\b" % name, everything), name)

    def test_every_limit_has_tests_that_exist(self):
        count = 0
        for names, tests in rows():
            with self.subTest(names):
                named = TEST.findall(tests)
                self.assertTrue(named, "no edge test")
                self.assertEqual(TEST.sub("", tests).strip(", "), "")
                for path, name in named:
                    text = read(os.path.join("tests", path))
                    group, _, function = name.rpartition(".")
                    if path.endswith(".py"):
                        body = text.split(f"class {group}(", 1)[1].split("\nclass ", 1)[0] if group else text
                        self.assertTrue(re.search(r"def %s\(" % function, body), f"{path}: {name}")
                    else:
                        # Defined, by the macro or one that the file makes of it, and given to the suite.
                        self.assertTrue(re.search(r"^[A-Z_]+\(%s\b" % function, text, re.MULTILINE) and len(re.findall(r"\b%s\b" % function, text)) > 1,
                                        f"{path}: {name}")
                    count += 1
        self.assertGreater(count, 40)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
