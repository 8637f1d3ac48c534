import warnings

import numpy as np
import pandas as pd
import pytest
from skfolio.cluster import HierarchicalClustering, LinkageMethod
from skfolio.optimization import HierarchicalRiskParity
from skfolio.seriation import HierarchicalSeriation

from stockanalyst._typing import Matrix, Vector
from stockanalyst.portfolio.hrp import hrp_weights, split_budget

# A and C move together, and so do B and D; the pairs have nothing in common.
PAIRS = np.array(
    [[1.0, 0.0, 1.8, 0.0], [0.0, 1.0, 0.0, 0.9], [1.8, 0.0, 4.0, 0.0], [0.0, 0.9, 0.0, 1.0]]
)
AC = 0.95 / (1.376 + 0.95)


def skfolio_weights(returns: Matrix, max_weight: float) -> Vector:
    clustering = HierarchicalClustering(linkage_method=LinkageMethod.SINGLE)
    seriation = HierarchicalSeriation(hierarchical_clustering_estimator=clustering)
    model = HierarchicalRiskParity(seriation_estimator=seriation, max_weights=max_weight)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights: Vector = model.fit(pd.DataFrame(returns)).weights_
    return weights


def test_four_assets_by_hand() -> None:
    """Variances of A 0.8, C 0.2: 0.64 + 0.04 × 4 + 2 × 0.16 × 1.8; of B, D: 2 / 4 + 0.9 / 2."""
    weights = hrp_weights(PAIRS, highest=1.0)
    expected = [0.8 * AC, (1 - AC) / 2, 0.2 * AC, (1 - AC) / 2]
    np.testing.assert_allclose(weights, expected, rtol=1e-12)


def test_what_a_cap_cuts_off_goes_to_the_other_half() -> None:
    weights = hrp_weights(PAIRS, highest=0.3)
    np.testing.assert_allclose(weights, [0.3, (1 - AC) / 2, AC - 0.3, (1 - AC) / 2], rtol=1e-12)
    np.testing.assert_allclose(hrp_weights(PAIRS, highest=0.25), np.full(4, 0.25), rtol=1e-12)


def test_one_and_two_assets() -> None:
    assert hrp_weights(np.array([[2.0]]), highest=1.0).tolist() == [1.0]
    two = hrp_weights(np.array([[1.0, 0.3], [0.3, 3.0]]), highest=1.0)
    np.testing.assert_allclose(two, [0.75, 0.25], rtol=1e-12)


def test_halves_without_variance_share_equally() -> None:
    """Two pairs of perfect opposites, side by side in the row or not."""
    opposites = np.kron(np.eye(2), np.array([[1.0, -1.0], [-1.0, 1.0]]))
    assert split_budget(opposites, np.arange(4), highest=1.0).tolist() == [0.25] * 4
    assert hrp_weights(opposites, highest=1.0).tolist() == [0.25] * 4


@pytest.mark.parametrize("max_weight", [1.0, 0.05])
def test_the_same_as_skfolio(max_weight: float) -> None:
    rng = np.random.default_rng(6)
    factors = rng.standard_normal((300, 4)) @ rng.normal(0, 1, (4, 37))
    returns = (factors + rng.standard_normal((300, 37))) * rng.uniform(0.005, 0.03, 37)
    weights = hrp_weights(np.cov(returns, rowvar=False), highest=max_weight)
    np.testing.assert_allclose(weights, skfolio_weights(returns, max_weight), atol=1e-12)
