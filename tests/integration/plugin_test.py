"""sluice plugin list and show: what is found, hidden and broken; the schema against what sluice check says."""
import json
import os
import re
import shutil
import subprocess
import sys

import harness
from harness import BUILD, PLUGINS, SLUICE

SHIPPED = os.path.realpath(os.path.join(BUILD, "lib", "sluice", "plugins"))
VALIDATE = """import json, sys, jsonschema
schema, values = json.load(sys.stdin)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
print(json.dumps([validator.is_valid(value) for value in values]))
"""


def validator():
    """A Python with the package jsonschema: this one, or Debian's."""
    for python in [sys.executable, "/usr/bin/python3"]:
        if subprocess.run([python, "-c", "import jsonschema"], capture_output=True).returncode == 0:
            return python
    raise AssertionError("there is no python3-jsonschema; tools/setup test installs it")


class Plugin(harness.Case):
    def setUp(self):
        super().setUp()
        self.place = os.path.join(os.path.realpath(self.folder), "flows")
        os.mkdir(self.place)

    def add(self, source, name):
        shutil.copy(source, os.path.join(self.place, name))

    def listed(self):
        code, out, err = self.sluice("plugin", "list", self.place, "--json")
        self.assertEqual((code, err), (0, ""))
        return json.loads(out)["folders"]

    def schema(self, plugin, *arguments):
        code, out, err = self.sluice("plugin", "show", plugin, "--json", *arguments)
        self.assertEqual((code, err), (0, ""))
        return json.loads(out)

    def valid(self, schema, values):
        done = subprocess.run([validator(), "-c", VALIDATE], input=json.dumps([schema, values]), capture_output=True, text=True,
                              timeout=harness.PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_folders_in_the_order_in_which_they_are_searched(self):
        self.add(os.path.join(SHIPPED, "echo.so"), "echo.so")
        self.add(os.path.join(SHIPPED, "tag.so"), "mine.so")
        own, shipped = self.listed()
        self.assertEqual((own["path"], own["shipped"], shipped["path"], shipped["shipped"]), (self.place, False, SHIPPED, True))
        self.assertEqual([(plugin["uses"], plugin["name"], plugin["hidden_by"], plugin["error"]) for plugin in own["plugins"]],
                         [("echo", "echo", None, None), ("mine", "tag", None, None)])
        by_name = {plugin["uses"]: plugin for plugin in shipped["plugins"]}
        self.assertLessEqual({"echo", "fault", "sentencizer", "tag"}, set(by_name))
        self.assertEqual(by_name["echo"]["hidden_by"], os.path.join(self.place, "echo.so"))
        self.assertIsNone(by_name["tag"]["hidden_by"])
        self.assertEqual(by_name["tag"]["abi"][0], 1)
        self.assertIn({"endpoint": "/default", "handler": "echo"}, by_name["echo"]["endpoints"])

    def test_a_flow_finds_what_the_list_says(self):
        self.add(os.path.join(SHIPPED, "tag.so"), "echo.so")
        flow = os.path.join(self.place, "flow.yml")
        with open(flow, "w") as file:
            file.write("jtype: Flow\nexecutors: [{name: a, uses: echo, uses_with: {label: x}}]\n")
        self.assertEqual(self.sluice("check", flow)[0], 0)  # only tag has this parameter
        self.assertEqual(self.listed()[0]["plugins"][0]["name"], "tag")
        self.assertEqual(self.schema("echo", "-C", self.place)["title"], "tag")
        self.assertEqual(self.schema("echo")["title"], "echo")

    def test_broken_ones_with_the_reason(self):
        reasons = {"bad_magic": "its table begins with", "bad_major": "built for ABI 2.",
                   "bad_no_entry": "exports no sluice_plugin_entry", "bad_symbol": "sluice_function_that_nobody_has",
                   "bad_fallback": "is no JSON: not quoted"}
        for name in reasons:
            self.add(os.path.join(PLUGINS, f"{name}.so"), f"{name}.so")
        with open(os.path.join(self.place, "text.so"), "w") as file:
            file.write("this is no library")
        reasons["text"] = "cannot be loaded"
        own = self.listed()[0]["plugins"]
        self.assertEqual([plugin["uses"] for plugin in own], sorted(reasons))
        code, out, err = self.sluice("plugin", "list", self.place)
        self.assertEqual((code, err), (0, ""))
        for plugin in own:
            self.assertIn(reasons[plugin["uses"]], plugin["error"])
            self.assertNotIn("name", plugin)
            self.assertIn(f"broken: {plugin['error']}\n", out)
            code, _, err = self.sluice("plugin", "show", plugin["path"])
            self.assertEqual(code, 1)
            self.assertIn(reasons[plugin["uses"]], err)

    def test_the_list_for_people(self):
        self.add(os.path.join(SHIPPED, "echo.so"), "echo.so")
        self.add(os.path.join(SHIPPED, "tag.so"), "mine.so")
        code, out, err = self.sluice("plugin", "list", self.place)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, rf"\Asearched in this order:\n{self.place}\n  echo +1\.0 +\S.*\n  mine +1\.0 +\S.* \(calls itself tag\)\n"
                              rf"{SHIPPED} \(shipped\)\n")
        self.assertRegex(out, rf"\n  echo +1\.0 +\S.*\n +hidden by {self.place}/echo\.so\n")
        code, out, err = self.sluice("plugin", "list", self.place, "--names")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(sorted(set(out.split())), sorted(out.split()))
        self.assertLessEqual({"echo", "mine", "tag"}, set(out.split()))

    def test_the_folder_where_one_is(self):
        done = subprocess.run([SLUICE, "plugin", "list"], cwd=self.place, capture_output=True, text=True, env=self.env)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"{self.place}\n  no plugins\n", done.stdout)

    def test_show_for_people(self):
        code, out, err = self.sluice("plugin", "show", "fault")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, rf"\Afault 1\.0, ABI 1\.\d\n{SHIPPED}/fault\.so\nDelays")
        self.assertRegex(out, r"(?m)^endpoint +handler$\n^  /default +misbehave$")
        self.assertRegex(out, r"(?m)^  delay_ms +number, 0 to \d+, default 0$\n^      \S")
        self.assertRegex(out, r'(?m)^  crash +string, one of "none", .*, default "none"$')

    def test_the_page_shows_what_is_printed(self):
        with open(os.path.join(harness.SOURCE, "docs", "cli.md")) as file:
            page = file.read()
        self.add(os.path.join(PLUGINS, "bad_no_entry.so"), "tag.so")
        with open(os.path.join(harness.SOURCE, "docs", "plugins.md")) as file:
            code = re.search(r"<!-- file: shout\.c -->\n```c\n(.*?)```", file.read(), re.DOTALL).group(1)
        includes = [f"-I{harness.SOURCE}/{folder}/include" for folder in ("common", "executor")] + [f"-I{BUILD}/common/include"]
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", *includes, "-o", os.path.join(self.place, "shout.so"),
                        self.write("shout.c", code)], check=True)
        for command, arguments in [("plugin list flows", (self.place,)), ("plugin show tag", ())]:
            code, out, err = self.sluice(*command.split()[:2], *(arguments or ("tag",)))
            self.assertEqual((code, err), (0, ""))
            shown = re.search(rf"^```\n\$ sluice {command}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL).group(1)
            self.assertEqual(out.replace(self.place, "/home/me/flows").replace(SHIPPED, "/usr/lib/sluice/plugins"), shown)

    def test_what_is_not_there(self):
        code, _, err = self.sluice("plugin", "show", "sentensizer")
        self.assertEqual(code, 1)
        self.assertIn('there is no plugin "sentensizer"', err)
        self.assertIn('did you mean "sentencizer"?', err)
        code, _, err = self.sluice("plugin", "list", self.path("none"))
        self.assertEqual(code, 1)
        self.assertIn("cannot read this folder: No such file or directory", err)
        code, _, err = self.sluice("plugin")
        self.assertEqual(code, 2)
        self.assertIn("plugin list", err)
        code, _, err = self.sluice("plugin", "shwo", "echo")
        self.assertEqual(code, 2)
        self.assertIn("did you mean plugin show?", err)

    def test_every_schema_is_one(self):
        for folder in self.listed():
            for plugin in folder["plugins"]:
                schema = self.schema(plugin["path"])
                self.assertEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
                self.assertEqual(schema["x-sluice"]["path"], plugin["path"])
                defaults = {name: property["default"] for name, property in schema["properties"].items() if "default" in property}
                required = schema.get("required", [])
                expected = all(name in defaults for name in required)
                self.assertEqual(self.valid(schema, [defaults, {"no_such_parameter": 1}]),
                                 [expected, "additionalProperties" not in schema])

    def test_the_schema_says_what_check_says(self):
        cases = [{}, {"delay_ms": 5}, {"delay_ms": -1}, {"delay_ms": "5 s"}, {"delay_ms": None}, {"error_rate": 0.5}, {"error_rate": 1.5},
                 {"error_name": "ValueError"}, {"error_name": [1]}, {"crash": "segv"}, {"crash": "sgev"}, {"crash": None},
                 {"seed": 1.5}, {"seed": 3}, {"delay": 5}]
        said = []
        for case in cases:
            flow = self.write("flow.yml", "jtype: Flow\nexecutors: [{name: a, uses: fault, uses_with: %s}]\n" % json.dumps(case))
            said.append(self.sluice("check", flow)[0] == 0)
        self.assertEqual(list(zip(cases, self.valid(self.schema("fault"), cases))), list(zip(cases, said)))
        self.assertIn(True, said)
        self.assertIn(False, said)


if __name__ == "__main__":
    harness.main()
