"""``ofsight serve`` and ``ofsight freeze`` on the command line."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from explorer import shared_dataset
from ofsight.cli import app
from ofsight.web import extras
from ofsight.web.serve import _bind

OFSIGHT = Path(sys.executable).with_name("ofsight")


def get(address: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(address, timeout=10) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize("workers", [1, 2])
def test_serve_answers_until_it_is_stopped(
    workers: int, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(OFSIGHT), "serve", "--dataset", str(shared_dataset(tmp_path_factory)), "--port", str(port)]
    with (tmp_path / "said").open("wb") as said:
        server = subprocess.Popen(
            [*command, "--workers", str(workers)],
            stderr=said,
            stdout=said,
            preexec_fn=lambda: signal.signal(
                signal.SIGINT, signal.default_int_handler
            ),  # a shell's & shuts it
        )
    try:
        for _ in range(600):
            try:
                status, body = get(f"http://127.0.0.1:{port}/health")
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "said").read_text()
                time.sleep(0.1)
        assert status == 200
        assert json.loads(body)["synthetic"] is True
        assert b"<h1>" in get(f"http://127.0.0.1:{port}/areas/leeds")[1]
        assert get(f"http://127.0.0.1:{port}/nowhere")[0] == 404
        if workers == 1:  # as people end it: by Ctrl-C, and once more when it does not end at once
            server.send_signal(signal.SIGINT)
            time.sleep(0.01)
            server.send_signal(signal.SIGINT)
            assert server.wait(20) == 0
    finally:
        server.terminate()
        server.wait(20)
    (said_,) = (tmp_path / "said").read_text().splitlines()
    assert f"http://127.0.0.1:{port}/" in said_


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("127.0.0.1", "Address already in use"),
        ("203.0.113.7", "Cannot assign requested address"),
    ],
)
def test_a_place_that_is_not_to_be_had_is_one_message(host: str, words: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        place = ["--host", host, "--port", str(port)]
        result = CliRunner().invoke(app, ["serve", "--dataset", str(tmp_path), *place])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: The explorer cannot listen at port {port} of {host}: {words}.")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_no_answer_waits_for_an_acknowledgement(host: str) -> None:
    with _bind(host, 0) as bound:
        bound.listen()
        with socket.create_connection(bound.getsockname()[:2]), bound.accept()[0] as taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert taken.proto == socket.IPPROTO_TCP


def test_without_the_extra_one_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    for command in (["serve"], ["freeze", "--to", str(tmp_path / "site")]):
        result = CliRunner().invoke(app, [*command, "--dataset", str(tmp_path)])
        assert result.exit_code == 2
        assert "ofsight[web]" in result.stderr
        assert "Traceback" not in result.stderr


def test_freeze_without_a_dataset_is_one_message(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["freeze", "--dataset", str(tmp_path), "--to", str(tmp_path / "site")])
    assert result.exit_code != 0
    assert "There is no dataset" in result.stderr
    assert not (tmp_path / "site").exists()
