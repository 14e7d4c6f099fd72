"""The documents: every command runs as written (see newcomer.py), links resolve, and names exist."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

from documents import REPOSITORY, anchors, documents, fences, links

PROGRAM = REPOSITORY / ".build/debug/defender-bridge"
# The languages of fenced blocks. Commands are in sh, so that newcomer.py finds them; a block without a language is a drawing.
LANGUAGES = {"", "conf", "hcl", "json", "mermaid", "promql", "sh", "sql", "yaml"}
# Documents that name types of the sources.
FOR_MAINTAINERS = ("Sources/README.md", "Tests/README.md", ".github/CONTRIBUTING.md")


class LinkTests(unittest.TestCase):
    def test_every_relative_link_resolves(self):
        texts = documents()
        self.assertLessEqual({"README.md", "deploy/docs/install.md", ".github/CONTRIBUTING.md"}, set(texts))
        problems, count = [], 0
        for document, text in texts.items():
            for target in links(text):
                if re.match(r"(?:https?|mailto):", target):
                    continue
                count += 1
                name, _, anchor = target.partition("#")
                path = os.path.normpath(os.path.join(os.path.dirname(document), name)) if name else document
                if not (REPOSITORY / path).exists():
                    problems.append(f"{document}: {target}: no such file")
                elif anchor and anchor not in anchors(texts.get(path, "")):
                    problems.append(f"{document}: {target}: no such heading")
        self.assertGreater(count, 50)
        self.assertEqual(problems, [])

    def test_links_and_anchors_are_found_as_github_finds_them(self):
        text = "# One: `two` & 3\n## A\n## A\n[a\nb](c.md#d) ![e](<f.png>) `[g](h)`\n```sh\n# [i](j)\n```\n<!-- [k](l) -->\n"
        self.assertEqual(anchors(text), {"one-two--3", "a", "a-1"})
        self.assertEqual(links(text), ["c.md#d", "f.png"])


class ContentTests(unittest.TestCase):
    def test_readme_has_at_most_150_lines(self):
        self.assertLessEqual(len(documents()["README.md"].splitlines()), 150)

    def test_readme_links_every_document_for_operators(self):
        linked = {target.partition("#")[0] for target in links(documents()["README.md"])}
        self.assertEqual({name for name in documents() if name.startswith("deploy/docs/")} - linked, set())

    def test_commands_are_in_blocks_that_are_run(self):
        for document, text in documents().items():
            for line, language, _, _ in fences(text):
                self.assertIn(language, LANGUAGES, f"{document}:{line}")

    def test_the_architecture_lists_every_target(self):
        text = documents()["Sources/README.md"]
        targets = [path.name for path in (REPOSITORY / "Sources").iterdir() if path.is_dir()]
        self.assertGreater(len(targets), 15)
        self.assertEqual([name for name in targets if not re.search(rf"\b{name}\b", text)], [])

    def test_types_in_documents_for_maintainers_exist(self):
        found = (path for folder in ("Sources", "Tests") for path in (REPOSITORY / folder).rglob("*.swift"))
        # Benchmarks have a build folder of their own, with a folder named GRDB.swift.
        files = [path for path in found if ".build" not in path.relative_to(REPOSITORY).parts]
        known = set(re.findall(r"\w+", "\n".join(path.read_text() for path in files)))
        known |= {part for path in files for part in (*path.parts, path.stem)}
        known |= {path.name for path in (REPOSITORY / "Tests").iterdir()}
        for document in FOR_MAINTAINERS:
            text = re.sub(r"^ *```(?!mermaid).*?^ *```$", "", documents()[document], flags=re.DOTALL | re.MULTILINE)
            named = set(re.findall(r"`([A-Z][a-z]+[A-Za-z]+)`", text))
            self.assertEqual(sorted(named - known), [], document)


@unittest.skipUnless(os.geteuid() == 0, "only root can create namespaces")
class CommandTests(unittest.TestCase):
    def test_every_command_runs_as_written(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        # All processes end with the first process of their PID namespace.
        script = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable]
            + [str(pathlib.Path(__file__).with_name("newcomer.py")), str(PROGRAM), folder.name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.addCleanup(script.send_signal, signal.SIGKILL)
        output, _ = script.communicate(timeout=600)
        self.assertEqual(script.returncode, 0, output)


if __name__ == "__main__":
    unittest.main()
