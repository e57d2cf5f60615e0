"""A graph of ONNX of a model: from tokens of texts of one length to vectors of unit length.

    graph.py MODEL OUT

MODEL is a directory with config.json and model.safetensors. The graph is of plain operators, of which ONNX Runtime makes
its own as it loads them; with its Attention, SkipLayerNormalization and BiasGelu written here instead it was no faster.
"""

import json
import os
import struct
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

model, out = sys.argv[1:]
with open(f"{model}/config.json") as file:
    config = json.load(file)
with open(f"{model}/model.safetensors", "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    data = file.read()

WIDTH = config["hidden_size"]
EPSILON = config["layer_norm_eps"]
nodes, constants = [], []


def tensor(name):
    entry = header[name]
    begin, end = entry["data_offsets"]
    return numpy.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])


def constant(name, value):
    constants.append(numpy_helper.from_array(numpy.ascontiguousarray(value), name))
    return name


def node(kind, inputs, out, **attributes):
    nodes.append(helper.make_node(kind, inputs, [out], name=out, **attributes))
    return out


def number(name, value):
    return constant(name, numpy.array(value, "<f4"))


def vector(name):
    return constant(name, tensor(name))


def linear(x, name):
    # Products want inputs by outputs.
    product = node("MatMul", [x, constant(f"{name}.weight", tensor(f"{name}.weight").T)], f"{name}.product")
    return node("Add", [product, vector(f"{name}.bias")], f"{name}.out")


def norm(x, added, name):
    added = node("Add", [x, added], f"{name}.in")
    inputs = [added, vector(f"{name}.weight"), vector(f"{name}.bias")]
    return node("LayerNormalization", inputs, f"{name}.out", axis=-1, epsilon=EPSILON)


def gelu(x, name):
    scaled = node("Div", [x, number(f"{name}.root", 2**0.5)], f"{name}.scaled")
    error = node("Erf", [scaled], f"{name}.error")
    share = node("Add", [error, number(f"{name}.one", 1)], f"{name}.share")
    return node("Mul", [node("Mul", [x, share], f"{name}.double"), number(f"{name}.half", 0.5)], f"{name}.out")


def embed():
    place = "embeddings"
    words = node("Gather", [vector(f"{place}.word_embeddings.weight"), "tokens"], "words")
    # As many places as a text has tokens, each with what all tokens get, being of the first type.
    places = tensor(f"{place}.position_embeddings.weight") + tensor(f"{place}.token_type_embeddings.weight")[0]
    count = node("Shape", ["tokens"], "count", start=1, end=2)
    begin = constant("begin", numpy.array([0], "<i8"))
    places = node("Slice", [constant("places", places), begin, count, begin], "text.places")
    shape = node("Shape", ["words"], "words.shape")
    return norm(words, node("Expand", [places, shape], "all.places"), f"{place}.LayerNorm")


def attend(x, name):
    heads = config["num_attention_heads"]
    split = constant(f"{name}.split", numpy.array([0, 0, heads, WIDTH // heads], "<i8"))

    def part(which, order):
        rows = node("Reshape", [linear(x, f"{name}.{which}"), split], f"{name}.{which}.split")
        return node("Transpose", [rows], f"{name}.{which}.heads", perm=order)

    scores = node("MatMul", [part("query", [0, 2, 1, 3]), part("key", [0, 2, 3, 1])], f"{name}.scores")
    scores = node("Div", [scores, number(f"{name}.root", (WIDTH // heads) ** 0.5)], f"{name}.scaled")
    shares = node("Softmax", [scores], f"{name}.shares", axis=-1)
    seen = node("MatMul", [shares, part("value", [0, 2, 1, 3])], f"{name}.seen")
    seen = node("Transpose", [seen], f"{name}.rows", perm=[0, 2, 1, 3])
    return node("Reshape", [seen, constant(f"{name}.join", numpy.array([0, 0, WIDTH], "<i8"))], f"{name}.out")


def layer(x, index):
    name = f"encoder.layer.{index}"
    seen = attend(x, f"{name}.attention.self")
    output = f"{name}.attention.output"
    x = norm(x, linear(seen, f"{output}.dense"), f"{output}.LayerNorm")
    inner = gelu(linear(x, f"{name}.intermediate.dense"), f"{name}.gelu")
    return norm(x, linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")


x = embed()
for index in range(config["num_hidden_layers"]):
    x = layer(x, index)
mean = node("ReduceMean", [x, constant("axis", numpy.array([1], "<i8"))], "mean", keepdims=0)
node("LpNormalization", [mean], "vectors", axis=-1, p=2)
graph = helper.make_graph(
    nodes,
    "vectors",
    [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["texts", "length"])],
    [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", WIDTH])],
    constants,
)
versions = [helper.make_opsetid("", 18)]
# Whole or not there: a run may be ended half way.
unfinished = f"{out}.{os.getpid()}"
onnx.save(helper.make_model(graph, opset_imports=versions, ir_version=10), unfinished)
os.replace(unfinished, out)
