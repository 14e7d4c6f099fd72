"""The subcommands of helm that need no cluster, by Helm's own library: no package registry has the program helm.

    python3 helm.py lint|template|package ARGUMENTS
"""

import argparse
import sys

import helm_python
import yaml


def merged(first, second):
    """Values with others that take precedence."""
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return second
    return {**first, **{name: merged(first.get(name), each) for name, each in second.items()}}


def values(arguments):
    """The values of --values, --set-file and --set."""
    found = {}
    for path in arguments.values:
        with open(path, encoding="utf-8") as file:
            found = merged(found, yaml.safe_load(file))
    for expression in arguments.set_file:
        found = merged(found, helm_python.parse_set_file(expression))
    for expression in arguments.set:
        found = merged(found, helm_python.parse_set_string(expression))
    return found


def lint(arguments):
    report = helm_python.lint(arguments.chart, values(arguments), strict=arguments.strict)
    for each in report["messages"]:
        print(f"{each['path']}: {each['error']}")
    return 1 if report["errors"] else 0


def template(arguments):
    with helm_python.Chart.load(arguments.chart) as chart:
        given = values(arguments)
        chart.validate_schema(given)
        for path, text in chart.render(given, name=arguments.name, namespace=arguments.namespace).items():
            if path.endswith(".yaml") and text.strip():
                print(f"---\n# Source: {path}\n{text.strip()}")
    return 0


def package(arguments):
    print(helm_python.package(arguments.chart, destination=arguments.destination))
    return 0


def main(words):
    parser = argparse.ArgumentParser(prog="helm", allow_abbrev=False)
    commands = parser.add_subparsers(required=True)
    for command in (lint, template, package):
        each = commands.add_parser(command.__name__, allow_abbrev=False)
        each.set_defaults(run=command)
        if command is template:
            each.add_argument("name")
            each.add_argument("--namespace", default="default")
        each.add_argument("chart")
        for option in ("--values", "--set", "--set-file"):
            each.add_argument(option, action="append", default=[])
        each.add_argument("--strict", action="store_true")
        each.add_argument("--destination", default=".")
    arguments = parser.parse_args(words)
    try:
        return arguments.run(arguments)
    except helm_python.HelmError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
