"""Programs in PHP and Ruby, with nothing but what the languages bring: the scripts in `small_clients/`.

Each checks its answers itself and prints the settings that it leaves behind; those are read again here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from pagebell_process import Pagebell, loopback_environment

pytestmark = pytest.mark.part("small-clients")

FOLDER = Path(__file__).parent / "small_clients"
TIMEOUT_SECONDS = 60


@pytest.mark.parametrize(("program", "script"), [("php", "settings.php"), ("ruby", "settings.rb")])
def test_a_program_reads_and_updates(graph_server: Pagebell, page_id: str, program: str, script: str) -> None:
    if shutil.which(program) is None:
        pytest.fail(f"{program} is not installed: run `cargo xtask setup`", pytrace=False)
    edge = f"{graph_server.base_url}/v26.0/{page_id}/messenger_call_settings"
    completed = subprocess.run(
        [program, str(FOLDER / script)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        env=loopback_environment() | {"EDGE": edge, "TOKEN": graph_server.token},
        check=False,
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
    headers = {"Authorization": f"Bearer {graph_server.token}"}
    read = requests.get(edge, headers=headers, timeout=TIMEOUT_SECONDS).json()
    assert read == {"data": [json.loads(completed.stdout)]}
