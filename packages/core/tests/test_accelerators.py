"""Asking after devices other than the CPU, where there are none and where a plugin offers one."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

import lamella
from lamella.core.errors import DeviceError


@pytest.mark.parametrize("module", [lamella.cuda, lamella.mps, lamella.xpu], ids=lambda m: m.__name__)
def test_without_a_plugin_there_is_no_device(module: ModuleType) -> None:
    assert module.is_available() is False
    assert module.device_count() == 0
    module.manual_seed(1)
    module.empty_cache()
    with pytest.raises(DeviceError, match="no backend for device"):
        module.synchronize()


def test_without_a_plugin_there_is_no_accelerator() -> None:
    assert lamella.accelerator.is_available() is False
    assert lamella.accelerator.device_count() == 0
    assert lamella.accelerator.current_accelerator() is None
    for function in (lamella.accelerator.synchronize, lamella.accelerator.current_device_index):
        with pytest.raises(RuntimeError, match=r"none is available. Ask lamella.accelerator.is_available\(\) first"):
            function()
    with pytest.raises(RuntimeError, match="none is available"):
        lamella.accelerator.set_device_index(0)


def test_a_negative_index_chooses_no_device() -> None:
    lamella.cuda.set_device(-1)
    with pytest.raises(DeviceError, match="no backend for device 'cuda'"):
        lamella.cuda.set_device(0)


def test_seeding_a_device_leaves_the_generator_alone() -> None:
    lamella.manual_seed(3)
    expected = lamella.rand(2)
    lamella.manual_seed(3)
    lamella.cuda.manual_seed_all(5)
    assert lamella.equal(lamella.rand(2), expected)


def test_a_plugins_device_is_the_accelerator(tmp_path: Path) -> None:
    info = tmp_path / "acme_demo-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: acme-demo\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lamella]\ndemo = acme_demo\n")
    (tmp_path / "acme_demo.py").write_text(
        dedent("""
        from lamella.core.plugins import hookimpl

        @hookimpl
        def register_backends(registry):
            registry.add("cuda", "acme_demo:absent")
            registry.add("xpu", "acme_demo:present")

        class Array:
            pass

        class Other:
            pass

        class Backend:
            kernels, native, waited = {}, set(), 0

            def __init__(self, device_type, why_not, array_type):
                self.name, self.device_type, self.array_type = "demo", device_type, array_type
                self.why_not = why_not

            def unavailable(self):
                return self.why_not

            def synchronize(self):
                self.waited += 1

        absent, present = Backend("cuda", "no driver", Other), Backend("xpu", None, Array)
        """)
    )
    program = """
        import lamella, acme_demo
        from lamella.core.errors import DeviceError
        assert lamella.accelerator.current_accelerator() == lamella.device("cuda")
        assert lamella.accelerator.current_accelerator(check_available=True) == lamella.device("xpu")
        assert lamella.accelerator.is_available() and lamella.accelerator.device_count() == 1
        assert lamella.accelerator.current_device_index() == 0
        lamella.accelerator.set_device_index(0)
        lamella.accelerator.synchronize()
        assert acme_demo.present.waited == 1
        assert lamella.xpu.is_available() and not lamella.cuda.is_available()
        assert lamella.backends.cuda.is_built() and not lamella.backends.mps.is_built()
        for call, message in (
            (lambda: lamella.accelerator.set_device_index(1), "there is one 'xpu' device, number 0, not 1"),
            (lamella.cuda.get_device_name, "no driver"),
        ):
            try:
                call()
            except DeviceError as error:
                assert message in str(error), error
            else:
                raise AssertionError(message)
        """
    environment = {**os.environ, "LAMELLA_PLUGINS": "acme-demo"}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", dedent(program)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_switches_of_pytorchs_backends_are_kept() -> None:
    cudnn, matmul = lamella.backends.cudnn, lamella.backends.cuda.matmul
    assert (cudnn.is_available(), cudnn.version(), lamella.backends.mps.is_available()) == (False, None, False)
    assert not cudnn.benchmark and not matmul.allow_tf32
    try:
        cudnn.benchmark = True
        matmul.allow_tf32 = True
        assert cudnn.benchmark and lamella.get_float32_matmul_precision() == "high"
    finally:
        cudnn.benchmark = False
        matmul.allow_tf32 = False
    assert lamella.get_float32_matmul_precision() == "highest"


def test_cudas_mixed_precision_is_disabled_without_cuda() -> None:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        region, scaler = lamella.cuda.amp.autocast(), lamella.cuda.amp.GradScaler(init_scale=4.0)
    assert [("cannot be used" in str(w.message), "not available" in str(w.message)) for w in found] == [
        (True, False),
        (False, True),
    ]
    with region:
        assert (lamella.ones(2, 2) @ lamella.ones(2, 2)).dtype is lamella.float32
    assert not scaler.is_enabled()
    assert lamella.cuda.amp.autocast(enabled=False).fast_dtype is lamella.float16


def test_the_version_of_no_platform_is_known() -> None:
    version = lamella.version
    assert (version.__version__, version.cuda, version.hip, version.xpu) == (lamella.__version__, None, None, None)
    assert version.debug is False
