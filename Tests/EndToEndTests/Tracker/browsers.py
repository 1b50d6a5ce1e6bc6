# SPDX-License-Identifier: MIT
"""Two headless browsers with one set of commands: Chromium by the DevTools protocol, Firefox by Marionette. Needs
Python's standard library only."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from browser import DevTools, end  # noqa: E402


def wait_until(what, condition, seconds=10.0):
    """The condition's first value that is true."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.05)


class Chromium:
    """One window with tabs. Commands go to the tab in front."""

    name = "chromium"

    def __init__(self):
        self._profile = tempfile.mkdtemp(prefix="pixel-browser-")
        self._tools = DevTools(shutil.which("chromium"), self._profile)
        self._tabs = []
        self.new_tab()

    def new_tab(self):
        self._tools.session = None
        target = self._tools.call("Target.createTarget", url="about:blank")["targetId"]
        session = self._tools.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._tabs.append((target, session))
        self._tools.session = session
        self._tools.call("Page.enable")
        self._tools.call("Network.enable")
        self._tools.call("Page.bringToFront")

    def close_tab(self):
        """Shows the tab before, if there is one."""
        target, _ = self._tabs.pop()
        self._tools.session = None
        self._tools.call("Target.closeTarget", targetId=target)
        if self._tabs:
            self._tools.session = self._tabs[-1][1]
            self._tools.call("Page.bringToFront")

    def open(self, url):
        self._tools.call("Page.navigate", url=url)
        wait_until(f"{url} is loaded", lambda: self.run("document.readyState == 'complete' && location.href") == url)

    def run(self, script):
        try:
            answer = self._tools.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        except RuntimeError as error:
            # The page is on its way to another one.
            if "context" in str(error) or "navigated" in str(error):
                return None
            raise
        if "exceptionDetails" in answer:
            raise AssertionError(f"{script}: {json.dumps(answer['exceptionDetails'])[:500]}")
        return answer["result"].get("value")

    def offline(self, is_offline):
        self._tools.call(
            "Network.emulateNetworkConditions", offline=is_offline, latency=0, downloadThroughput=-1,
            uploadThroughput=-1)

    def quit(self):
        self._tools.session = None
        try:
            self._tools.call("Browser.close")
        except (RuntimeError, OSError):
            pass
        end(self._tools.process)
        shutil.rmtree(self._profile, ignore_errors=True)


class Firefox:
    name = "firefox"

    _PREFERENCES = {
        # Without it Firefox reaches this machine when it is offline, too.
        "network.disable-localhost-when-offline": True,
        "browser.shell.checkDefaultBrowser": False, "datareporting.policy.dataSubmissionEnabled": False,
        "toolkit.telemetry.reportingpolicy.firstRun": False, "app.update.enabled": False,
        "browser.tabs.warnOnClose": False, "browser.sessionstore.resume_from_crash": False,
    }

    def __init__(self):
        self._profile = tempfile.mkdtemp(prefix="pixel-browser-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        preferences = {**self._PREFERENCES, "marionette.port": port}
        lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});" for key, value in preferences.items()]
        pathlib.Path(self._profile, "user.js").write_text("\n".join(lines) + "\n")
        self._process = subprocess.Popen(
            [shutil.which("firefox-esr"), "--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", self._profile],
            env={**os.environ, "HOME": self._profile}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._socket = wait_until("Marionette listens", lambda: self._connected(port), 60)
        self._buffer = b""
        self._count = 0
        self._read()
        self._call("WebDriver:NewSession", capabilities={"alwaysMatch": {"pageLoadStrategy": "normal"}})
        self._tabs = [self._call("WebDriver:GetWindowHandle")["value"]]
        # The page that Firefox begins with allows no eval.
        self.open("about:blank")

    @staticmethod
    def _connected(port):
        try:
            return socket.create_connection(("127.0.0.1", port), 60)
        except OSError:
            return None

    def _read(self):
        while b":" not in self._buffer:
            self._buffer += self._received()
        length, _, self._buffer = self._buffer.partition(b":")
        while len(self._buffer) < int(length):
            self._buffer += self._received()
        message, self._buffer = self._buffer[:int(length)], self._buffer[int(length):]
        return json.loads(message)

    def _received(self):
        piece = self._socket.recv(1 << 16)
        if not piece:
            raise RuntimeError("the browser has ended")
        return piece

    def _call(self, command, **parameters):
        self._count += 1
        message = json.dumps([0, self._count, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        while True:
            answer = self._read()
            if answer[1] == self._count:
                if answer[2]:
                    raise RuntimeError(f"{command}: {json.dumps(answer[2])[:500]}")
                return answer[3]

    def new_tab(self):
        self._tabs.append(self._call("WebDriver:NewWindow", type="tab", focus=True)["handle"])
        self._call("WebDriver:SwitchToWindow", handle=self._tabs[-1], focus=True)

    def close_tab(self):
        self._call("WebDriver:CloseWindow")
        self._tabs.pop()
        if self._tabs:
            self._call("WebDriver:SwitchToWindow", handle=self._tabs[-1], focus=True)

    def open(self, url):
        self._call("WebDriver:Navigate", url=url)

    def run(self, script):
        try:
            # In the page itself: what the sandbox shows of it is not all its own.
            return self._call("WebDriver:ExecuteScript", script="return window.eval(arguments[0])", args=[script])["value"]
        except RuntimeError as error:
            if "unloaded" in str(error) or "no such window" in str(error) or "AbortError" in str(error):
                return None
            raise AssertionError(f"{script}: {error}") from error

    def offline(self, is_offline):
        self._call("Marionette:SetContext", value="chrome")
        self._call(
            "WebDriver:ExecuteScript", script="Services.io.offline = arguments[0]", args=[is_offline])
        self._call("Marionette:SetContext", value="content")

    def quit(self):
        try:
            self._call("Marionette:Quit", flags=["eForceQuit"])
        except (RuntimeError, OSError):
            pass
        self._socket.close()
        end(self._process)
        shutil.rmtree(self._profile, ignore_errors=True)


@contextlib.contextmanager
def undisturbed(url):
    """Chromium with a page that nobody debugs."""
    profile = tempfile.mkdtemp(prefix="pixel-browser-")
    process = subprocess.Popen(
        [shutil.which("chromium"), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--no-first-run", f"--user-data-dir={profile}", "--remote-debugging-port=0", url],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        end(process)
        shutil.rmtree(profile, ignore_errors=True)
