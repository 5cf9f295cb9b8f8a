"""A job runs on a GPU only if the machine has one and the job was given one."""

import contextlib

import pytest
import torch

from neurobust.errors import InputError
from neurobust.networks.devices import choose_device, mixed_precision

without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
with_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")


@without_gpu
def test_asking_for_a_gpu_where_there_is_none_is_refused():
    with pytest.raises(InputError, match="this machine shows none") as caught:
        choose_device("gpu", 1)
    assert "device: auto" in caught.value.fix


@pytest.mark.parametrize("wanted", ["auto", "cpu"])
@pytest.mark.parametrize("gpus", [0, 1])
@without_gpu
def test_without_a_gpu_the_cpu_is_taken(wanted, gpus):
    assert choose_device(wanted, gpus) == torch.device("cpu")


@with_gpu
def test_with_a_gpu_the_job_s_share_decides():
    assert choose_device("auto", 1).type == "cuda"
    assert choose_device("gpu", 1).type == "cuda"
    assert choose_device("cpu", 1).type == "cpu"
    assert choose_device("auto", 0).type == "cpu"


@pytest.mark.parametrize(
    ("wanted", "gpus", "there", "chosen"),
    [
        ("auto", 1, True, "cuda"),
        ("auto", 0, True, "cpu"),
        ("cpu", 1, True, "cpu"),
        ("gpu", 2, True, "cuda"),
        ("auto", 1, False, "cpu"),
    ],
)
def test_the_choice(monkeypatch, wanted, gpus, there, chosen):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert choose_device(wanted, gpus).type == chosen


def test_a_job_that_was_given_no_gpu_may_not_take_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(InputError, match="gpu=0"):
        choose_device("gpu", 0)


def test_a_cpu_computes_in_full_precision():
    context = mixed_precision(torch.device("cpu"))
    assert isinstance(context, contextlib.nullcontext)
    with context:
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
