"""The page when the status changes, and when the bridge rejects requests, stops or hangs."""

import subprocess

from .access import appearance
from .browser import eventually, quoted, require
from .checks import EACH_VIEW, check
from .reading import status
from .using import focused, opened

CONTACT = "return document.body.dataset.contact"
STATE = "return document.body.dataset.state"


def contact(context, wanted):
    eventually(f"the contact state “{wanted}”", lambda: context.browser.script(CONTACT) == wanted)


@check("a change is shown without a reload, and the focus is kept", needs="change")
def live(context):
    opened(context)
    change = context.expected["change"]
    require(change["text"] not in context.browser.text(change["in"]), "the text is shown before the change")
    eventually("the trend", lambda: "Loading" not in context.browser.text("#trend-note"))
    # The first status and the trend came with the page; from now on there must be no requests.
    context.proxy.counts.clear()
    context.browser.script("(document.querySelector('#events a') ?? document.querySelector('#hour-details summary')).focus(); window.focusedBefore = document.activeElement")
    subprocess.run(change["command"], check=True, capture_output=True)
    eventually(f"{change['in']} with {quoted(change['text'])}", lambda: change["text"] in context.browser.text(change["in"]))
    require(context.browser.script("return window.notReloaded") is True, "the page was reloaded")
    require(not context.proxy.counts, f"the page requested {dict(context.proxy.counts)}")
    require(context.browser.script("return window.focusedBefore === document.activeElement"), f"the focus moved to {focused(context)}")
    eventually("as many rows as there are accounts and events", lambda: rows_as_said(context))


def rows_as_said(context):
    """Changed rows are updated, not duplicated."""
    current = status(context)
    counts = context.browser.script("return ['#account-regions-table > tbody', '#events > tr'].map((it) => document.querySelectorAll(it).length)")
    return counts == [min(len(current["accountRegions"]), 25), min(len(current["events"]), 25)]


@check("a bridge that rejects the live connection is polled, and the page says so")
def polling(context):
    context.proxy.fail("reject-stream")
    context.proxy.counts.clear()
    context.browser.open(context.proxy.url)
    contact(context, "polling")
    text = context.browser.text("#contact-text")
    require("every 5 s" in text and "rejected the live connection" in text, f"the page says {text}")
    eventually("three polls", lambda: context.proxy.counts["GET", "/status.json"] >= 3)
    require(context.browser.script(STATE) not in ("unreachable", "loading"), f"the state is {context.browser.script(STATE)}")
    strange = [it for it in context.browser.complaints() if it["source"] != "network"]
    require(not strange, f"the console has {strange}")


def require_unreachable(context):
    eventually("the state “unreachable”", lambda: context.browser.script(STATE) == "unreachable")
    require("not responding" in context.browser.text("#headline"), "the banner does not say that the bridge is not responding")
    require("since" in context.browser.text("#unreachable") and "UTC" in context.browser.text("#unreachable"), "the page does not say since when")
    require("unknown" in context.browser.text("#tally"), "the page does not say that the state is unknown")
    require(context.browser.driver.title.startswith("NOT RESPONDING"), f"the title is {context.browser.driver.title}")
    marks = context.browser.script("return [...document.querySelectorAll('.as-of')].map((it) => it.textContent)")
    require(marks and all("outdated, as of" in it for it in marks), f"outdated data is marked as {marks}")
    require(context.browser.script("return [...document.querySelectorAll('#facts dd')].length") > 0, "the last known values are gone")


def require_return(context):
    context.proxy.fail(None)
    contact(context, "live")
    require(context.browser.script(STATE) not in ("unreachable", "loading"), "the page still shows it as unreachable")
    require(not any(context.browser.script("return [...document.querySelectorAll('.as-of')].map((it) => it.textContent)")), "the data is still marked as outdated")
    require(context.browser.script("return window.notReloaded") is True, "the page was reloaded")


@check("a stopped bridge is shown immediately, its data is marked as outdated, and the page reconnects", EACH_VIEW)
def gone(context):
    opened(context)
    context.proxy.fail("gone")
    require_unreachable(context)
    found = appearance(context)
    require(not found["faint"] and not found["beyond"], f"low contrast or overflow: {found['faint'] + found['beyond']}")
    strange = [it for it in context.browser.complaints() if it["source"] != "network"]
    require(not strange, f"the console has {strange}")
    require_return(context)


@check("hidden pages poll, so that visible ones have a live connection however many there are")
def many_pages(context):
    driver = context.browser.driver
    opened(context)
    first = driver.current_window_handle
    try:
        # A browser opens at most six connections to a server.
        for _ in range(7):
            driver.minimize_window()
            contact(context, "polling")
            require("in the background" in context.browser.text("#contact-text"), f"the page says {context.browser.text('#contact-text')}")
            driver.switch_to.new_window("window")
            opened(context)
            contact(context, "live")
        driver.switch_to.window(first)
        driver.maximize_window()
        contact(context, "live")
    finally:
        for window in set(driver.window_handles) - {first}:
            driver.switch_to.window(window)
            driver.close()
        driver.switch_to.window(first)


@check("a bridge that hangs with its connections open is shown as unreachable")
def hanging(context):
    opened(context)
    context.proxy.fail("hang")
    eventually("the state “unreachable”", lambda: context.browser.script(STATE) == "unreachable", limit=60)
    require_unreachable(context)
    require_return(context)
