"""From the words of a formula to its tree, by recursive descent. What can be read in two ways is refused, with both.

Signs bind as in Python and in school: powers first, from the right; then a sign; then products and quotients, then sums,
from the left. A product may be left without its sign (2x, 2(x+1), x sin x) where nothing else can be meant.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction
from typing import NoReturn

from ..errors import FormulaError
from . import constants, names, numerals, offers, readings, refusals, vocabulary
from .offers import Refusal, Refused, mended
from .pointing import visible
from .readings import Factor
from .tokens import Token, tokens
from .tree import Binary, Call, Constant, Minus, Name, Number, Part, names_in
from .typography import characters

MOST_CHARACTERS = 1_000
MOST_TOKENS = 500
MOST_LEVELS = 40  # brackets, powers and functions inside each other
_LONGER = "A longer one is written as a Python function: def f(x): …"


def tree_of(text: str, known: Collection[str] = ()) -> Part:
    """The tree of a typed formula. `known` are words that are names for certain. Raises `FormulaError`."""
    try:
        return _tree(text, known)
    except Refused as refused:
        inputs = set(known) - set(names.CONSTANTS)  # an input called pi has to be called something else in any case
        raise offers.told(text, refused, lambda offer: _reads(offer, inputs)) from None


def _reads(text: str, known: Collection[str]) -> bool:
    try:
        constants.values(_tree(text, known), text)
    except (Refused, FormulaError):
        return False
    return True


def _tree(text: str, known: Collection[str]) -> Part:
    if len(text) > MOST_CHARACTERS:
        wrong = f"This text has {len(text):,} characters, and a formula may have {MOST_CHARACTERS:,}. {_LONGER}"
        raise Refused(MOST_CHARACTERS, MOST_CHARACTERS + 1, Refusal(wrong))
    whole = refusals.of_whole(text)
    if whole is not None:
        raise Refused(*whole)
    found = tokens(characters(text))
    if len(found) > MOST_TOKENS:
        wrong = f"This formula has {len(found):,} numbers, names and signs, and may have {MOST_TOKENS}. {_LONGER}"
        raise Refused(found[MOST_TOKENS].start, found[MOST_TOKENS].end, Refusal(wrong))
    return Reader(text, found, known).formula()


class Reader:
    """Reads the tokens of one formula, or of one superscript in it."""

    def __init__(self, text: str, found: list[Token], known: Collection[str], outer: Reader | None = None):
        self.text, self.known = text, known
        self._tokens, self._at = found, 0
        self._depth = outer._depth if outer else 0
        self._words = outer._words if outer else {token.text for token in found if token.kind == "name"}
        self._spellings: dict[str, dict[str, Token]] = outer._spellings if outer else defaultdict(dict)
        self._last = Factor("", Part(0, 0))

    # ------------------------------------------------------------------ tokens and errors
    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    @property
    def _next(self) -> Token:
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    @property
    def _end(self) -> int:
        """The column behind the last token that was read."""
        return self._tokens[self._at - 1].end

    def _advance(self) -> Token:
        token = self._now
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _typed(self, part: Part | Token) -> str:
        return visible(self.text[part.start : part.end])

    def _fail(self, where: Part | Token, wrong: str, *instead: str, to: Part | Token | None = None) -> NoReturn:
        self._refuse(where, Refusal(wrong, instead), to=to)

    def _refuse(self, where: Part | Token, *wordings: Refusal, to: Part | Token | None = None) -> NoReturn:
        raise Refused(where.start, (to or where).end, *wordings)

    def _check(self, refusal: Refusal | None, where: Part | Token, to: Part | Token | None = None) -> None:
        if refusal is not None:
            self._refuse(where, refusal, to=to)

    def _deeper(self, where: Part | Token) -> None:
        self._depth += 1
        if self._depth > MOST_LEVELS:
            self._fail(
                where, f"More than {MOST_LEVELS} brackets, powers and functions stand inside each other. {_LONGER}"
            )

    # ------------------------------------------------------------------ the grammar
    def formula(self) -> Part:
        """All tokens as one formula."""
        tree = self._sum()
        if self._now.kind != "end":
            self._unexpected()
        self._one_spelling_each()
        return tree

    def _sum(self) -> Part:
        left = self._product()
        while self._now.kind in ("+", "-"):
            operator = self._advance()
            right = self._product()
            left = Binary(left.start, right.end, operator.kind, left, right)
        return left

    def _product(self) -> Part:
        left, divided = self._signed(), False
        while True:
            token, last = self._now, self._last
            if token.kind in ("*", "/"):
                operator = self._advance().kind
                function = self._is_function(self._now)
                right = self._signed()
                if last.kind == "bare" and not function:
                    self._check(readings.still_inside(last, right, operator), last.part, right)
                divided = operator == "/"
            elif token.kind in ("number", "name", "(", "√"):
                operator, function = "*", self._is_function(token)
                right = self._power()
                self._check(
                    readings.product(left, last, token, right, divided, function), left if divided else last.part, right
                )
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
            self._refuse(base, *[readings.power_behind(base, e) for e in self._exponents_ahead()], to=self._now)
        if self._now.kind == "raised":
            exponent = self._raised()
            whole = Binary(base.start, self._end, "^", base, exponent)
            if self._now.kind in ("^", "raised"):
                both = f"({readings.plain(whole)})^", f"{readings.closed(base)}^({readings.plain(exponent)}^"
                self._fail(
                    base,
                    f"A power of a power: which one comes first? Type brackets: {both[0]}… or {both[1]}…)",
                    to=self._now,
                )
            self._last = Factor("power", whole)
        else:
            self._deeper(self._advance())
            exponent = self._signed()
            self._depth -= 1
            is_open = self._last.kind in ("number", "constant") or self._last.open
            self._last = Factor("power", Binary(base.start, exponent.end, "^", base, exponent), is_open)
        return self._last.part

    def _raised(self) -> Part:
        """The exponent that a superscript says."""
        token = self._advance()
        self._deeper(token)
        exponent = Reader(self.text, list(token.inner), self.known, self).formula()
        self._depth -= 1
        return exponent

    def _exponents_ahead(self) -> list[str]:
        """What the power may be called in an error: what stands there in plain characters, or n."""
        behind = self._next
        if self._now.kind == "raised":
            text = "".join(c.plain for c in characters(self.text[self._now.start : self._now.end]))
            return [text if text.isdigit() or len(text) == 1 else f"({text})", "n"]
        if behind.kind == "(":
            return self._brackets_ahead(self._at + 1)
        return [behind.text, "n"] if behind.kind in ("number", "name") else ["n"]

    def _atom(self) -> Part:
        kind = self._now.kind
        if kind == "number":
            part = self._number()
            self._last = Factor("number", part)
            return part
        if kind == "(":
            part = self._bracket()
            self._last = Factor("closed", part)
            return part
        if kind == "√":
            return self._root()
        if kind == "name":
            return self._word()
        self._unexpected()

    def _bracket(self) -> Part:
        opened = self._advance()
        self._deeper(opened)
        if self._now.kind == ")":
            self._fail(opened, "There is nothing between these brackets. Type a number or a name there.", to=self._now)
        inner = self._sum()
        self._close(opened)
        self._depth -= 1
        return replace(inner, start=opened.start, end=self._end)

    def _close(self, opened: Token) -> None:
        if self._now.kind == "end":
            wrong = "This bracket is not closed. Add a closing one where it ends."
            self._refuse(opened, *mended(wrong, self.text.strip() + ")"), Refusal(wrong))
        if self._now.kind != ")":
            self._unexpected()
        self._advance()

    # ------------------------------------------------------------------ numbers
    def _number(self) -> Part:
        token, behind = self._advance(), self._now
        if not behind.spaced and behind.kind == "." or behind.kind == "number" and behind.text[0] == ".":
            self._fail(token, "This number has two decimal points. Type one: 1.5", to=behind)
        if not behind.spaced and behind.kind == "name" and token.text == "0":
            self._fail(token, "A 0 right before a letter: computers write some numbers so, and as a product it is 0. "
                       "Type numbers as usual: 16, 0.5, 1e-3", to=behind)  # fmt: skip
        if not behind.spaced and behind.kind == "name" and token.text[-1] == "." and not self._is_function(behind):
            wrong, product = "A decimal point before a name: type it without.", f"{token.text[:-1]}*{behind.text}"
            self._refuse(token, Refusal(wrong, (product,)), Refusal(wrong), to=behind)
        if not behind.spaced and behind.kind == "name" and behind.text.startswith("_"):
            self._fail(token, "A number has no underscores. Type it without: 1000", to=behind)
        fraction = numerals.vulgar(token.text)
        if fraction is not None:
            over, under = (Number(token.start, token.end, Fraction(part), False) for part in fraction)
            return Binary(token.start, token.end, "/", over, under)
        value = numerals.value(token.text)
        if isinstance(value, Refusal):
            self._fail(token, value.wrong)
        return Number(token.start, token.end, value, not token.text.isdigit())

    # ------------------------------------------------------------------ words
    def _word(self) -> Part:
        token = self._advance()
        path = self._path(token)
        word = path[-1]
        function, opens = vocabulary.called(word), self._now.kind == "("
        if function is not None and opens:
            return self._call(token, function)
        if len(path) > 1 and word not in names.CONSTANTS:
            wrong = (
                f"is no function that formulas know{self._known(word)}"
                if function is None
                else "is a function, and needs brackets"
            )
            self._fail(token, f"{'.'.join(path)} {wrong}.", *self._nearest(word), to=self._tokens[self._at - 1])
        if word in names.CONSTANTS:
            return self._constant(token, word)
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
        self._check(names.refused(word, self.known, self._words), token)
        self._spellings[word].setdefault(self.text[token.start : token.end], token)
        part = Name(token.start, token.end, word)
        self._last = Factor("name", part)
        return part

    def _constant(self, token: Token, word: str) -> Part:
        if word in self.known:
            number, type_it = ("3.14159…", "pi") if word in ("pi", "π") else ("2.71828…", "exp(1)")
            self._fail(token, f"{word} is a number here, {number}, and {word}=… was given as an input. "
                       "For the number, or for an input of another name,", type_it, f"{word}_1")  # fmt: skip
        part = Constant(token.start, self._end, names.CONSTANTS[word])
        self._last = Factor("constant", part)
        return part

    def _path(self, first: Token) -> list[str]:
        """`torch.sin`, `np.pi`: the words between points, if the first ones are a library."""
        path = [first.text]
        while self._now.kind == "." and not self._now.spaced and self._next.kind == "name" and not self._next.spaced:
            self._advance()
            path.append(self._advance().text)
        library = ".".join(path[:-1])
        if len(path) > 1 and library not in vocabulary.PREFIXES:
            function = vocabulary.called(path[-1])
            wrong = "A point between words: a formula knows no parts of things. Type numbers, names, and functions such as torch.sin(x)."
            instead = () if function is None or function.least > 1 else (f"{function.name}({library})",)
            self._refuse(first, Refusal(wrong, instead), Refusal(wrong), to=self._tokens[self._at - 1])
        return path

    def _known(self, word: str) -> str:
        """What to say where nothing is spelled like a word."""
        return "" if names.nearest(word) else ". Type one that they know, such as sin(x), exp(x) or sqrt(x)"

    def _nearest(self, word: str) -> list[str]:
        return [vocabulary.called(near).shown for near in names.nearest(word)]  # pyright: ignore

    def _unknown_call(self, token: Token) -> NoReturn:
        """A bracket behind a word that is no function: a product, or a function of the learner's own?"""
        word, insides = token.text, self._brackets_ahead()
        self._check(names.refused_anywhere(word, called=True), token)
        also = names.ALSO_FUNCTIONS.get(word)
        if also is not None:
            closing = ")" * also.count("(")
            wrong = f"The function {word}, or {word} times a bracket?"
            self._refuse(token, *[Refusal(wrong, (f"{also}{i}{closing}", f"{word}*{i}")) for i in insides])
        products = [(f"{word}*{inside}",) for inside in insides]
        if re.fullmatch(r"[^\W\d_](\d*|_\w+)", word) or word in names.GREEK or word in self.known:
            wrong = f"{word} times a bracket, or a function called {word}? Formulas know no function {word}; for the product"
            self._refuse(token, *[Refusal(wrong, product) for product in products])
        glued = names.factor_before_function(word)
        nearest = self._nearest(word)
        if glued is not None:
            factor, function = glued
            wrong = f"{factor} times {function}?"
            self._refuse(token, *[Refusal(wrong, (f"{factor}*{function}{i}", *nearest[:1])) for i in insides])
        wrong = f"{word} is no function that formulas know"
        one_of = [tuple(nearest)] if nearest else products
        self._refuse(token, *[Refusal(f"{wrong}.", it) for it in one_of], Refusal(f"{wrong}{self._known(word)}."))

    def _brackets_ahead(self, at: int | None = None) -> list[str]:
        """What the bracket that comes next may be called in an error: as it was typed, if it is short, or (x)."""
        depth, at = 0, self._at if at is None else at
        for token in self._tokens[at:]:
            depth += (token.kind == "(") - (token.kind == ")")
            if depth == 0:
                typed = self.text[self._tokens[at].start : token.end]
                return [typed, "(x)"] if len(typed) <= 30 else ["(x)"]
        return ["(x)"]

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
        part = self._counted(Part(token.start, self._end), token.text, function, arguments)
        self._last = Factor("apart" if opened.spaced else "closed", part)
        return part

    def _counted(self, where: Part, word: str, function: vocabulary.Function, arguments: list[Part]) -> Part:
        """A call with as many arguments as the function takes; max and min take any number."""
        count = len(arguments)
        if function.name in ("max", "min") and count > 2:
            made = arguments[0]
            for argument in arguments[1:]:
                made = Call(where.start, where.end, function.name, (made, argument))
            return made
        if function.least <= count <= function.most:
            for place, argument in enumerate(arguments):
                self._check_number(word, function, place, argument)
            if function.name == "pow":
                return Binary(where.start, where.end, "^", *arguments)
            return Call(where.start, where.end, function.name, tuple(arguments))
        if function.name == "log" and count == 2:
            x, base = map(readings.plain, arguments)
            self._fail(where, "log is the natural logarithm, of one number. For another base", f"log({x})/log({base})")
        needed = f"{function.least}" if function.least == function.most else f"{function.least} to {function.most}"
        comma = " For a decimal comma type a point, 1.5." if re.search(r"\d,\d", self._typed(where)) else ""
        self._fail(
            where,
            f"{word} takes {needed} number{'s' * (needed != '1')}, and here {'is' if count == 1 else 'are'} {count}.{comma}",
            function.shown,
        )

    def _check_number(self, word: str, function: vocabulary.Function, place: int, argument: Part) -> None:
        """Whether a number stands where torch takes nothing else."""
        if not function.is_number(place):
            return
        if names_in(argument):
            self._fail(
                argument,
                f"At this place {word} takes a number. For other bounds type max(x, y) or min(x, y); a number is",
                "2",
            )
        whole = isinstance(argument, Number) and argument.value.denominator == 1 and not argument.decimal
        if function.name in vocabulary.WHOLE and not whole:
            self._fail(argument, f"At this place {word} takes a whole number, such as", "1")

    def _bare(self, token: Token, function: vocabulary.Function) -> Part:
        """`sin x`, `sin 2x`, `sin² x`: a function without brackets, of what stands right behind it."""
        exponent = self._power_at_name(token, function)
        if self._now.kind == "(":  # only behind a power
            call: Part = replace(self._call(token, function), start=token.start)
            kind = "closed"
        else:
            argument = self._bare_argument(token)
            call, kind = Call(token.start, argument.end, function.name, (argument,)), "bare"
        part = call if exponent is None else Binary(token.start, call.end, "^", call, exponent)
        self._last = Factor(kind, part)
        return part

    def _power_at_name(self, token: Token, function: vocabulary.Function) -> Part | None:
        """The 2 of `sin²x`."""
        power = self._now
        if power.kind not in ("^", "raised"):
            return None
        if power.kind == "raised":
            exponent = self._raised()
        else:
            self._advance()
            exponent = self._bracket() if self._now.kind == "(" else self._whole_exponent(token, function)
        refusals_ = self._powers_at_name(token, function, readings.plain(exponent))
        if refusals_:
            self._refuse(token, *refusals_, to=exponent)
        return exponent

    def _whole_exponent(self, token: Token, function: vocabulary.Function) -> Part:
        sign = self._advance() if self._now.kind == "-" else None
        behind = self._advance()
        number = numerals.value(behind.text) if behind.kind == "number" and behind.text.isdigit() else None
        if not isinstance(number, Fraction):
            typed = f"{'-' if sign else ''}{behind.text}"
            self._refuse(token, *self._powers_at_name(token, function, typed, "n"), to=behind)
        exponent = Number(behind.start, behind.end, number, False)
        return Minus(sign.start, behind.end, exponent) if sign else exponent

    def _powers_at_name(self, token: Token, function: vocabulary.Function, *exponents: str) -> list[Refusal]:
        """Why a power at a name is not read: nothing for sin²."""
        insides = self._brackets_ahead() if self._now.kind == "(" else ["(x)"]
        found = [readings.power_at_name(token.text, function, e, inside) for e in exponents for inside in insides]
        return [refusal for refusal in found if refusal is not None]

    def _bare_argument(self, token: Token) -> Part:
        first, word = self._now, token.text
        if first.kind in ("+", "-"):
            self._fail(
                token,
                f"{word} and a sign: what {word} is of needs brackets here.",
                f"{word}({first.kind.strip('+')}x)",
                to=first,
            )
        if first.kind not in ("number", "name", "√"):
            if first.kind == "unknown":
                self._unexpected()
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
        if self._now.kind == "(" and self._last.kind in ("number", "constant"):
            wrong, of = f"What does {word} take in?", readings.plain(argument)
            both = [(f"{word}({of}*{inside})", f"{word}({of})*{inside}") for inside in self._brackets_ahead()]
            self._refuse(token, *[Refusal(wrong, one) for one in both], to=self._now)
        return argument

    def _root(self) -> Part:
        """√x, √2, √(x+1): of one number, name, bracket or function."""
        token = self._advance()
        if self._now.kind not in ("number", "name", "(", "√"):
            self._fail(token, "√ needs what it is the root of.", "sqrt(x)")
        self._deeper(token)
        inner = self._atom()
        self._depth -= 1
        part = Call(token.start, inner.end, "sqrt", (inner,))
        self._last = Factor("closed" if self._last.kind == "closed" else "root", part)
        return part

    def _is_function(self, token: Token) -> bool:
        return token.kind == "name" and token.text not in self.known and vocabulary.called(token.text) is not None

    # ------------------------------------------------------------------ what fits nowhere
    def _one_spelling_each(self) -> None:
        """One name typed in two ways, or two names that look the same, may be one or two inputs."""
        for name, spelled in self._spellings.items():
            found = list(spelled.values())
            other = re.sub(r"(?<=[^_\d])(\d+)$", r"_\1", name)
            if other != name and other in self._spellings and any(token.lowered for token in found):
                found += self._spellings[other].values()
            if len(found) > 1:
                one, two = (self._typed(token) for token in found[:2])
                self._fail(found[1], f"{one} and {two} look alike: one name, or two? For one type {name} in both places; "
                           f"for two type them differently, such as {name} and {name}_b.")  # fmt: skip

    def _unexpected(self) -> NoReturn:
        token = self._now
        before = self._tokens[self._at - 1] if self._at else None
        if token.kind == "unknown":
            self._unknown(token)
        said = {
            ")": "This closing bracket has no opening one. Leave it out, or open one before it.",
            ",": "A comma stands between the numbers of a function, as in max(x, y). For a decimal comma type a point: 1.5",
            ".": "A point is read only within a number, as in 1.5, or as in torch.sin(x). For a product type *",
            "raised": "A superscript needs what it is the power of. Type it behind a name, as in x².",
        }.get(token.kind)
        if before is None and token.kind == "end":
            self._fail(token, "Nothing is typed here yet. A formula to type is, for instance:", "sin(x^2)")
        if before is not None and before.kind in ("+", "-", "*", "/", "^", "(", ",", "√"):
            if token.kind == before.kind == "/" and not token.spaced:
                self._fail(before, "// divides and cuts off the decimals. For a division type one /", to=token)
            missing = "something is missing: type a number, a name or a bracket there."
            if token.kind == "end":
                self._fail(before, f"After {self._typed(before)} {missing}")
            self._fail(before, f"Between {self._typed(before)} and {self._typed(token)} {missing}", to=token)
        if said is None:
            said = f"Before {self._typed(token)} something is missing: type a number, a name or a bracket there."
        self._fail(token, said)

    def _unknown(self, token: Token) -> NoReturn:
        if not token.text:
            self._fail(token, "A subscript belongs to the name before it, as in x₁.", "x_1")
        wordings: list[Refusal] = []
        if token.text == "|" and self.text.count("|") == 2:
            inside = self.text.split("|")[1].strip()
            wordings += mended("Bars are not read here. For the absolute value", f"abs({inside})")
        if token.text in "[]{}":
            round_ = self.text.translate(str.maketrans("[]{}", "()()")).strip()
            wordings += mended("A formula has round brackets only.", round_)
        if self.text.startswith("!=", token.start):
            token = replace(token, text="≠")
        self._refuse(token, *wordings, refusals.of_character(token.text))
