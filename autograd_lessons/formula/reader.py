"""From the words of a formula to its tree, by recursive descent. What can be read in two ways is refused, with both.

Signs bind as in Python and in school: powers first, from the right; then a sign; then products and quotients, then sums,
from the left. A product may be left without its sign (2x, 2(x+1), x sin x) where nothing else can be meant.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from fractions import Fraction
from typing import NamedTuple, NoReturn

from ..errors import FormulaError
from . import names, refusals, vocabulary
from .pointing import visible
from .tokens import Token, tokens
from .tree import Binary, Call, Constant, Minus, Name, Number, Part
from .typography import characters

MOST_CHARACTERS = 1_000
MOST_TOKENS = 500
MOST_LEVELS = 40  # brackets, powers and functions inside each other
MOST_DIGITS = 60  # of one number
MOST_POWER_OF_TEN = 300  # as far as a float64 goes


def tree_of(text: str, known: Collection[str] = ()) -> Part:
    """The tree of a typed formula. `known` are words that are names for certain. Raises `FormulaError`."""
    if len(text) > MOST_CHARACTERS:
        raise FormulaError(
            text, MOST_CHARACTERS, MOST_CHARACTERS + 1,
            f"This text has {len(text):,} characters, and a formula may have {MOST_CHARACTERS:,}. "
            "Write a longer one as a Python function: def f(x): …",
        )  # fmt: skip
    if not text.strip():
        raise FormulaError(text, 0, 1, "Nothing is typed here yet. A formula is, for instance,", ("sin(x^2)",))
    whole = refusals.of_whole(text)
    if whole is not None:
        start, end, refusal = whole
        raise FormulaError(text, start, end, refusal.wrong, refusal.instead)
    found = tokens(characters(text))
    if len(found) > MOST_TOKENS:
        raise FormulaError(
            text, found[MOST_TOKENS].start, found[MOST_TOKENS].end,
            f"This formula has {len(found):,} numbers, names and signs, and may have {MOST_TOKENS}. "
            "Write a longer one as a Python function: def f(x): …",
        )  # fmt: skip
    return Reader(text, found, known).formula()


class Factor(NamedTuple):
    """The last factor that was read: what may follow it without a sign depends on how it was written.

    `kind` is "number", "constant", "name", "power", "closed" (a bracket, a call), "apart" (a call with a space before its
    bracket), "bare" (sin x) or "root" (√x).
    """

    kind: str
    part: Part
    base: Part | None = None  # of a power
    open: bool = False  # whether its exponent is a bare number, to which what follows might belong


class Reader:
    def __init__(self, text: str, found: list[Token], known: Collection[str] = ()):
        self.text, self.known = text, known
        self._tokens, self._at, self._depth = found, 0, 0
        self._words = {token.text for token in found if token.kind == "name"}
        self._spellings: dict[str, dict[str, Token]] = defaultdict(dict)
        self._last = Factor("", Part(0, 0))

    # ------------------------------------------------------------------ tokens and errors
    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    @property
    def _next(self) -> Token:
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def _advance(self) -> Token:
        token = self._now
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _typed(self, part: Part | Token) -> str:
        return visible(self.text[part.start : part.end])

    def _fail(self, where: Part | Token, wrong: str, *instead: str, to: Part | Token | None = None) -> NoReturn:
        raise FormulaError(self.text, where.start, (to or where).end, wrong, instead)

    def _refuse(self, where: Part | Token, refusal: refusals.Refusal) -> NoReturn:
        self._fail(where, refusal.wrong, *refusal.instead)

    def _deeper(self, where: Part | Token) -> None:
        self._depth += 1
        if self._depth > MOST_LEVELS:
            self._fail(
                where,
                f"More than {MOST_LEVELS} brackets, powers and functions stand inside each other here. "
                "Write such a formula as a Python function, step by step: def f(x): …",
            )

    # ------------------------------------------------------------------ the grammar
    def formula(self) -> Part:
        """All tokens as one formula."""
        tree = self._sum()
        if self._now.kind != "end":
            self._unexpected(self._now)
        self._one_spelling_each()
        return tree

    def _sum(self) -> Part:
        left = self._term()
        while self._now.kind in ("+", "-"):
            operator = self._advance()
            right = self._term()
            left = Binary(left.start, right.end, operator.kind, left, right)
        return left

    def _term(self) -> Part:
        left = self._signed()
        divided = False
        while True:
            token, last = self._now, self._last
            if token.kind in ("*", "/"):
                self._advance()
                right = self._signed()
                if last.kind == "bare" and not self._is_function(self._now_of(right)):
                    self._two_readings_of_bare(last, right, token.kind)
                operator, divided = token.kind, token.kind == "/"
            elif token.kind in ("number", "name", "(", "√"):
                right = self._power()
                self._product_without_sign(left, last, token, right, divided)
                operator = "*"
            else:
                return left
            left = Binary(left.start, right.end, operator, left, right)

    def _signed(self) -> Part:
        first, minus = self._now, False
        while self._now.kind in ("+", "-"):
            minus ^= self._advance().kind == "-"
        part = self._power()
        return Minus(first.start, part.end, part) if minus else part

    def _power(self) -> Part:
        base = self._atom()
        if self._now.kind not in ("^", "raised"):
            return base
        if self._last.kind in ("bare", "root"):
            self._power_of_bare(base)
        if self._now.kind == "raised":
            exponent = self._raised()
            self._last = Factor("power", Binary(base.start, self._last_end(), "^", base, exponent), base)
            if self._now.kind in ("^", "raised"):
                self._fail(self._now, "A power of a power needs brackets, so that it is clear which comes first.",
                           f"({self._typed(self._last.part)})^…")  # fmt: skip
        else:
            self._deeper(self._advance())
            exponent = self._signed()
            self._depth -= 1
            is_open = self._last.kind in ("number", "constant") or self._last.open
            whole = Binary(base.start, exponent.end, "^", base, exponent)
            self._last = Factor("power", whole, base, is_open)
        return self._last.part

    def _raised(self) -> Part:
        """The exponent that a superscript says."""
        token = self._advance()
        self._deeper(token)
        reader = Reader(self.text, list(token.inner), self.known)
        reader._words, reader._spellings, reader._depth = self._words, self._spellings, self._depth
        exponent = reader.formula()
        self._depth -= 1
        return exponent

    def _last_end(self) -> int:
        return self._tokens[self._at - 1].end

    def _atom(self) -> Part:
        token = self._now
        if token.kind == "number":
            part = self._number()
            self._last = Factor("number", part)
        elif token.kind == "(":
            part = self._bracket()
            self._last = Factor("closed", part)
        elif token.kind == "√":
            part = self._root()
        elif token.kind == "name":
            part = self._word()
        else:
            self._unexpected(token)
        return part

    def _bracket(self) -> Part:
        opened = self._advance()
        self._deeper(opened)
        if self._now.kind == ")":
            self._fail(opened, "There is nothing between these brackets.", to=self._now)
        inner = self._sum()
        self._close(opened)
        self._depth -= 1
        return _moved(inner, opened.start, self._last_end())

    def _close(self, opened: Token) -> None:
        if self._now.kind == "end":
            whole = self._typed(Part(0, len(self.text))).strip() + ")"
            self._fail(opened, "This bracket is not closed.", *([whole] if len(whole) < 60 else []))
        if self._now.kind != ")":
            self._unexpected(self._now)
        self._advance()

    # ------------------------------------------------------------------ numbers
    def _number(self) -> Number:
        token = self._advance()
        following = self._now
        if not following.spaced and following.kind in ("number", "."):
            self._fail(token, "This number has two decimal points.", to=following)
        if not following.spaced and following.kind == "name":
            if token.text == "0":
                self._fail(token, "A 0 right before letters: computers write some numbers so, and as a product it is 0. "
                           "Numbers are typed as usual: 16, 0.5, 1e-3.", to=following)  # fmt: skip
            if following.text.startswith("_"):
                self._fail(token, "Numbers are typed without underscores: 1000.", to=following)
        mantissa, _, exponent = token.text.lower().partition("e")
        digits = mantissa.replace(".", "").lstrip("0")
        if len(digits) > MOST_DIGITS or len(exponent) > 8:
            self._fail(token, f"A number may have {MOST_DIGITS} digits. Type it rounded, such as 1.5e10.")
        size = len(mantissa.partition(".")[0].lstrip("0")) + int(exponent or 0)
        if digits and abs(size) > MOST_POWER_OF_TEN:
            self._fail(token, f"This number is beyond what PyTorch can hold: up to 1e{MOST_POWER_OF_TEN}, down to 1e-{MOST_POWER_OF_TEN}.")  # fmt: skip
        whole, _, decimals = mantissa.partition(".")
        value = Fraction(int(whole + decimals or "0")) * Fraction(10) ** (int(exponent or 0) if digits else 0)
        value /= 10 ** len(decimals)
        return Number(token.start, token.end, value, "." in mantissa or bool(exponent))

    # ------------------------------------------------------------------ words
    def _word(self) -> Part:
        token = self._advance()
        word, end, dotted = token.text, token, False
        if self._now.kind == "." and not self._now.spaced and self._next.kind == "name":
            word, end = self._dotted(token)
            dotted = True
        opens = self._now.kind == "("
        if word in names.CONSTANTS and not (dotted and opens):
            if word in self.known:
                written = "pi" if word in ("pi", "π") else "exp(1)"
                self._fail(token, f"{word} is a number here, {'3.14159…' if written == 'pi' else '2.71828…'}, "
                           f"and {word}=… was given as an input. For the number, or for an input of another name,", written, f"{word}_1")  # fmt: skip
            part = Constant(token.start, end.end, names.CONSTANTS[word])
            self._last = Factor("constant", part)
            return part
        function = vocabulary.called(word)
        if function is not None and opens:
            return self._call(token, function)
        if dotted:
            self._fail(token, f"{self._typed(Part(token.start, end.end))} is no function that formulas know, or has no brackets.",
                       *self._nearest(word), to=end)  # fmt: skip
        if function is not None and function.name in vocabulary.BARE and word not in self.known:
            return self._bare(token, function)
        if opens:
            self._unknown_call(token)
        if function is not None and not (word in self.known or word in names.GREEK or re.fullmatch(r"[a-z]\d", word)):
            self._fail(
                token,
                f"{word} is a function and needs brackets; or is it a name of your own?",
                function.shown,
                f"{word}_1",
            )
        refusal = names.refused(word, self.known, self._words)
        if refusal is not None:
            self._refuse(token, refusal)
        self._spellings[word].setdefault(self.text[token.start : token.end], token)
        part = Name(token.start, token.end, word)
        self._last = Factor("name", part)
        return part

    def _dotted(self, first: Token) -> tuple[str, Token]:
        """`torch.sin`, `np.pi`: the last word, if the first ones are a library."""
        path, end = [first.text], first
        while self._now.kind == "." and not self._now.spaced and self._next.kind == "name":
            self._advance()
            end = self._advance()
            path.append(end.text)
        library = ".".join(path[:-1])
        if library not in vocabulary.PREFIXES:
            last = path[-1]
            known = vocabulary.called(last)
            self._fail(first, "A point between words: a formula knows no parts of things, only functions such as torch.sin(x).",
                       *([f"{known.name}({visible(library)})"] if known is not None and len(library) < 40 else []), to=end)  # fmt: skip
        return path[-1], end

    def _nearest(self, word: str) -> list[str]:
        return [vocabulary.called(near).shown for near in names.nearest(word)]  # pyright: ignore

    def _unknown_call(self, token: Token) -> NoReturn:
        word = token.text
        refusal = names.refused(word, self.known, ())
        if refusal is not None and (word.startswith("_") or "__" in word or word in ("lambda", "if", "for", "in")):
            self._refuse(token, refusal)
        inside = self._inside_brackets()
        if word == "σ":
            self._fail(token, "σ(…): the logistic function, or σ times a bracket?", f"sigmoid{inside}", f"σ*{inside}")
        if len(word) > 1 and not re.fullmatch(r".[_\d]\w*|.\d*", word) and word not in names.GREEK:
            for known in sorted(vocabulary.words(), key=len, reverse=True):
                rest = word.removesuffix(known)
                if rest != word and len(rest) == 1 and len(known) > 1:
                    self._fail(
                        token, f"{word}: {rest} times {known}?", f"{rest}*{known}{inside}", *self._nearest(word)[:1]
                    )
            advice = self._nearest(word)
            if advice:
                self._fail(token, f"{word} is no function that formulas know.", *advice)
            self._fail(
                token,
                f"{word} is no function that formulas know. If it is a number times a bracket,",
                f"{word}*{inside}",
            )
        self._fail(token, f"{word}(…): {word} times a bracket, or a function called {word}? Formulas know no function {word}; "
                   "for the product", f"{word}*{inside}")  # fmt: skip

    def _inside_brackets(self) -> str:
        """The bracket that comes next, as it was typed, if it is short."""
        depth = 0
        for token in self._tokens[self._at :]:
            depth += (token.kind == "(") - (token.kind == ")")
            if depth == 0:
                typed = visible(self.text[self._now.start : token.end])
                return typed if len(typed) <= 30 else "(…)"
        return "(…)"

    # ------------------------------------------------------------------ functions
    def _call(self, token: Token, function: vocabulary.Function) -> Part:
        opened = self._advance()
        self._deeper(opened)
        if self._now.kind == ")":
            self._fail(token, f"{token.text} needs what it is computed of.", function.shown, to=self._now)
        arguments = [self._sum()]
        while self._now.kind == ",":
            self._advance()
            arguments.append(self._sum())
        self._close(opened)
        self._depth -= 1
        part = self._checked(token, function, arguments, self._last_end())
        self._last = Factor("apart" if opened.spaced else "closed", part)
        return part

    def _checked(self, token: Token, function: vocabulary.Function, arguments: list[Part], end: int) -> Part:
        """A call with as many arguments as the function takes; max and min take any number."""
        where, count = Part(token.start, end), len(arguments)
        if function.name in ("max", "min") and count > 2:
            made: Part = arguments[0]
            for argument in arguments[1:]:
                made = Call(token.start, end, function.name, (made, argument))
            return made
        if not function.operands <= count <= function.most:
            if function.name == "log" and count == 2:
                x, base = (self._typed(argument) for argument in arguments)
                self._fail(
                    where,
                    "log is the natural logarithm and takes one number. For another base",
                    f"log({x})/log({base})",
                )
            needed = (
                f"{function.operands}"
                if function.operands == function.most
                else f"{function.operands} to {function.most}"
            )
            comma = " A decimal comma is typed as a point: 1.5." if re.search(r"\d,\d", self._typed(where)) else ""
            self._fail(
                where,
                f"{token.text} takes {needed} number{'s' * (needed != '1')}, and {count} stand here.{comma}",
                function.shown,
            )
        return Call(token.start, end, function.name, tuple(arguments))

    def _bare(self, token: Token, function: vocabulary.Function) -> Part:
        """`sin x`, `sin 2x`, `sin² x`: a function without brackets, of what stands right behind it."""
        exponent = self._power_of_name(token, function)
        if self._now.kind == "(" and exponent is not None:
            call = self._call(token, function)
            call = _moved(call, token.start, call.end)
            closed = True
        else:
            argument = self._bare_argument(token, function)
            call, closed = Call(token.start, argument.end, function.name, (argument,)), False
        part = call if exponent is None else Binary(token.start, call.end, "^", call, exponent)
        self._last = Factor("closed" if closed else "bare", part)
        return part

    def _power_of_name(self, token: Token, function: vocabulary.Function) -> Part | None:
        """The 2 of `sin²x`; what else may stand there has two readings."""
        if self._now.kind not in ("^", "raised"):
            return None
        power = self._now
        if power.kind == "raised":
            exponent = self._raised()
        else:
            self._advance()
            exponent = self._signed() if self._now.kind != "number" else self._number()
        word, typed = token.text, self._typed(exponent)
        inside = self._inside_brackets() if self._now.kind == "(" else "(x)"
        if isinstance(exponent, Number) and exponent.value.denominator == 1 and exponent.value >= 2:
            if function.name in vocabulary.SQUARED_BY_NAME:
                return exponent
            self._fail(token, f"{word} to the power of {typed}: of its result, or {word} more than once?",
                       f"({word}{inside})^{typed}", f"{word}({word}{inside})", to=power)  # fmt: skip
        inverse = {"sin": "arcsin", "cos": "arccos", "tan": "arctan", "sinh": "asinh", "cosh": "acosh", "tanh": "atanh",
                   "exp": "log", "log": "exp"}.get(function.name)  # fmt: skip
        if typed in ("-1", "⁻¹", "−1", "–1") and inverse:
            self._fail(token, f"{word} to the power of -1: the inverse function, or one over {word}?",
                       f"{inverse}{inside}", f"1/{word}{inside}", to=power)  # fmt: skip
        self._fail(token, f"A power at the name {word} is read only where it is a whole number from 2 on.",
                   f"({word}{inside})^({typed})", to=power)  # fmt: skip

    def _bare_argument(self, token: Token, function: vocabulary.Function) -> Part:
        first, word = self._now, token.text
        if first.kind in ("+", "-"):
            self._fail(token, f"{word} and a sign: what {word} is of needs brackets here.", f"{word}(-x)", to=first)
        if first.kind not in ("number", "name", "√"):
            if first.kind == "unknown":
                self._unexpected(first)
            self._fail(token, f"{word} is a function and needs what it is of.", f"{word}(x)")
        self._deeper(first)
        argument = self._atom()
        while (
            self._last.kind in ("number", "constant") and self._now.kind == "name" and not self._now.spaced
            and not self._is_function(self._now)
        ):  # fmt: skip
            factor = self._atom()
            argument = Binary(argument.start, factor.end, "*", argument, factor)
        self._depth -= 1
        if self._now.kind == "(":
            inside = self._inside_brackets()
            typed = self._typed(argument)
            self._fail(
                token,
                f"What is {word} of here?",
                f"{word}({typed}*{inside})",
                f"{word}({typed})*{inside}",
                to=self._now,
            )
        return argument

    def _root(self) -> Part:
        """√x, √2, √(x+1): of one number, name, bracket or function."""
        token = self._advance()
        if self._now.kind not in ("number", "name", "(", "√"):
            self._fail(token, "√ needs what it is the root of.", "sqrt(x)")
        self._deeper(token)
        inner = self._atom()
        self._depth -= 1
        closed = self._last.kind == "closed"
        part = Call(token.start, inner.end, "sqrt", (inner,))
        self._last = Factor("closed" if closed else "root", part)
        return part

    # ------------------------------------------------------------------ what has two readings
    def _is_function(self, token: Token) -> bool:
        return token.kind == "name" and token.text not in self.known and vocabulary.called(token.text) is not None

    def _now_of(self, part: Part) -> Token:
        """The token that a part begins with."""
        return next(token for token in self._tokens if token.start >= part.start)

    def _product_without_sign(self, left: Part, last: Factor, token: Token, right: Part, divided: bool) -> None:
        """Whether `left right` can only mean the product; `last` is the factor that `right` stands behind."""
        before, after = self._typed(last.part), self._typed(right)
        if divided and isinstance(left, Binary):
            over, under = self._typed(left.left), self._typed(left.right)
            self._fail(
                left,
                "Is what stands behind still under the fraction?",
                f"({over}/{under})*{after}",
                f"{over}/({under}*{after})",
                to=right,
            )
        if token.kind == "number":
            other = (
                f"{before}{after}"
                if last.kind == "number"
                else f"({before})^{after}"
                if last.kind == "power"
                else f"{before}^{after}"
            )
            self._fail(last.part, "There is no sign between these.", f"{before}*{after}", other, to=right)
        if last.kind == "root" or last.kind in ("bare", "apart") and not self._is_function(token):
            self._two_readings_of_bare(last, right, "*")
        if last.kind == "power" and last.base is not None and isinstance(last.part, Binary):
            of_e = isinstance(last.base, Constant) and last.base.name == "e"
            glued = not token.spaced and token.kind != "("
            if last.open and (glued or of_e):
                base, exponent = self._typed(last.base), self._typed(last.part.right)
                self._fail(last.part, "Does what stands behind belong to the exponent?", f"{base}^({exponent})*{after}" if exponent[0] in "-+−" else f"{base}^{exponent}*{after}",
                           f"{base}^({exponent}*{after})", to=right)  # fmt: skip
        if last.kind == "number" and not token.spaced and re.fullmatch(r"[xX]\d+", token.text):
            number = token.text[1:]
            self._fail(
                last.part,
                f"{token.text[0]} as a times sign, or a name {token.text}?",
                f"{before}*{number}",
                f"{before}*x_{number}",
                to=right,
            )
        if (
            last.kind == "name"
            and token.kind == "name"
            and isinstance(right, (Name, Binary))
            and not self._is_function(token)
        ) and not (_is_short(last.part.name) and _is_short(token.text)):  # pyright: ignore
            self._fail(last.part, "Two words side by side: a product, or one name?", f"{before}*{after}",
                       f"{before}_{token.text}", to=right)  # fmt: skip

    def _two_readings_of_bare(self, last: Factor, right: Part, operator: str) -> NoReturn:
        call = last.part.left if isinstance(last.part, Binary) else last.part
        assert isinstance(call, Call)
        start = self._tokens[0]
        word = next((t.text for t in self._tokens if t.start == call.start), start.text)
        word = "sqrt" if word == "" or word == "√" else word
        inner, after = ", ".join(self._typed(argument) for argument in call.arguments), self._typed(right)
        inner = inner[1:-1] if inner.startswith("(") and inner.endswith(")") and inner.count("(") == 1 else inner
        self._fail(
            last.part,
            f"What does {word} still take in here?",
            f"{word}({inner}{operator}{after})",
            f"{word}({inner}){operator}{after}",
            to=right,
        )

    def _power_of_bare(self, base: Part) -> NoReturn:
        call = base.left if isinstance(base, Binary) else base
        assert isinstance(call, Call)
        word = next((t.text for t in self._tokens if t.start == call.start), "")
        word = "sqrt" if word in ("", "√") else word
        power = self._now
        inner = ", ".join(self._typed(argument) for argument in call.arguments)
        inner = inner[1:-1] if inner.startswith("(") and inner.endswith(")") and inner.count("(") == 1 else inner
        exponent = visible(self.text[power.start : power.end]) if power.kind == "raised" else self._typed(self._next)
        exponent = _plainly(exponent)
        self._fail(base, f"Is the power one of {inner}, or of {word} as a whole?", f"{word}(({inner})^{exponent})" if len(inner) > 1 else f"{word}({inner}^{exponent})",
                   f"({word}({inner}))^{exponent}", to=power)  # fmt: skip

    def _one_spelling_each(self) -> None:
        """One name typed in two ways, or two names that look the same, may be one or two inputs."""
        for name, spelled in self._spellings.items():
            tokens = list(spelled.values())
            other = re.sub(r"(?<=[^_\d])(\d+)$", r"_\1", name)
            if any(token.lowered for token in tokens) and other != name and other in self._spellings:
                tokens += self._spellings[other].values()
            if len(tokens) > 1:
                one, two = (self._typed(token) for token in tokens[:2])
                self._fail(tokens[1], f"{two} and {one}: one name or two? Names are told apart by plain letters, digits and "
                           "underscores:", name, f"{name}_2")  # fmt: skip

    # ------------------------------------------------------------------ what fits nowhere
    def _unexpected(self, token: Token) -> NoReturn:
        before = self._tokens[self._at - 1] if self._at else None
        kind = token.kind
        if kind == "end":
            if before is None:
                self._fail(token, "There is no formula here. One is, for instance,", "sin(x^2)")
            self._fail(before, f"After {self._typed(before)} something is missing: a number, a name or a bracket.")
        if kind == "unknown":
            if not token.text:
                self._fail(token, "A subscript belongs to the name before it, as in x₁.", "x_1")
            self._refuse(token, refusals.of_character(token.text))
        if kind == ")":
            if before is not None and before.kind in ("+", "-", "*", "/", "^", "(", ","):
                self._fail(
                    before, "Before the closing bracket something is missing: a number, a name or a bracket.", to=token
                )
            self._fail(token, "This closing bracket has no opening one.")
        if kind == ",":
            self._fail(
                token,
                "A comma stands between the numbers of a function, as in max(x, y). A decimal comma is typed as a point:",
                "1.5",
            )
        if kind == ".":
            self._fail(
                token,
                "A point is read only within a number, such as 1.5, or as in torch.sin(x). A product is typed with *.",
            )
        if kind == "raised":
            self._fail(token, "A superscript needs what it is the power of.", "x^2")
        if (
            before is not None
            and before.kind in ("+", "-", "*", "/", "^")
            and not token.spaced
            and kind == before.kind == "/"
        ):
            self._fail(before, "// divides and cuts off the decimals. A division is one sign:", "/", to=token)
        what = (
            f"Before {self._typed(token)}"
            if before is None
            else f"Between {self._typed(before)} and {self._typed(token)}"
        )
        self._fail(token, f"{what} something is missing: a number, a name or a bracket.")


def _moved(part: Part, start: int, end: int) -> Part:
    """The same part with the columns of its brackets."""
    return type(part)(**{**vars(part), "start": start, "end": end})


def _is_short(word: str) -> bool:
    """A letter with its index, or a Greek letter by name: a q_1 is their product, but `hello world` is none."""
    return bool(re.fullmatch(r"[^\W\d_]\d*(_\w+)?", word)) or re.sub(r"_?\d*$", "", word) in names.GREEK


def _plainly(raised: str) -> str:
    """A superscript in plain characters."""
    plain = "".join(c.plain for c in characters(raised))
    return plain if plain.isalnum() else f"({plain})"
