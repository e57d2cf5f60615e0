"""Vectors of tokens, by the plainest forward pass that there is: numpy, one text at a time, in double precision.

    vectors.py MODEL TOKENS OUT

MODEL is a directory with config.json and model.safetensors, TOKENS a JSON list of lists of numbers; OUT becomes a list
of vectors, each the mean of its tokens', of unit length.
"""

import json
import math
import struct
import sys

import numpy

model, tokens, out = sys.argv[1:]
with open(f"{model}/config.json") as file:
    config = json.load(file)
with open(f"{model}/model.safetensors", "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    data = file.read()


def tensor(name):
    entry = header[name]
    begin, end = entry["data_offsets"]
    return numpy.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).astype("f8")


tensors = {name: tensor(name) for name in header if name != "__metadata__" and header[name]["dtype"] == "F32"}
# The error function from a table so fine that what is between its lines is off by 2e-9 at most.
lines = numpy.linspace(-6, 6, 120_001)
values = numpy.array([math.erf(line) for line in lines])


def erf(x):
    return numpy.interp(x, lines, values)


def linear(x, name):
    return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]


def norm(x, name):
    x = x - x.mean(-1, keepdims=True)
    x = x / numpy.sqrt((x * x).mean(-1, keepdims=True) + config["layer_norm_eps"])
    return x * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def attend(x, name):
    heads = config["num_attention_heads"]
    query, key, value = (
        linear(x, f"{name}.self.{part}").reshape(len(x), heads, -1).swapaxes(0, 1) for part in ("query", "key", "value")
    )
    scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
    shares = numpy.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    seen = (shares @ value).swapaxes(0, 1).reshape(len(x), -1)
    return norm(x + linear(seen, f"{name}.output.dense"), f"{name}.output.LayerNorm")


def vector(ids):
    place = "embeddings"
    x = tensors[f"{place}.word_embeddings.weight"][ids] + tensors[f"{place}.position_embeddings.weight"][: len(ids)]
    x = norm(x + tensors[f"{place}.token_type_embeddings.weight"][0], f"{place}.LayerNorm")
    for index in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{index}"
        x = attend(x, f"{name}.attention")
        inner = linear(x, f"{name}.intermediate.dense")
        inner = 0.5 * inner * (1 + erf(inner / math.sqrt(2)))
        x = norm(x + linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    mean = x.mean(0)
    return mean / numpy.linalg.norm(mean)


with open(tokens) as file:
    vectors = [vector(ids).tolist() for ids in json.load(file)]
with open(out, "w") as file:
    json.dump(vectors, file)
