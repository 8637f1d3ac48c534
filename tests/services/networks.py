"""A network by hand."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def constant_network(lookback: int, horizon: int) -> bytes:
    """ONNX of a network that forecasts no move, whatever it sees."""
    weights = numpy_helper.from_array(np.zeros((lookback, horizon), np.float32), "weights")
    axes = numpy_helper.from_array(np.array([2], np.int64), "axes")
    graph = helper.make_graph(
        [
            helper.make_node("Squeeze", ["windows", "axes"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["moves"]),
        ],
        "constant",
        [helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["n", lookback, 1])],
        [helper.make_tensor_value_info("moves", TensorProto.FLOAT, ["n", horizon])],
        initializer=[weights, axes],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
