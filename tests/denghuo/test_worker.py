"""The worker's start: a setting that its jobs will need is missed at once, not at the first job."""

import subprocess
import sys
from pathlib import Path

from runtime.secrets import ensure_secrets

DENGHUO = str(Path(sys.executable).with_name("denghuo"))


def start(tmp_path: Path, **told: str) -> subprocess.CompletedProcess[str]:
    secrets = ensure_secrets(tmp_path)
    (secrets / "denghuo_aliyun_sms_key_id").write_text("a-key-of-the-sms-provider")
    (secrets / "denghuo_aliyun_sms_key_secret").write_text("its-secret")
    environment = {"DENGHUO_VAR": str(tmp_path), "DATABASE_URL": "postgresql:///none", **told}
    return subprocess.run(
        [DENGHUO, "worker"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_malformed_key_of_a_gateway_is_named(tmp_path: Path) -> None:
    ended = start(tmp_path, DENGHUO_ALIPAY_PRIVATE_KEY="no key at all")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "DENGHUO_ALIPAY_PRIVATE_KEY" in ended.stderr
    assert "no key at all" not in ended.stderr


def test_a_missing_token_is_named(tmp_path: Path) -> None:
    ended = start(tmp_path, DENGHUO_CORE_URL="not an address")
    assert ended.returncode == 1
    assert "DENGHUO_CORE_URL" in ended.stderr


def test_it_loads_no_library_that_its_jobs_do_not_use() -> None:
    code = (
        "import sys; from importlib import import_module; from denghuo.worker import TASKS\n"
        "for each in TASKS: import_module(each)\n"
        "sys.exit('webauthn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
