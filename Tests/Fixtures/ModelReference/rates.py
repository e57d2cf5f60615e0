"""How many vectors another's engine makes in a second: a turn for each line of standard input.

    rates.py onnxruntime GRAPH THREADS
    rates.py sentence-transformers MODEL THREADS

Each line is {"texts": [[number]], "callers": number, "seconds": number}, the texts all of one length. With one caller all
texts go through the engine together, on THREADS threads of its own; with more, each of the callers has a thread that
gives the engine, which then has no others, one text at a time. The line that comes back is
{"rate": vectors a second, "first": [number]}, where `first` is the first text's vector.
"""

import json
import sys
import threading
import time

import numpy

engine, path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])


def onnxruntime(threads):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda texts: session.run(["vectors"], {"tokens": texts})[0]


def sentence_transformers(threads):
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    model = SentenceTransformer(path, device="cpu")[0].auto_model

    def vectors(texts):
        with torch.inference_mode():
            mean = model(input_ids=torch.from_numpy(texts)).last_hidden_state.mean(1)
            return torch.nn.functional.normalize(mean).numpy()

    return vectors


make = {"onnxruntime": onnxruntime, "sentence-transformers": sentence_transformers}[engine]
together, alone = make(threads), None


def turn(vectors, texts, seconds):
    """Vectors a second, of runs until the time is over; the first is none of them."""
    first = vectors(texts)[0]
    count, began = 0, time.perf_counter()
    while (now := time.perf_counter()) < began + seconds:
        vectors(texts)
        count += len(texts)
    return {"rate": count / (now - began), "first": first.tolist()}


for line in sys.stdin:
    asked = json.loads(line)
    texts = numpy.array(asked["texts"], "<i8")
    if asked["callers"] == 1:
        answer = turn(together, texts, asked["seconds"])
    else:
        alone = alone or make(1)
        answers = []
        callers = [
            threading.Thread(target=lambda: answers.append(turn(alone, texts, asked["seconds"])))
            for _ in range(asked["callers"])
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        answer = {"rate": sum(each["rate"] for each in answers), "first": answers[0]["first"]}
    print(json.dumps(answer), flush=True)
