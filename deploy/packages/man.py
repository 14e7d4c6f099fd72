"""Manual pages from the help of the program.

    defender-bridge --experimental-dump-help | python3 man.py DIRECTORY DATE VERSION

writes defender-bridge.1, and a page for each command with its subcommands, such as defender-bridge-queue.1.
"""

import json
import pathlib
import re
import sys


def escaped(text):
    """Text as roff shows it unchanged."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    # A dot or a quotation mark at the start of a line would begin a request.
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def paragraphs(text):
    """A discussion: paragraphs, with indented lines as they are."""
    lines, is_example = [], False
    for line in text.split("\n"):
        if line.startswith(" ") != is_example:
            is_example = not is_example
            lines += [".PP", ".RS 4", ".nf"] if is_example else [".fi", ".RE"]
        if line:
            lines.append(escaped(line.strip()))
        elif lines[-1] not in (".PP", ".RE"):
            lines.append(".PP")
    return lines + ([".fi", ".RE"] if is_example else [])


def spelled(name):
    return {"long": "--", "short": "-", "longWithSingleDash": "-"}[name["kind"]] + name["name"]


def placeholder(argument):
    return f"\\fI{escaped(argument['valueName'])}\\fR"


def usage(argument):
    """An argument as in a synopsis."""
    if argument["kind"] == "positional":
        text = placeholder(argument)
    else:
        text = f"\\fB{escaped(spelled(argument['preferredName']))}\\fR"
        if argument["kind"] == "option":
            text += " " + placeholder(argument)
    text = f"[{text}]" if argument["isOptional"] else text
    return text + " ..." if argument["isRepeating"] else text


def entry(argument):
    """An argument with its description."""
    if argument["kind"] == "positional":
        name = placeholder(argument)
    else:
        name = ", ".join(f"\\fB{escaped(spelled(each))}\\fR" for each in argument["names"])
        if argument["kind"] == "option":
            name += " " + placeholder(argument)
    text = argument.get("abstract", "")
    if argument.get("defaultValue"):
        text += f" Default: {argument['defaultValue']}."
    return [".TP", name, *escaped(text).split("\n")]


def shown(items):
    return [item for item in items if item["shouldDisplay"]]


def own(command):
    """The arguments of a command, without those that every command has."""
    return [argument for argument in shown(command.get("arguments", [])) if argument["valueName"] not in ("help", "version")]


def subcommands(command):
    return [each for each in shown(command.get("subcommands", [])) if each["commandName"] != "help"]


def synopsis(command, name):
    rest = [usage(argument) for argument in own(command)] or (["\\fIcommand\\fR"] if subcommands(command) else [])
    return [" ".join([f"\\fB{escaped(name)}\\fR", *rest])]


def description(command, name, level):
    """What a command does, its arguments, and its subcommands, whose headings are one level lower."""
    lines = paragraphs(command["abstract"] + "\n\n" + command.get("discussion", ""))
    arguments = own(command)
    if arguments:
        lines += [f".{level} OPTIONS"] if level == "SH" else [".PP", "Options:"]
        lines += [line for argument in arguments for line in entry(argument)]
    for each in subcommands(command):
        path = f"{name} {each['commandName']}"
        lines += [f".SH {escaped(path.upper())}", *synopsis(each, path), ".PP", *description(each, path, "SS")]
    return lines


def page(heading, abstract, lines, date, version, others):
    """A whole page."""
    references = ", ".join(f"\\fB{escaped(other)}\\fR(1)" for other in others)
    begin = [
        f'.TH "{escaped(heading.upper())}" 1 "{date}" "Defender Bridge {version}" "Defender Bridge"',
        ".nh", ".ad l", ".SH NAME", f"{escaped(heading)} \\- {escaped(abstract.rstrip('.'))}",
    ]
    return "\n".join(begin + lines + [".SH SEE ALSO", references]) + "\n"


def pages(help_text, date, version):
    """All pages, by their names."""
    root = help_text["command"]
    name = root["commandName"]
    commands = {f"{name}-{command['commandName']}": command for command in subcommands(root)}
    listed = []
    for heading, command in commands.items():
        listed += [".TP", f"\\fB{escaped(heading)}\\fR(1)", escaped(command["abstract"])]
    lines = [".SH SYNOPSIS", f"\\fB{escaped(name)}\\fR \\fIcommand\\fR [\\fIoptions\\fR]", ".br"]
    lines += [f"\\fB{escaped(name)}\\fR \\fB\\-\\-version\\fR", ".SH DESCRIPTION", *paragraphs(root["discussion"])]
    lines += [".SH COMMANDS", *listed]
    result = {name: page(name, root["abstract"], lines, date, version, ["systemctl", "journalctl"])}
    for heading, command in commands.items():
        path = f"{name} {command['commandName']}"
        lines = [".SH SYNOPSIS", *synopsis(command, path), ".SH DESCRIPTION", *description(command, path, "SH")]
        result[heading] = page(heading, command["abstract"], lines, date, version, [name])
    return result


if __name__ == "__main__":
    folder, date, version = sys.argv[1:]
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    for each, text in pages(json.load(sys.stdin), date, version).items():
        pathlib.Path(folder, f"{each}.1").write_text(text, encoding="utf-8")
