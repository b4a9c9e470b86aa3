"""Static word vectors in GloVe's text format, and the tokenizer that finds their words.

Pennington et al., *GloVe*, EMNLP 2014: a line is a word and its numbers, separated by blanks.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from training.errors import NotWritable, UnusableEncoder

PAD: Final = "[PAD]"
UNKNOWN: Final = "[UNK]"
SPECIAL: Final = (PAD, UNKNOWN)
RANDOM_SCALE: Final = 0.1
"""The standard deviation of vectors that no file gives; GloVe's lie near it."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Words:
    """A vocabulary's tokenizer and the vectors (V×D) of its ids; padding is 0, its vector zero."""

    tokenizer: Tokenizer
    vectors_VD: Float32
    found: int
    """How many of the words the file had."""


def words_of(texts: Iterable[str], fewest: int = 1) -> list[str]:
    """The words of the texts, the most frequent first, each that stands ``fewest`` times."""
    tokenizer = word_tokenizer([])
    normal, split = tokenizer.normalizer, tokenizer.pre_tokenizer
    counts = Counter(
        word for text in texts for word, _ in split.pre_tokenize_str(normal.normalize_str(text))
    )
    return [word for word, count in counts.most_common() if count >= fewest]


def word_tokenizer(words: Sequence[str]) -> Tokenizer:
    """Lower-case words and punctuation marks, each an id from 2 on; anything else is unknown."""
    vocabulary = {word: row for row, word in enumerate(dict.fromkeys((*SPECIAL, *words)))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def random_words(words: Sequence[str], dimension: int, seed: int) -> Words:
    """Vectors drawn at random, for training from nothing."""
    vectors_VD = _random(len(words) + len(SPECIAL), dimension, seed)
    return Words(word_tokenizer(words), vectors_VD, 0)


def read_words(path: Path, words: Sequence[str], dimension: int, seed: int) -> Words:
    """The file's vectors of ``words``; a word that it lacks gets a random one.

    Raises UnusableEncoder for a file that cannot be read, or whose vectors have another dimension
    or are no numbers; the text names the line.
    """
    vectors_VD = _random(len(words) + len(SPECIAL), dimension, seed)
    row_of = {word: row for row, word in enumerate(words, len(SPECIAL))}
    found = 0
    for line, word, numbers in _lines(path, dimension):
        if (row := row_of.get(word)) is not None:
            vectors_VD[row] = _numbers(path, line, numbers)
            found += 1
    if not found:
        raise UnusableEncoder(f"{path} has no vector of any word of the news")
    return Words(word_tokenizer(words), vectors_VD, found)


def check_words(path: Path, dimension: int) -> None:
    """Raises UnusableEncoder as ``read_words`` does, as far as a file's first vector tells."""
    for line, _, numbers in _lines(path, dimension):
        _numbers(path, line, numbers)
        return
    raise UnusableEncoder(f"{path} holds no vectors")


def write_words(path: Path, words: Sequence[str], vectors_VD: Float32) -> None:
    """Write a file in GloVe's format. Raises NotWritable."""
    lines = zip(words, vectors_VD.tolist(), strict=True)
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{w} {' '.join(f'{n:.5f}' for n in vector)}\n" for w, vector in lines)
    except OSError as error:
        raise NotWritable(f"{path} cannot be written: {error.strerror}") from error


def _lines(path: Path, dimension: int) -> Iterator[tuple[int, str, Sequence[str]]]:
    """Each vector's line, word and numbers."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            first = 1
            for line, text in enumerate(file, 1):
                word, *numbers = text.rstrip().split(" ")
                if len(numbers) == 1 and line == 1:  # word2vec's head: words and dimensions
                    first = 2
                    continue
                if len(numbers) < dimension or (len(numbers) > dimension and line == first):
                    raise _wrong(path, line, dimension, len(numbers))
                # a few words of GloVe hold blanks
                yield line, " ".join([word, *numbers[:-dimension]]), numbers[-dimension:]
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableEncoder(f"{path} cannot be read: {error}") from error


def _random(count: int, dimension: int, seed: int) -> Float32:
    rng = np.random.default_rng(seed)
    vectors_VD: Float32 = rng.normal(0, RANDOM_SCALE, (count, dimension)).astype(np.float32)
    vectors_VD[0] = 0
    return vectors_VD


def _numbers(path: Path, line: int, numbers: Sequence[str]) -> Float32:
    try:
        vector_D = np.array(numbers, np.float32)
    except ValueError as error:
        raise UnusableEncoder(f"{path}:{line}: expected numbers: {error}") from error
    if not np.isfinite(vector_D).all():
        raise UnusableEncoder(f"{path}:{line}: expected finite numbers")
    return vector_D


def _wrong(path: Path, line: int, dimension: int, found: int) -> UnusableEncoder:
    return UnusableEncoder(
        f"{path}:{line}: expected a word and {dimension} numbers, found {found} "
        "(say text.encoder.dimension; in a study words.dimension)"
    )
