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


@check("banner, title and icon show the state, and each problem has its remediation, commands and affected accounts", EACH_VIEW)
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
        compare_problems(context, report["health"]["problems"])

    compare_until_equal(context, compare)


def compare_problems(context, problems):
    cards = context.browser.script("""return [...document.querySelectorAll('#problems > li')].map((it) => ({
      text: it.textContent, commands: [...it.querySelectorAll('code')].map((code) => code.textContent),
      links: [...it.querySelectorAll('.commands > a')].map((link) => link.href), times: [...it.querySelectorAll('.age time')].map((time) => time.dateTime)}))""")
    require(len(cards) == len(problems), f"{len(cards)} problems are shown, expected {len(problems)}")
    critical = [card["text"].startswith("critical") for card in cards]
    require(critical == sorted(critical, reverse=True), "a warning comes before a critical problem")
    for problem in problems:
        texts = [plain(problem[name]) for name in ("severity", "summary", "remediation")]
        card = next((it for it in cards if all(text in it["text"] for text in texts)), None)
        require(card, f"the problem is not shown with its remediation: {problem['summary']}")
        require(card["commands"] == [plain(it) for it in problem["commands"]], f"the commands are {card['commands']}")
        runbook = problem["runbook"] or ""
        require(card["links"] == ([runbook] if runbook.startswith("https://") else []), f"the links to the runbook are {card['links']}")
        require(card["links"] or plain(runbook) in card["text"], f"the runbook {runbook} is not shown")
        require(times_of(*card["times"]) == times_of(problem["since"]), f"the problem is shown as since {card['times']}")
        affected = len(problem["affected"]) + problem["affectedOmitted"]
        if affected > 3:
            require(f"{affected:,} accounts and Regions affected" in card["text"], f"the number of affected accounts is not shown: {card['text']}")
        for it in problem["affected"] if affected <= 3 else []:
            require(plain(it["account"] or "All accounts" if not it.get("source") else it["source"]) in card["text"], f"the affected {it} is not shown")


@check("summary facts match /status.json, and missing values are shown as unknown", EACH_SIZE)
def facts(context):
    read = "return Object.fromEntries([...document.querySelectorAll('#facts > div')].map((it) => [it.firstChild.textContent, it.lastChild.firstChild.textContent]))"

    def compare(report):
        shown = context.browser.script(read)
        queue, ledger = report["queue"] or {}, report["ledger"] or {}
        wanted = {
            "Pending": number(queue.get("pending")), "In progress": number(queue.get("leased")), "Dead letters": number(queue.get("dead")),
            "Completed": number(queue.get("completed")), "Findings in Security Hub": number(ledger.get("active")),
            "Accepts deliveries": {True: "yes", False: "no"}.get(report["ready"], UNKNOWN),
        }
        for name, value in wanted.items():
            require(shown.get(name) == value, f"{name} is shown as {shown.get(name)}, expected {value}")

    compare_until_equal(context, compare)


def linked(address):
    """Whether an address from the bridge becomes a link: only those of the AWS console do."""
    return isinstance(address, str) and bool(CONSOLE.match(address))


@check("open findings match /status.json by severity and source, apart from what is not in Security Hub yet", EACH_SIZE)
def findings(context):
    def compare(report):
        found = report["openFindings"] or {}
        counts = [(found.get("bySeverity") or {}).get(it) for it in SEVERITIES]
        rows = context.browser.script(ROWS, "#severities > tr")
        require([row["cells"][1] for row in rows] == [number(it) for it in counts], f"the open findings are {[row['cells'][:2] for row in rows]}")
        require(all(row["cells"][0].startswith(name[0] + name.capitalize()) for row, name in zip(rows, SEVERITIES)), "a severity has no name and letter")
        urls = found.get("consoleUrls") or {}
        require([bool(row["hrefs"]) for row in rows] == [linked(urls.get(it)) for it in SEVERITIES], "the links to the console differ")
        total = sum(counts) if all(map(is_number, counts)) else None
        require(context.browser.text("#open-total").startswith(number(total)), f"the total is {context.browser.text('#open-total')}")
        parts = context.browser.script("return [...document.querySelectorAll('#severity-bar .part')].map((it) => it.dataset.severity.toUpperCase())")
        require(parts == [it for it, count in zip(SEVERITIES, counts) if count], f"the bar has {parts}")
        require(context.browser.text("#unsent").startswith(number(found.get("unsent"))), f"unsent is {context.browser.text('#unsent')}")
        sources = context.browser.script(ROWS, "#by-source > tr")
        wanted = [[number(it["bySeverity"].get(severity)) for severity in SEVERITIES] for it in found.get("bySource") or []]
        require([row["cells"][1:6] for row in sources] == wanted, f"the findings by source are {sources}")

    compare_until_equal(context, compare)


@check("the trend of each period matches /history.json, with a chart and a table", EACH_SIZE)
def trend(context):
    context.browser.open(context.proxy.url)
    if status(context)["openFindings"] is None:
        eventually("the trend to be unknown", lambda: "The trend is unknown" in context.browser.text("#trend-note"))
        return
    for period in ("24h", "30d"):
        with urllib.request.urlopen(f"{context.url}history.json?range={period}") as response:
            points = json.load(response)["points"]
        context.browser.find(f"#range-{period}").click()
        pressed = "return [...document.querySelectorAll('[aria-pressed=true]')].map((it) => it.id)"
        require(context.browser.script(pressed) == [f"range-{period}"], "the period is not marked")
        eventually(f"the history of {period}", lambda: "Loading" not in context.browser.text("#trend-note"))
        charts = context.browser.script("return [...document.querySelectorAll('#severities svg')].map((it) => it.getAttribute('aria-label'))")
        require(len(charts) == (len(SEVERITIES) if points else 0) and all("from" in it and "to" in it for it in charts), f"the charts are {charts}")
        context.browser.script("document.getElementById('trend-details').open = true")
        eventually("the table", lambda: len(context.browser.script(ROWS, "#trend-rows > tr")) == len(points))
        rows = context.browser.script(ROWS, "#trend-rows > tr")
        require([row["cells"][1:6] for row in rows] == [[number(it["open"].get(severity)) for severity in SEVERITIES] for it in points], "the table differs")


@check("untrusted text is not rendered as HTML, and links lead only to the AWS console")
def harmless(context):
    context.browser.open(context.proxy.url)
    strange = context.browser.script("return [...document.querySelectorAll('main :is(img, script, iframe, style, i, b, object, embed)')].map((it) => it.outerHTML)")
    require(not strange, f"unexpected elements: {strange}")
    for link in context.browser.script("return [...document.querySelectorAll('a')].map((it) => [it.getAttribute('href'), it.rel, it.matches('#problems .commands > a')])"):
        address, rel, is_runbook = link
        own = address in ("status.json", "history.json", "metrics") or re.match(r"#(main$|[a-z-]+-heading$|delivery/|account/)", address)
        outside = CONSOLE.match(address) or (is_runbook and address.startswith("https://"))
        require(own or (outside and set(rel.split()) >= {"noopener", "noreferrer"}), f"unexpected link: {link}")
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
