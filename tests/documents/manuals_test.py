"""The man pages that the build makes: mandoc and groff have nothing to complain of, and each says what --help says."""
import glob
import os
import re
import shutil
import subprocess
import sys
import unittest

BUILD = os.path.abspath(os.environ.get("SLUICE_BUILD", "build/dev"))
PAGES = sorted(glob.glob(os.path.join(BUILD, "share", "man", "man1", "*.1")))


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def shown(page):
    """The page as a person reads it, without its line breaks."""
    done = run("man", "-l", page, env={**os.environ, "MANWIDTH": "200", "MAN_KEEP_FORMATTING": "", "LC_ALL": "C.UTF-8", "PAGER": "cat",
                                       "MANPAGER": "cat", "MANROFFOPT": "-c"})
    text = re.sub(r"\x1b\[[0-9;]*m", "", re.sub(r".\x08", "", done.stdout))
    return " ".join(re.sub(r"[\u2010\u2011]\n\s*", "-", text).replace("\u2010", "-").replace("\u2212", "-").split())


def plain(text):
    return " ".join(text.replace("`", "").split())


class Manuals(unittest.TestCase):
    def test_there_is_one_for_each_command_and_program(self):
        commands = re.findall(r"^  ([a-z ]+?)  +[A-Z]", run(os.path.join(BUILD, "bin", "sluice"), "--help").stdout, re.MULTILINE)
        self.assertIn("plugin show", commands)
        expected = ["sluice", "sluice-gateway", "sluice-executor"] + [f"sluice-{name.replace(' ', '-')}" for name in commands]
        self.assertEqual(sorted(os.path.basename(page)[:-2] for page in PAGES), sorted(expected))

    def test_mandoc_has_no_complaint(self):
        self.assertIsNotNone(shutil.which("mandoc"), "there is no mandoc; tools/setup test installs it")
        done = run("mandoc", "-T", "lint", "-W", "all", *PAGES)
        self.assertEqual(done.stdout + done.stderr, "")

    def test_groff_has_no_complaint(self):
        self.assertIsNotNone(shutil.which("man"), "there is no man; tools/setup test installs man-db")
        for page in PAGES:
            done = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page, env={**os.environ, "LC_ALL": "C.UTF-8"})
            self.assertEqual((done.returncode, done.stderr), (0, ""), page)

    def test_each_says_what_help_says(self):
        for page in PAGES:
            name = os.path.basename(page)[:-2]
            if name == "sluice":
                continue
            words = [name] if name in ("sluice-gateway", "sluice-executor") else ["sluice", *name.split("-")[1:]]
            text = run(os.path.join(BUILD, "bin", words[0]), *words[1:], "--help").stdout
            read = shown(page)
            options = re.findall(r"^  (?:(-\w), )?--(.+)\n((?:      .+\n)+)", text, re.MULTILINE)
            self.assertTrue(options, name)
            for letter, option, help_text in options:
                head = f"{letter + ', ' if letter else ''}--{option}"
                self.assertIn(head, read, page)
                if option != "help":
                    self.assertIn(plain(help_text), read, f"{page}: --{option}")
            help_text = re.split(r"\n\n(?:Options:|[^\n]+:\n  -)", text.split("\n\n", 1)[1])[0]
            self.assertIn(plain(help_text), read, page)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
