"""Formulas as a textbook writes them: light factoring, never `simplify`."""

from __future__ import annotations

import math

import sympy as sp

MOST_OPERATIONS = 80  # beyond that tidying takes longer than it is worth,
MOST_TERMS = 50  # and beyond that many terms multiplying out takes minutes: (a + b + c)⁹ has 55
FEW_GENERATORS, FEW_TERMS = 4, 12  # factoring in more variables than that takes minutes too, unless there are few terms
MOST_GENERATORS = 8  # each further one makes a polynomial of SymPy's one level deeper
LOW = 2  # and no high powers: a³ + b³ + c³ + d³ + e³ has five terms
LARGEST_EXPONENT = 100  # e^(0.4999x²) is to SymPy the 4999th power of something


def tidy(formula: sp.Expr) -> sp.Expr:
    """The shortest of the formula, its factored form, and the factored form of its expansion."""
    if not isinstance(formula, (sp.Add, sp.Mul)) or formula.count_ops() > MOST_OPERATIONS:
        return formula
    terms = max(_terms(part) for part in sp.preorder_traversal(formula))
    if terms > MOST_TERMS:
        return formula
    generators = len(_generators(formula))
    long = terms > FEW_TERMS or _highest_power(formula) > LOW
    crowded = generators > MOST_GENERATORS or (generators > FEW_GENERATORS and long)
    if crowded or _largest_exponent(formula) > LARGEST_EXPONENT:
        return sp.factor_terms(formula)
    forms: list = [formula]
    for make in (sp.factor, lambda f: sp.factor(sp.expand(f))):
        try:
            forms.append(make(formula))
        except (sp.PolynomialError, ArithmeticError, NotImplementedError, AttributeError):
            continue
    return min(forms, key=lambda form: form.count_ops())


def _generators(formula: sp.Basic) -> set[sp.Basic]:
    """What a formula is a polynomial or a fraction in: its symbols, its sines."""
    if isinstance(formula, (sp.Add, sp.Mul)):
        return set().union(*map(_generators, formula.args))
    if isinstance(formula, sp.Pow) and formula.exp.is_Rational:  # of a root SymPy factors what is under it, too
        return _generators(formula.base)
    return set() if formula.is_number else {formula}


def _highest_power(formula: sp.Basic) -> int:
    """The highest power inside a sum, as SymPy factors it: a^(5/2) is the fifth power of √a."""
    exponents = (power.exp for one in formula.atoms(sp.Add) for power in one.atoms(sp.Pow))
    return max((abs(int(exponent.p)) for exponent in exponents if isinstance(exponent, sp.Rational)), default=1)


def _largest_exponent(formula: sp.Basic) -> int:
    """The largest number above or below in an exponent."""
    powers = [p.exp for p in formula.atoms(sp.Pow)] + [e.args[0] for e in formula.atoms(sp.exp)]
    numbers = [term.as_coeff_Mul()[0] for exponent in powers for term in sp.Add.make_args(exponent)]  # pyright: ignore
    return max((max(abs(int(n.p)), int(n.q)) for n in numbers if n.is_Rational), default=1)


def _terms(formula: sp.Basic) -> int:
    """How many terms there are at the most when everything is multiplied out."""
    if isinstance(formula, sp.Add):
        return sum(map(_terms, formula.args))
    if isinstance(formula, sp.Mul):
        return math.prod(map(_terms, formula.args))
    if isinstance(formula, sp.Pow) and formula.exp.is_Integer:
        terms, power = _terms(formula.base), abs(int(formula.exp))
        return math.comb(terms + power - 1, power) if terms > 1 else 1
    return 1


def textbook(formula: sp.Expr) -> sp.Expr:
    """(y − ŷ)/(ŷ(ŷ − 1)) as (ŷ − y)/(ŷ(1 − ŷ)), −x(y − ŷ) as x(ŷ − y): a sum takes a minus sign in; n·xⁿ/x as n·x^(n − 1)."""
    if any(
        isinstance(part, sp.Pow) and part.base.is_Symbol and not part.exp.is_number
        for part in sp.Mul.make_args(formula)
    ):
        formula = sp.powsimp(formula, combine="exp")
    if not isinstance(formula, sp.Mul):
        return formula
    coefficient, rest = formula.as_coeff_Mul()
    sign = -1 if coefficient.is_negative else 1
    factors = [abs(coefficient)] if abs(coefficient) != 1 else []
    for factor in sp.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if isinstance(base, sp.Add) and exponent.is_negative and exponent.is_odd and _begins_negative(base):
            factors.append((-base) ** exponent)
            sign = -sign
        else:
            factors.append(factor)
    if sign > 0:
        return sp.Mul(*factors)
    for i, factor in enumerate(factors):
        if isinstance(factor, sp.Add):
            factors[i] = sp.Add(*(-term for term in factor.args))
            return sp.Mul(*factors)
    return sp.Mul(-1, *factors)


def _begins_negative(base: sp.Add) -> bool:
    constant, _ = base.as_coeff_Add()
    return bool(constant.is_negative)
