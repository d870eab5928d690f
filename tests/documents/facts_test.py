"""What the pages say about the tree is so: links lead somewhere, files and tests that are named exist, each folder of code has
its page."""
import fnmatch
import os
import re
import subprocess
import sys
import unittest

SOURCE = os.path.abspath(os.environ.get("SLUICE_SOURCE", "."))
BUILD = os.path.abspath(os.environ.get("SLUICE_BUILD", "build/dev"))
CODE = (".c", ".h", ".cc", ".py")


def tree():
    """Every file of the tree, by its path from the top; what is built, hidden or kept by git is none."""
    found = []
    for folder, folders, files in os.walk(SOURCE):
        folders[:] = [name for name in folders if name not in ("build", "__pycache__") and not name.startswith(".")]
        found += [os.path.relpath(os.path.join(folder, name), SOURCE) for name in files]
    return sorted(found)


FILES = tree()
PAGES = [path for path in FILES if path.endswith(".md")]


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def prose(text):
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def words(path):
    """What stands in backquotes."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose(read(path)))


def anchors(text):
    """The anchors that a page's headings get, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.*?) *$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Facts(unittest.TestCase):
    def test_links_lead_somewhere(self):
        wrong = []
        for page in PAGES:
            for target in re.findall(r"\]\(([^)\s]+)\)", prose(read(page))):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
                if not os.path.exists(os.path.join(SOURCE, path)):
                    wrong.append(f"{page}: {target}: there is no {path}")
                elif anchor and anchor not in anchors(read(path)):
                    wrong.append(f"{page}: {target}: no heading of {path} has this anchor")
        self.assertEqual(wrong, [])

    def test_each_folder_of_code_has_a_page(self):
        folders = {os.path.dirname(path) for path in FILES if path.endswith(CODE)}
        # The public headers explain themselves and are installed as they lie there; a project of somebody else is copied out.
        folders = {folder for folder in folders if not folder.endswith(("include/sluice", "tests/install/project"))}
        self.assertEqual([folder for folder in sorted(folders) if f"{folder}/README.md" not in PAGES], [])

    def test_files_that_are_named_exist(self):
        """`NAME.c`, `FOLDER/NAME.h`: below the page's folder, from the top, or, by name alone, anywhere."""
        names = {os.path.basename(path).removesuffix(".in") for path in FILES}  # X.in becomes X
        wrong = []
        for page in PAGES:
            if not page.endswith("README.md") and page != "docs/architecture.md":
                continue  # the manuals name files of their readers
            for word in words(page):
                for name in self.spelled_out(word):
                    if not name.endswith((*CODE, ".md", ".proto")):
                        continue
                    known = name in names if "/" not in name else (
                        any(os.path.exists(os.path.join(SOURCE, place, name))
                            for place in (os.path.dirname(page), "", "common", "executor")))
                    if not known:
                        wrong.append(f"{page}: {word}")
        self.assertEqual(wrong, [])

    @staticmethod
    def spelled_out(word):
        """options.[ch] is two files. What is a pattern, a command or a placeholder is none."""
        both = re.fullmatch(r"([\w./-]+)\.\[ch\]", word)
        if both:
            return [f"{both.group(1)}.c", f"{both.group(1)}.h"]
        return [word] if re.fullmatch(r"[\w./-]+", word) and not re.search(r"\b(NAME|X|FOLDER)\b", word) else []

    def test_tests_that_are_named_exist(self):
        listing = subprocess.run(["ctest", "--test-dir", BUILD, "-N"], check=True, stdout=subprocess.PIPE, text=True).stdout
        tests = re.findall(r"^ *Test +#\d+: (\S+)$", listing, re.MULTILINE)
        groups = {name.split(".")[0] for name in tests}
        named, wrong = 0, []
        for page in PAGES:
            if page in ("README.md", "docs/cli.md", "docs/flow-yaml.md"):
                continue  # `gateway.port` is a setting there
            for word in words(page):
                group, _, rest = word.partition(".")
                if group not in groups or not re.fullmatch(r"[a-z_.*]+", rest) or rest in ("c", "h", "cc", "py", "sh", "jsonl"):
                    continue
                named += 1
                if not fnmatch.filter(tests, word):
                    wrong.append(f"{page}: {word}")
        self.assertEqual(wrong, [])
        self.assertGreater(named, 10)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
