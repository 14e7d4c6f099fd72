"""Operations on the page: filter accounts, show a payload, replay, drop."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from .access import appearance
from .browser import eventually, quoted, require
from .checks import EACH_SIZE, check
from .reading import plain, status

SHOWN_ROWS = "return [...document.querySelectorAll('#account-regions > tr')].map((it) => it.firstChild.textContent)"


def opened(context):
    context.browser.open(context.proxy.url)
    eventually("the live connection", lambda: context.browser.script("return document.body.dataset.contact") == "live")


def button(context, name):
    found = [it for it in context.browser.driver.find_elements("css selector", "button") if it.get_attribute("aria-label") == name]
    require(len(found) == 1, f"there are {len(found)} buttons named {name}")
    return found[0]


def press(context, name):
    """Presses a button by keyboard; the mouse then works too."""
    context.browser.script("arguments[0].focus()", button(context, name))
    ActionChains(context.browser.driver).send_keys(Keys.ENTER).perform()


def focused(context):
    return context.browser.script("return document.activeElement.id || document.activeElement.getAttribute('aria-label')")


@check("the filter shows matching rows and their number", EACH_SIZE, needs="filter")
def filtering(context):
    opened(context)
    wanted = context.expected["filter"]
    before = context.browser.script(SHOWN_ROWS)
    field = context.browser.find("#filter")
    field.send_keys(wanted["text"])
    eventually(f"{wanted['rows']} rows", lambda: len(context.browser.script(SHOWN_ROWS)) == min(wanted["rows"], 50))
    require(f"{wanted['rows']:,} " in context.browser.text("#account-regions-count"), f"the count is shown as {context.browser.text('#account-regions-count')}")
    require(focused(context) == "filter", "the filter lost the focus")
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE)
    eventually("all rows again", lambda: context.browser.script(SHOWN_ROWS) == before)
    field.send_keys("there is no such account")
    eventually("no row", lambda: not context.browser.script(SHOWN_ROWS) and context.browser.find("#account-regions-none").is_displayed())


@check("the checkbox shows only rows with problems", needs="filter.withProblems")
def only_problems(context):
    opened(context)
    context.browser.find("#only-problems").click()
    wanted = context.expected["filter"]["withProblems"]
    eventually(f"{wanted} rows", lambda: len(context.browser.script(SHOWN_ROWS)) == min(wanted, 50))


@check("more accounts and Regions are shown on demand", needs="filter.more")
def more_account_regions(context):
    opened(context)
    context.browser.find("#more-account-regions").click()
    rows = context.browser.script(SHOWN_ROWS)
    require(len(rows) == 100 and len(set(rows)) == 100, f"{len(rows)} rows are shown")
    require(context.browser.script("return document.activeElement.closest('#account-regions > tr') === document.querySelectorAll('#account-regions > tr')[50]"), "the focus is not on the first new row")


@check("a payload is loaded, shown and hidden by its button", EACH_SIZE, needs="deadLetters.payload")
def payload(context):
    opened(context)
    letter = context.expected["deadLetters"]["payload"]
    name = f"Payload of {plain(letter['id'])}"
    require(letter["text"] not in context.browser.text("#dead-table"), "the payload is shown before it was requested")
    press(context, name)
    eventually("the payload", lambda: letter["text"] in (context.browser.text("#dead-table pre") or ""))
    require(button(context, name).get_attribute("aria-expanded") == "true", "the button is not marked as expanded")
    found = appearance(context)
    require(not found["faint"] and not found["beyond"], f"low contrast or overflow: {found['faint'] + found['beyond']}")
    require(not context.browser.script("return document.querySelector('#dead-table pre').children.length"), "the payload is rendered as HTML")
    press(context, name)
    eventually("a hidden payload", lambda: not context.browser.find("#dead-table pre").is_displayed())
    require(button(context, name).get_attribute("aria-expanded") == "false", "the button is not marked as collapsed")


def result(context):
    return context.browser.text("#action-result")


@check("an action without a token asks for it, and one with a wrong token shows an error", needs="deadLetters.token")
def wrong_token(context):
    opened(context)
    letter = status(context)["deadLetters"]["newest"][0]["id"]
    press(context, f"Replay {plain(letter)}")
    eventually("a message about the token", lambda: "token" in result(context))
    require(focused(context) == "token", f"the focus is on {focused(context)}")
    context.browser.find("#token").send_keys("this-is-not-the-token")
    context.browser.complaints()
    press(context, f"Replay {plain(letter)}")
    eventually("the error", lambda: "The token is wrong" in result(context))
    require(focused(context) == "token", f"the focus is on {focused(context)}")
    strange = [it for it in context.browser.complaints() if it["source"] != "network"]
    require(not strange, f"the console has {strange}")
    require(letter in [it["id"] for it in status(context)["deadLetters"]["newest"]], "the action was performed")
    kept = context.browser.script("return JSON.stringify([localStorage.length, sessionStorage.length, document.cookie, location.href])")
    require("this-is-not-the-token" not in kept and kept.startswith("[0,0,"), f"something was stored: {kept}")


def gone_without_reload(context, letter):
    """The row disappears through the live connection, without a reload or a request."""
    eventually(f"a page without {letter}", lambda: plain(letter) not in context.browser.text("#dead-table"))
    require(context.browser.script("return window.notReloaded") is True, "the page was reloaded")
    require(context.proxy.counts["GET", "/status.json"] == 0, "the state was polled")
    require(letter not in [it["id"] for it in status(context)["deadLetters"]["newest"]], "the bridge still has it")


def opened_with_token(context):
    opened(context)
    context.proxy.counts.clear()
    context.browser.find("#token").send_keys(context.expected["deadLetters"]["token"])


@check("a replayed dead letter disappears without a reload", needs="deadLetters.replay")
def replay(context):
    letter = context.expected["deadLetters"]["replay"]
    opened_with_token(context)
    press(context, f"Replay {plain(letter)}")
    eventually("the confirmation of the replay", lambda: "is in the queue again" in result(context))
    gone_without_reload(context, letter)
    require(focused(context), "the focus is lost")


@check("a dead letter is dropped only after a dialog that the keyboard can close", needs="deadLetters.drop")
def drop(context):
    letter = context.expected["deadLetters"]["drop"]
    opened_with_token(context)
    press(context, f"Drop {plain(letter)}")
    check_dialog(context, letter)
    ActionChains(context.browser.driver).send_keys(Keys.ESCAPE).perform()
    eventually("a closed dialog", lambda: not context.browser.script("return document.getElementById('drop-dialog').open"))
    require(focused(context) == f"Drop {plain(letter)}", f"the focus is on {focused(context)}")
    require(not [it for it in context.proxy.counts if it[0] == "POST"], "it was dropped without confirmation")
    press(context, f"Drop {plain(letter)}")
    context.browser.find("#drop-confirm").click()
    eventually("the confirmation of the drop", lambda: "was dropped" in result(context))
    gone_without_reload(context, letter)


def check_dialog(context, letter):
    eventually("the dialog", lambda: context.browser.script("return document.getElementById('drop-dialog').matches(':modal')"))
    require(focused(context) == "drop-cancel", f"the focus is on {focused(context)}, not on the button that cancels")
    require(plain(letter) in context.browser.text("#drop-what"), "the dialog does not name the dead letter")
    nodes = context.browser.accessibility_tree()
    dialogs = [it for it in nodes if it.get("role", {}).get("value") == "dialog"]
    require(len(dialogs) == 1 and "Drop this dead letter?" in dialogs[0]["name"]["value"], f"the tree has {quoted(dialogs)[:200]}")
    faint = appearance(context)["faint"]
    require(not faint, f"low contrast: {faint[:5]}")
