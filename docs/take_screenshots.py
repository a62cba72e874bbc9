"""Takes the README's screenshots from a running sandbox: ``make run`` in one terminal, ``make screenshots`` in another."""

from __future__ import annotations

import json
import shutil
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

UI = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3000"
OUT = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent / "screenshots"
CHROMIUM = shutil.which("chromium") or "chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def ask(query: str) -> dict:
    request = urllib.request.Request(
        f"{UI}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    )
    return json.load(urllib.request.urlopen(request, timeout=20))["data"]


def runs(status: str) -> list[dict]:
    """The runs of a status, newest first."""
    answer = ask("{ runsOrError(limit: 200) { ... on Runs { results { runId status tags { key value } } } } }")
    found = [run for run in answer["runsOrError"]["results"] if run["status"] == status]
    return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]


def take(page: Page, path: str, name: str, *, wait: float = 4, click: str = "") -> None:
    page.goto(f"{UI}{path}", wait_until="domcontentloaded")
    time.sleep(wait)
    if click:
        page.get_by_text(click, exact=True).first.click()
        time.sleep(2)
    page.screenshot(path=str(OUT / f"{name}.png"))


def main() -> None:
    OUT.mkdir(exist_ok=True, parents=True)
    settled = next(run for run in runs("SUCCESS") if "dagster/partition" in run["tags"])
    failed = [run for run in runs("FAILURE") if "dagster/partition" in run["tags"]][-1]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1500, "height": 900})
        take(page, "/runs", "runs")
        take(page, "/asset-groups", "lineage", wait=7)
        take(page, f"/runs/{failed['runId']}", "held", wait=6, click="acme_us__bills.post")
        key, partition = "/assets/acme_us/bills", settled["tags"]["dagster/partition"]
        take(page, f"{key}?view=partitions&partition={partition}", "bills", wait=6)
        take(page, f"{key}?view=overview", "overview", wait=6)
        take(page, f"{key}?view=checks", "checks", wait=5)
        browser.close()


if __name__ == "__main__":
    main()
