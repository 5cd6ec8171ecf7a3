"""Where settings come from, and which wins."""

import os
from pathlib import Path

import pytest

from adjudge.service.settings import BadSettings, load


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ADJUDGE_")]:
        monkeypatch.delenv(name)


def test_defaults_are_one_machine() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.redis_url) == ("127.0.0.1", 8000, None)


def test_flags_win_over_environment_over_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "adjudge.toml").write_text('port = 1\nhost = "::1"\nbody_mb = 8\n')
    monkeypatch.setenv("ADJUDGE_PORT", "2")
    monkeypatch.setenv("ADJUDGE_HOST", "localhost")
    settings = load(port=3, host=None)
    assert (settings.port, settings.host, settings.http.body_mb) == (3, "localhost", 8)


def test_a_file_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.toml").write_text("port = 1\n")
    (tmp_path / "two.toml").write_text("port = 2\n")
    monkeypatch.setenv("ADJUDGE_CONFIG", str(tmp_path / "one.toml"))
    assert load().port == 1
    assert load(config=tmp_path / "two.toml").port == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1", "prot: unknown setting; did you mean port"),
        ("port = 70000", "port: must be less than or equal to 65535"),
        ("port = ", "not valid TOML"),
        ('log_level = "loud"', "log_level"),
        ('redis_url = "localhost:6379"', "redis_url: must begin with redis://"),
        ('sandbox = "chroot"', "sandbox"),
    ],
)
def test_a_bad_file_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "adjudge.toml").write_text(text)
    with pytest.raises(BadSettings, match=words):
        load()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="no such file"):
        load(config=tmp_path / "none.toml")


def test_secrets_do_not_show() -> None:
    settings = load(api_key="sesame", redis_url="redis://:sesame@h/0")
    assert "sesame" not in repr(settings)


def test_a_misspelt_variable_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignored, it would leave the service open."""
    monkeypatch.setenv("ADJUDGE_URL", "http://127.0.0.1:8000")  # the client's
    monkeypatch.setenv("ADJUDGE_API_KEYS", "sesame")
    with pytest.raises(BadSettings, match=r"did you mean ADJUDGE_API_KEY\?"):
        load()
