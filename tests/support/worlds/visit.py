"""A map page opened in a browser, with everything it asked for and complained about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


class Visit:
    """A page opened from its file, with everything it asked for and complained about."""

    def __init__(
        self, browser: Any, path: Path, width: int = 1440, height: int = 900, hash_: str = ""
    ) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("dialog", lambda d: (self.complaints.append("dialog"), d.dismiss()))
        self.open(path, hash_)

    def open(self, path: Path, hash_: str = "") -> None:
        self.page.goto(path.as_uri() + hash_)
        self.wait()

    def wait(self) -> None:
        """Until the page is ready; the page's policy forbids what Playwright's own waiting would run."""
        for _ in range(400):
            if self.page.evaluate("Boolean(window.siteplan && window.siteplan.settled)"):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("the page does not get ready")

    def own_requests(self) -> list[str]:
        return [url for url in self.requests if not url.startswith(("data:", "blob:"))]

    def script(self, text: str, *arguments: Any) -> Any:
        return self.page.evaluate(text, *arguments)

    def open_section(self, key: str) -> None:
        self.page.locator(f".sp-section-{key} summary").click()

    def popup(self) -> Any:
        return self.page.locator(".sp-popup").last

    def says(self, text: str) -> bool:
        """Whether the popup says something, within two seconds."""
        for _ in range(40):
            if self.popup().count() and text in self.popup().inner_text():
                return True
            self.page.wait_for_timeout(50)
        return False

    def shot(self, path: Path) -> np.ndarray[Any, Any]:
        self.page.wait_for_timeout(200)
        self.page.screenshot(path=path)
        return np.asarray(Image.open(path).convert("RGB")).astype(int)
