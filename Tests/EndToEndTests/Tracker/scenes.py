# SPDX-License-Identifier: MIT
"""What happens to visitors, one function each: a scene gets a browser, a site and a collector that hands on to the
real one. Whatever it does, each event is one row, and the page sees no exception (`run.py` looks)."""

import time

import browsers
from browsers import wait_until
from pages import STUB

OFF = 'data-auto="off" data-user-id="u1"'

# A clock that only advance(seconds) moves: for timers and dates of the page and the tracker.
CLOCK = """<script>(function () {
  var now = Date.now(), timers = [], Real = Date, wait = setTimeout.bind(window)
  window.setTimeout = function (f, delay) { timers.push({ f: f, at: now + (+delay || 0) }); return timers.length }
  window.clearTimeout = function (id) { if (timers[id - 1]) timers[id - 1].f = null }
  window.Date = class extends Real {
    constructor(...all) { all.length ? super(...all) : super(now) }
    static now() { return now }
  }
  window.advance = async function (seconds) {
    // What is under way takes real time: it must be over before the clock says that it took too long.
    var rest = function () { return new Promise(function (done) { wait(done, 50) }) }
    for (var end = now + seconds * 1e3; ;) {
      var due = timers.filter(function (t) { return t.f && t.at <= end }).sort(function (a, b) { return a.at - b.at })[0]
      if (!due) break
      now = Math.max(now, due.at)
      var f = due.f
      due.f = null
      f()
      await rest()
    }
    now = end
  }
})()</script>"""


def arrived(collector, types, seconds=12):
    """Waits until just these have arrived, and a little longer for one too many."""
    wait_until(lambda: f"{sorted(types)}, there is {sorted(collector.types())}", lambda: set(types) <= set(collector.types()), seconds)
    time.sleep(0.3)
    assert sorted(collector.types()) == sorted(types), (sorted(collector.types()), sorted(types))


def loaded(browser, site, collector, path="/a", attributes=OFF, **page):
    browser.open(site.page(path, collector, attributes, **page))
    wait_until("the tracker is there", lambda: browser.run("!!(window.track && track.on)"))


# Outages.


def offline(browser, site, collector):
    loaded(browser, site, collector)
    browser.run("track('before')")
    arrived(collector, ["before"])
    browser.offline(True)
    browser.run("track('first'); track('second')")
    time.sleep(1.5)
    browser.run("track('third')")
    browser.offline(False)
    arrived(collector, ["before", "first", "second", "third"], 3)
    browser.run("track('after')")
    arrived(collector, ["before", "first", "second", "third", "after"])


def refused(browser, site, collector):
    """A few seconds of each kind of failure; the event is the same one when it comes again."""
    loaded(browser, site, collector)
    expected = []
    for answer in (503, 502, 408, "drop"):
        collector.answer = answer
        browser.run(f"track('during_{answer}')")
        wait_until("a try", lambda: collector.requests and collector.requests[-1][3] == answer)
        time.sleep(0.3)
        collector.answer = None
        expected.append(f"during_{answer}")
        arrived(collector, expected, 6)
    ids = {}
    for _, _, events, _ in collector.requests:
        for event in events:
            ids.setdefault(event["type"], set()).add(event["client_event_id"])
    assert all(len(of_type) == 1 for of_type in ids.values()), ids


def slowed_down(browser, site, collector):
    """Retry-After is heard, also when the tab is shown again meanwhile."""
    loaded(browser, site, collector)
    collector.answer, collector.retry_after = 429, 5
    browser.run("track('a')")
    wait_until("a try", lambda: collector.count() == 1)
    collector.answer = None
    began = time.monotonic()
    browser.run("track('b')")
    browser.new_tab()
    time.sleep(0.5)
    browser.close_tab()
    time.sleep(0.5)
    assert collector.count("fetch") == 1, collector.requests
    # The beacon of the hidden tab has brought them, but nobody knows.
    wait_until("the retry", lambda: collector.count("fetch") == 2, 8)
    assert time.monotonic() - began > 4, "too soon"
    arrived(collector, ["a", "b"])


def twelve_outages(browser, site, collector):
    """An hour apart: pauses start anew after each."""
    for via in ("", 'data-via="image"'):
        name = "image" if via else "post"
        loaded(browser, site, collector, attributes=f"{OFF} {via}", head=CLOCK)
        expected = collector.types()
        for number in range(12):
            collector.answer = 503
            before = collector.count()
            browser.run(f"track('{name}{number}')")
            wait_until("a try", lambda: collector.count() > before)
            time.sleep(0.1)
            # Five minutes of it: tries at 2, 6, 14, 30, 62, 126 and 254 s, a quarter more or less, and no more.
            for _ in range(10):
                browser.run("advance(30)")
                time.sleep(0.15)
            tries = collector.count() - before
            assert 4 <= tries <= 11, tries
            collector.answer = None
            expected.append(f"{name}{number}")

            def tried():
                browser.run("advance(60)")
                return expected[-1] in collector.types()

            wait_until("the event", tried, 15)
            browser.run("advance(3600)")
        arrived(collector, expected)


def too_many(browser, site, collector):
    """Of 130 the newest 100 wait, and the first of them says how many went."""
    loaded(browser, site, collector)
    collector.answer = 503
    browser.run("track('first')")
    wait_until("a try", lambda: collector.count() == 1)
    time.sleep(0.5)
    browser.run("for (let i = 0; i < 129; i++) track('e' + i)")
    collector.answer = None
    wait_until("the newest", lambda: "e128" in collector.types(), 10)
    rows = collector.rows()
    assert len(rows) == 100, len(rows)
    dropped = [row for row in rows if row.get("tracker_dropped")]
    assert [(row["type"], row["tracker_dropped"]) for row in dropped] == [("e29", 30)], dropped


def hang(browser, site, collector):
    """An answer that never comes is an unknown outcome after half a minute."""
    loaded(browser, site, collector)
    collector.answer = "hang"
    browser.run("track('hung')")
    wait_until("a try", lambda: collector.count() == 1)
    collector.answer = None
    browser.run("track('beside')")
    wait_until("the second try", lambda: collector.count() == 3, 45)
    arrived(collector, ["hung", "beside"])
    assert len([event for event in collector.events if event["type"] == "hung"]) == 2


def minute(browser, site, collector):
    """503 for a minute, an event each ten seconds."""
    loaded(browser, site, collector)
    collector.answer = 503
    for number in range(6):
        browser.run(f"track('e{number}')")
        time.sleep(10)
    collector.answer = None
    arrived(collector, [f"e{number}" for number in range(6)], 90)


def switched_tab(browser, site, collector):
    """What waits goes by beacon as the tab is hidden, and stays: the beacon's 503 is not seen."""
    loaded(browser, site, collector)
    collector.answer = 503
    browser.run("track('a'); track('b')")
    wait_until("both tries", lambda: collector.count("fetch") >= 2)
    time.sleep(0.3)
    browser.new_tab()
    wait_until("the beacon", lambda: collector.count("beacon") == 1)
    collector.answer = None
    browser.close_tab()
    arrived(collector, ["a", "b"], 2)


def closed_tab(browser, site, collector):
    """What waits goes by beacon as the tab is closed."""
    browser.new_tab()
    loaded(browser, site, collector)
    collector.answer = 503
    browser.run("track('waiting')")
    wait_until("a try", lambda: collector.count() >= 1)
    time.sleep(0.3)
    collector.answer = None
    browser.close_tab()
    arrived(collector, ["waiting"], 3)


# On the way out.


def left_at_once(browser, site, collector):
    body = '<a href="/b" data-track="link" data-track-value="5" data-track-tags="x;y"><b>b</b></a>'
    site.page("/b", collector, OFF)
    loaded(browser, site, collector, body=body)
    browser.run("document.querySelector('b').click()")
    wait_until("the other page", lambda: browser.run("location.pathname") == "/b")
    arrived(collector, ["link"])
    link = collector.rows()[0]
    assert link["tags"] == ["x", "y"] and link["value"] == "5" and link["user_id"] == "u1", link
    loaded(browser, site, collector)
    browser.run("addEventListener('pagehide', function () { track('bye') }); track('now'); location = '/b'")
    arrived(collector, ["link", "now", "bye"])
    browser.new_tab()
    loaded(browser, site, collector)
    browser.run("track('closing')")
    browser.close_tab()
    arrived(collector, ["link", "now", "bye", "closing"])


def burst(browser, site, collector):
    loaded(browser, site, collector)
    browser.run("for (let i = 0; i < 300; i++) track('e' + i)")
    arrived(collector, [f"e{i}" for i in range(300)], 30)
    assert collector.count() < 330, collector.count()


def long_texts(browser, site, collector):
    """64 KiB are bytes, not characters. Each alone, since several in one request hide the mistake."""
    loaded(browser, site, collector)
    texts = {"cyrillic": ("\\u0416", 40000), "emoji": ("\\ud83d\\ude00", 20000), "half": ("\\u0416", 20000)}
    for number, (name, (letter, times)) in enumerate(texts.items()):
        browser.run(f"track('{name}', {{ page_title: '{letter}'.repeat({times}) }})")
        arrived(collector, list(texts)[:number + 1])
    for row in collector.rows():
        assert len(row["page_title"]) == texts[row["type"]][1]


# Page views.


def restored(browser, site, collector):
    for via in ("", 'data-via="image"'):
        before = len(collector.rows())
        mode = "i" if via else "p"
        for name in "ab":
            site.page(f"/{mode}{name}", collector, f'data-user-id="u1" {via}')
        for name in "ab":
            browser.open(f"{site.url}/{mode}{name}")
            wait_until("the page view", lambda: len(collector.rows()) == before + 1 + "ab".index(name))
        for number, step in enumerate(("back", "forward")):
            browser.run(f"history.{step}()")
            wait_until("the page view", lambda: len(collector.rows()) == before + 3 + number)
        rows = collector.rows()[before:]
        assert [row["page_url"][-1] for row in rows] == ["a", "b", "a", "b"], rows
        assert [row["page_title"][-1] for row in rows] == ["a", "b", "a", "b"], rows
        # None of them has come from itself: it was opened by hand.
        assert all("page_referrer" not in row for row in rows), rows
        assert len({row["client_event_id"] for row in rows}) == 4


def prerendered(browser, site, collector):
    """A page that the browser made ready is counted when the visitor comes, and not if nobody comes."""
    if browser.name != "chromium":
        return "only Chromium prerenders"
    rules = """<script type="speculationrules">{"prerender":[{"source":"list","urls":["/b","/c"],"eagerness":"immediate"}]}</script>"""
    go = "<script>setTimeout(function () { location = '/b' }, 4000)</script>"
    for name in "bc":
        site.page(f"/{name}", collector, 'data-user-id="u1"', head="<script>track_early = document.prerendering</script>",
                  body="<script>track('ready', { early: track_early })</script>")
    # Whatever is debugged is not prerendered, so this browser is left alone.
    with browsers.undisturbed(site.page("/a", collector, 'data-user-id="u1"', head=rules + go)):
        wait_until("the first view", lambda: len(collector.rows()) == 1, 20)
        time.sleep(2)
        arrived(collector, ["page_view"])
        left = time.time()
        arrived(collector, ["page_view", "page_view", "ready"])
    rows = collector.rows()
    assert [row["page_url"][-2:] for row in rows] == ["/a", "/b", "/b"] and rows[1]["page_referrer"].endswith("/a"), rows
    assert rows[2]["early"] is True, "it was not prerendered"
    # It was seen when the visitor came.
    assert rows[1]["client_time"] >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(left)), rows
    return None


def application(browser, site, collector):
    """Titles that come late, addresses that are only replaced, and what stands behind the #."""
    loaded(browser, site, collector, attributes='data-user-id="u1"', title="One")
    wait_until("the first view", lambda: len(collector.rows()) == 1)
    site_url = site.url

    def view(script, path, title, referrer):
        count = len(collector.rows())
        browser.run(script)
        wait_until(script, lambda: len(collector.rows()) == count + 1, 4)
        row = collector.rows()[-1]
        assert (row["page_url"], row["page_title"], row.get("page_referrer")) == (site_url + path, title, site_url + referrer), row

    def no_view(script):
        count = len(collector.rows())
        browser.run(script)
        time.sleep(1.3)
        assert len(collector.rows()) == count, collector.rows()[-1]

    view("history.pushState({}, '', '/two'); document.title = 'Two'", "/two", "Two", "/a")
    view("history.pushState({}, '', '/three'); setTimeout(function () { document.title = 'Three' }, 300)", "/three", "Three", "/two")
    view("history.back(); setTimeout(function () { document.title = 'Two' }, 100)", "/two", "Two", "/three")
    no_view("history.replaceState({}, '', location.href)")
    no_view("history.replaceState({}, '', '/two?sort=up#x')")
    no_view("history.pushState({}, '', '/two?sort=up')")
    no_view("location.hash = 'part'")
    view("history.pushState({}, '', '/two?page=2')", "/two?page=2", "Two", "/two?sort=up")
    view("history.replaceState({}, '', '/four'); document.title = 'Four'", "/four", "Four", "/two?page=2")
    # Two at once are two, and a page that is left before its title has come is counted.
    count = len(collector.rows())
    browser.run("history.pushState({}, '', '/five'); history.pushState({}, '', '/six'); location = '/a'")
    wait_until("all three", lambda: len(collector.rows()) == count + 3)
    assert [row["page_url"] for row in collector.rows()[count:]] == [f"{site_url}/{name}" for name in ("five", "six", "a")]
    loaded(browser, site, collector, path="/h", attributes='data-user-id="u1" data-hash="on"')
    wait_until("the view", lambda: len(collector.rows()) == count + 4)
    view("location.hash = '#/two'", "/h#/two", "h", "/h")
    view("history.replaceState({}, '', '#/three')", "/h#/three", "h", "/h#/two")
    no_view("history.replaceState({}, '', '#/three?sort=up')")
    view("history.back()", "/h", "h", "/h#/three?sort=up")


def consent(browser, site, collector):
    stub = STUB.replace("</script>", "; track.consent = function (yes) { track.c = yes }</script>")
    loaded(browser, site, collector, head=stub)
    time.sleep(0.5)
    assert collector.count() == 0
    browser.run("track.consent(true)")
    arrived(collector, ["page_view"])
    browser.run("history.pushState({}, '', '/two')")
    wait_until("the view", lambda: len(collector.rows()) == 2)
    browser.run("track.consent(false); track('later')")
    arrived(collector, ["page_view", "page_view", "later"])
    assert [row.get("consent") for row in collector.rows()] == [None, None, 0], collector.rows()
    # Said before the script is there.
    loaded(browser, site, collector, path="/c", head=stub + "<script>track.consent(true); track('early')</script>")
    arrived(collector, ["page_view", "page_view", "later", "page_view", "early"])


# The page's own peculiarities.


def exceptions(browser, site, collector):
    loaded(browser, site, collector)
    browser.run("var circle = {}; circle.circle = circle; track('circle', { a: 1, b: circle })")
    browser.run("track('getter', { a: 1, get b() { throw new Error('x') } })")
    browser.run("track('big', { a: 1, b: 12345678901234567890n })")
    browser.run("track('strange', { a: 1, f() {}, s: Symbol('s'), d: new Date(NaN), e: document.body, w: window })")
    browser.run("track(); track(null, null); track('text', 'text'); track('proxy', new Proxy({}, { ownKeys() { throw 1 } }))")
    for name in ("circle", "getter", "big", "strange"):
        wait_until(name, lambda: name in {event.get("type") for event in collector.events})
    rows = {event.get("type"): event for event in collector.events}
    assert all(rows[name]["a"] == 1 for name in ("circle", "getter", "big", "strange")), rows
    assert "b" not in rows["circle"] and rows["big"]["b"] == "12345678901234567890", rows
    for poison in ("Array.prototype.toJSON", "Object.prototype.toJSON", "String.prototype.toJSON", "Date.prototype.toJSON"):
        name = "poison" + poison[0]
        browser.run(poison + " = function () { return '[' + 1 + ']' }; "
                    f"track('{name}', {{ tags: ['a', 'b'], properties: {{ n: [1, 'x'] }} }})")
        wait_until(poison, lambda: name in {event.get("type") for event in collector.events}, 3)
        event = next(event for event in collector.events if event.get("type") == name)
        assert event["tags"] == ["a", "b"] and event["properties"] == {"n": [1, "x"]}, event
        browser.run("delete " + poison)


def twice(browser, site, collector):
    loaded(browser, site, collector, attributes="", tags=2, body='<b data-track="click">b</b>')
    browser.run("document.querySelector('b').click()")
    arrived(collector, ["page_view", "click"])
    # And once more, late.
    browser.run(f"var s = document.createElement('script'); s.src = '{collector.url}/p.js?2'; document.head.append(s)")
    time.sleep(0.7)
    browser.run("document.querySelector('b').click()")
    wait_until("the click", lambda: collector.types().count("click") == 2)
    arrived(collector, ["page_view", "click", "click"])


def module(browser, site, collector):
    tag = '<script type="module" src="%s/p.js" %s data-user-id="m"></script>'
    site.pages["/m"] = (f"<title>m</title><script>var warnings = [], thrown = []; console.warn = function (t) {{ warnings.push(t) }}</script>"
                        + tag % (collector.url, f'data-base="{collector.url}"'), {})
    browser.open(site.url + "/m")
    arrived(collector, ["page_view"])
    assert collector.rows()[0]["user_id"] == "m" and "base" not in collector.rows()[0], collector.rows()
    site.pages["/n"] = site.pages["/m"][0].replace(f'data-base="{collector.url}"', ""), {}
    browser.open(site.url + "/n")
    wait_until("the complaint", lambda: browser.run("warnings.length") == 1)
    assert "data-base" in browser.run("warnings[0]")
    assert collector.types() == ["page_view"]


def policies(browser, site, collector):
    """A policy without connect-src makes images of events; one without img-src, too, one line on the console."""
    base = f"script-src 'unsafe-inline' 'unsafe-eval' {collector.url}; default-src 'self'"
    for fields, images in ((f"{base}; img-src {collector.url}", True), (base, False)):
        browser.open(site.page("/a", collector, OFF, fields={"Content-Security-Policy": fields}))
        wait_until("the tracker is there", lambda: browser.run("!!(window.track && track.on)"))
        browser.run("track('a', { tags: ['x;y', 'z'], properties: { n: 1, list: ['2'] } }); track('b')")
        if images:
            arrived(collector, ["a", "b"])
            a = collector.rows()[0]
            assert a["tags"] == ["x;y", "z"] and a["properties"] == '{"n":1,"list":["2"]}', a
            assert {request[0] for request in collector.requests} == {"image"}, collector.requests
            assert browser.run("warnings.length") == 0
        else:
            wait_until("the complaint", lambda: browser.run("warnings.length") == 1)
            time.sleep(5)
            assert browser.run("warnings.length") == 1, browser.run("warnings.join()")
            assert sorted(collector.types()) == ["a", "b"]


def forbidden(browser, site, collector):
    """401 and 403 end an event, with one line that says what to set."""
    for status, word in ((401, "data-via"), (403, "ALLOWED_ORIGINS")):
        loaded(browser, site, collector)
        collector.answer = status
        before = collector.count()
        browser.run("track('a'); track('b')")
        wait_until("two tries", lambda: collector.count() == before + 2)
        time.sleep(4)
        assert collector.count() == before + 2, collector.requests
        warnings = browser.run("warnings")
        assert len(warnings) == 1 and str(status) in warnings[0] and word in warnings[0], warnings


def image(browser, site, collector):
    loaded(browser, site, collector, attributes=f'{OFF} data-via="image"')
    browser.run("track('a', { tags: ['x', 'y;z'], properties: { plan: 'pro', seats: 5 }, items: [{ sku: 'x' }], quantity: 3 })")
    arrived(collector, ["a"])
    a = collector.rows()[0]
    assert (a["tags"], a["properties"], a["items"], a["quantity"]) == (["x", "y;z"], '{"plan":"pro","seats":5}', '[{"sku":"x"}]', "3"), a
    for name in ("language", "screen", "client_event_id", "page_url", "page_title"):
        assert a.get(name), a
    # Too long an address is given up, and does not hold up the next.
    browser.run("track('long', { page_title: 'x'.repeat(20000) }); track('b')")
    arrived(collector, ["a", "b"])
    assert browser.run("warnings.length") == 1
    collector.answer = "drop"
    browser.run("track('c')")
    wait_until("a try", lambda: collector.requests[-1][3] == "drop")
    time.sleep(0.5)
    collector.answer = None
    arrived(collector, ["a", "b", "c"], 5)


def isolated(browser, site, collector):
    """Under Cross-Origin-Embedder-Policy the image's answer is hidden unless it allows it: no event is sent twice."""
    loaded(browser, site, collector, attributes=f'{OFF} data-via="image"', fields={"Cross-Origin-Embedder-Policy": "require-corp"})
    browser.run("track('a')")
    time.sleep(6)
    assert collector.count() == 1 and collector.types() == ["a"], collector.requests


def cookie(browser, site, collector):
    """With ID_COOKIE the visitor is the same for fetch and image, and each event is sent once."""
    site.url = site.url.replace("127.0.0.1", "localhost")
    loaded(browser, site, collector)
    for number in range(10):
        browser.run(f"track('e{number}')")
        wait_until("it is there", lambda: len(collector.rows()) == number + 1)
    time.sleep(3)
    assert collector.count() == 10, collector.requests
    assert len(set(collector.cookies)) == 2 and collector.cookies[0] is None, collector.cookies


# By size of the test command; each has those before it.
QUICK = [offline, too_many, switched_tab, closed_tab, left_at_once, burst, long_texts, restored, exceptions, twice, module]
ALL = [refused, slowed_down, twelve_outages, prerendered, application, consent, policies, forbidden, image, isolated]
LONG = [hang, minute]
