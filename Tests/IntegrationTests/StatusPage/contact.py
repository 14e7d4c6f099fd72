"""What the page does when something changes, and when the bridge refuses, ends or hangs."""

import subprocess

from .access import looks
from .browser import eventually, quoted, require
from .checks import EACH_VIEW, check
from .reading import status
from .using import focused, opened

CONTACT = "return document.body.dataset.contact"
STATE = "return document.body.dataset.state"


def contact(world, wanted):
    eventually(f"the contact “{wanted}”", lambda: world.browser.script(CONTACT) == wanted)


@check("a change is shown without a reload, and the focus stays where it was", needs="change")
def live(world):
    opened(world)
    change = world.expected["change"]
    require(change["text"] not in world.browser.text(change["in"]), "it is there before the change")
    # The state as it is sent first came with the page; from now on nothing is asked for.
    world.proxy.counts.clear()
    world.browser.script("(document.querySelector('#events a') ?? document.querySelector('#hour-details summary')).focus(); window.focusedBefore = document.activeElement")
    subprocess.run(change["command"], check=True, capture_output=True)
    eventually(f"{change['in']} with {quoted(change['text'])}", lambda: change["text"] in world.browser.text(change["in"]))
    require(world.browser.script("return window.notReloaded") is True, "the page was loaded again")
    require(not world.proxy.counts, f"the page asked for {dict(world.proxy.counts)}")
    require(world.browser.script("return window.focusedBefore === document.activeElement"), f"the focus went to {focused(world)}")
    eventually("as many rows as there are accounts and events", lambda: rows_as_said(world))


def rows_as_said(world):
    """Changed rows are changed, and not shown a second time."""
    said = status(world)
    counts = world.browser.script("return ['account-regions', 'events'].map((it) => document.getElementById(it).children.length)")
    return counts == [min(len(said["accountRegions"]), 50), min(len(said["events"]), 25)]


@check("a bridge that refuses the live connection is polled, and the page says so")
def polling(world):
    world.proxy.fail("refuse-stream")
    world.proxy.counts.clear()
    world.browser.open(world.proxy.url)
    contact(world, "polling")
    text = world.browser.text("#contact-text")
    require("every 5 s" in text and "refused" in text, f"it says {text}")
    eventually("three polls", lambda: world.proxy.counts["GET", "/status.json"] >= 3)
    require(world.browser.script(STATE) not in ("silent", "asking"), f"the state is {world.browser.script(STATE)}")
    strange = [it for it in world.browser.complaints() if it["source"] != "network"]
    require(not strange, f"the browser says {strange}")


def require_silence(world):
    eventually("the state “silent”", lambda: world.browser.script(STATE) == "silent")
    require("does not answer" in world.browser.text("#headline"), "the banner does not say that the bridge is silent")
    require("since" in world.browser.text("#silence") and "UTC" in world.browser.text("#silence"), "it does not say since when")
    require("not known" in world.browser.text("#tally"), "it does not say that the state is not known")
    require(world.browser.driver.title.startswith("NO ANSWER"), f"the title is {world.browser.driver.title}")
    marks = world.browser.script("return [...document.querySelectorAll('.as-of')].map((it) => it.textContent)")
    require(marks and all("old, as of" in it for it in marks), f"what is old is marked as {marks}")
    require(world.browser.script("return [...document.querySelectorAll('#facts dd')].length") > 0, "what was known is gone")


def require_return(world):
    world.proxy.fail(None)
    contact(world, "live")
    require(world.browser.script(STATE) not in ("silent", "asking"), "it is still silent")
    require(not any(world.browser.script("return [...document.querySelectorAll('.as-of')].map((it) => it.textContent)")), "it is still marked as old")
    require(world.browser.script("return window.notReloaded") is True, "the page was loaded again")


@check("a bridge that is gone is told at once, what is shown is marked as old, and its return is seen", EACH_VIEW)
def gone(world):
    opened(world)
    world.proxy.fail("gone")
    require_silence(world)
    found = looks(world)
    require(not found["faint"] and not found["beyond"], f"faint or beyond is {found['faint'] + found['beyond']}")
    strange = [it for it in world.browser.complaints() if it["source"] != "network"]
    require(not strange, f"the browser says {strange}")
    require_return(world)


@check("pages out of sight are polled, so that those in sight are live however many there are")
def many_pages(world):
    driver = world.browser.driver
    opened(world)
    first = driver.current_window_handle
    try:
        # A browser makes six connections to a server.
        for _ in range(7):
            driver.minimize_window()
            contact(world, "polling")
            require("out of sight" in world.browser.text("#contact-text"), f"it says {world.browser.text('#contact-text')}")
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


@check("a bridge that hangs with its connections open is told too")
def hanging(world):
    opened(world)
    world.proxy.fail("hang")
    eventually("the state “silent”", lambda: world.browser.script(STATE) == "silent", limit=60)
    require_silence(world)
    require_return(world)
