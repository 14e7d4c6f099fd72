"""Rules of the page's script, called with values."""

import json
import re

from .browser import eventually, require
from .checks import EACH_SIZE, check
from .reading import status
from .using import opened

HOSTILE = "<img src=x onerror=alert(1)>\u202e'\"&javascript:alert(1)"


def call(context, expression, *arguments):
    return context.browser.script(f"return {expression}", *arguments)


@check("changes of account-Regions replace, add and remove rows, and keep the others")
def changes(context):
    context.browser.open(context.proxy.url)
    row = lambda account, pending: {"account": account, "region": "eu-west-1", "pending": pending}
    before = {"at": "1", "queue": {"pending": 1}, "accountRegions": [row("1", 0), row("2", 0), row("3", 0)]}
    change = {"at": "2", "accountRegionChanges": {"rows": [row("2", 5), row("4", 1)], "removed": [{"account": "3", "region": "eu-west-1"}]}}
    after = call(context, "merged(...arguments)", before, change)
    require(after == {"at": "2", "queue": {"pending": 1}, "accountRegions": [row("1", 0), row("2", 5), row("4", 1)]}, f"the status is {after}")


@check("missing points of the history are gaps in the trend")
def gaps(context):
    context.browser.open(context.proxy.url)
    values = [[0, 1], [10, 2], [40, 3], [50, 4]]
    require(call(context, "runs(...arguments)", values, 15) == [values[:2], values[2:]], "the gap is missing")
    require(call(context, "runs(...arguments)", values, 30) == [values], "there is a gap without a missing point")


@check("an error of a mapping shows the path and what the payload has there")
def mapping_errors(context):
    context.browser.open(context.proxy.url)
    texts = "missingValues(...arguments).map((it) => it.textContent)"
    letter = {"reason": "severity: no value at $.alert['level'], $.items[0].id. Correct the path, or add an alternative."}
    shown = call(context, texts, letter, json.dumps({"alert": {"name": "a"}, "items": [{"id": 7}]}))
    require(shown == ["At $.alert['level']", "no value. $.alert has name", "At $.items[0].id", "7"], f"{shown} is shown")
    require(call(context, texts, letter, "no JSON") == [], "a payload that is not JSON has values")


@check("only addresses of the AWS console become links to it")
def console_addresses(context):
    context.browser.open(context.proxy.url)
    for address, is_link in (
            ("https://us-east-1.console.aws.amazon.com/securityhub/home", True), ("https://console.amazonaws-us-gov.com/x", True),
            ("http://console.aws.amazon.com/", False), ("https://console.aws.amazon.com.example.com/", False),
            ("javascript:alert(1)", False), ("https://user@console.aws.amazon.com/", False), (None, False)):
        require(bool(call(context, "consoleAddress(arguments[0])", address)) == is_link, f"{address} is {'no' if is_link else 'a'} link")


def hostile(value, name=""):
    """A status whose free texts are hostile; times, words that the page compares, and numbers stay."""
    if isinstance(value, dict):
        return {key: hostile(it, key) for key, it in value.items()}
    if isinstance(value, list):
        return [hostile(it, name) for it in value]
    is_kept = name in ("severity", "state", "outcome") or name.lower().endswith(("at", "since", "from"))
    return value if is_kept or not isinstance(value, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT.*", value) else HOSTILE + value


@check("hostile texts in all members are shown as text, and fit the window", EACH_SIZE)
def hostile_texts(context):
    opened(context)
    report = hostile(status(context))
    problem = {"severity": "critical", "cause": HOSTILE, "summary": HOSTILE, "remediation": HOSTILE, "commands": [HOSTILE], "runbook": "javascript:alert(1)",
               "since": None, "affected": [{"account": HOSTILE, "region": HOSTILE}] * 5, "affectedOmitted": 1}
    report["health"]["problems"] = [problem]
    context.browser.script("stream.close(); applyStatus(arguments[0], true)", report)
    context.browser.script("for (const it of document.querySelectorAll('details')) it.open = true")
    eventually("the affected accounts", lambda: len(context.browser.driver.find_elements("css selector", ".places > li")) == 6)
    strange = context.browser.script("return document.querySelectorAll('main :is(img, script, iframe, style, object, embed)').length")
    require(not strange, f"{strange} elements come from texts")
    require("<img src=x onerror=alert(1)>\\u202e" in context.browser.text("#problems"), "the text is not shown as it is")
    scripts = context.browser.script("return [...document.querySelectorAll('a')].filter((it) => /^(javascript|data|vbscript):/.test(it.protocol)).length")
    require(not scripts, "a link runs a script")
    width = context.browser.script("return document.documentElement.scrollWidth <= window.innerWidth")
    require(width, "the page is wider than the window")
    found = context.browser.complaints()
    require(not found, f"the console has {[it['message'] for it in found]}")
