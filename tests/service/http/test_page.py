"""The page to try a reward, in a real browser."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from adjudge.service.settings import HttpSettings
from tests.service.http.running import front

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine"),
]


def browse(url: str, folder: Path, *flags: str) -> str:
    """The document as it is when its scripts have come to rest."""
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-quic", "--virtual-time-budget=8000",
        f"--user-data-dir={folder}",
    ]  # fmt: skip
    done = subprocess.run(
        [*command, *flags, "--dump-dom", url],
        capture_output=True, text=True, timeout=90, check=True,
    )  # fmt: skip
    return done.stdout


def linked(url: str, **state: Any) -> str:
    return f"{url}/#{quote(json.dumps(state))}"


def test_a_verdict_is_explained(plain_url: str, tmp_path: Path) -> None:
    state = {"kind": "exact", "completion": "<b>no</b>", "reference": {"answer": "yes"}}
    page = browse(linked(plain_url, **state), tmp_path)
    assert "reward 0" in page
    assert "incorrect, different" in page
    assert "answer found: <code>&lt;b&gt;no&lt;/b&gt;</code>" in page, "a completion is never HTML"


def test_a_fault_is_told_with_its_path(plain_url: str, tmp_path: Path) -> None:
    page = browse(linked(plain_url, kind="exact", completion="a", reference={}), tmp_path)
    assert "groups[0].reference.answer: missing: kind `exact` needs it" in page


def test_a_locked_service_asks_for_the_key(tmp_path: Path) -> None:
    with front(settings=HttpSettings(api_key=SecretStr("sesame"))) as url:
        page = browse(url, tmp_path)
    assert '<label id="key-row">' in page


def test_the_api_page_renders_without_the_internet(plain_url: str, tmp_path: Path) -> None:
    page = browse(f"{plain_url}/docs", tmp_path)
    assert "/get_reward" in page
    assert "Failed to load" not in page
