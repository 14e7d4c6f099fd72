"""The tables of the page show what /status.json has."""

from .browser import quoted, require
from .checks import EACH_SIZE, check
from .reading import ROWS, SEVERITIES, UNKNOWN, compare_until_equal, is_number, linked, number, place, plain, times_of

PAGE = 25


def known(context, value, rows, note):
    """Whether there is something to compare; a missing value must be shown as unknown."""
    if value is None:
        require(not rows and "Unknown" in context.browser.text(note), f"{note} does not say that it is unknown")
    return value is not None


def has_problem(account_region):
    return account_region["state"] not in ("working", "unknown")


def compare_account_region(account_region, row):
    cells, name = row["cells"], place(account_region)
    word = plain(account_region["state"]).replace("_", " ")
    require(cells[1].startswith(word), f"{name} is shown as {cells[1]}, expected {word}")
    for index, member in ((2, "lastDeliveryAt"), (3, "lastAuditAt")):
        require(times_of(*row["times"][index]) == times_of(account_region[member]), f"{member} of {name} is shown as {row['times'][index]}")
    counts = [account_region["pending"], account_region["dead"], *((account_region["openFindings"] or {}).get(it) for it in SEVERITIES)]
    require(cells[4:11] == [number(it) for it in counts], f"{name} is shown with {cells[4:11]}, expected {counts}")


@check("accounts and Regions match /status.json, those with problems first", EACH_SIZE)
def account_regions(context):
    def compare(report):
        rows = context.browser.script(ROWS, "#account-regions-table > tbody > tr:first-child")
        if not known(context, report["accountRegions"], rows, "#account-regions-none"):
            return
        by_name = {plain(it["account"]) + plain(it["region"]): it for it in report["accountRegions"]}
        require(len(rows) == min(len(by_name), PAGE), f"{len(rows)} rows are shown for {len(by_name)} accounts and Regions")
        for row in rows:
            compare_account_region(by_name[row["cells"][0]], row)
        with_problems = [has_problem(by_name[row["cells"][0]]) for row in rows]
        require(with_problems == sorted(with_problems, reverse=True), "a row with a problem comes after one without")
        require(sum(with_problems) == min(sum(map(has_problem, report["accountRegions"])), PAGE), "a row with a problem is missing")

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


@check("dead letters match /status.json, by reason and one by one", EACH_SIZE)
def dead_letters(context):
    def compare(report):
        groups = context.browser.script(ROWS, "#dead-groups > tbody > tr:first-child")
        rows = context.browser.script(ROWS, "#dead-table > tbody > tr:first-child")
        if not known(context, report["deadLetters"], rows + groups, "#dead-note"):
            return
        wanted = [(plain(it["reason"])[:400], number(it["count"])) for it in report["deadLetters"]["groups"] or []]
        require([(row["cells"][0], row["cells"][1]) for row in groups] == wanted, "the groups or their order differ")
        letters = report["deadLetters"]["newest"]
        require(len(rows) == len(letters), f"{len(rows)} dead letters are shown of {len(letters)}")
        for row, letter in zip(rows, letters):
            require(row["cells"][0].startswith(place(letter)) and plain(letter["id"]) in row["cells"][0], f"the row of {letter['id']} is {row['cells'][0]}")
            require(row["cells"][1].startswith(plain(letter["reason"])[:300]), f"the reason of {letter['id']} is not shown")
            require(row["cells"][5] == number(letter["attempts"]), f"the attempts of {letter['id']} are not shown")
        actions = len(context.browser.driver.find_elements("css selector", ":is(#dead-groups, #dead-table) [data-action]:not([hidden])"))
        require(actions == (2 * len(rows + groups) if report["actions"]["allowed"] else 0), f"{actions} buttons of actions are shown")

    compare_until_equal(context, compare)


@check("events match /status.json, and all of them are shown on demand", EACH_SIZE)
def events(context):
    words = {"dead": "dead letter", "workflow_updated": "workflow updated"}

    def compare(report):
        if context.browser.find("#more-events").is_displayed():
            context.browser.script("document.querySelector('#more-events').click()")
        rows = context.browser.script(ROWS, "#events > tr")
        wanted = report["events"] or []
        require(len(rows) == len(wanted), f"{len(rows)} events are shown of {len(wanted)}")
        for row, event in zip(rows, wanted):
            cells = [
                plain(event["account"]) + plain(event["region"]), plain(event["kind"]) + plain(event["source"] or ""),
                plain(event["subject"] or UNKNOWN)[:200], words.get(event["outcome"], plain(event["outcome"])),
            ]
            require(all(text.startswith(cell) for text, cell in zip(row["cells"][2:6], cells)), f"{row['cells']} is shown, expected {cells}")
            severity = {None: "none", "INFORMATIONAL": "Info"}.get(event["severity"]) or event["severity"].capitalize()
            require(severity in row["cells"][1], f"the severity is {row['cells'][1]}")
            require(times_of(*row["times"][0]) == times_of(event["at"]), f"the time of {event['id']} is {row['times'][0]}")
            require(plain(event["id"]) in row["cells"][4], f"the delivery's id {event['id']} is not shown")
            links = [it for it in row["hrefs"] if not it.startswith("#delivery/")]
            require(len(links) == linked(event["consoleURL"]) and len(row["hrefs"]) == len(links) + 1, f"the links of {event['id']} are {row['hrefs']}")

    compare_until_equal(context, compare)


def pattern_of(subscription):
    return plain(subscription["pattern"] or "Not accepted by sns.topics")


def compare_subscriptions(context, report):
    for button in context.browser.driver.find_elements("css selector", "tr.pattern button"):
        context.browser.script("arguments[0].click()", button)
    rows = context.browser.script(ROWS, "#subscriptions-table tr.topic")
    topics = {plain(it["topic"]): it for it in report["subscriptions"] or []}
    require(sorted(row["cells"][0] for row in rows) == sorted(topics), "the topics differ")
    words = {"confirmed": "confirmed", "pending": "pending confirmation", "ended": "ended"}
    for row in rows:
        topic = topics[row["cells"][0]]
        require(words.get(topic["state"], plain(topic["state"])) in row["cells"][1], f"{row['cells']} is {topic['state']}")
        require(times_of(*row["times"][2]) == times_of(topic["lastDeliveryAt"]), f"the last message of {row['cells'][0]} is {row['times'][2]}")
        require(("no message yet" in row["tags"]) == (topic["lastDeliveryAt"] is None), f"{row['cells'][0]} is tagged {row['tags']}")
    patterns = [row["cells"][0] for row in context.browser.script(ROWS, "#subscriptions-table tr.pattern")]
    wanted = {pattern_of(it) for it in report["subscriptions"] or []} | {plain(it) for it in report["topics"]}
    require(len(patterns) == len(wanted) and set(patterns) == wanted, f"the patterns are {patterns}")


@check("subscriptions, pauses and the last hour match /status.json")
def others(context):
    def compare(report):
        compare_subscriptions(context, report)
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
