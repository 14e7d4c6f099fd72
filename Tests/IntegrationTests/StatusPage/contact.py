"""The page when the status changes, and when the bridge rejects requests, stops or hangs."""

import subprocess

from .access import appearance
from .browser import eventually, quoted, require
from .checks import EACH_VIEW, check
from .reading import status
from .using import focused, opened

CONTACT = "return document.body.dataset.contact"
STATE = "return document.body.dataset.state"


def contact(world, wanted):
    eventually(f"the contact state “{wanted}”", lambda: world.browser.script(CONTACT) == wanted)


@check("a change is shown without a reload, and the focus is kept", needs="change")
def live(world):
    opened(world)
    change = world.expected["change"]
    require(change["text"] not in world.browser.text(change["in"]), "the text is shown before the change")
    # The first status came with the page; from now on there must be no requests.
    world.proxy.counts.clear()
    world.browser.script("(document.querySelector('#events a') ?? document.querySelector('#hour-details summary')).focus(); window.focusedBefore = document.activeElement")
    subprocess.run(change["command"], check=True, capture_output=True)
    eventually(f"{change['in']} with {quoted(change['text'])}", lambda: change["text"] in world.browser.text(change["in"]))
    require(world.browser.script("return window.notReloaded") is True, "the page was reloaded")
    require(not world.proxy.counts, f"the page requested {dict(world.proxy.counts)}")
    require(world.browser.script("return window.focusedBefore === document.activeElement"), f"the focus moved to {focused(world)}")
    eventually("as many rows as there are accounts and events", lambda: rows_as_said(world))


def rows_as_said(world):
    """Changed rows are updated, not duplicated."""
    current = status(world)
    counts = world.browser.script("return ['account-regions', 'events'].map((it) => document.getElementById(it).children.length)")
    return counts == [min(len(current["accountRegions"]), 50), min(len(current["events"]), 25)]


@check("a bridge that rejects the live connection is polled, and the page says so")
def polling(world):
    world.proxy.fail("reject-stream")
    world.proxy.counts.clear()
    world.browser.open(world.proxy.url)
    contact(world, "polling")
    text = world.browser.text("#contact-text")
    require("every 5 s" in text and "rejected the live connection" in text, f"the page says {text}")
    eventually("three polls", lambda: world.proxy.counts["GET", "/status.json"] >= 3)
    require(world.browser.script(STATE) not in ("unreachable", "loading"), f"the state is {world.browser.script(STATE)}")
    strange = [it for it in world.browser.complaints() if it["source"] != "network"]
    require(not strange, f"the console has {strange}")


def require_unreachable(world):
    eventually("the state “unreachable”", lambda: world.browser.script(STATE) == "unreachable")
    require("not responding" in world.browser.text("#headline"), "the banner does not say that the bridge is not responding")
    require("since" in world.browser.text("#unreachable") and "UTC" in world.browser.text("#unreachable"), "the page does not say since when")
    require("unknown" in world.browser.text("#tally"), "the page does not say that the state is unknown")
    require(world.browser.driver.title.startswith("NOT RESPONDING"), f"the title is {world.browser.driver.title}")
    marks = world.browser.script("return [...document.querySelectorAll('.as-of')].map((it) => it.textContent)")
    require(marks and all("outdated, as of" in it for it in marks), f"outdated data is marked as {marks}")
    require(world.browser.script("return [...document.querySelectorAll('#facts dd')].length") > 0, "the last known values are gone")


def require_return(world):
    world.proxy.fail(None)
    contact(world, "live")
    require(world.browser.script(STATE) not in ("unreachable", "loading"), "the page still shows it as unreachable")
    require(not any(world.browser.script("return [...document.querySelectorAll('.as-of')].map((it) => it.textContent)")), "the data is still marked as outdated")
    require(world.browser.script("return window.notReloaded") is True, "the page was reloaded")


@check("a stopped bridge is shown immediately, its data is marked as outdated, and the page reconnects", EACH_VIEW)
def gone(world):
    opened(world)
    world.proxy.fail("gone")
    require_unreachable(world)
    found = appearance(world)
    require(not found["faint"] and not found["beyond"], f"low contrast or overflow: {found['faint'] + found['beyond']}")
    strange = [it for it in world.browser.complaints() if it["source"] != "network"]
    require(not strange, f"the console has {strange}")
    require_return(world)


@check("hidden pages poll, so that visible ones have a live connection however many there are")
def many_pages(world):
    driver = world.browser.driver
    opened(world)
    first = driver.current_window_handle
    try:
        # A browser opens at most six connections to a server.
        for _ in range(7):
            driver.minimize_window()
            contact(world, "polling")
            require("in the background" in world.browser.text("#contact-text"), f"the page says {world.browser.text('#contact-text')}")
            driver.switch_to.new_window("window")
            opened(world)
            contact(world, "live")
        driver.switch_to.window(first)
        driver.maximize_window()
        contact(world, "live")
    finally:
        for window in set(driver.window_handles) - {first}:
            driver.switch_to.window(window)
            driver.close()
        driver.switch_to.window(first)


@check("a bridge that hangs with its connections open is shown as unreachable")
def hanging(world):
    opened(world)
    world.proxy.fail("hang")
    eventually("the state “unreachable”", lambda: world.browser.script(STATE) == "unreachable", limit=60)
    require_unreachable(world)
    require_return(world)
