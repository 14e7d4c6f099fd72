"""Checks the status page of a running bridge in Chromium.

Usage: status_page.py [--screenshots FOLDER] [--only WORDS]… < expectations.json

Needs selenium, and Debian's chromium and chromium-driver. The expectations name the bridge and what its page must show.
Only "url" is required; a check whose expectation is missing is skipped, and the output says so:

{"url": "http://127.0.0.1:9090/",              the admin address
 "state": "failing",                           state on the page; "waiting" is a working bridge without any delivery yet
 "says": [{"in": CSS selector, "text": …}],    texts that are shown;  "doesNotSay": texts that are not
 "filter": {"text": "eu-west-1", "rows": 3,    filter for the accounts and Regions, and number of matches
            "withProblems": 2, "more": true},  number with problems; whether there is more than a page
 "deadLetters": {"token": …, "payload": {"id": …, "text": a part of it}, "replay": id, "drop": id,
                 "replayAll": true},           replays those with the most frequent reason
 "pause": {"account": …, "region": …},         pauses and resumes an account; needs "deadLetters.token"
 "change": {"command": [program, argument…],   causes a change;  where it is shown, and its text:
            "in": CSS selector, "text": …}}

The page is always compared with /status.json. The browser connects through a proxy that rejects, disconnects and hangs; the bridge
itself keeps running. Dead letters are really replayed and dropped.

Output: TAP, a line for each check and view. Exit status 0 only if at least one check ran and all passed.
"""

import argparse
import json
import os
import sys

from StatusPage import access, actions, contact, nginx, reading, rules, tables, using  # noqa: F401, each registers its checks
from StatusPage.browser import SIZES, THEMES, Browser
from StatusPage.checks import Context, run_all
from StatusPage.proxy import Proxy


def arguments():
    parser = argparse.ArgumentParser(description="Checks the status page of a bridge in Chromium.")
    parser.add_argument("--screenshots", help="folder for screenshots of the page in all sizes and themes")
    parser.add_argument("--only", action="append", help="run only checks whose description contains these words")
    return parser.parse_args()


def screenshots(context, folder):
    os.makedirs(folder, exist_ok=True)
    for size in SIZES:
        for theme in THEMES:
            context.browser.view(size, theme)
            context.browser.open(context.proxy.url)
            context.browser.screenshot(os.path.join(folder, f"{context.expected.get('name', 'page')}-{size}-{theme}.png"))


def lines(results):
    """TAP lines, with the plan at the end."""
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
        context = Context(browser, Proxy(expected["url"]), expected["url"], expected)
        if options.screenshots:
            screenshots(context, options.screenshots)
        for line in lines(run_all(context, options.only)):
            print(line, flush=True)
    finally:
        browser.close()


if __name__ == "__main__":
    main()
