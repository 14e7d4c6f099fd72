"""Operations on the page: search, sort, turn pages, open rows, follow a delivery, copy."""

import json
import urllib.parse
import urllib.request

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from .browser import eventually, require
from .checks import EACH_SIZE, check
from .reading import ROWS, is_number, place, plain, status, times_of
from .tables import PAGE

SHOWN_ROWS = "return [...document.querySelectorAll('#account-regions-table > tbody > tr:first-child')].map((it) => it.firstChild.textContent)"


def opened(context, fragment=""):
    context.browser.open(context.proxy.url + fragment)
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


@check("the search shows matching rows and their number", EACH_SIZE, needs="filter")
def filtering(context):
    opened(context)
    wanted = context.expected["filter"]
    before = context.browser.script(SHOWN_ROWS)
    field = context.browser.find("#filter")
    field.send_keys(wanted["text"])
    eventually(f"{wanted['rows']} rows", lambda: len(context.browser.script(SHOWN_ROWS)) == min(wanted["rows"], PAGE))
    require(f"{wanted['rows']:,} " in context.browser.text("#account-regions-count"), f"the count is shown as {context.browser.text('#account-regions-count')}")
    require(focused(context) == "filter", "the search lost the focus")
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE)
    eventually("all rows again", lambda: context.browser.script(SHOWN_ROWS) == before)
    field.send_keys("there is no such account")
    eventually("no row", lambda: not context.browser.script(SHOWN_ROWS) and context.browser.find("#account-regions-none").is_displayed())


@check("the checkbox shows only rows with problems", needs="filter.withProblems")
def only_problems(context):
    opened(context)
    context.browser.find("#only-problems").click()
    wanted = context.expected["filter"]["withProblems"]
    eventually(f"{wanted} rows", lambda: len(context.browser.script(SHOWN_ROWS)) == min(wanted, PAGE))


@check("pages show the next accounts and Regions, and only their rows are in the document", needs="filter.more")
def pages(context):
    opened(context)
    first = context.browser.script(SHOWN_ROWS)
    require(button(context, "Previous page").get_attribute("aria-disabled") == "true", "the first page has a previous one")
    press(context, "Next page")
    second = context.browser.script(SHOWN_ROWS)
    require(len(first) == len(second) == PAGE and not set(first) & set(second), "the second page shows rows of the first")
    require(f"{PAGE + 1}–{2 * PAGE} of" in context.browser.text("#account-regions-pages"), "the page is not named")
    require(focused(context) == "Next page", "the focus is lost")
    press(context, "Previous page")
    require(context.browser.script(SHOWN_ROWS) == first, "the first page differs")


@check("columns are sorted by their headers, which say so to screen readers")
def sorting(context):
    opened(context)
    orders = "return [...document.querySelectorAll('#account-regions-head th')].map((it) => it.ariaSort)"
    require([it for it in context.browser.script(orders) if it] == (["descending"] if context.browser.script(orders) else []), "one column is sorted at first")
    report = status(context)
    if not report["accountRegions"]:
        return
    medium = lambda it: value if is_number(value := (it["openFindings"] or {}).get("MEDIUM")) else -1
    for is_descending in (True, False):
        press(context, "Sort by Medium")
        wanted = sorted(report["accountRegions"], key=lambda it: (-medium(it) if is_descending else medium(it), place(it)))
        shown = context.browser.script(SHOWN_ROWS)
        require(shown == [plain(it["account"]) + plain(it["region"]) for it in wanted[:PAGE]], f"the order is {shown}")
        require(context.browser.script(orders)[8] == ("descending" if is_descending else "ascending"), f"the orders are {context.browser.script(orders)}")
    press(context, "Sort by Account, Region")
    require(context.browser.script(SHOWN_ROWS) == sorted(plain(it["account"]) + plain(it["region"]) for it in report["accountRegions"])[:PAGE], "the names are not sorted")


@check("small windows have a list to sort by")
def sorting_cards(context):
    context.browser.view("phone", "light")
    opened(context)
    if len(status(context)["accountRegions"] or []) < 2:
        return
    context.browser.script("const it = document.getElementById('sort'); it.value = 'name false'; it.dispatchEvent(new Event('change'))")
    require(context.browser.find("#sort").is_displayed(), "the list is not shown")
    shown = context.browser.script(SHOWN_ROWS)
    require(shown == sorted(shown, reverse=True), f"the order is {shown}")


@check("a row opens to the details of its account and Region", EACH_SIZE)
def details(context):
    opened(context)
    rows = status(context)["accountRegions"]
    if not rows:
        return
    row = rows[-1]
    account, region = (urllib.parse.quote(row[it], safe="") for it in ("account", "region"))
    # The address, which problems and deliveries link to, finds the row on any page.
    context.browser.script("location.hash = arguments[0]", f"account/{account}/{region}")
    name = f"Details of {place(row)}"
    eventually("an open row", lambda: button(context, name).get_attribute("aria-expanded") == "true")
    require(focused(context) == name, f"the focus is on {focused(context)}")
    detail = "#account-regions-table .detail"
    eventually("the details", lambda: "Circuit breaker" in context.browser.text(detail))
    with urllib.request.urlopen(f"{context.url}account-regions/{account}/{region}") as response:
        report = json.load(response)
    text = context.browser.text(detail)
    for limit in report["rateLimits"]:
        require(plain(limit["api"]) in text, f"the rate limit of {limit['api']} is not shown")
    for it in [*report["events"], *report["deadLetters"]]:
        require(plain(it["id"]) in text, f"the delivery {it['id']} is not shown")
    if report["circuitBreaker"]:
        require(plain(report["circuitBreaker"]["reason"]) in text, "the reason of the open circuit breaker is not shown")
    press(context, name)
    require(not context.browser.find(detail).is_displayed(), "the details are still shown")


@check("events are filtered by account, source, outcome and text", EACH_SIZE)
def event_filters(context):
    opened(context)
    events = status(context)["events"]
    if not events:
        return
    shown = lambda: context.browser.script(ROWS, "#events > tr")
    first = events[0]
    choose = "const it = document.getElementById(arguments[0]); it.value = arguments[1]; it.dispatchEvent(new Event('input'))"
    wanted = [it for it in events if it["account"] == first["account"]]
    context.browser.script(choose, "event-account", plain(first["account"]))
    require(len(shown()) == min(len(wanted), 25), f"{len(shown())} events of {len(wanted)} are shown")
    wanted = [it for it in wanted if it["source"] == first["source"]]
    context.browser.script(choose, "event-source", plain(first["source"] or "none"))
    require(len(shown()) == min(len(wanted), 25), "the source does not count")
    context.browser.find("#event-text").send_keys(first["id"])
    wanted = [it for it in wanted if it["id"] == first["id"]]
    require(len(shown()) == len(wanted), "the text does not count")
    context.browser.find("#event-text").send_keys("no such text")
    require(not shown() and "0 of" in context.browser.text("#events-note"), "the page does not say that no event matches")


@check("a delivery's page shows its whole way, by a link from its event", EACH_SIZE)
def delivery(context):
    opened(context)
    if not (events := status(context)["events"]):
        return
    identifier = events[0]["id"]
    link = context.browser.find("#events a[href^='#delivery/']")
    context.browser.script("arguments[0].focus()", link)
    ActionChains(context.browser.driver).send_keys(Keys.ENTER).perform()
    require(focused(context) == "delivery-heading", f"the focus is on {focused(context)}")
    eventually("the delivery", lambda: "Steps" in context.browser.text("#delivery-content"))
    with urllib.request.urlopen(f"{context.url}deliveries/{urllib.parse.quote(identifier, safe='')}") as response:
        report = json.load(response)
    require(plain(identifier) in context.browser.text("#delivery-heading"), "the heading does not name the delivery")
    steps = context.browser.script("return [...document.querySelectorAll('.steps time')].map((it) => it.dateTime)")
    require(times_of(*steps) == times_of(*(it["at"] for it in report["steps"])), f"the steps are {steps}")
    text = context.browser.text("#delivery-content")
    for it in report["requests"]:
        require(plain(it["operation"]) in text and plain(it["requestId"] or "") in text, f"the request {it} is not shown")
    for it in report["findings"]:
        require(plain(it["id"]) in text, f"the finding {it['id']} is not shown")
    require(not context.browser.find("#overview").is_displayed(), "the overview is still shown")
    context.browser.find("#delivery-back").click()
    eventually("the overview", lambda: context.browser.find("#overview").is_displayed())


@check("a delivery that is not known says so")
def unknown_delivery(context):
    opened(context, "#delivery/there-is-none")
    eventually("the message", lambda: "knows this id" in context.browser.text("#delivery-content"))
    strange = [it for it in context.browser.complaints() if it["source"] != "network"]
    require(not strange, f"the console has {strange}")


@check("a copy button copies the whole text, and says so to screen readers")
def copying(context):
    opened(context)
    buttons = context.browser.driver.find_elements("css selector", "button.copy")
    if not buttons:
        return
    context.browser.cdp("Browser.grantPermissions", origin="/".join(context.proxy.url.split("/")[:3]), permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    name = buttons[0].get_attribute("aria-label")
    press(context, name)
    eventually("the announcement", lambda: "copied." in context.browser.text("#announcement"))
    copied = context.browser.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0], (error) => arguments[0](String(error)))")
    require(name.endswith(plain(copied)), f"“{copied}” was copied by “{name}”")


@check("the page requests nothing outside of the path prefix of a reverse proxy")
def prefix(context):
    context.proxy.outside.clear()
    opened(context)
    for link in ("status.json", "history.json", "metrics"):
        with urllib.request.urlopen(urllib.parse.urljoin(context.proxy.url, link + ("?range=24h" if link.startswith("history") else ""))) as response:
            require(response.status == 200, f"{link} responds with {response.status}")
    require(context.browser.script("return [...document.querySelectorAll('footer a')].every((it) => it.href.startsWith(arguments[0]))", context.proxy.url), "a link leaves the prefix")
    # The browser asks for an icon at the top only if the page names none.
    require(not context.proxy.outside, f"requested outside of the prefix: {context.proxy.outside}")
