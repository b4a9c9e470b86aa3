"""What is left of a text from which words are deleted, for a decoder to restore.

Wang et al., *TSDAE* (arXiv 2104.06979), whose noise NaSE takes over. A word is what stands between
blanks; in scripts that set no blanks a character with its marks counts as one.
"""

import re
from itertools import pairwise
from random import Random
from typing import Final
from unicodedata import category

MARKS: Final = "".join(
    chr(code)
    for first, last in ((0x0300, 0x036F), (0x0E00, 0x109F), (0x1780, 0x17FF), (0xA9E0, 0xAA7F))
    for code in range(first, last + 1)
    if category(chr(code)).startswith("M")
)
"""What stands over, under or beside a character and belongs to it."""
WITHOUT_BLANKS: Final = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17ff"  # Khmer
    "\u2e80-\u2fdf\u3000-\u30ff\u31f0-\u31ff"  # CJK radicals and punctuation, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\uff00-\uff9f"  # their full and half widths
)
WORD: Final = re.compile(
    rf"(?!\s)[{WITHOUT_BLANKS}][{MARKS}]*|(?P<among_blanks>[^\s{WITHOUT_BLANKS}]+)"
)


def noise(text: str, deletion: float, random: Random) -> str:
    """The text without the words that chance deletes, each with probability ``deletion``.

    At least one word stays. Words that are left stand in their order, apart by a blank where they
    stood apart. A text without words is empty.
    """
    words = list(WORD.finditer(text))
    if not words:
        return ""
    kept = [word for word in words if random.random() >= deletion] or [random.choice(words)]
    parts = [kept[0].group()]
    for before, word in pairwise(kept):
        blank = any(map(str.isspace, text[before.end() : word.start()]))
        met = before["among_blanks"] and word["among_blanks"]  # what parted them is deleted
        parts.append(" " + word.group() if blank or met else word.group())
    return "".join(parts)
