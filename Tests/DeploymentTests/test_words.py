"""Words that must not be used: in strings and comments of Swift files, and anywhere in other text files.

CONTRIBUTING.md has the glossary of the words to use instead. To check some files only:

    python3 test_words.py PATH...
"""

import pathlib
import re
import subprocess
import sys
import unittest

REPOSITORY = pathlib.Path(__file__).parents[2]
# The words with their inflections.
WORDS = [
    "mend", "mends", "mended", "mending", "cure", "cures", "cured", "curing", "anew", "once more", "for good",
    "grave", "graver", "gravest", "gravely", "in the midst of", "whoever", "somebody", "nobody",
    "put off", "puts off", "putting off", "give up", "gives up", "gave up", "given up", "giving up",
    "give back", "gives back", "gave back", "given back", "giving back", "told of", "tell of", "tells of", "telling of",
    "hear", "hears", "heard", "hearing", "heed", "heeds", "heeded", "heeding",
    "go on by itself", "goes on by itself", "going on by itself", "went on by itself", "the matter",
]
# Between the words of a phrase: a line break with the marker of a comment, and what concatenates two strings.
BETWEEN = r'[\s"+#*/\\]+'
PATTERN = re.compile(r"\b(?:" + "|".join(word.replace(" ", BETWEEN) for word in WORDS) + r")\b", re.IGNORECASE)
# The list itself.
EXEMPT = {"Tests/DeploymentTests/test_words.py"}
# Former names that the changelog lists.
FORMER_NAMES = {"deploy/docs/changelog.md": ["`cure`", "`--begin-anew`"]}


class SwiftText:
    """Swift source in which code is replaced by NUL characters: strings and comments stay, at their positions.

    White space and plus signs of code become spaces, so that a phrase in concatenated strings is still one.
    """

    LITERAL = re.compile(r'(#*)("""|")')

    def __init__(self, source):
        self.source = source
        self.result = [character if character == "\n" else " " if character in " \t+" else "\0" for character in source]
        self.code(0, is_interpolation=False)

    def __str__(self):
        return "".join(self.result)

    def keep(self, start, stop):
        self.result[start:stop] = self.source[start:stop]
        return stop

    def blank(self, start, stop):
        self.result[start:stop] = re.sub(r"[^\n]", " ", self.source[start:stop])
        return stop

    def code(self, at, is_interpolation):
        """Skips code, and returns the position after it: after the closing parenthesis of an interpolation."""
        depth = 1
        while at < len(self.source):
            literal = self.LITERAL.match(self.source, at)
            if self.source.startswith(("//", "/*"), at):
                at = self.comment(at)
            elif literal:
                at = self.string(self.blank(at, literal.end()), hashes=literal[1], quotes=literal[2])
            else:
                depth += {"(": 1, ")": -1}.get(self.source[at], 0)
                at += 1
                if is_interpolation and depth == 0:
                    break
        return at

    def comment(self, at):
        if self.source.startswith("//", at):
            stop = self.source.find("\n", at)
            return self.keep(at, len(self.source) if stop < 0 else stop)
        # Comments of this kind nest.
        depth, stop = 0, at
        for mark in re.compile(r"/\*|\*/").finditer(self.source, at):
            depth += 1 if mark[0] == "/*" else -1
            stop = mark.end()
            if depth == 0:
                break
        return self.keep(at, stop)

    def string(self, at, hashes, quotes):
        escape, closing = "\\" + hashes, quotes + hashes
        while at < len(self.source):
            if self.source.startswith(escape + "(", at):
                at = self.code(at + len(escape) + 1, is_interpolation=True)
            elif self.source.startswith(escape, at):
                at = self.blank(at, at + len(escape) + 1)
            elif self.source.startswith(closing, at):
                return self.blank(at, at + len(closing))
            elif quotes == '"' and self.source[at] == "\n":
                return at
            else:
                at = self.keep(at, at + 1)
        return at


def words(path, text):
    """The words in a file's text, each with its line."""
    searched = str(SwiftText(text)) if path.endswith(".swift") else text
    for name in FORMER_NAMES.get(path, []):
        searched = searched.replace(name, " " * len(name))
    for match in PATTERN.finditer(searched):
        yield text.count("\n", 0, match.start()) + 1, match[0]


def files(*paths):
    """The text files of the repository, or those under some paths."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *paths]
    for name in subprocess.run(listing, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.splitlines():
        path = REPOSITORY / name
        try:
            if name not in EXEMPT and path.is_file():
                yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def found(*paths):
    return [f"{name}:{line}: {word!r}" for name, text in files(*paths) for line, word in words(name, text)]


class WordTests(unittest.TestCase):
    def test_words_are_not_used(self):
        names = {name for name, _ in files()}
        self.assertLessEqual({"README.md", "openapi.yaml", "Package.swift", "deploy/install.sh"}, names)
        self.assertGreater(len(names), 300)
        problems = found()
        if problems:
            self.fail("\n".join(problems + [f"{len(problems)} words"]))

    def test_each_word_is_found_in_each_kind_of_text(self):
        for word in WORDS:
            first, _, rest = word.partition(" ")
            broken = [word.upper()]
            if rest:
                broken += [f"{first}\n/// {rest}", f"{first}\n    # {rest}"]
            for text in broken:
                self.assertEqual(len(list(words("a.md", f"It {text}, too."))), 1, text)
                self.assertEqual(len(list(words("a.swift", f"/* It {text}. */"))), 1, text)
            self.assertEqual(len(list(words("a.swift", f'print("It {word}.")'))), 1, word)

    def test_only_whole_words_are_found(self):
        text = "recommend, secure, engraved, sheared, heedless of it, the matters, for goods, tell office"
        self.assertEqual(list(words("a.md", text)), [])

    def test_swift_code_is_not_searched(self):
        for source, expected in [
            ("let mend = heard(cure)", []),
            ('let text = "\\(mend(cure: "a \\(heed) b")) cured"', ["cured"]),
            ('let raw = #"a \\(mend) " \\#(cure) heard"#; mend()', ["mend", "heard"]),
            ('"""\n"mend" \\"""  cure\n"""; heed()', ["mend", "cure"]),
            ("/* a /* mend */ cure */ heed()", ["mend", "cure"]),
            ('let quote = "\\""; mend() // cure', ["cure"]),
            ('let a = "put "\n    + "off"', ["put "]),
            ('f("// mend"); cure()', ["mend"]),
        ]:
            found_words = [word.split('"')[0].split("\n")[0] for _, word in words("a.swift", source)]
            self.assertEqual([word.rstrip() for word in found_words], [word.rstrip() for word in expected], source)

    def test_lines_are_those_of_the_file(self):
        self.assertEqual(list(words("a.swift", '\n\nlet a = 1\n/// It is\n/// cured.\n')), [(5, "cured")])


if __name__ == "__main__":
    if sys.argv[1:] and not sys.argv[1].startswith("-"):
        problems = found(*sys.argv[1:])
        print("\n".join(problems + [f"{len(problems)} words"]))
        sys.exit(1 if problems else 0)
    unittest.main()
