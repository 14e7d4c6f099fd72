"""The graph of targets and folders: declared where it is used, and no arrow runs up.

The order of the targets and of the folders in a target is the one in Sources/README.md, top first. The arrows are the imports of
the sources, and the names of a target's top-level types that files of its other folders use.
"""

import collections
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Modules that only one target may import: it wraps them.
WRAPPED = {
    "ArgumentParser": "defender-bridge", "CBuild": "Bridge", "CLibcurl": "HTTPClient", "CLibpq": "PostgreSQLStore", "CLibuv": "EventLoop",
    "COpenSSL": "Cryptography", "CZlib": "Compression", "GRDB": "SQLiteStore", "Yams": "Bridge",
}
# Targets that take values and return values: they import each other, encodings, digests and the contract of the store, but no
# event loop, log, client or engine.
PURE = {"AWSCore", "DeviceDefender", "ErrorCodes", "JSON", "Planning", "SecurityFindings", "SourceMapping"}

IMPORT = re.compile(r"^(?:@\w+(?:\([^)]*\))? |\w+ )*import (?:(?:actor|class|enum|func|let|protocol|struct|typealias|var) )?(\w+)", re.M)
DECLARATION = re.compile(
    r"^(?:@\w+(?:\([^)]*\))? )*(?:(?:final|indirect|internal|package|public) )*"
    r"(?:actor|class|enum|protocol|struct|typealias) (\w+)", re.M)
# A member type in an extension, as swift format indents it.
EXTENSION = re.compile(r"^(?:\w+ )*extension (\w+)\b[^{]*\{\n(.*?)^\}", re.M | re.S)
MEMBER = re.compile(
    r"^    (?:@\w+(?:\([^)]*\))? )*(?:(?:final|indirect|internal|package|public) )*"
    r"(?:actor|class|enum|protocol|struct|typealias) (\w+)", re.M)
# An extension without such members is a name space.
VALUE = re.compile(r"^    (?:\w+ )*(?:func|init|let|subscript|var)\b", re.M)
NAME = re.compile(r"(?<![\w.])([A-Z]\w*)(?:\.([A-Z]\w*))?")
# Comments and literals. An interpolation goes with its literal: types are hardly named there.
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|""".*?"""|"(?:\\.|[^"\\\n])*"', re.S)


def code(path):
    return NOT_CODE.sub("", path.read_text())


def sources(folder):
    return sorted(folder.rglob("*.swift"))


def imports(folder):
    return {name for path in sources(folder) for name in IMPORT.findall(code(path))}


def target_order(readme):
    """The targets of the list in Sources/README.md, a line each, by their place from the top."""
    lists = re.search(r"^```\n(.*? ──▶ .*?)^```", readme, re.M | re.S).group(1)
    lines = [re.sub(r"\(.*?\)", "", line.split("──▶")[0]) for line in lists.splitlines()]
    return {name.strip(): place for place, line in enumerate(lines) for name in line.split(",")}


def folder_orders(readme):
    """The folders of each target in Sources/README.md, from top to bottom. The files beside the folders go by the target's name."""
    rows = re.findall(r"^\| `([\w-]+)` \| (`[^|]+`) \|$", readme, re.M)
    return {target: re.findall(r"`([\w-]+)`", folders) for target, folders in rows}


def folder_arrows(target):
    """The arrows between the folders of a target: from, to, name, file."""
    def folder(path):
        return path.relative_to(target).parts[0] if path.parent != target else target.name

    texts = {path: code(path) for path in sources(target)}
    places = collections.defaultdict(set)
    for path, text in texts.items():
        for name in DECLARATION.findall(text):
            places[name].add(folder(path))
        for extended, body in EXTENSION.findall(text):
            for member in MEMBER.findall(body):
                places[f"{extended}.{member}"].add(folder(path))
    for path, text in texts.items():
        text = EXTENSION.sub(lambda match: match[0] if VALUE.search(match[2]) else match[2], text)
        for name, member in sorted(set(NAME.findall(text))):
            found = places.get(f"{name}.{member}") or places.get(name) or set()
            # A name that several folders declare says nothing.
            if len(found) == 1 and found != {folder(path)}:
                yield folder(path), *found, name, path.name


def upward(arrows, order):
    """The arrows that run up in an order, or whose ends are missing in it."""
    for source, destination, name, file in arrows:
        missing = [end for end in (source, destination) if end not in order]
        if missing:
            yield f"{missing[0]} is not in the order"
        elif order.index(source) > order.index(destination):
            yield f"{file} in {source} uses {name} of {destination}"


class GraphTests(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        description = subprocess.run(
            ["swift", "package", "dump-package"], cwd=ROOT, check=True, capture_output=True).stdout
        package = json.loads(description)
        cls.readme = (ROOT / "Sources/README.md").read_text()
        cls.declared = {}
        cls.folders = {}
        for target in package["targets"]:
            if target["type"] == "system":
                continue
            default = ("Tests/" if target["type"] == "test" else "Sources/") + target["name"]
            cls.folders[target["name"]] = ROOT / (target.get("path") or default)
            cls.declared[target["name"]] = {
                dependency[kind][0] for dependency in target["dependencies"] for kind in dependency}
        cls.ours = {target["name"] for target in package["targets"]}
        cls.rooms = [name for name, folder in cls.folders.items() if folder.parent == ROOT / "Sources"]

    def test_every_import_of_ours_is_declared_and_every_declaration_is_used(self):
        for name, folder in self.folders.items():
            with self.subTest(name):
                used = imports(folder)
                self.assertEqual(used & self.ours - self.declared[name] - {name}, set(), "not declared")
                # An executable is declared by the tests that run it.
                self.assertEqual(self.declared[name] & self.ours - used - {"defender-bridge"}, set(), "not used")

    def test_no_import_runs_up(self):
        order = target_order(self.readme)
        self.assertEqual(set(self.rooms) - set(order), set(), "not in Sources/README.md")
        for name in self.rooms:
            for imported in imports(self.folders[name]) & set(self.rooms):
                # Targets on one line do not import each other.
                self.assertLess(order[name], order[imported], f"{name} imports {imported}")

    def test_wrapped_modules_are_imported_by_one_target(self):
        for name in self.rooms:
            for imported in imports(self.folders[name]) & set(WRAPPED):
                self.assertEqual(WRAPPED[imported], name, f"{name} imports {imported}")

    def test_pure_targets_import_pure_targets(self):
        allowed = PURE | {"Cryptography", "Encoding", "FoundationEssentials", "Store", "Synchronization"}
        for name in PURE:
            self.assertEqual(imports(self.folders[name]) - allowed, set(), name)

    def test_no_target_imports_the_whole_of_foundation(self):
        for name in self.rooms:
            self.assertNotIn("Foundation", imports(self.folders[name]), name)

    def test_no_use_between_the_folders_of_a_target_runs_up(self):
        orders = folder_orders(self.readme)
        for name in self.rooms:
            with self.subTest(name):
                folders = {path.parent for path in sources(self.folders[name])}
                if len(folders) > 1:
                    self.assertIn(name, orders, "no order of folders in Sources/README.md")
                    self.assertEqual(list(upward(folder_arrows(self.folders[name]), orders[name])), [])


class RuleTests(unittest.TestCase):
    """The rules themselves, on sources that break them."""

    def target(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        target = pathlib.Path(folder.name, "Room")
        for name, text in files.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return target

    def test_imports_are_read_in_all_their_forms(self):
        target = self.target({
            "A.swift": "import A\npublic import B\n@testable import C\n@preconcurrency package import D\nimport struct E.F\n",
            "B.swift": '// import X\nlet text = """\nimport Y\n"""\n',
        })
        self.assertEqual(imports(target), {"A", "B", "C", "D", "E"})

    def test_an_upward_use_between_folders_is_found(self):
        target = self.target({
            "Top.swift": "struct Top { let low: Low; let member: Low.Member }\n",
            "Low/Low.swift": "package struct Low {}\n",
            "Low/Up.swift": "// Top\nfinal class Up { let top: Top }\n",
            "Low/Low+Member.swift": "extension Low {\n    enum Member {}\n}\n",
        })
        arrows = list(folder_arrows(target))
        self.assertEqual(
            arrows, [("Low", "Room", "Top", "Up.swift"), ("Room", "Low", "Low", "Top.swift"), ("Room", "Low", "Low", "Top.swift")])
        self.assertEqual(list(upward(arrows, ["Room", "Low"])), ["Up.swift in Low uses Top of Room"])
        self.assertEqual(list(upward(arrows, ["Room"]))[0], "Low is not in the order")

    def test_a_member_in_an_extension_belongs_to_its_own_folder(self):
        target = self.target({
            "Top.swift": "struct Top {}\n",
            "Low/Top+Kind.swift": "extension Top {\n    package enum Kind {}\n}\n",
            "Low/User.swift": "struct User { let kind: Top.Kind }\n",
        })
        self.assertEqual(list(folder_arrows(target)), [])

    def test_orders_are_read_from_the_document(self):
        readme = "```\nApp (tool), Other ──▶ Base\nBase ──▶ –\n```\n\n| `App` | `App`, `Parts` |\n"
        self.assertEqual(target_order(readme), {"App": 0, "Other": 0, "Base": 1})
        self.assertEqual(folder_orders(readme), {"App": ["App", "Parts"]})


if __name__ == "__main__":
    unittest.main()
