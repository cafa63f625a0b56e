"""The grammar: from the words of a formula to its tree, by recursive descent. What can be read in two ways is refused, with both.

Signs bind as in Python and in school: powers first, from the right; then a sign; then products and quotients, then sums,
from the left. A product may be left without its sign (2x, 2(x+1), x sin x) where nothing else can be meant.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from . import numerals, readings, words
from .cursor import Cursor
from .offers import Refusal, mended
from .readings import Factor
from .tokens import Token
from .tree import Binary, Call, Minus, Number, Part
from .typography import characters
from .unexpected import unexpected


class Grammar(Cursor):
    """Reads the tokens of one formula, or of one superscript in it."""

    def formula(self) -> Part:
        """All tokens as one formula."""
        tree = self.sum()
        if self.now.kind != "end":
            unexpected(self)
        words.one_spelling_each(self)
        return tree

    def sum(self) -> Part:
        left = self._product()
        while self.now.kind in ("+", "-"):
            operator = self.advance()
            right = self._product()
            left = Binary(left.start, right.end, operator.kind, left, right)
        return left

    def _product(self) -> Part:
        left, divided = self._signed(), False
        while True:
            token, last = self.now, self.last
            if token.kind in ("*", "/"):
                operator = self.advance().kind
                function = self.is_function(self.now)
                right = self._signed()
                if last.kind == "bare" and not function:
                    self.check(readings.still_inside(last, right, operator), last.part, right)
                divided = operator == "/"
            elif token.kind in ("number", "name", "(", "√"):
                operator, function = "*", self.is_function(token)
                right = self._power()
                refusal = readings.product(left, last, token, right, divided, function)
                self.check(refusal, left if divided else last.part, right)
            else:
                return left
            left = Binary(left.start, right.end, operator, left, right)

    def _signed(self) -> Part:
        first, minus = self.now, False
        while self.now.kind in ("+", "-"):
            minus ^= self.advance().kind == "-"
        part = self._power()
        return Minus(first.start, part.end, part) if minus else part

    def _power(self) -> Part:
        base = self.atom()
        if self.now.kind not in ("^", "raised"):
            return base
        if self.last.kind in ("bare", "root"):
            self.refuse(base, *[readings.power_behind(base, e) for e in self._exponents_ahead()], to=self.now)
        if self.now.kind == "raised":
            exponent = self.superscript()
            whole = Binary(base.start, self.end, "^", base, exponent)
            if self.now.kind in ("^", "raised"):
                both = f"({readings.plain(whole)})^… or {readings.closed(base)}^({readings.plain(exponent)}^…)"
                self.fail(base, f"A power of a power: which one comes first? Type brackets: {both}", to=self.now)
            self.last = Factor("power", whole)
        else:
            with self.inside(self.advance()):
                exponent = self._signed()
            is_open = self.last.kind in ("number", "constant") or self.last.open
            self.last = Factor("power", Binary(base.start, exponent.end, "^", base, exponent), is_open)
        return self.last.part

    def superscript(self) -> Part:
        """The exponent that a superscript says."""
        token = self.advance()
        with self.inside(token):
            return Grammar(self.text, list(token.inner), self.known, self).formula()

    def _exponents_ahead(self) -> list[str]:
        """What the power may be called in an error: what stands there in plain characters, or n."""
        behind = self.next
        if self.now.kind == "raised":
            text = "".join(c.plain for c in characters(self.text[self.now.start : self.now.end]))
            return [text if text.isdigit() or len(text) == 1 else f"({text})", "n"]
        if behind.kind == "(":
            return self.bracket_ahead(1)
        return [behind.text, "n"] if behind.kind in ("number", "name") else ["n"]

    def atom(self) -> Part:
        kind = self.now.kind
        if kind == "number":
            part = self._number()
            self.last = Factor("number", part)
            return part
        if kind == "(":
            part = self.bracket()
            self.last = Factor("closed", part)
            return part
        if kind == "√":
            return self._root()
        if kind == "name":
            return words.word(self)
        unexpected(self)

    def bracket(self) -> Part:
        opened = self.advance()
        with self.inside(opened):
            if self.now.kind == ")":
                said = "There is nothing between these brackets. Type a number or a name there."
                self.fail(opened, said, to=self.now)
            inner = self.sum()
            self.close(opened)
        return replace(inner, start=opened.start, end=self.end)

    def close(self, opened: Token) -> None:
        """The bracket that ends what `opened` began."""
        if self.now.kind == "end":
            wrong = "This bracket is not closed. Add a closing one where it ends."
            self.refuse(opened, *mended(wrong, self.text.strip() + ")"), Refusal(wrong))
        if self.now.kind != ")":
            unexpected(self)
        self.advance()

    def _root(self) -> Part:
        """√x, √2, √(x+1): of one number, name, bracket or function."""
        token = self.advance()
        if self.now.kind not in ("number", "name", "(", "√"):
            self.fail(token, "√ needs what it is the root of.", "sqrt(x)")
        with self.inside(token):
            inner = self.atom()
        part = Call(token.start, inner.end, "sqrt", (inner,))
        self.last = Factor("closed" if self.last.kind == "closed" else "root", part)
        return part

    # ------------------------------------------------------------------ numbers
    def _number(self) -> Part:
        token, behind = self.advance(), self.now
        if not behind.spaced and behind.kind == "." or behind.kind == "number" and behind.text[0] == ".":
            self.fail(token, "This number has two decimal points. Type one: 1.5", to=behind)
        if not behind.spaced and behind.kind == "name" and token.text == "0":
            self.fail(token, "A 0 right before a letter: computers write some numbers so, and as a product it is 0. "
                       "Type numbers as usual: 16, 0.5, 1e-3", to=behind)  # fmt: skip
        if not behind.spaced and behind.kind == "name" and token.text[-1] == "." and not self.is_function(behind):
            wrong, product = "A decimal point before a name: type it without.", f"{token.text[:-1]}*{behind.text}"
            self.refuse(token, Refusal(wrong, (product,)), Refusal(wrong), to=behind)
        if not behind.spaced and behind.kind == "name" and behind.text.startswith("_"):
            self.fail(token, "A number has no underscores. Type it without: 1000", to=behind)
        fraction = numerals.vulgar(token.text)
        if fraction is not None:
            over, under = (Number(token.start, token.end, Fraction(part), False) for part in fraction)
            return Binary(token.start, token.end, "/", over, under)
        value = numerals.value(token.text)
        if isinstance(value, Refusal):
            self.fail(token, value.wrong)
        return Number(token.start, token.end, value, not token.text.isdigit())
