"""Actions on the page: payloads, replay and drop, pause and resume."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from .access import appearance
from .browser import eventually, quoted, require
from .checks import EACH_SIZE, check
from .reading import plain, status
from .using import button, focused, opened, press

IS_MODAL = "return document.getElementById('action-dialog').matches(':modal')"


def opened_letters(context):
    opened(context)
    context.browser.script("document.getElementById('dead-details').open = true")
    context.proxy.counts.clear()


def confirm(context, token=None):
    """Confirms the action in the dialog."""
    eventually("the dialog", lambda: context.browser.script(IS_MODAL))
    if token:
        field = context.browser.find("#token")
        field.clear()
        field.send_keys(token)
    context.browser.find("#action-confirm").click()


def result(context):
    return context.browser.text("#action-result")


def token(context):
    return context.expected["deadLetters"]["token"]


@check("a payload is loaded, shown and hidden by its button", EACH_SIZE, needs="deadLetters.payload")
def payload(context):
    opened_letters(context)
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


@check("an action without a token asks for it, and one with a wrong token shows an error", needs="deadLetters.token")
def wrong_token(context):
    opened_letters(context)
    letter = status(context)["deadLetters"]["newest"][0]["id"]
    error = lambda: context.browser.text("#action-error")
    press(context, f"Replay {plain(letter)}")
    confirm(context)
    eventually("a message about the token", lambda: "token" in error())
    require(focused(context) == "token", f"the focus is on {focused(context)}")
    require(not [it for it in context.proxy.counts if it[0] == "POST"], "a request was sent without a token")
    context.browser.complaints()
    confirm(context, "this-is-not-the-token")
    eventually("the error", lambda: "The token is wrong" in error())
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


@check("a replayed dead letter disappears without a reload", needs="deadLetters.replay")
def replay(context):
    letter = context.expected["deadLetters"]["replay"]
    opened_letters(context)
    press(context, f"Replay {plain(letter)}")
    confirm(context, token(context))
    eventually("the confirmation of the replay", lambda: "is in the queue again" in result(context))
    gone_without_reload(context, letter)
    require(focused(context), "the focus is lost")


@check("a dead letter is dropped only after a dialog that the keyboard can close", needs="deadLetters.drop")
def drop(context):
    letter = context.expected["deadLetters"]["drop"]
    opened_letters(context)
    press(context, f"Drop {plain(letter)}")
    check_dialog(context, letter)
    ActionChains(context.browser.driver).send_keys(Keys.ESCAPE).perform()
    eventually("a closed dialog", lambda: not context.browser.script("return document.getElementById('action-dialog').open"))
    require(focused(context) == f"Drop {plain(letter)}", f"the focus is on {focused(context)}")
    require(not [it for it in context.proxy.counts if it[0] == "POST"], "it was dropped without confirmation")
    press(context, f"Drop {plain(letter)}")
    confirm(context, token(context))
    eventually("the confirmation of the drop", lambda: "is dropped" in result(context))
    gone_without_reload(context, letter)


def check_dialog(context, letter):
    eventually("the dialog", lambda: context.browser.script(IS_MODAL))
    require(focused(context) == "action-cancel", f"the focus is on {focused(context)}, not on the button that cancels")
    require(plain(letter) in context.browser.text("#action-what"), "the dialog does not name the dead letter")
    nodes = context.browser.accessibility_tree()
    dialogs = [it for it in nodes if it.get("role", {}).get("value") == "dialog"]
    require(len(dialogs) == 1 and "Drop this dead letter?" in dialogs[0]["name"]["value"], f"the tree has {quoted(dialogs)[:200]}")
    faint = appearance(context)["faint"]
    require(not faint, f"low contrast: {faint[:5]}")


@check("all dead letters with a reason are replayed after a confirmation that names their number", needs="deadLetters.replayAll")
def replay_all(context):
    opened_letters(context)
    group = status(context)["deadLetters"]["groups"][0]
    press(context, f"Replay all of {plain(group['reason'])[:120]}" + ("…" if len(plain(group["reason"])) > 120 else ""))
    eventually("the dialog", lambda: context.browser.script(IS_MODAL))
    require(f"{group['count']:,} dead letter" in context.browser.text("#action-title"), f"the dialog asks {context.browser.text('#action-title')}")
    confirm(context, token(context))
    eventually("the result", lambda: f"{group['count']:,} dead letter" in result(context) and "in the queue again" in result(context))
    eventually("a page without the reason", lambda: plain(group["reason"])[:120] not in context.browser.text("#dead-groups"))


@check("an account is paused with a reason, and resumed", needs="pause")
def pause(context):
    opened(context)
    account, region = context.expected["pause"]["account"], context.expected["pause"]["region"]
    press(context, f"Details of {account}/{region}")
    name = f"Pause sending for account {account}, opened at {region}"
    eventually("the button", lambda: context.browser.driver.find_elements("css selector", f"[aria-label='{name}']"))
    press(context, name)
    eventually("the dialog", lambda: context.browser.script(IS_MODAL))
    context.browser.find("#action-reason").send_keys("a test of pauses")
    confirm(context, token(context))
    eventually("the pause", lambda: "a test of pauses" in context.browser.text("#pauses"))
    # The token is kept, so that it need not be entered again.
    press(context, f"Resume sending for account {account}")
    confirm(context)
    eventually("no pause", lambda: "a test of pauses" not in context.browser.text("#pauses"))
