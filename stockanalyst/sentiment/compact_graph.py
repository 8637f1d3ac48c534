"""A BERT or MPNet encoder with a classifier on top, written down in ONNX for onnxruntime.

The graph is put together here, operator by operator, because exporters change with every version
of torch. It is also faster than theirs: attention is one operator, with one product for query, key
and value. A residual is added with ``Sum``, not ``Add``, because onnxruntime would join the latter
to the normalisation after it in an operator that is many times slower on a CPU.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

FUSED = "com.microsoft"
"""The domain of onnxruntime's own operators."""

CLOSING = re.compile(r"\.\d+\.output\.dense\.matrix$")
"""The name of a weight that closes a layer's feed-forward."""

ATTENTION_BIAS = "attention_bias"
"""What is added to the scores of attention, shape (1, heads, longest, longest); a BERT has none."""

_OPSET, _IR_VERSION = 20, 9


@dataclass(frozen=True)
class Shape:
    """What the weights don't say of an encoder: layers, heads, and epsilon of its normalisation."""

    layers: int
    heads: int
    epsilon: float


def network(weights: Mapping[str, NDArray[np.float32]], shape: Shape) -> bytes:
    """A network that classifies by the mean of the last layer over a text's tokens.

    Parameters
    ----------
    weights : mapping of str to ndarray
        By the names that transformers gives those of a BERT without pooling,
        ``classifier.weight`` and ``classifier.bias``, and perhaps :data:`ATTENTION_BIAS`.
    shape : Shape

    Returns
    -------
    bytes
        ONNX: int64 ``input_ids`` and ``attention_mask`` of shape (n, length) in, ``logits`` out.
    """
    from onnx import TensorProto

    graph = _Graph(weights, shape)
    mask = graph.node("Cast", "attention_mask", to=TensorProto.INT32)
    length = graph.node("Shape", "input_ids", start=1, end=2)
    state = _embedded(graph, length)
    seen = [mask, *_attention_bias(graph, length)]
    for layer in range(shape.layers):
        state = _layer(graph, f"encoder.layer.{layer}", state, seen)
    return graph.serialised(graph.linear(_mean(graph, state), "classifier", name="logits"))


@dataclass
class _Graph:
    weights: Mapping[str, NDArray[np.float32]]
    shape: Shape
    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)

    def node(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        return self.nodes_of(kind, inputs, [name or f"{kind}_{len(self.nodes)}"], **attributes)[0]

    def nodes_of(
        self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> Sequence[str]:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants[name] = value
        return name

    def integers(self, *values: int) -> str:
        return self.constant(f"integers {values}", np.array(values, np.int64))

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def product(self, value: str, *layers: str) -> str:
        """One product for the weights of the layers, side by side."""
        sides = np.concatenate([self.weights[f"{layer}.weight"] for layer in layers]).T
        matrix = self.constant(f"{layers[0]}.matrix", np.ascontiguousarray(sides))
        return self.node("MatMul", value, matrix)

    def linear(self, value: str, layer: str, *, name: str = "") -> str:
        return self.node("Add", self.product(value, layer), self.weight(f"{layer}.bias"), name=name)

    def normal(self, value: str, layer: str) -> str:
        scale, shift = self.weight(f"{layer}.weight"), self.weight(f"{layer}.bias")
        return self.node("LayerNormalization", value, scale, shift, epsilon=self.shape.epsilon)

    def serialised(self, output: str) -> bytes:
        from onnx import TensorProto, checker, helper, numpy_helper

        row = ["texts", "pieces"]
        graph = helper.make_graph(
            self.nodes,
            "compact",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, row)
                for name in ("input_ids", "attention_mask")
            ],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["texts", None])],
            [numpy_helper.from_array(value, name) for name, value in self.constants.items()],
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(FUSED, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        checker.check_model(model)
        content: bytes = model.SerializeToString()
        return content


def _embedded(graph: _Graph, length: str) -> str:
    """Embeddings of tokens and of their positions; all tokens are of the first type."""
    types = graph.weights["embeddings.token_type_embeddings.weight"]
    positions = graph.weights["embeddings.position_embeddings.weight"] + types[0]
    starts = graph.integers(0)
    places = graph.node("Slice", graph.constant("positions", positions), starts, length)
    tokens = graph.node("Gather", graph.weight("embeddings.word_embeddings.weight"), "input_ids")
    return graph.normal(graph.node("Sum", tokens, places), "embeddings.LayerNorm")


def _attention_bias(graph: _Graph, length: str) -> list[str]:
    """That of texts of a length, if the network has one."""
    if ATTENTION_BIAS not in graph.weights:
        return []
    ends = graph.node("Concat", length, length, axis=0)
    whole, starts, axes = graph.weight(ATTENTION_BIAS), graph.integers(0, 0), graph.integers(2, 3)
    return [graph.node("Slice", whole, starts, ends, axes)]


def _layer(graph: _Graph, layer: str, state: str, seen: Sequence[str]) -> str:
    mixed = _attention(graph, f"{layer}.attention.self", state, seen)
    middle = _residual(graph, f"{layer}.attention.output", mixed, state)
    wide = graph.product(middle, f"{layer}.intermediate.dense")
    bias = graph.weight(f"{layer}.intermediate.dense.bias")
    bent = graph.node("BiasGelu", wide, bias, domain=FUSED)
    return _residual(graph, f"{layer}.output", bent, middle)


def _attention(graph: _Graph, layer: str, state: str, seen: Sequence[str]) -> str:
    """Heads of scaled dot-product attention, side by side, of what is seen."""
    parts = [f"{layer}.{part}" for part in ("query", "key", "value")]
    joined = graph.product(state, *parts)
    apart = graph.nodes_of("Split", [joined], parts, axis=-1, num_outputs=3)
    biases = np.concatenate([graph.weights[f"{part}.bias"] for part in parts])
    shift = graph.constant(f"{layer}.shift", biases)
    heads = graph.shape.heads
    return graph.node("MultiHeadAttention", *apart, shift, *seen, num_heads=heads, domain=FUSED)


def _residual(graph: _Graph, layer: str, value: str, state: str) -> str:
    """A dense layer on top of what went into its block, normalised."""
    total = graph.node("Sum", graph.linear(value, f"{layer}.dense"), state)
    return graph.normal(total, f"{layer}.LayerNorm")


def _mean(graph: _Graph, state: str) -> str:
    """Mean over the tokens of a text, padding left out."""
    from onnx import TensorProto

    mask = graph.node("Cast", "attention_mask", to=TensorProto.FLOAT)
    column = graph.node("Unsqueeze", mask, graph.integers(-1))
    kept = graph.node("Mul", state, column)
    total, count = (
        graph.node("ReduceSum", each, graph.integers(1), keepdims=0) for each in (kept, column)
    )
    return graph.node("Div", total, count)
