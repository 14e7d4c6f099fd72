"""Looks at a running bridge's status page with Chromium, as its users do.

Usage: status_page.py [--screenshots FOLDER] [--only WORDS]… < expectations.json

Needs selenium, and Debian's chromium and chromium-driver. The expectations say which bridge, and what is to be seen there.
Only "url" must be there; a check whose expectation is missing is skipped, and the output says so:

{"url": "http://127.0.0.1:9090/",              the admin address
 "state": "failing",                           health as the page tells it: "waiting" is a bridge that works and had nothing to do yet
 "says": [{"in": CSS selector, "text": …}],    texts that are there;  "doesNotSay": the same, that are not
 "filter": {"text": "eu-west-1", "rows": 3,    what to look for among the accounts and Regions, and how many match
            "troubled": 2, "more": true},      how many have problems; whether there are more than a hundred
 "deadLetters": {"token": …, "payload": {"id": …, "text": a part of it}, "replay": id, "drop": id},
 "change": {"command": [program, argument…],   makes something change;  where that is seen, and as what:
            "in": CSS selector, "text": …}}

What /status.json says is held against what is shown in any case. The browser comes through a proxy of the test, which
refuses, ends and hangs in the bridge's place; the bridge itself goes on. Dead letters are replayed and dropped indeed.

Output: TAP, a line for each check and view. Exit 0 only if all held that were made, and at least one was.
"""

import argparse
import json
import os
import sys

from StatusPage import access, contact, reading, using  # noqa: F401, each registers its checks
from StatusPage.browser import SIZES, THEMES, Browser
from StatusPage.checks import World, made
from StatusPage.proxy import Proxy


def arguments():
    parser = argparse.ArgumentParser(description="Looks at a bridge's status page with Chromium.")
    parser.add_argument("--screenshots", help="a folder for pictures of the page, in both sizes and themes")
    parser.add_argument("--only", action="append", help="makes only the checks whose name has these words")
    return parser.parse_args()


def screenshots(world, folder):
    os.makedirs(folder, exist_ok=True)
    for size in SIZES:
        for theme in THEMES:
            world.browser.view(size, theme)
            world.browser.open(world.proxy.url)
            world.browser.screenshot(os.path.join(folder, f"{world.expected.get('name', 'page')}-{size}-{theme}.png"))


def lines(results):
    """TAP, and at its end the plan."""
    count, failures = 0, 0
    for name, (size, theme), failure, missing in results:
        count += not missing
        failures += failure is not None
        title = f"{name} ({size}, {theme})"
        if missing:
            yield f"# skipped: {name}: no “{missing}” is expected"
        elif failure is None:
            yield f"ok {count} - {title}"
        else:
            yield f"not ok {count} - {title}"
            yield "# " + failure.replace("\n", "\n# ")
    yield f"1..{count}"
    if failures or not count:
        raise SystemExit(f"{failures} of {count} checks failed")


def main():
    options = arguments()
    expected = json.load(sys.stdin)
    browser = Browser()
    try:
        world = World(browser, Proxy(expected["url"]), expected["url"], expected)
        if options.screenshots:
            screenshots(world, options.screenshots)
        for line in lines(made(world, options.only)):
            print(line, flush=True)
    finally:
        browser.close()


if __name__ == "__main__":
    main()
