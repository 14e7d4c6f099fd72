"""Parses Dockerfiles and .dockerignore files."""

import dataclasses
import fnmatch
import json
import re
import shlex

# Supported instructions. Others raise an error, so that no instruction is skipped.
INSTRUCTIONS = {
    "FROM", "ARG", "ENV", "RUN", "COPY", "USER", "WORKDIR", "VOLUME", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "LABEL", "ADD", "ENTRYPOINT", "CMD",
}


@dataclasses.dataclass
class Instruction:
    """An instruction: name, flags, and the remaining text."""

    name: str
    flags: dict
    rest: str

    @property
    def words(self):
        """The remaining text as a list: JSON, or words separated by spaces."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)


@dataclasses.dataclass
class Stage:
    """A stage: base image, optional name, and instructions."""

    base: str
    name: str
    steps: list


def instructions(text):
    """All instructions of a Dockerfile, in order."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = []
    for line in re.sub(r"\s*\\\n\s*", " ", "\n".join(lines)).splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        name, rest, flags = name.upper(), rest.strip(), {}
        if name not in INSTRUCTIONS or "<<" in rest:
            raise ValueError(f"unsupported: {line}")
        while match := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            flags[match[1]] = match[2]
            rest = rest[match.end() :]
        found.append(Instruction(name, flags, rest))
    return found


def argument(step, defaults):
    """Name and value of an ARG instruction, which without a value of its own has that of an ARG before the first FROM."""
    name, sign, value = step.rest.partition("=")
    return name, "".join(shlex.split(value)) if sign else defaults.get(name, "")


def stages(text, given=()):
    """The stages of a Dockerfile, and the values of the arguments before the first FROM, replaced by given ones."""
    found, arguments = [], {}
    for each in instructions(text):
        if each.name == "FROM":
            base, _, name = expanded(each.rest, arguments).partition(" AS ")
            found.append(Stage(base.strip(), name.strip(), []))
        elif not found and each.name == "ARG":
            name, value = argument(each, {})
            arguments[name] = dict(given).get(name, value)
        elif not found:
            raise ValueError(f"before the first FROM: {each}")
        else:
            found[-1].steps.append(each)
    return found, arguments


def expanded(text, variables):
    """A text with $NAME, ${NAME} and ${NAME:-default} replaced."""

    def value(match):
        name = match["plain"] or match["braced"]
        return variables.get(name) or match["default"] or ""

    return re.sub(r"\$(?:(?P<plain>\w+)|\{(?P<braced>\w+)(?::-(?P<default>[^}]*))?\})", value, text)


def is_ignored(path, patterns):
    """Whether a .dockerignore excludes a path: the last line that matches it or a parent directory decides."""
    ignored = False
    above = ["/".join(path.split("/")[: count + 1]) for count in range(path.count("/") + 1)]
    for line in patterns.splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").strip("/")
            # fnmatch's * matches slashes like **; the file has no other *.
            anywhere = pattern.removeprefix("**/")
            if any(fnmatch.fnmatch(each, pattern) or (anywhere != pattern and fnmatch.fnmatch(each, anywhere)) for each in above):
                ignored = not line.startswith("!")
    return ignored
