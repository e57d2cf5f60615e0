"""Vectors of texts, by sentence-transformers, tokenizer and all.

    sentences.py MODEL TEXTS OUT

MODEL is a directory with config.json, model.safetensors and vocab.txt, TEXTS a JSON list of texts; OUT becomes a list of
vectors of unit length, or an empty one where python3 has no sentence-transformers.
"""

import json
import sys

model, texts, out = sys.argv[1:]
vectors = []
try:
    from sentence_transformers import SentenceTransformer
except ImportError:
    pass
else:
    transformer = SentenceTransformer(model, device="cpu")
    transformer.max_seq_length = 256
    with open(texts) as file:
        vectors = transformer.encode(json.load(file), normalize_embeddings=True).tolist()
with open(out, "w") as file:
    json.dump(vectors, file)
