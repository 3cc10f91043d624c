"""A JupyterLab of the test's own and a notebook page in it, driven through playwright.

Nothing of the user's is read or changed: JupyterLab, its settings and IPython's folders lie in a
folder that the caller gives.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
_TOKEN = "t0ken"
_START = 90.0
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# ── JupyterLab ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab."""

    url: str
    folder: Path

    def page(self, name: str, app: str = "lab") -> str:
        """The address of a notebook, alone in a fresh workspace; or in Notebook 7 (``notebook``).

        Without a name, that of JupyterLab with nothing open.
        """
        if not name:
            return f"{self.url}/lab?token={_TOKEN}&reset"
        if app == "notebook":
            return f"{self.url}/notebooks/{name}?token={_TOKEN}"
        return f"{self.url}/doc/tree/{name}?token={_TOKEN}&reset"

    def shut_kernels_down(self) -> None:
        """End every session, as a server that is started anew the next day."""
        for session in json.loads(self._request("api/sessions")):
            self._request(f"api/sessions/{session['id']}", "DELETE")

    def _request(self, path: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(f"{self.url}/{path}?token={_TOKEN}", method=method)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return bytes(reply.read())


@contextmanager
def running_lab(root: Path) -> Iterator[Lab]:
    """JupyterLab on a free port of this machine, with all it writes in ``root``."""
    folder = root / "notebooks"
    folder.mkdir()
    with (root / "lab.log").open("wb") as log:
        port = _free_port()
        process = subprocess.Popen(
            _command(port, folder),
            env=_environment(root),
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_up(process, url, root / "lab.log")
            yield Lab(url, folder)
        finally:
            _shut_down(process, url)


def _command(port: int, folder: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--port-retries=0",
        f"--ServerApp.root_dir={folder}",
        f"--IdentityProvider.token={_TOKEN}",
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]


def _environment(root: Path) -> dict[str, str]:
    settings = root / "settings"
    news = settings / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    repository = str(Path(__file__).parents[2])
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([repository, os.environ.get("PYTHONPATH", "")]).strip(":"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces"),
        "IPYTHONDIR": str(root / "ipython"),
        "FUSION_MAGICS_CONFIG": str(root / "fusion_magics"),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/api/status?token={_TOKEN}", timeout=20).read()
            return
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-3000:]}")


def _shut_down(process: subprocess.Popen[bytes], url: str) -> None:
    with contextlib.suppress(OSError):
        stop = urllib.request.Request(f"{url}/api/shutdown?token={_TOKEN}", method="POST")
        urllib.request.urlopen(stop, timeout=5).read()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# ── Chromium ─────────────────────────────────────────────────────────────────────────────────


@contextmanager
def running_chromium() -> Iterator[Any]:
    """Chromium, headless."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.fail(
            "The browser tests need Chromium: apt-get install chromium (or brew install "
            "--cask chromium), or set CHROMIUM to the path of a Chrome or Chromium.",
            pytrace=False,
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=_FLAGS)
        yield browser
        browser.close()


class NotebookPage:
    """One notebook, open in JupyterLab."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page = page
        self.path = path

    def ready(self) -> None:
        """Wait until it is shown and its kernel idle."""
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function(
            """() => {
              const session = window.jupyterapp?.shell.currentWidget?.sessionContext;
              return session?.isReady && session.session?.kernel?.status === 'idle';
            }""",
            timeout=300_000,
        )

    def cell(self, index: int) -> Any:
        """The cell at ``index``."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int, selector: str = "") -> Any:
        """Elements of a cell's output area."""
        return self.cell(index).locator(f".jp-Cell-outputArea {selector}".strip())

    def start(self, index: int) -> None:
        """Run a cell, and do not wait for it."""
        self.cell(index).locator(".jp-InputPrompt").first.click()
        self.page.keyboard.press("Control+Enter")

    def wait(self, index: int, seconds: float = 300) -> None:
        """Wait until a cell that was started has ended."""
        self.page.wait_for_function(
            """index => {
              const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
              const prompt = cell?.querySelector('.jp-InputPrompt')?.textContent ?? '';
              return /^\\[\\d+\\]:?$/.test(prompt.trim());
            }""",
            arg=index,
            timeout=seconds * 1000,
        )

    def run(self, index: int, seconds: float = 300) -> None:
        """Run a cell to its end."""
        self.start(index)
        self.wait(index, seconds)

    def stop(self) -> None:
        """What the Stop button does: interrupt the kernel."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')")

    def save(self) -> nbformat.NotebookNode:
        """Save, and read the file."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        return nbformat.read(self.path, as_version=4)

    def theme(self, name: str) -> None:
        """Change to ``JupyterLab Light`` or ``JupyterLab Dark``."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            name,
        )
        light = "true" if name.endswith("Light") else "false"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
        # A splash covers the page while the sheets change, and fades.
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def shot(self, name: str) -> Path:
        """A screenshot, in ``artifacts/``."""
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        self.page.screenshot(path=str(path))
        return path


def opened(
    lab: Lab,
    browser: Any,
    name: str,
    cells: Sequence[str | nbformat.NotebookNode],
    width: int = 1200,
    height: int = 900,
    app: str = "lab",
) -> NotebookPage:
    """A new notebook, open in a window of its own, with its kernel idle."""
    nbformat.write(_notebook(cells), lab.folder / name)
    notebook = reopened(lab, browser, name, width, height, app)
    notebook.ready()
    return notebook


def reopened(
    lab: Lab, browser: Any, name: str, width: int = 1200, height: int = 900, app: str = "lab"
) -> NotebookPage:
    """A notebook that is there already, in a window of its own, whatever its kernel does."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(120_000)  # a hang, not a slow machine
    page.goto(lab.page(name, app))
    return NotebookPage(page, lab.folder / name)


def without_kernel(lab: Lab, browser: Any, name: str) -> NotebookPage:
    """A notebook that is there already, opened in JupyterLab such that no kernel starts."""
    notebook = reopened(lab, browser, "")
    notebook.page.wait_for_selector(".jp-Launcher")
    notebook.page.evaluate(
        """path => window.jupyterapp.commands.execute('docmanager:open', {
          path, factory: 'Notebook', kernelPreference: { shouldStart: false, canStart: false }
        })""",
        name,
    )
    notebook.page.wait_for_selector(".jp-Notebook .jp-Cell")
    return notebook


def _notebook(cells: Sequence[str | nbformat.NotebookNode]) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(c) if isinstance(c, str) else c for c in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
