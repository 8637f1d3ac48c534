"""Products whose inputs are cut into blocks, each with a scale of its own.

A network in 8 bits gives all inputs of a product one scale. Behind the bend of a feed-forward a few
of them may be so large that nothing would be left of the others: in an MPNet that turned one label
of ten.
"""

import numpy as np
from numpy.typing import NDArray

from stockanalyst.sentiment.compact_graph import CLOSING, FUSED

_BLOCK = 256  # inputs that share a scale
_BITS, _ZERO, _HIGHEST = 8, 128, 127
_IN_EIGHT_BITS = 4  # onnxruntime's level of accuracy at which inputs have 8 bits, too


def in_blocks(network: bytes) -> bytes:
    """A network with a product by blocks in the place of each that closes a feed-forward.

    Parameters
    ----------
    network : bytes
        Of :func:`stockanalyst.sentiment.compact_graph.network`.
    """
    from onnx import helper, load_from_string, numpy_helper

    model = load_from_string(network)
    graph = model.graph
    weights = {each.name: each for each in graph.initializer}
    for node in graph.node:
        if node.op_type != "MatMul" or not CLOSING.search(node.input[1]):
            continue
        name = node.input[1]
        matrix = numpy_helper.to_array(weights.pop(name))
        for part, value in zip(("numbers", "scales"), blocks_of(matrix), strict=True):
            weights[f"{name} {part}"] = numpy_helper.from_array(value, f"{name} {part}")
        product = helper.make_node(
            "MatMulNBits",
            [node.input[0], f"{name} numbers", f"{name} scales"],
            node.output,
            domain=FUSED,
            K=matrix.shape[0],
            N=matrix.shape[1],
            bits=_BITS,
            block_size=_BLOCK,
            accuracy_level=_IN_EIGHT_BITS,
        )
        node.CopyFrom(product)
    kept = list(weights.values())
    del graph.initializer[:]
    graph.initializer.extend(kept)
    content: bytes = model.SerializeToString()
    return content


def blocks_of(matrix: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A matrix of shape (inputs, outputs) as ``MatMulNBits`` wants it.

    Returns
    -------
    numbers : ndarray of shape (outputs, blocks, 256)
        128 is zero; the last block is filled up with it.
    scales : ndarray of float32, shape (outputs, blocks)
    """
    columns = np.pad(matrix.T, ((0, 0), (0, -len(matrix) % _BLOCK)))
    blocks = columns.reshape(len(columns), -1, _BLOCK)
    scales = np.abs(blocks).max(axis=2) / _HIGHEST
    steps = blocks / np.where(scales > 0, scales, 1.0)[..., None]
    return (np.rint(steps) + _ZERO).astype(np.uint8), scales.astype(np.float32)
