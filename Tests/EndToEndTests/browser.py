# SPDX-License-Identifier: MIT
"""Drives a headless browser over a page with the tracker, as a visitor would: opens it, clicks, goes on to
another address without loading a page, and closes the tab.

    python3 browser.py chromium|firefox INGEST_URL gpc|plain

Chromium is driven by the DevTools protocol over a pipe. Firefox has no such pipe: there the page does the
same by itself. Needs Python's standard library only.
"""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

PAGE = """<!doctype html><title>First</title>
%s<script>track('early', { value: 1.5, tags: ['a', 'b'], properties: { plan: 'pro', seats: 5, zip: '012', n: ['1'] } })</script>
<button data-track="signup" data-track-quantity="3"><b>Sign up</b></button>
<script>
function click() { document.querySelector('b').click() }
function route() { history.pushState({}, '', '/next?step=2'); document.title = 'Next'; location.hash = 'part' }
function leave() { addEventListener('pagehide', function () { track('bye') }) }
if (location.search == '?by=itself') addEventListener('load', function () {
  setTimeout(click, 300); setTimeout(route, 600)
  setTimeout(function () { leave(); location = '/finished' }, 900)
})
</script>"""


def tag(ingest):
    """The lines to paste, as they stand in the README."""
    readme = pathlib.Path(__file__).resolve().parents[2] / "README.md"
    lines = readme.read_text(encoding="utf-8").split("```html\n")[1].split("```")[0]
    for old, new in (("https://track.example.com", ingest), ("u1", "u-browser")):
        assert old in lines, lines
        lines = lines.replace(old, new)
    return lines


class Site:
    """The page on a port of its own."""

    def __init__(self, ingest):
        self.finished = threading.Event()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/finished":
                    site.finished.set()
                body = b"done" if self.path == "/finished" else (PAGE % tag(ingest)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"


class DevTools:
    """The protocol over a pipe: messages of JSON that end in a zero byte, on descriptors 3 and 4."""

    def __init__(self, program, profile):
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()

        def descriptors():
            # By way of high numbers, so that neither takes the other's place.
            read, write = os.dup2(to_read, 60), os.dup2(to_write, 61)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=descriptors, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self._buffer = b""
        self._last = 0
        self.session = None

    def call(self, method, **parameters):
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def wait(self, event):
        while self._read().get("method") != event:
            pass

    def _read(self):
        while b"\0" not in self._buffer:
            piece = os.read(self._in, 1 << 16)
            if not piece:
                raise RuntimeError("the browser has ended")
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(line)


def chromium(program, site, gpc, profile):
    browser = DevTools(program, profile)
    try:
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.call("Page.enable")
        browser.call("Network.enable")
        if gpc:
            browser.call("Network.setExtraHTTPHeaders", headers={"Sec-GPC": "1"})
            browser.call(
                "Page.addScriptToEvaluateOnNewDocument",
                source="Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})")
        browser.call("Page.navigate", url=site.url + "/?step=1")
        browser.wait("Page.loadEventFired")
        time.sleep(0.5)
        for step in ("click()", "route()", "leave()"):
            browser.call("Runtime.evaluate", expression=step)
            time.sleep(0.3)
        browser.call("Page.close")
        time.sleep(1)
        browser.session = None
        browser.call("Browser.close")
    finally:
        end(browser.process)


def firefox(program, site, gpc, profile):
    preferences = {
        "privacy.globalprivacycontrol.enabled": gpc,
        "privacy.globalprivacycontrol.functionality.enabled": True,
        "browser.shell.checkDefaultBrowser": False, "datareporting.policy.dataSubmissionEnabled": False,
        "toolkit.telemetry.reportingpolicy.firstRun": False, "app.update.enabled": False,
    }
    lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});" for key, value in preferences.items()]
    pathlib.Path(profile, "user.js").write_text("\n".join(lines) + "\n")
    process = subprocess.Popen(
        [program, "--headless", "--no-remote", "--profile", profile, site.url + "/?by=itself"],
        env={**os.environ, "HOME": profile}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not site.finished.wait(60):
            raise RuntimeError("the page was not shown to its end")
        time.sleep(1)
    finally:
        end(process)


def end(process):
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main():
    kind, ingest, gpc = sys.argv[1], sys.argv[2], sys.argv[3] == "gpc"
    program = shutil.which({"chromium": "chromium", "firefox": "firefox-esr"}[kind])
    drive = {"chromium": chromium, "firefox": firefox}[kind]
    profile = tempfile.mkdtemp(prefix="pixel-browser-")
    try:
        drive(program, Site(ingest), gpc, profile)
    finally:
        shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    main()
