"""The table of settings on a plugin's page is what the plugin declares: names, types, defaults, and ranges where the page has
them; and no handler's endpoint is left out."""
import json
import os
import re
import subprocess
import sys
import unittest

SOURCE = os.path.abspath(os.environ.get("SLUICE_SOURCE", "."))
BUILD = os.path.abspath(os.environ.get("SLUICE_BUILD", "build/dev"))
PAGES = os.path.join(SOURCE, "docs", "plugins")
PLUGINS = os.path.join(BUILD, "lib", "sluice", "plugins")


def description(name):
    done = subprocess.run([os.path.join(BUILD, "bin", "sluice-executor"), "--describe", os.path.join(PLUGINS, name + ".so")],
                          check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def page(name):
    with open(os.path.join(PAGES, name + ".md"), encoding="utf-8") as file:
        return file.read()


def settings(text):
    """The rows of the table whose first heading begins with `uses_with`: name -> {heading: cell}."""
    rows, headings = {}, None
    for line in text.split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else None
        if cells is None:
            headings = None
        elif cells[0].startswith("`uses_with`") and "type" in cells:
            headings = cells[1:]
        elif headings and not set(cells[0]) <= set("-"):
            rows[cells[0].strip("`")] = dict(zip(headings, cells[1:]))
    return rows


def quoted(cell):
    return re.findall(r"`([^`]*)`", cell)


def value_of(text):
    """`0` and `"l2"` are JSON; a bare `RuntimeError` is a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


class Parameters(unittest.TestCase):
    def check_type(self, declared, cells):
        if "choices" in declared and quoted(cells["type"]):
            self.assertEqual(quoted(cells["type"]), declared["choices"])
        elif cells["type"] != "see below":
            self.assertEqual(re.match(r"\w*", cells["type"]).group(), declared["type"])

    def check_range(self, declared, cells):
        stated = cells.get("range", "")
        numbers = re.search(r"(-?[\d.]+) to (-?[\d.]+)", stated or cells["type"])
        if numbers:
            self.assertEqual([float(number) for number in numbers.groups()], [declared["minimum"], declared["maximum"]])
        elif stated:
            self.assertEqual(quoted(stated), declared["choices"])
        elif "range" in cells:
            self.assertFalse({"minimum", "choices"} & set(declared), "the page has no range")

    def check_default(self, declared, cells):
        if declared["fallback"] is None:
            self.assertEqual(quoted(cells["default"]), [])
        else:
            self.assertEqual(value_of(quoted(cells["default"])[0]), json.loads(declared["fallback"]))

    def test_tables(self):
        pages = sorted(name[:-3] for name in os.listdir(PAGES))
        self.assertEqual(pages, sorted(name[:-3] for name in os.listdir(PLUGINS)))
        compared = 0
        for name in pages:
            rows = settings(page(name))
            declared = {each["name"]: each for each in description(name).get("parameters", [])}
            self.assertEqual(list(rows), list(declared), name)
            for key, cells in rows.items():
                with self.subTest(plugin=name, parameter=key):
                    self.check_type(declared[key], cells)
                    self.check_range(declared[key], cells)
                    self.check_default(declared[key], cells)
                    compared += 1
        self.assertGreater(compared, 20)

    def test_endpoints(self):
        for name in sorted(name[:-3] for name in os.listdir(PAGES)):
            words = set(re.findall(r"`([^`\n]+)`", page(name)))
            for handler in description(name)["handlers"]:
                self.assertIn(handler["name"], words, name)
                if handler["endpoint"]:
                    self.assertIn(handler["endpoint"], words, f"{name}: {handler['name']}")


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
