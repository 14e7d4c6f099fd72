"""Operations on the page: filter accounts, show a payload, replay, drop."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from .access import appearance
from .browser import eventually, quoted, require
from .checks import EACH_SIZE, check
from .reading import plain, status

SHOWN_ROWS = "return [...document.querySelectorAll('#account-regions > tr')].map((it) => it.firstChild.textContent)"


def opened(world):
    world.browser.open(world.proxy.url)
    eventually("the live connection", lambda: world.browser.script("return document.body.dataset.contact") == "live")


def button(world, name):
    found = [it for it in world.browser.driver.find_elements("css selector", "button") if it.get_attribute("aria-label") == name]
    require(len(found) == 1, f"there are {len(found)} buttons named {name}")
    return found[0]


def press(world, name):
    """Presses a button by keyboard; the mouse then works too."""
    world.browser.script("arguments[0].focus()", button(world, name))
    ActionChains(world.browser.driver).send_keys(Keys.ENTER).perform()


def focused(world):
    return world.browser.script("return document.activeElement.id || document.activeElement.getAttribute('aria-label')")


@check("the filter shows matching rows and their number", EACH_SIZE, needs="filter")
def filtering(world):
    opened(world)
    wanted = world.expected["filter"]
    before = world.browser.script(SHOWN_ROWS)
    field = world.browser.find("#filter")
    field.send_keys(wanted["text"])
    eventually(f"{wanted['rows']} rows", lambda: len(world.browser.script(SHOWN_ROWS)) == min(wanted["rows"], 50))
    require(f"{wanted['rows']:,} " in world.browser.text("#account-regions-count"), f"the count is shown as {world.browser.text('#account-regions-count')}")
    require(focused(world) == "filter", "the filter lost the focus")
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE)
    eventually("all rows again", lambda: world.browser.script(SHOWN_ROWS) == before)
    field.send_keys("there is no such account")
    eventually("no row", lambda: not world.browser.script(SHOWN_ROWS) and world.browser.find("#account-regions-none").is_displayed())


@check("the checkbox shows only rows with problems", needs="filter.withProblems")
def only_problems(world):
    opened(world)
    world.browser.find("#only-problems").click()
    wanted = world.expected["filter"]["withProblems"]
    eventually(f"{wanted} rows", lambda: len(world.browser.script(SHOWN_ROWS)) == min(wanted, 50))


@check("more accounts and Regions are shown on demand", needs="filter.more")
def more_account_regions(world):
    opened(world)
    world.browser.find("#more-account-regions").click()
    rows = world.browser.script(SHOWN_ROWS)
    require(len(rows) == 100 and len(set(rows)) == 100, f"{len(rows)} rows are shown")
    require(world.browser.script("return document.activeElement.closest('#account-regions > tr') === document.querySelectorAll('#account-regions > tr')[50]"), "the focus is not on the first new row")


@check("a payload is loaded, shown and hidden by its button", EACH_SIZE, needs="deadLetters.payload")
def payload(world):
    opened(world)
    letter = world.expected["deadLetters"]["payload"]
    name = f"Payload of {plain(letter['id'])}"
    require(letter["text"] not in world.browser.text("#dead-table"), "the payload is shown before it was requested")
    press(world, name)
    eventually("the payload", lambda: letter["text"] in (world.browser.text("#dead-table pre") or ""))
    require(button(world, name).get_attribute("aria-expanded") == "true", "the button is not marked as expanded")
    found = appearance(world)
    require(not found["faint"] and not found["beyond"], f"low contrast or overflow: {found['faint'] + found['beyond']}")
    require(not world.browser.script("return document.querySelector('#dead-table pre').children.length"), "the payload is rendered as HTML")
    press(world, name)
    eventually("a hidden payload", lambda: not world.browser.find("#dead-table pre").is_displayed())
    require(button(world, name).get_attribute("aria-expanded") == "false", "the button is not marked as collapsed")


def result(world):
    return world.browser.text("#action-result")


@check("an action without a token asks for it, and one with a wrong token shows an error", needs="deadLetters.token")
def wrong_token(world):
    opened(world)
    letter = status(world)["deadLetters"]["newest"][0]["id"]
    press(world, f"Replay {plain(letter)}")
    eventually("a message about the token", lambda: "token" in result(world))
    require(focused(world) == "token", f"the focus is on {focused(world)}")
    world.browser.find("#token").send_keys("this-is-not-the-token")
    world.browser.complaints()
    press(world, f"Replay {plain(letter)}")
    eventually("the error", lambda: "The token is wrong" in result(world))
    require(focused(world) == "token", f"the focus is on {focused(world)}")
    strange = [it for it in world.browser.complaints() if it["source"] != "network"]
    require(not strange, f"the console has {strange}")
    require(letter in [it["id"] for it in status(world)["deadLetters"]["newest"]], "the action was performed")
    kept = world.browser.script("return JSON.stringify([localStorage.length, sessionStorage.length, document.cookie, location.href])")
    require("this-is-not-the-token" not in kept and kept.startswith("[0,0,"), f"something was stored: {kept}")


def gone_without_reload(world, letter):
    """The row disappears through the live connection, without a reload or a request."""
    eventually(f"a page without {letter}", lambda: plain(letter) not in world.browser.text("#dead-table"))
    require(world.browser.script("return window.notReloaded") is True, "the page was reloaded")
    require(world.proxy.counts["GET", "/status.json"] == 0, "the state was polled")
    require(letter not in [it["id"] for it in status(world)["deadLetters"]["newest"]], "the bridge still has it")


def opened_with_token(world):
    opened(world)
    world.proxy.counts.clear()
    world.browser.find("#token").send_keys(world.expected["deadLetters"]["token"])


@check("a replayed dead letter disappears without a reload", needs="deadLetters.replay")
def replay(world):
    letter = world.expected["deadLetters"]["replay"]
    opened_with_token(world)
    press(world, f"Replay {plain(letter)}")
    eventually("the confirmation of the replay", lambda: "is in the queue again" in result(world))
    gone_without_reload(world, letter)
    require(focused(world), "the focus is lost")


@check("a dead letter is dropped only after a dialog that the keyboard can close", needs="deadLetters.drop")
def drop(world):
    letter = world.expected["deadLetters"]["drop"]
    opened_with_token(world)
    press(world, f"Drop {plain(letter)}")
    check_dialog(world, letter)
    ActionChains(world.browser.driver).send_keys(Keys.ESCAPE).perform()
    eventually("a closed dialog", lambda: not world.browser.script("return document.getElementById('drop-dialog').open"))
    require(focused(world) == f"Drop {plain(letter)}", f"the focus is on {focused(world)}")
    require(not [it for it in world.proxy.counts if it[0] == "POST"], "it was dropped without confirmation")
    press(world, f"Drop {plain(letter)}")
    world.browser.find("#drop-confirm").click()
    eventually("the confirmation of the drop", lambda: "was dropped" in result(world))
    gone_without_reload(world, letter)


def check_dialog(world, letter):
    eventually("the dialog", lambda: world.browser.script("return document.getElementById('drop-dialog').matches(':modal')"))
    require(focused(world) == "drop-cancel", f"the focus is on {focused(world)}, not on the button that cancels")
    require(plain(letter) in world.browser.text("#drop-what"), "the dialog does not name the dead letter")
    nodes = world.browser.accessibility_tree()
    dialogs = [it for it in nodes if it.get("role", {}).get("value") == "dialog"]
    require(len(dialogs) == 1 and "Drop this dead letter?" in dialogs[0]["name"]["value"], f"the tree has {quoted(dialogs)[:200]}")
    faint = appearance(world)["faint"]
    require(not faint, f"low contrast: {faint[:5]}")
