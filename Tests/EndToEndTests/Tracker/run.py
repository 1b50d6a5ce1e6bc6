# SPDX-License-Identifier: MIT
"""Plays scenes with the tracker in a real browser.

    python3 run.py chromium|firefox COLLECTOR [--cookie URL] [--size quick|all|long] [SCENE…]

COLLECTOR is a pixel-ingest, --cookie one with ID_COOKIE. Prints a line for each scene; ends with 1 if one failed.
"""

import argparse
import sys
import time
import traceback

sys.dont_write_bytecode = True

import browsers  # noqa: E402
import scenes  # noqa: E402
from pages import Collector, Site  # noqa: E402


def play(scene, browser, ingest):
    site, collector = Site(), Collector(ingest)
    try:
        note = scene(browser, site, collector)
        thrown = browser.run("window.thrown || []")
        assert not thrown, thrown
        return note
    finally:
        site.close()
        collector.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("browser", choices=["chromium", "firefox"])
    parser.add_argument("collector")
    parser.add_argument("--cookie")
    parser.add_argument("--size", choices=["quick", "all", "long"], default="all")
    parser.add_argument("scene", nargs="*")
    chosen = parser.parse_args()
    scenes_by_name = {scene.__name__: scene for scene in [*scenes.QUICK, *scenes.ALL, *scenes.LONG, scenes.cookie]}
    names = chosen.scene or [
        scene.__name__ for scene in scenes.QUICK + (scenes.ALL if chosen.size != "quick" else [])
        + (scenes.LONG if chosen.size == "long" else []) + ([scenes.cookie] if chosen.cookie else [])]
    plan = [(scenes_by_name[name], chosen.cookie if name == "cookie" else chosen.collector) for name in names]
    browser = {"chromium": browsers.Chromium, "firefox": browsers.Firefox}[chosen.browser]()
    failed = 0
    try:
        for scene, ingest in plan:
            began = time.monotonic()
            try:
                note = play(scene, browser, ingest)
                line = "right" if note is None else f"none ({note})"
            except Exception:
                failed += 1
                line = "WRONG"
                traceback.print_exc()
            print(f"{line} {chosen.browser} {scene.__name__} {time.monotonic() - began:.1f} s", flush=True)
    finally:
        browser.quit()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
