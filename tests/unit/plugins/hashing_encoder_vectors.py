#!/usr/bin/env python3
"""Prints hashing_encoder_vectors.h: what the embeddings of some texts must be, computed without any of our code.

The words of each text are written here by hand. libxxhash (the shared library) hashes; Python counts and rounds. With
an argument, compares with that file instead (a ctest does).
"""
import ctypes
import math
import struct
import sys
import unicodedata

CHARACTER_SEED = 0x9E3779B97F4A7C15
XXHASH = ctypes.CDLL('libxxhash.so.0')
XXHASH.XXH3_64bits_withSeed.restype = ctypes.c_uint64
XXHASH.XXH3_64bits_withSeed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]

DEFAULTS = {'dimension': 256, 'word_ngram_min': 1, 'word_ngram_max': 2, 'character_ngram_min': 3, 'character_ngram_max': 5,
            'seed': 0, 'normalize': 'l2', 'fold': True}
# text, its words, settings
CASES = [
    ('Hello world', ['Hello', 'world'], {'dimension': 8}),
    ('Hello world', ['Hello', 'world'], {'dimension': 8, 'seed': 4294967295}),
    ('Hello, HELLO hello!', ['Hello', 'HELLO', 'hello'], {'dimension': 8}),
    ('Hello, HELLO hello!', ['Hello', 'HELLO', 'hello'], {'dimension': 8, 'fold': False}),
    ('a', ['a'], {'dimension': 16, 'normalize': 'none'}),
    ('?!', [], {'dimension': 3}),
    ("It's 3.50 at me@example.org.", ["It's", '3.50', 'at', 'me@example.org'], {'dimension': 7}),
    ('one two three four', ['one', 'two', 'three', 'four'],
     {'dimension': 6, 'word_ngram_min': 2, 'word_ngram_max': 3, 'character_ngram_max': 0, 'normalize': 'none'}),
    ('one two', ['one', 'two'], {'dimension': 4, 'word_ngram_max': 0, 'character_ngram_min': 1, 'character_ngram_max': 16}),
    ('Stra\u00dfe CAF\u00c9 cafe\u0301', ['Stra\u00dfe', 'CAF\u00c9', 'cafe\u0301'], {'dimension': 8, 'normalize': 'none'}),
    ('\ufb01ne \uff26\uff55\uff4c\uff4c', ['\ufb01ne', '\uff26\uff55\uff4c\uff4c'], {'dimension': 8}),
    ('\u0415\u0449\u0451 \u0440\u0430\u0437', ['\u0415\u0449\u0451', '\u0440\u0430\u0437'], {'dimension': 8}),
    ('\u4f60\u597d\u5929\u6c14\u3002', ['\u4f60\u597d', '\u5929\u6c14'], {'dimension': 8, 'character_ngram_min': 2}),
    ('Go \U0001F680!', ['Go', '\U0001F680'], {'dimension': 8, 'character_ngram_min': 2}),
    ('x' * 300, ['x' * 300], {'dimension': 16}),
    ('the best of the best', ['the', 'best', 'of', 'the', 'best'], {}),
]


def fold(word):
    """NFKC_Casefold of words without ignorable characters."""
    return unicodedata.normalize('NFKC', unicodedata.normalize('NFKC', word).casefold())


def features(words, settings):
    for n in range(settings['word_ngram_min'], settings['word_ngram_max'] + 1):
        for i in range(len(words) - n + 1):
            yield ' '.join(words[i:i + n]), settings['seed']
    for word in words:
        padded = ' %s ' % word
        for n in range(settings['character_ngram_min'], settings['character_ngram_max'] + 1):
            for i in range(len(padded) - n + 1):
                yield padded[i:i + n], (settings['seed'] + CHARACTER_SEED) % 2 ** 64


def embedding(words, settings):
    counts = [0] * settings['dimension']
    for feature, seed in features([fold(word) for word in words] if settings['fold'] else words, settings):
        data = feature.encode()
        code = XXHASH.XXH3_64bits_withSeed(data, len(data), seed)
        counts[((code >> 32) * len(counts)) >> 32] += -1 if code & 1 else 1
    length = math.sqrt(sum(float(count) * count for count in counts)) if settings['normalize'] == 'l2' else 1.0
    return [count / (length or 1.0) for count in counts]


def escaped(data):
    """Octal, which never runs into what follows."""
    return ''.join(chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\?' else '\\%03o' % byte for byte in data)


def header():
    lines = ['/* Made by tests/unit/plugins/hashing_encoder_vectors.py; a test compares the two. Little-endian bytes of floats. */',
             'static const struct {', '    const char *text, *uses_with;', '    size_t dimension;', '    const char *bytes;',
             '} vectors[] = {']
    for text, words, settings in CASES:
        numbers = embedding(words, {**DEFAULTS, **settings})
        json = ', '.join('\\"%s\\": %s' % (key, '\\"%s\\"' % value if isinstance(value, str) else str(value).lower())
                         for key, value in settings.items())
        lines.append('    {"%s", "{%s}", %d,' % (escaped(text.encode()), json, len(numbers)))
        data = struct.pack('<%df' % len(numbers), *numbers)
        pieces = ['     "%s"' % ''.join('\\x%02x' % byte for byte in data[i:i + 24]) for i in range(0, len(data), 24)]
        lines += pieces[:-1] + [pieces[-1] + '},']
    return '\n'.join(lines + ['};', ''])


if len(sys.argv) > 1:
    with open(sys.argv[1]) as committed:
        sys.exit(0 if committed.read() == header() else '%s differs from what %s prints' % (sys.argv[1], sys.argv[0]))
print(header(), end='')
