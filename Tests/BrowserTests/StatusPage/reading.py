"""The page shows what /status.json has, and nothing else."""

import contextlib
import json
import re
import urllib.parse
import urllib.request
from datetime import datetime

from .browser import Failure, eventually, quoted, require
from .checks import EACH_SIZE, EACH_VIEW, check

UNKNOWN = "unknown"
SEVERITIES = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"]
CONSOLE = re.compile(r"https://([a-z0-9-]+\.)?console\.(aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn|amazonaws-eusc\.eu)/")

ROWS = """
const text = (it) => it.textContent;
return [...document.querySelectorAll(arguments[0])].map((row) => ({
  cells: [...row.children].map(text),
  times: [...row.children].map((it) => [...it.querySelectorAll("time")].map((time) => time.dateTime)),
  tags: [...row.querySelectorAll(".tag")].map(text),
  hrefs: [...row.querySelectorAll("a")].map((it) => it.getAttribute("href")),
}))
"""


def status(context):
    with urllib.request.urlopen(context.url + "status.json") as answer:
        return json.load(answer)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def number(value):
    return f"{value:,}" if is_number(value) else UNKNOWN


def plain(value):
    """A text as the page shows it: control and invisible characters are escaped."""
    controls = "\u00ad\u061c\ufeff"
    ranges = [(0, 8), (11, 31), (127, 159), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F)]
    hidden = lambda it: it in controls or any(low <= ord(it) <= high for low, high in ranges)
    return "".join(f"\\u{ord(it):04x}" if hidden(it) else it for it in str(value))


def place(it):
    return f"{plain(it['account'])}/{plain(it['region'])}"


def times_of(*texts):
    """The texts that are times, in the format of /status.json or of the page's markup."""
    found = []
    for text in texts:
        with contextlib.suppress(AttributeError, ValueError):
            found.append(datetime.fromisoformat(text.replace("Z", "+00:00")))
    return found


def compare_until_equal(context, compare):
    """Compares the page with /status.json until they agree: both may change in between."""
    def agree():
        compare(status(context))
        return True

    context.browser.open(context.proxy.url)
    eventually("the page to match /status.json", agree, limit=15)


def state_of(report):
    state = report["health"]["state"]
    if state == "working" and report["accountRegions"] == [] and report["queue"] and report["queue"]["completed"] == 0:
        return "waiting"
    return state


@check("banner, title and icon show the state, and each problem has its remediation", EACH_VIEW)
def health(context):
    titles = {"working": "Working", "waiting": "Waiting", "attention": "Attention", "failing": "FAILING", "unknown": "Unknown"}
    icons = {"working": "17653a", "attention": "7d4a00", "failing": "a81c14", "waiting": "4a5360", "unknown": "4a5360"}

    def compare(report):
        state = state_of(report)
        if wanted := context.expected.get("state"):
            require(state == wanted, f"the bridge reports {state}, expected {wanted}")
        shown = context.browser.script("return document.body.dataset.state")
        require(shown == state, f"the page shows {shown}, expected {state}")
        title = context.browser.driver.title
        require(title.startswith(titles[state]) and title.endswith("Defender Bridge"), f"the title is {title}")
        require(icons[state] in (context.browser.script("return document.getElementById('icon').href")), "the icon does not match the state")
        items = context.browser.script("return [...document.querySelectorAll('#problems li')].map((it) => it.textContent)")
        problems = report["health"]["problems"]
        require(len(items) == len(problems), f"{len(items)} problems are shown, expected {len(problems)}")
        for it in problems:
            whole = [item for item in items if plain(it["summary"]) in item and plain(it["remediation"]) in item and plain(it["severity"]) in item]
            require(whole, f"the problem is not shown with its remediation: {it['summary']}")

    compare_until_equal(context, compare)


@check("summary facts match /status.json, and missing values are shown as unknown", EACH_SIZE)
def facts(context):
    read = "return Object.fromEntries([...document.querySelectorAll('#facts > div')].map((it) => [it.firstChild.textContent, it.lastChild.firstChild.textContent]))"

    def compare(report):
        shown = context.browser.script(read)
        queue, ledger = report["queue"] or {}, report["ledger"] or {}
        counts = [[(it["openFindings"] or {}).get(severity) for severity in SEVERITIES] for it in report["accountRegions"] or []]
        known = [it for it in counts if all(map(is_number, it))]
        total = sum(map(sum, known)) if known or report["accountRegions"] == [] else None
        wanted = {
            "Pending": number(queue.get("pending")), "In progress": number(queue.get("leased")), "Dead letters": number(queue.get("dead")),
            "Completed": number(queue.get("completed")), "Findings in Security Hub": number(ledger.get("active")),
            "Unsent findings": number(ledger.get("unsent")), "Open findings": number(total),
            "Accepts deliveries": {True: "yes", False: "no"}.get(report["ready"], UNKNOWN),
        }
        for name, value in wanted.items():
            require(shown.get(name) == value, f"{name} is shown as {shown.get(name)}, expected {value}")

    compare_until_equal(context, compare)


def known(context, value, rows, note):
    """Whether there is something to compare; a missing value must be shown as unknown."""
    if value is None:
        require(not rows and "Unknown" in context.browser.text(note), f"{note} does not say that it is unknown")
    return value is not None


def states_of(account_region):
    """The states that an account-Region must show."""
    states = {"denied": bool(account_region["denied"]), "paused": account_region["paused"] is True, "dead letters": is_number(account_region["dead"]) and account_region["dead"] > 0}
    return {word for word, holds in states.items() if holds}


def compare_account_region(account_region, row):
    cells, name = row["cells"], place(account_region)
    require(states_of(account_region) <= set(row["tags"]), f"{name} is shown as {row['tags']}, expected {states_of(account_region)}")
    if account_region["denied"]:
        require(plain(account_region["denied"]["reason"])[:200] in cells[1], f"the reason of the denial of {name} is not shown")
    shown, expected = times_of(*row["times"][2]), times_of(account_region["lastDeliveryAt"], account_region["caughtUpTo"])
    require(shown == expected, f"the last delivery and the watermark of {name} are shown as {row['times'][2]}")
    require(cells[3].startswith(number(account_region["pending"])), f"pending of {name} is shown as {cells[3]}")
    require(cells[4] == number(account_region["dead"]), f"dead letters of {name} are shown as {cells[4]}")
    counts = [number((account_region["openFindings"] or {}).get(severity)) for severity in SEVERITIES]
    require(cells[5:10] == counts, f"open findings of {name} are shown as {cells[5:10]}, expected {counts}")
    if account_region["audits"] is None:
        require(cells[10] == UNKNOWN, f"audits of {name} are shown as {cells[10]}")
    finished = times_of(*(it["finishedAt"] for it in account_region["audits"] or []))
    require(times_of(*row["times"][10]) == finished, f"the audits of {name} are shown as of {row['times'][10]}")
    for audit in account_region["audits"] or []:
        require(plain(audit["schedule"] or "on demand") in cells[10], f"the schedule {audit['schedule']} of {name} is not shown")


@check("accounts and Regions match /status.json, those with problems first", EACH_SIZE)
def account_regions(context):
    def compare(report):
        rows = context.browser.script(ROWS, "#account-regions > tr")
        if not known(context, report["accountRegions"], rows, "#account-regions-none"):
            return
        by_name = {plain(it["account"]) + plain(it["region"]): it for it in report["accountRegions"]}
        require(len(rows) == min(len(by_name), 50), f"{len(rows)} rows are shown for {len(by_name)} accounts and Regions")
        for row in rows:
            compare_account_region(by_name[row["cells"][0]], row)
        with_problems = [bool(states_of(by_name[row["cells"][0]])) for row in rows]
        require(with_problems == sorted(with_problems, reverse=True), "a row with a problem comes after one without")
        require(sum(with_problems) == min(sum(bool(states_of(it)) for it in report["accountRegions"]), 50), "a row with a problem is missing")

    compare_until_equal(context, compare)


@check("mapped sources match /status.json", EACH_SIZE)
def sources(context):
    def compare(report):
        rows = context.browser.script(ROWS, "#sources > tr")
        require([row["cells"][0] for row in rows] == [plain(it["name"]) for it in report["sources"]], "the sources or their order differ")
        for row, source in zip(rows, report["sources"]):
            require(row["cells"][2] == number(source["pending"]), f"the pending deliveries of {source['name']} are not shown")
            require(row["cells"][3] == number(source["dead"]), f"the dead letters of {source['name']} are not shown")

    compare_until_equal(context, compare)


@check("dead letters match /status.json", EACH_SIZE)
def dead_letters(context):
    def compare(report):
        rows = context.browser.script(ROWS, "#dead-table > tbody > tr:first-child")
        if not known(context, report["deadLetters"], rows, "#dead-note"):
            return
        letters = report["deadLetters"]["newest"]
        require([row["cells"][0] for row in rows] == [place(it) + plain(it["id"]) for it in letters], "the rows or their order differ")
        for row, letter in zip(rows, letters):
            require(row["cells"][1].startswith(plain(letter["reason"])[:300]), f"the reason of {letter['id']} is not shown")
            require(row["cells"][5] == number(letter["attempts"]), f"the attempts of {letter['id']} are not shown")
        actions = len(context.browser.driver.find_elements("css selector", "[data-action]:not([hidden])"))
        require(actions == (2 * len(rows) if report["actions"]["allowed"] else 0), f"{actions} buttons of actions are shown")
        require(not letters or context.browser.find("#token").is_displayed() == report["actions"]["allowed"], "the visibility of the token field is wrong")

    compare_until_equal(context, compare)


@check("events match /status.json, and all of them are shown on demand", EACH_SIZE)
def events(context):
    def compare(report):
        if context.browser.find("#more-events").is_displayed():
            context.browser.script("document.querySelector('#more-events').click()")
        rows = context.browser.script(ROWS, "#events > tr")
        wanted = report["events"] or []
        require(len(rows) == len(wanted), f"{len(rows)} events are shown of {len(wanted)}")
        for row, event in zip(rows, wanted):
            cells = [place(event), plain(event["kind"]), plain(event["subject"] or UNKNOWN)[:200], plain(event["outcome"])]
            require(all(text.startswith(cell) for text, cell in zip(row["cells"][1:5], cells)), f"{row['cells']} is shown, expected {cells}")
            require(plain(event["id"]) in row["cells"][3], f"the delivery's id {event['id']} is not shown")
            linked = isinstance(event["consoleURL"], str) and CONSOLE.match(event["consoleURL"])
            require(len(row["hrefs"]) == bool(linked), f"the links of {event['id']} are {row['hrefs']}")

    compare_until_equal(context, compare)


@check("subscriptions, pauses and the last hour match /status.json")
def others(context):
    def compare(report):
        rows = context.browser.script(ROWS, "#subscriptions > tr")
        topics = {it["topic"]: it["state"] for it in report["subscriptions"] or []}
        require({row["cells"][0] for row in rows} == {plain(it) for it in [*topics, *report["topics"]]}, "the topics differ")
        for row in rows:
            state = next((state for topic, state in topics.items() if plain(topic) == row["cells"][0]), None)
            wanted = {"confirmed": "confirmed", "pending": "pending confirmation", "ended": "ended", None: UNKNOWN if report["subscriptions"] is None else "no subscription"}
            require(wanted.get(state, plain(state)) in row["cells"][1], f"{row['cells']} is {state}")
        pauses = context.browser.text("#pauses")
        for pause in report["pauses"] or []:
            require(plain(pause["by"]) in pauses and plain(pause["account"] or "all accounts") in pauses, f"the pause {quoted(pause)} is not shown")
        compare_hour(context, report["lastHour"])

    compare_until_equal(context, compare)


def compare_hour(context, hour):
    summary = context.browser.text("#hour-summary")
    charts = context.browser.script("return [...document.querySelectorAll('#hour-chart svg')].map((it) => [...it.querySelectorAll('rect:not(.ground)')].filter((bar) => bar.height.baseVal.value > 0).length)")
    values = [(hour or {}).get(name) for name in ("deliveries", "imports")]
    if not all(isinstance(it, list) and it and all(map(is_number, it)) for it in values):
        require(UNKNOWN in summary and not charts, f"the last hour is unknown, but shown as {summary}")
        return
    require(charts == [sum(it > 0 for it in row) for row in values], f"{charts} bars are drawn")
    for row in values:
        require(number(sum(row)) in summary if sum(row) else "no" in summary.lower(), f"the summary is {summary}")
    cells = context.browser.script("return [...document.querySelectorAll('#hour-rows tr')].map((it) => [...it.children].slice(1).map((cell) => Number(cell.textContent.replaceAll(',', ''))))")
    require([sum(it) for it in zip(*cells)] == [sum(it) for it in values], "the table of the last hour does not add up")


@check("untrusted text is not rendered as HTML, and links lead only to the AWS console")
def harmless(context):
    context.browser.open(context.proxy.url)
    strange = context.browser.script("return [...document.querySelectorAll('main :is(img, script, iframe, style, i, b, object, embed)')].map((it) => it.outerHTML)")
    require(not strange, f"unexpected elements: {strange}")
    for link in context.browser.script("return [...document.querySelectorAll('a')].map((it) => [it.getAttribute('href'), it.rel])"):
        own = link[0] in ("#main", "/status.json", "/metrics")
        require(own or (CONSOLE.match(link[0]) and set(link[1].split()) >= {"noopener", "noreferrer"}), f"unexpected link: {link}")
    loaded = context.browser.script("return performance.getEntriesByType('resource').map((it) => it.name)")
    host = urllib.parse.urlsplit(context.proxy.url).netloc
    outside = [it for it in loaded if not it.startswith("data:") and urllib.parse.urlsplit(it).netloc != host]
    require(not outside, f"loaded from other origins: {outside}")


@check("the page has the texts of this scenario", needs="says")
def says(context):
    context.browser.open(context.proxy.url)
    for it in context.expected["says"]:
        eventually(f"{it['in']} with {quoted(it['text'])}", lambda: it["text"] in (context.browser.text(it["in"]) or ""), limit=15)
    for it in context.expected.get("doesNotSay", []):
        if it["text"] in (context.browser.text(it["in"]) or ""):
            raise Failure(f"{it['in']} contains {quoted(it['text'])}")


@check("the browser console has no errors or violations of the content security policy", EACH_VIEW)
def complaints(context):
    context.browser.open(context.proxy.url)
    eventually("the live connection", lambda: context.browser.script("return document.body.dataset.contact") == "live")
    found = context.browser.complaints()
    require(not found, f"the console has {[it['message'] for it in found]}")
