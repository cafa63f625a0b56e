"""What a word is at its place in a formula: a name, a constant, or a function with or without brackets."""

from __future__ import annotations

import re
from typing import NoReturn

from . import arguments, names, vocabulary
from .cursor import Cursor
from .offers import Refusal
from .readings import Factor
from .tokens import Token
from .tree import Constant, Name, Part


def word(cursor: Cursor) -> Part:
    """Reads the next word, with what belongs to it."""
    token = cursor.advance()
    path = _path(cursor, token)
    said = path[-1]
    function, opens = vocabulary.called(said), cursor.now.kind == "("
    if function is not None and opens:
        return arguments.call(cursor, token, function)
    if said in names.CONSTANTS:
        return _constant(cursor, token, said)
    if len(path) > 1:
        is_none = f"is no function that formulas know{_none_near(said)}"
        wrong = is_none if function is None else "is a function, and needs brackets"
        cursor.fail(token, f"{'.'.join(path)} {wrong}.", *_near(said), to=cursor.before)
    if function is not None and function.name in vocabulary.BARE and said not in cursor.known:
        return arguments.bare(cursor, token, function)
    if opens:
        _unknown_call(cursor, token)
    return _name(cursor, token, function)


def _path(cursor: Cursor, first: Token) -> list[str]:
    """`torch.sin`, `np.pi`: the words between points, if the first ones are a library."""
    path = [first.text]
    while cursor.now.kind == "." and cursor.next.kind == "name" and not (cursor.now.spaced or cursor.next.spaced):
        cursor.advance()
        path.append(cursor.advance().text)
    library = ".".join(path[:-1])
    if len(path) > 1 and library not in vocabulary.PREFIXES:
        function = vocabulary.called(path[-1])
        wrong = "A point between words: a formula knows no parts of things. Type numbers, names, and functions such as torch.sin(x)."
        instead = () if function is None or function.least > 1 else (f"{function.name}({library})",)
        cursor.refuse(first, Refusal(wrong, instead), Refusal(wrong), to=cursor.before)
    return path


def _constant(cursor: Cursor, token: Token, said: str) -> Part:
    if said in cursor.known:
        number, type_it = ("3.14159…", "pi") if said in ("pi", "π") else ("2.71828…", "exp(1)")
        cursor.fail(token, f"{said} is a number here, {number}, and {said}=… was given as an input. "
                    "For the number, or for an input of another name,", type_it, f"{said}_1")  # fmt: skip
    part = Constant(token.start, cursor.end, names.CONSTANTS[said])
    cursor.last = Factor("constant", part)
    return part


def _name(cursor: Cursor, token: Token, function: vocabulary.Function | None) -> Part:
    said = token.text
    is_name = said in cursor.known or said in names.GREEK or re.fullmatch(r"[a-z]\d", said)
    if function is not None and not is_name:
        wrong = f"{said} is a function and needs brackets; or is it a name of your own?"
        cursor.fail(token, wrong, function.shown, f"{said}_1")
    cursor.check(names.refused(said, cursor.known, cursor.words), token)
    cursor.spellings[said].setdefault(cursor.text[token.start : token.end], token)
    part = Name(token.start, token.end, said)
    cursor.last = Factor("name", part)
    return part


def one_spelling_each(cursor: Cursor) -> None:
    """One name typed in two ways, or two names that look the same, may be one or two inputs."""
    for name, spelled in cursor.spellings.items():
        found = list(spelled.values())
        other = re.sub(r"(?<=[^_\d])(\d+)$", r"_\1", name)
        if other != name and other in cursor.spellings and any(token.lowered for token in found):
            found += cursor.spellings[other].values()
        if len(found) > 1:
            one, two = (cursor.typed(token) for token in found[:2])
            cursor.fail(found[1], f"{one} and {two} look alike: one name, or two? For one type {name} in both places; "
                        f"for two type them differently, such as {name} and {name}_b.")  # fmt: skip


def _unknown_call(cursor: Cursor, token: Token) -> NoReturn:
    """A bracket behind a word that is no function: a product, or a function of the learner's own?"""
    said, insides = token.text, cursor.bracket_ahead()
    cursor.check(names.refused_anywhere(said, called=True), token)
    also = names.ALSO_FUNCTIONS.get(said)
    if also is not None:
        wrong, closing = f"The function {said}, or {said} times a bracket?", ")" * also.count("(")
        cursor.refuse(token, *[Refusal(wrong, (f"{also}{i}{closing}", f"{said}*{i}")) for i in insides])
    products = [(f"{said}*{inside}",) for inside in insides]
    if re.fullmatch(r"[^\W\d_](\d*|_\w+)", said) or said in names.GREEK or said in cursor.known:
        wrong = (
            f"{said} times a bracket, or a function called {said}? Formulas know no function {said}; for the product"
        )
        cursor.refuse(token, *[Refusal(wrong, product) for product in products])
    glued, near = names.factor_before_function(said), _near(said)
    if glued is not None:
        factor, function = glued
        wrong = f"{factor} times {function}?"
        cursor.refuse(token, *[Refusal(wrong, (f"{factor}*{function}{i}", *near[:1])) for i in insides])
    wrong = f"{said} is no function that formulas know"
    offered = [Refusal(f"{wrong}.", instead) for instead in ([near] if near else products)]
    cursor.refuse(token, *offered, Refusal(f"{wrong}{_none_near(said)}."))


def _near(said: str) -> tuple[str, ...]:
    """The functions that are spelled like a word, as they are typed."""
    return tuple(vocabulary.called(near).shown for near in names.nearest(said))  # pyright: ignore


def _none_near(said: str) -> str:
    """What to say where nothing is spelled like it."""
    return "" if names.nearest(said) else ". Type one that they know, such as sin(x), exp(x) or sqrt(x)"
