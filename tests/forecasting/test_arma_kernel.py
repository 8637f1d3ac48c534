import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from types import FunctionType
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from stockanalyst._typing import Matrix
from stockanalyst.forecasting import arma
from stockanalyst.forecasting.arma import ARMAFit, fit_arma
from stockanalyst.forecasting.arma_windows import NumpyWindows

ORDERS = [(p, q) for p in range(3) for q in range(3)]


@pytest.fixture(scope="module")
def kernel(missing: Callable[[str], NoReturn]) -> Any:
    try:
        from stockanalyst.forecasting import arma_kernel
    except ImportError:
        missing("numba (extra [fast])")
    return arma_kernel


@pytest.fixture
def no_forced_switches() -> Iterator[None]:
    """A thread keeps the GIL until it gives it away."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e6)
    yield
    sys.setswitchinterval(interval)


def bits(values: NDArray[np.float64]) -> list[int]:
    """Unlike the numbers, these tell 0 from −0."""
    found: list[int] = np.ascontiguousarray(values).view(np.uint64).ravel().tolist()
    return found


def same(left: ARMAFit, right: ARMAFit) -> bool:
    np.testing.assert_array_equal(left.converged, right.converged)
    return all(
        bits(getattr(left, name)) == bits(getattr(right, name))
        for name in ("ar", "ma", "sum_of_squares")
    )


@given(
    order=st.sampled_from(ORDERS),
    x=arrays(
        np.float64,
        st.tuples(st.integers(1, 40), st.integers(1, 4)),
        elements=st.sampled_from([0.0, -0.0, 5e-324, 1e-9, -0.01, 0.02, 0.3, -7.0, 1e6]),
    ),
    size=st.integers(1, 50),
    stride=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_sums_have_the_bits_of_numpy(
    *, kernel: Any, order: tuple[int, int], x: Matrix, size: int, stride: int, seed: int
) -> None:
    """Of windows that overlap, that begin before the series, or that hold a single value."""
    p, q = order
    ends = np.arange(len(x) - 1, -1, -stride)[::-1]
    slow, fast = (kind.of(x, ends, size) for kind in (NumpyWindows, kernel.CompiledWindows))
    theta = np.random.default_rng(seed).uniform(-0.5, 0.5, (p + q, *slow.shape))
    chosen = theta[:1].sum(axis=0) < 0.1
    for left, right, at in (
        (slow, fast, theta),
        (slow.repeated(3), fast.repeated(3), np.stack([theta, theta / 2, -theta], axis=1)),
        (slow.only(chosen), fast.only(chosen), theta[:, chosen]),
    ):
        assert left.shape == right.shape
        squares, gradient, gram = left.normal_equations(at, p)
        made = right.normal_equations(at, p)
        lower = np.tril_indices(p + q)
        assert bits(squares) == bits(made[0])
        assert bits(gradient) == bits(made[1])
        assert bits(gram[lower]) == bits(made[2][lower])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("step", "size"), [(1, 90), (21, 90), (1, 200)])
def test_estimates_have_the_bits_of_numpy(
    order: tuple[int, int], step: int, size: int, kernel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refitted daily and each 21 sessions, and in windows that are longer than the history."""
    x = np.random.default_rng(2).standard_t(4, (160, 5))
    x[40:120, 1] = 0.0
    ends = np.arange(94, 160, step)
    compiled = fit_arma(x, ends, size, p=order[0], q=order[1])
    monkeypatch.setattr(arma, "_kind", lambda _n_values: NumpyWindows)
    assert same(compiled, fit_arma(x, ends, size, p=order[0], q=order[1]))


def test_two_threads_have_the_bits_of_one(kernel: Any) -> None:
    x = np.random.default_rng(6).standard_normal((300, 40))
    ends = np.arange(200, 300)
    halves = x[:, :20], x[:, 20:]

    def fit(part: Matrix) -> ARMAFit:
        return fit_arma(part, ends, 150, p=1, q=1)

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(fit, halves * 3))
    for part, made in zip(halves * 3, together, strict=True):
        assert same(made, fit(part))


def test_another_thread_works_meanwhile(kernel: Any, no_forced_switches: None) -> None:
    """Only while the kernel has given the GIL away can this thread see that it isn't done yet."""
    series, begins = np.ones(21_000), np.arange(20_000)
    theta, sums = np.full((4, 20_000), 0.2), np.empty((kernel._SUMS, 20_000))

    def seen_before_the_end() -> bool:
        begun, done = Event(), Event()

        def work() -> None:
            begun.set()
            kernel._add_up(series, begins, 1000, theta, sums)
            done.set()

        thread = Thread(target=work)
        thread.start()
        begun.wait()
        early = not done.is_set()
        thread.join()
        return early

    assert any(seen_before_the_end() for _ in range(20))


def test_without_a_folder_for_the_code_it_is_compiled_all_the_same(kernel: Any) -> None:
    def halved(x: float) -> float:
        return x / 2

    nowhere = FunctionType(halved.__code__.replace(co_filename="/nowhere/it.py"), {})
    assert kernel._compiled("float64(float64)")(nowhere)(3.0) == 1.5


def test_without_numba_there_is_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "stockanalyst.forecasting.arma_kernel", raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)
    assert arma._kind(10**12) is NumpyWindows


def test_what_is_loaded_is_used_and_a_chunk_loads_it(
    kernel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert arma._kind(1) is kernel.CompiledWindows
    monkeypatch.delitem(sys.modules, kernel.__name__)
    assert arma._kind(1) is NumpyWindows
    assert arma._kind(10 * 500 * 1000) is not NumpyWindows


def test_one_symbol_over_500_cutoffs_loads_nothing() -> None:
    """As many as the first analysis walks; in a new process, which has loaded nothing yet."""
    code = """
import sys
import numpy as np
from stockanalyst.forecasting.arma import fit_arma
x = np.random.default_rng(0).standard_normal((1500, 1))
fit_arma(x, np.arange(1000, 1500), 999, p=1, q=1)
fit_arma(x, np.arange(1000, 1500, 21), 999, p=0, q=2)
sys.exit("numba" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
