"""The exported file is run by a Python that has not got Lamella, and must give what the model gives."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lamella_numpy_export.exporter import export

import lamella
from lamella import Tensor, nn

RUN = """
import json, sys
sys.modules["lamella"] = None
from exported import predict
print(json.dumps(predict(json.loads(sys.argv[1])).tolist()))
"""


def predicted(folder: Path, x: Tensor) -> Any:
    environment = {"PYTHONPATH": f"{folder}:{Path(np.__file__).parents[1]}"}
    command = [sys.executable, "-c", RUN, json.dumps(x.tolist())]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("dtype", [lamella.float32, lamella.float64])
def test_the_file_gives_what_the_model_gives(dtype: lamella.dtype, tmp_path: Path) -> None:
    lamella.manual_seed(0)
    model = nn.Sequential(
        nn.Sequential(nn.Linear(3, 8), nn.Tanh()),
        nn.Dropout(),
        nn.Linear(8, 8, bias=False),
        nn.ReLU(),
        nn.Identity(),
        nn.Linear(8, 2),
        nn.Sigmoid(),
    ).to(dtype)
    x = lamella.randn(5, 3, dtype=dtype)
    export(model, (x,), str(tmp_path / "exported.py"))
    assert model.training, "the model is left as it was"
    lamella.testing.assert_close(lamella.tensor(predicted(tmp_path, x), dtype=dtype), model.eval()(x))


def test_a_layer_of_another_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="kind Softplus can't be exported; those that can are Dropout, Identity, Lin"):
        export(nn.Sequential(nn.Softplus()), (lamella.ones(1),), str(tmp_path / "exported.py"))
    assert not list(tmp_path.iterdir())


def test_an_example_that_does_not_fit_is_the_models_to_refuse(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        export(nn.Linear(3, 2), (lamella.ones(4),), str(tmp_path / "exported.py"))


@pytest.mark.parametrize("examples", [(), (1.0,)])
def test_anything_but_one_tensor_is_refused(examples: tuple[Any, ...], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected one tensor"):
        export(nn.Linear(3, 2), examples, str(tmp_path / "exported.py"))
