"""The table of tools/coverage, from a summary as gcovr 5.2 writes it."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

TABLE = os.path.join(os.environ.get("SLUICE_SOURCE", "."), "tools", "coverage_table.py")


def file(name, lines, reached, branches, branches_reached):
    return {"filename": name, "line_total": lines, "line_covered": reached, "line_percent": None, "branch_total": branches,
            "branch_covered": branches_reached, "branch_percent": None}


class Table(unittest.TestCase):
    def table(self, files, *options):
        """(exit code, what is printed, the JSON file)"""
        with tempfile.TemporaryDirectory() as folder:
            summary, result = os.path.join(folder, "summary.json"), os.path.join(folder, "result.json")
            with open(summary, "w", encoding="utf-8") as out:
                json.dump({"files": files}, out)
            ended = subprocess.run([sys.executable, "-B", TABLE, summary, result, *options], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, check=False)
            with open(result, encoding="utf-8") as out:
                return ended.returncode, ended.stdout, json.load(out)

    def test_files_are_summed_by_folder(self):
        code, printed, result = self.table([file("a/b/y.c", 10, 5, 4, 1), file("a/b/x.c", 10, 10, 0, 0), file("a/z.c", 80, 60, 16, 9)])
        self.assertEqual(code, 0)
        self.assertEqual(list(result["folders"]), ["a", "a/b"])
        self.assertEqual(result["folders"]["a/b"], {"lines": 20, "lines_reached": 15, "lines_percent": 75.0, "branches": 4,
                                                    "branches_reached": 1, "branches_percent": 25.0})
        self.assertEqual((result["total"]["lines_percent"], result["total"]["branches_percent"]), (75.0, 50.0))
        self.assertEqual(list(result["files"]), ["a/b/x.c", "a/b/y.c", "a/z.c"])
        rows = [line.split() for line in printed.splitlines() if line.strip()]
        self.assertEqual([row[0] for row in rows], ["folder", "a", "a/b", "all"])
        self.assertEqual(rows[-1], ["all", "100", "75.0", "%", "20", "50.0", "%"])

    def test_files_are_shown_when_asked_for(self):
        _, printed, _ = self.table([file("a/x.c", 1, 1, 0, 0)], "--files")
        self.assertIn("a/x.c", printed)

    def test_nothing_to_reach_is_reached(self):
        code, _, result = self.table([file("a/x.h", 0, 0, 0, 0)], "--minimum", "100")
        self.assertEqual((code, result["total"]["lines_percent"]), (0, 100.0))

    def test_the_minimum_holds_at_its_edge(self):
        files = [file("a/x.c", 100, 85, 0, 0)]
        self.assertEqual(self.table(files, "--minimum", "85")[0], 0)
        code, printed, _ = self.table(files, "--minimum", "85.1")
        self.assertEqual(code, 1)
        self.assertIn("fewer than 85.1 % of the lines", printed)


if __name__ == "__main__":
    unittest.main(verbosity=2)
