"""Settings: a typing mistake stops the start and says which variable to mend."""

from __future__ import annotations

import dataclasses
import re
import secrets
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import config
from config import BadSetting, Settings
from loyalty.core.codes import kept_secret
from tests.databases import SECRET_KEY as TESTS_SECRET
from tests.databases import process_environment

SECRET = "Xq3-9vTzL0_pYb7KwR2mHc8NfJ5sGd1u"
EXAMPLE = config.ROOT / "config" / "example.env"

BAD_VALUES: dict[str, list[str]] = {
    "ENV": ["", "Production", "prod", "test"],
    "DATABASE_URL": ["sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://host/name", "x.db"]
    + ["postgresql:/host/name", "postgresql://host:port/name", "oracle://h/n", "sqlite:loyalty.db"],
    "DATA_DIR": ["", "README.md"],
    "SECRET_KEY": ["short", "s" * 31, " " + "s" * 31],
    "DEFAULT_REGION": ["", "vn", "Vietnam", "XX", "84"],
    "CURRENCY": ["", "vnd", "DONG", "₫"],
    "TIME_ZONE": ["", "Asia", "Hanoi", "+07:00", "../etc/passwd", "/etc/localtime", "Asia/Hà Nội"],
    "LANGUAGE": ["", "VI", "fr", "vi-VN"],
    "HOST": ["", "http://127.0.0.1", "a b", "127.0.0.1/24", "127.0.0.1\n10.0.0.7"],
    "PORT": ["", "0", "65536", "-1", "8000.0", "8_000", "+8000", "８０００", "http", "9" * 5_000],
    "TLS": ["", "on", "true", "Proxy", "https"],
    "PROXIES": ["", "-1", "6", "one", "1.0"],
    "FILES_DAYS": ["", "0", "91", "-1", "7.5", "week"],
    "HOSTS": [",", "shop.example,", "http://shop.example", "shop.example:8000", "a b", "*"]
    + [".shop.example", "shop_1", "cửa.hàng", "a\nb", "shop.example/x"],
    "PROCESSES": ["", "0", "65", "two", "1.5"],
    "RATE_LIMITS": ["", "yes", "true", "1", "ON"],
    "DEMO": ["", "yes", "true", "1"],
}

GOOD_VALUES: dict[str, list[str]] = {
    "DATABASE_URL": ["sqlite:///var/a.db", "sqlite:////srv/a.db", "postgres://u:p@h:5432/n"]
    + ["postgresql://h/n", "postgresql+psycopg:///n?host=/run/postgresql"],
    "CURRENCY": ["VND", "THB", "GBP"],
    "DEFAULT_REGION": ["VN", "TH", "GB"],
    "HOST": ["10.0.0.7", "::1", "localhost", "shop.example.vn"],
    "PORT": ["1", "65535", " 8000 "],
    "SECRET_KEY": [SECRET, "s" * 32],
    "HOSTS": ["", "localhost", "Shop.Example.vn, 10.0.0.7", "xn--ca-hng-uya.vn"],
    "TLS": ["off", "unprotected"],
    "PROXIES": ["0", "5"],
    "TIME_ZONE": ["Asia/Bangkok", "UTC"],
}


def refusal(**given: str) -> str:
    """What `load` says of LOYALTY_ variables, given without their prefix."""
    with pytest.raises(BadSetting) as refused:
        config.load({f"LOYALTY_{name}": value for name, value in given.items()})
    said = str(refused.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


def loaded(**given: str) -> Settings:
    return config.load({f"LOYALTY_{name}": value for name, value in given.items()})


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_VALUES.items() for value in values]
)
def test_bad_value_is_refused_by_name(name, value):
    assert refusal(**{name: value}).startswith(f"LOYALTY_{name}: ")


def test_every_setting_has_bad_values_here():
    assert set(BAD_VALUES) == {field.name.upper() for field in dataclasses.fields(Settings)}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in GOOD_VALUES.items() for value in values]
)
def test_good_value_is_taken(name, value):
    config.load({f"LOYALTY_{name}": value})


@pytest.mark.parametrize("name", ["PROT", "port", "PORT ", "", "SECRET", "DATABASE"])
def test_unknown_name_is_refused(name):
    assert refusal(**{name: "8000"}) == f"LOYALTY_{name} is no setting: see config/example.env."


def test_variables_of_others_are_not_ours():
    config.load({"PORT": "x", "loyalty_port": "x", "MY_LOYALTY_PORT": "x"})


def production(**given: str) -> dict[str, str]:
    return {"ENV": "production", "SECRET_KEY": SECRET} | given


@pytest.mark.parametrize("secret", ["", "   "])
def test_production_needs_a_secret(secret):
    assert refusal(**production(SECRET_KEY=secret)).startswith("LOYALTY_SECRET_KEY: ")
    assert loaded(**production())


WEAK_SECRETS = ["s" * 32, "12345678" * 4, "abcabcabc" * 5, TESTS_SECRET, "change-me-" + SECRET]


@pytest.mark.parametrize("secret", WEAK_SECRETS)
def test_production_refuses_a_secret_that_can_be_guessed(secret):
    said = refusal(**production(SECRET_KEY=secret))
    assert said.startswith("LOYALTY_SECRET_KEY: ")
    assert secret not in said
    assert loaded(SECRET_KEY=secret)


@pytest.mark.parametrize("make", [secrets.token_hex, secrets.token_urlsafe])
def test_random_secrets_are_taken(make):
    for _ in range(200):
        assert loaded(**production(SECRET_KEY=make(32)))


PUBLIC = ["0.0.0.0", "::", "10.0.0.7", "shop.example.vn", "127.0.0.1.example.vn"]


@pytest.mark.parametrize("host", PUBLIC)
def test_production_in_the_open_has_to_say_who_speaks_tls(host):
    assert refusal(**production(HOST=host)).startswith("LOYALTY_TLS: ")
    assert refusal(**production(HOST=host, PROXIES="1")).startswith("LOYALTY_TLS: ")
    assert loaded(**production(HOST=host, TLS="unprotected"))
    assert loaded(**production(HOST=host, TLS="proxy", PROXIES="1")).behind_tls
    assert loaded(HOST=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_production_on_this_machine_may_be_plain(host):
    assert not loaded(**production(HOST=host)).behind_tls


def test_tls_of_a_proxy_needs_a_proxy():
    assert refusal(TLS="proxy").startswith("LOYALTY_PROXIES: ")
    assert loaded(TLS="proxy", PROXIES="1").behind_tls


def test_names_are_compared_in_small_letters():
    assert loaded(HOSTS=" Shop.Example.vn ,10.0.0.7").hosts == ("shop.example.vn", "10.0.0.7")
    assert loaded().hosts == ()


@pytest.mark.parametrize("host", ["::", "10.0.0.7", "shop.example.vn"])
def test_demo_listens_on_this_machine_only(host):
    assert refusal(DEMO="on", HOST=host).startswith("LOYALTY_HOST: ")
    assert loaded(DEMO="on").demo


def test_secret_is_never_said():
    assert "topsecret" not in refusal(SECRET_KEY="topsecret")
    assert "topsecret" not in refusal(DATABASE_URL="postgresql://u:topsecret@h:port/n")
    assert "topsecret" not in refusal(DATABASE_URL="mysql://u:topsecret@h/n")


def example() -> dict[str, str]:
    lines = [line for line in EXAMPLE.read_text().splitlines() if line and line[0] != "#"]
    return dict(line.split("=", 1) for line in lines)


def test_example_lists_every_variable_with_its_default():
    names = {f"LOYALTY_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    assert set(example()) == names
    assert len(re.findall(r"^LOYALTY_", EXAMPLE.read_text(), re.MULTILINE)) == len(names)
    for name, value in example().items():
        assert config.load({name: value}) == config.load({}), name


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("LOYALTY_PROT", "8000", "LOYALTY_PROT"),
        ("LOYALTY_PORT", "http", "LOYALTY_PORT"),
        ("LOYALTY_ENV", "production", "LOYALTY_SECRET_KEY"),
    ],
)
def test_command_says_it_in_one_line(tmp_path, variable, value, named):
    command = [sys.executable, "-m", "flask", "--app", "wsgi"]
    done = subprocess.run(
        [*command, "stores", "create", "S01", "--name", "Store"],
        cwd=config.ROOT,
        env=process_environment({"LOYALTY_DATA_DIR": str(tmp_path), variable: value}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"Error: {named}")
    assert list(tmp_path.iterdir()) == []


def test_kept_secret_is_its_owners_alone(tmp_path):
    folder = tmp_path / "new" / "folder"
    secret = kept_secret(folder)
    assert len(secret) >= 32
    [file] = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == secret
    assert kept_secret(folder) == secret
    assert kept_secret(tmp_path) != secret


def test_kept_secret_is_one_for_processes_that_start_at_once(tmp_path):
    code = "import pathlib, sys; from loyalty.core.codes import kept_secret;" + (
        "print(kept_secret(pathlib.Path(sys.argv[1])))"
    )
    folder = tmp_path / "kept"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            cwd=config.ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = {process.communicate(timeout=60)[0] for process in processes}
    assert len(said) == 1
    assert [file.name for file in folder.iterdir()] == ["secret.key"]


def test_kept_secret_is_one_for_threads_that_start_at_once(tmp_path):
    for turn in range(20):
        folder = tmp_path / str(turn)
        with ThreadPoolExecutor(8) as threads:
            said = set(threads.map(kept_secret, [Path(folder)] * 8))
        assert len(said) == 1
        assert len(list(folder.iterdir())) == 1
