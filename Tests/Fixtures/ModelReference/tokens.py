"""The tokens of texts, by the package that models are trained with.

    tokens.py VOCABULARY TEXTS LIMIT OUT

TEXTS is a JSON list; OUT becomes a list of lists of numbers.
"""

import json
import sys

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

vocabulary, texts, limit, out = sys.argv[1:]
tokenizer = Tokenizer(WordPiece.from_file(vocabulary, unk_token="[UNK]"))
tokenizer.normalizer = BertNormalizer(lowercase=True)
tokenizer.pre_tokenizer = BertPreTokenizer()
tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
tokenizer.enable_truncation(int(limit))
with open(texts, encoding="utf-8") as file:
    encoded = tokenizer.encode_batch(json.load(file))
with open(out, "w") as file:
    json.dump([one.ids for one in encoded], file)
