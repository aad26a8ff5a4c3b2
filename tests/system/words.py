"""urlboot's command line: words, and how they are quoted (kernel/options.c, Linux's next_arg).

A list of words holds each as it is meant, without quotes; `--` as a word of its own ends urlboot's own ones.
Does not handle: a word for Linux with a double quote in it, which Linux cannot read either.
"""
import re

END = "--"
# Pieces of a word: in double quotes, a backslash with what it protects, anything else but blanks.
OURS = re.compile(r'(?:"(?:\\.|[^"\\])*"|\\.|[^\s"\\])+')
BLANKS = re.compile(r"\s*(?=\S)")
LINUX = re.compile(r'(?:"[^"]*"|[^\s"])+')


def split_words(text):
    """The words of a text in which a user quotes as urlboot reads it. A quote without end is a ValueError."""
    words, at = [], 0
    while match := BLANKS.match(text, at):
        pattern = LINUX if END in words else OURS
        word = pattern.match(text, match.end())
        if not word or (word.end() < len(text) and not text[word.end()].isspace()):
            raise ValueError(f"a double quote or backslash has no end in: {text[match.end():]}")
        at = word.end()
        words.append(unquoted(word.group(), pattern))
    return words


def unquoted(word, pattern):
    """A word of split_words without what quotes it."""
    if pattern is LINUX:
        return word.replace('"', "")
    return re.sub(r'\\(.)|"', lambda found: found.group(1) or "", word)


def command_line(words):
    """The words as one line, quoted for whoever reads it: urlboot, or Linux behind `--`."""
    end = words.index(END) if END in words else len(words)
    ours = [re.sub(r'(["\\])', r"\\\1", word) for word in words[:end]]
    return " ".join(f'"{word}"' if re.search(r"\s", word) or not word else word for word in [*ours, *words[end:]])
