"""Whether the page says what /status.json says, and nothing else."""

import contextlib
import json
import re
import urllib.parse
import urllib.request
from datetime import datetime

from .browser import Failure, eventually, quoted, require
from .checks import EACH_SIZE, EACH_VIEW, check

UNKNOWN = "not known"
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


def status(world):
    with urllib.request.urlopen(world.url + "status.json") as answer:
        return json.load(answer)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def number(value):
    return f"{value:,}" if is_number(value) else UNKNOWN


def plain(value):
    """A text as the page shows it: what steers a display is written out."""
    steering = "\u00ad\u061c\ufeff"
    ranges = [(0, 8), (11, 31), (127, 159), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F)]
    hidden = lambda it: it in steering or any(low <= ord(it) <= high for low, high in ranges)
    return "".join(f"\\u{ord(it):04x}" if hidden(it) else it for it in str(value))


def place(it):
    return f"{plain(it['account'])}/{plain(it['region'])}"


def times_of(*texts):
    """Those that are times, as /status.json and the page's markup write them."""
    found = []
    for text in texts:
        with contextlib.suppress(AttributeError, ValueError):
            found.append(datetime.fromisoformat(text.replace("Z", "+00:00")))
    return found


def mirrors(world, compare):
    """Compares what is shown with what the bridge says, until they agree: both may change meanwhile."""
    def agree():
        compare(status(world))
        return True

    world.browser.open(world.proxy.url)
    eventually("a page that says what /status.json says", agree, limit=15)


def state_of(said):
    state = said["health"]["state"]
    if state == "working" and said["accountRegions"] == [] and said["queue"] and said["queue"]["completed"] == 0:
        return "waiting"
    return state


@check("the banner, the title and the icon tell the state, each problem and its cure", EACH_VIEW)
def health(world):
    titles = {"working": "Working", "waiting": "Waiting", "attention": "Attention", "failing": "FAILING", "unknown": "Not known"}
    icons = {"working": "17653a", "attention": "7d4a00", "failing": "a81c14", "waiting": "4a5360", "unknown": "4a5360"}

    def compare(said):
        state = state_of(said)
        if wanted := world.expected.get("state"):
            require(state == wanted, f"the bridge says {state}, and not {wanted}")
        shown = world.browser.script("return document.body.dataset.state")
        require(shown == state, f"the page shows {shown}, and not {state}")
        title = world.browser.driver.title
        require(title.startswith(titles[state]) and title.endswith("Defender Bridge"), f"the title is {title}")
        require(icons[state] in (world.browser.script("return document.getElementById('icon').href")), "the icon is another")
        items = world.browser.script("return [...document.querySelectorAll('#problems li')].map((it) => it.textContent)")
        problems = said["health"]["problems"]
        require(len(items) == len(problems), f"{len(items)} problems are shown, and there are {len(problems)}")
        for it in problems:
            whole = [item for item in items if plain(it["summary"]) in item and plain(it["remediation"]) in item and plain(it["severity"]) in item]
            require(whole, f"the problem is not shown with its cure: {it['summary']}")

    mirrors(world, compare)


@check("facts of the whole are those of /status.json, and what is not known is said to be", EACH_SIZE)
def facts(world):
    read = "return Object.fromEntries([...document.querySelectorAll('#facts > div')].map((it) => [it.firstChild.textContent, it.lastChild.firstChild.textContent]))"

    def compare(said):
        shown = world.browser.script(read)
        queue, ledger = said["queue"] or {}, said["ledger"] or {}
        counts = [[(it["openFindings"] or {}).get(severity) for severity in SEVERITIES] for it in said["accountRegions"] or []]
        known = [it for it in counts if all(map(is_number, it))]
        total = sum(map(sum, known)) if known or said["accountRegions"] == [] else None
        wanted = {
            "Pending": number(queue.get("pending")), "Being worked on": number(queue.get("leased")), "Dead letters": number(queue.get("dead")),
            "Completed": number(queue.get("completed")), "Findings in Security Hub": number(ledger.get("active")),
            "Findings to be sent": number(ledger.get("unsent")), "Open findings": number(total),
            "Takes deliveries": {True: "yes", False: "no"}.get(said["ready"], UNKNOWN),
        }
        for name, value in wanted.items():
            require(shown.get(name) == value, f"{name} is shown as {shown.get(name)}, and is {value}")

    mirrors(world, compare)


def known(world, value, rows, note):
    """Whether there is something to compare; what is not known must be told to be so."""
    if value is None:
        require(not rows and "Not known" in world.browser.text(note), f"{note} does not say that it is not known")
    return value is not None


def words_of(origin):
    """The words that must stand as the state of an origin."""
    words = {"denied": bool(origin["denied"]), "paused": origin["paused"] is True, "dead letters": is_number(origin["dead"]) and origin["dead"] > 0}
    return {word for word, holds in words.items() if holds}


def compare_origin(origin, row):
    cells, name = row["cells"], place(origin)
    require(words_of(origin) <= set(row["tags"]), f"{name} is shown as {row['tags']}, and is {words_of(origin)}")
    if origin["denied"]:
        require(plain(origin["denied"]["reason"])[:200] in cells[1], f"why AWS denies {name} is not shown")
    shown, said = times_of(*row["times"][2]), times_of(origin["lastDeliveryAt"], origin["caughtUpTo"])
    require(shown == said, f"the last delivery of {name} and what it is caught up to are shown as {row['times'][2]}")
    require(cells[3].startswith(number(origin["pending"])), f"pending of {name} is shown as {cells[3]}")
    require(cells[4] == number(origin["dead"]), f"dead letters of {name} are shown as {cells[4]}")
    counts = [number((origin["openFindings"] or {}).get(severity)) for severity in SEVERITIES]
    require(cells[5:10] == counts, f"open findings of {name} are shown as {cells[5:10]}, and are {counts}")
    if origin["audits"] is None:
        require(cells[10] == UNKNOWN, f"audits of {name} are shown as {cells[10]}")
    finished = times_of(*(it["finishedAt"] for it in origin["audits"] or []))
    require(times_of(*row["times"][10]) == finished, f"the audits of {name} are shown as of {row['times'][10]}")
    for audit in origin["audits"] or []:
        require(plain(audit["schedule"] or "on demand") in cells[10], f"the schedule {audit['schedule']} of {name} is not shown")


@check("each account and Region is shown as /status.json has it, those with problems first", EACH_SIZE)
def account_regions(world):
    def compare(said):
        rows = world.browser.script(ROWS, "#account-regions > tr")
        if not known(world, said["accountRegions"], rows, "#account-regions-none"):
            return
        by_name = {plain(it["account"]) + plain(it["region"]): it for it in said["accountRegions"]}
        require(len(rows) == min(len(by_name), 50), f"{len(rows)} rows are there for {len(by_name)} accounts and Regions")
        for row in rows:
            compare_origin(by_name[row["cells"][0]], row)
        troubled = [bool(words_of(by_name[row["cells"][0]])) for row in rows]
        require(troubled == sorted(troubled, reverse=True), "one with a problem stands behind one without")
        require(sum(troubled) == min(sum(bool(words_of(it)) for it in said["accountRegions"]), 50), "one with a problem is not among the first")

    mirrors(world, compare)


@check("dead letters are shown as /status.json has them", EACH_SIZE)
def dead_letters(world):
    def compare(said):
        rows = world.browser.script(ROWS, "#dead-table > tbody > tr:first-child")
        if not known(world, said["deadLetters"], rows, "#dead-note"):
            return
        letters = said["deadLetters"]["newest"]
        require([row["cells"][0] for row in rows] == [place(it) + plain(it["id"]) for it in letters], "others are shown, or in another order")
        for row, letter in zip(rows, letters):
            require(row["cells"][1].startswith(plain(letter["reason"])[:300]), f"the reason of {letter['id']} is not shown")
            require(row["cells"][5] == number(letter["attempts"]), f"the attempts of {letter['id']} are not shown")
        actions = len(world.browser.driver.find_elements("css selector", "[data-action]:not([hidden])"))
        require(actions == (2 * len(rows) if said["actions"]["allowed"] else 0), f"{actions} buttons of actions are shown")
        require(not letters or world.browser.find("#token").is_displayed() == said["actions"]["allowed"], "the field for the token is shown or not shown wrongly")

    mirrors(world, compare)


@check("events are shown as /status.json has them, and all of them on demand", EACH_SIZE)
def events(world):
    def compare(said):
        if world.browser.find("#more-events").is_displayed():
            world.browser.script("document.querySelector('#more-events').click()")
        rows = world.browser.script(ROWS, "#events > tr")
        wanted = said["events"] or []
        require(len(rows) == len(wanted), f"{len(rows)} events are shown of {len(wanted)}")
        for row, event in zip(rows, wanted):
            cells = [place(event), plain(event["kind"]), plain(event["subject"])[:200], plain(event["outcome"])]
            require(all(text.startswith(cell) for text, cell in zip(row["cells"][1:5], cells)), f"{row['cells']} is not {cells}")
            require(plain(event["id"]) in row["cells"][3], f"the delivery's id {event['id']} is not shown")
            linked = isinstance(event["consoleURL"], str) and CONSOLE.match(event["consoleURL"])
            require(len(row["hrefs"]) == bool(linked), f"the links of {event['id']} are {row['hrefs']}")

    mirrors(world, compare)


@check("subscriptions, pauses and the last hour are shown as /status.json has them")
def others(world):
    def compare(said):
        rows = world.browser.script(ROWS, "#subscriptions > tr")
        topics = {it["topic"]: it["state"] for it in said["subscriptions"] or []}
        require({row["cells"][0] for row in rows} == {plain(it) for it in [*topics, *said["topics"]]}, "the topics are others")
        for row in rows:
            state = next((state for topic, state in topics.items() if plain(topic) == row["cells"][0]), None)
            wanted = {"confirmed": "confirmed", "pending": "waits", "ended": "ended", None: UNKNOWN if said["subscriptions"] is None else "no subscription"}
            require(wanted.get(state, plain(state)) in row["cells"][1], f"{row['cells']} is {state}")
        pauses = world.browser.text("#pauses")
        for pause in said["pauses"] or []:
            require(plain(pause["by"]) in pauses and plain(pause["account"] or "all accounts") in pauses, f"the pause {quoted(pause)} is not shown")
        compare_hour(world, said["lastHour"])

    mirrors(world, compare)


def compare_hour(world, hour):
    summary = world.browser.text("#hour-summary")
    charts = world.browser.script("return [...document.querySelectorAll('#hour-chart svg')].map((it) => [...it.querySelectorAll('rect:not(.ground)')].filter((bar) => bar.height.baseVal.value > 0).length)")
    values = [(hour or {}).get(name) for name in ("deliveries", "imports")]
    if not all(isinstance(it, list) and it and all(map(is_number, it)) for it in values):
        require(UNKNOWN in summary and not charts, f"the last hour is not known, and shown as {summary}")
        return
    require(charts == [sum(it > 0 for it in row) for row in values], f"{charts} bars are drawn")
    for row in values:
        require(number(sum(row)) in summary if sum(row) else "no" in summary.lower(), f"the summary is {summary}")
    cells = world.browser.script("return [...document.querySelectorAll('#hour-rows tr')].map((it) => [...it.children].slice(1).map((cell) => Number(cell.textContent.replaceAll(',', ''))))")
    require([sum(it) for it in zip(*cells)] == [sum(it) for it in values], "the table of the last hour does not add up")


@check("texts of others stay texts, and links lead only to Security Hub's console")
def harmless(world):
    world.browser.open(world.proxy.url)
    strange = world.browser.script("return [...document.querySelectorAll('main :is(img, script, iframe, style, i, b, object, embed)')].map((it) => it.outerHTML)")
    require(not strange, f"there is {strange}")
    for link in world.browser.script("return [...document.querySelectorAll('a')].map((it) => [it.getAttribute('href'), it.rel])"):
        own = link[0] in ("#main", "/status.json", "/metrics")
        require(own or (CONSOLE.match(link[0]) and set(link[1].split()) >= {"noopener", "noreferrer"}), f"there is the link {link}")
    loaded = world.browser.script("return performance.getEntriesByType('resource').map((it) => it.name)")
    host = urllib.parse.urlsplit(world.proxy.url).netloc
    outside = [it for it in loaded if not it.startswith("data:") and urllib.parse.urlsplit(it).netloc != host]
    require(not outside, f"from elsewhere came {outside}")


@check("the page says what is expected of this scenario", needs="says")
def says(world):
    world.browser.open(world.proxy.url)
    for it in world.expected["says"]:
        eventually(f"{it['in']} with {quoted(it['text'])}", lambda: it["text"] in (world.browser.text(it["in"]) or ""), limit=15)
    for it in world.expected.get("doesNotSay", []):
        if it["text"] in (world.browser.text(it["in"]) or ""):
            raise Failure(f"{it['in']} says {quoted(it['text'])}")


@check("the browser complains of nothing: no errors, no violations of the content security policy", EACH_VIEW)
def complaints(world):
    world.browser.open(world.proxy.url)
    eventually("the live connection", lambda: world.browser.script("return document.body.dataset.contact") == "live")
    found = world.browser.complaints()
    require(not found, f"it says {[it['message'] for it in found]}")
