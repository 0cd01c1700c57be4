from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml.packaging.quantisation import dequantise, quantise


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 6), st.integers(1, 6)),
        elements=st.floats(-1000, 1000, width=32, allow_subnormal=False),
    )
)
def test_no_number_moves_by_more_than_half_a_step(kernel):
    values, scale = quantise(kernel)
    assert values.dtype == np.int8
    assert np.abs(values.astype(int)).max() <= 127
    restored = dequantise(values, scale)
    assert restored.dtype == np.float32
    # float32 itself rounds away a millionth of the largest number.
    assert (np.abs(restored - kernel) <= scale / 2 + np.abs(kernel).max() * 1e-6).all()


@pytest.mark.parametrize("shape", [(40, 7), (3, 3, 5, 7)])
def test_every_output_channel_has_its_own_scale(shape):
    kernel = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    kernel *= 10.0 ** np.arange(-3, 4, dtype=np.float32)
    values, scale = quantise(kernel)
    assert scale.shape == (7,)
    channels = kernel.reshape(-1, 7)
    assert np.allclose(scale, np.abs(channels).max(axis=0) / 127)
    assert (np.abs(values.reshape(-1, 7).astype(int)).max(axis=0) == 127).all()


def test_a_channel_of_zeros_stays_zero():
    kernel = np.array([[0, 1.0], [0, -2.0]], np.float32)
    assert np.array_equal(dequantise(*quantise(kernel))[:, 0], [0, 0])
