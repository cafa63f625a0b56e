"""The slips: every way to go wrong that is known, made from the recorded run itself."""

from __future__ import annotations

from collections.abc import Iterator

from . import arrays, chain, losses, paths, places, powers, products, rules, undifferentiated, whole
from .sight import Sight
from .slip import Slip

__all__ = ["SLIPS", "Sight", "Slip", "elsewhere", "generate"]

#: what each identifier means; they stay
SLIPS = {
    "inner_dropped": "the inner derivative is missing: cos(x²) for 2x·cos(x²)",
    "outer_dropped": "the outer derivative is missing: 2x for 2x·cos(x²)",
    "factor_dropped": "another factor of a product is missing: sin x + cos x for sin x + x·cos x",
    "constant_lost": "a constant factor is missing: x² for 3x²",
    "factor_twice": "a factor stands there twice: (ŷ − y)·σ′ where ŷ − y has taken σ′ in already",
    "stopped_early": "the chain stops early: (ŷ − y)/(ŷ(1 − ŷ)) alone, or a local derivative for the whole one",
    "wrong_place": "a derivative is taken at the wrong place: cos x for cos x²",
    "swapped": "outer and inner function are swapped: the derivative of sin(x)² for sin(x²)",
    "constant_kept": "a constant that is added is kept: 2x + 1 for the derivative of x² + 1",
    "path_dropped": "a value is used more than once, and a path is missing: one half of the product rule",
    "paths_multiplied": "what comes back along several paths is multiplied instead of added",
    "path_twice": "of two paths one is counted twice and the other not at all: 2Ax for (A + Aᵀ)x",
    "product_of_derivatives": "the product rule as the product of the derivatives",
    "sum_of_derivatives": "the product rule as the sum of the derivatives",
    "product_crossed": "the product rule with each derivative beside its own function: u′u + v′v",
    "quotient_of_derivatives": "the quotient rule as the quotient of the derivatives",
    "quotient_sign": "the quotient rule with a plus",
    "quotient_square": "the quotient rule without the square below",
    "quotient_denominator": "the quotient rule without its denominator",
    "not_differentiated": "the function stands where its derivative belongs: σ for σ′",
    "exponent_not_lowered": "the power rule with the old exponent, or another wrong one: 3x³ for 3x²",
    "base_lost": "the power rule without the power: 3 for 3x²",
    "integrated": "integrated instead of differentiated: x³/3 for 2x",
    "power_rule_on_exponential": "the power rule on an exponential: x·e^(x−1) for e^x",
    "log_base": "the base of a logarithm or of an exponential: 1/x for log10 x, 2^x for 2^x·ln 2",
    "reciprocal_forgotten": "ln and 1/u mixed up: the derivative of 1/u as ln u, or of ln u as u",
    "log1p_as_log": "log1p taken for log: 1/x for 1/(1 + x)",
    "trig_sign": "the sign of the derivative of sin, cos and their relatives",
    "degrees": "degrees for radians",
    "square_missing": "a square in a rule is missing: 1 − tanh for 1 − tanh²",
    "root_lost": "the root in 1/(2√u), or in 1/√(1 − u²), is missing",
    "sigmoid_rule": "σ(1 − σ) with a part missing or changed: 1 − σ, σ(1 + σ); the derivative of ln σ as σ",
    "value_as_input": "σ(1 − σ) with the operand in place of σ: z(1 − z)",
    "target_forgotten": "the derivative of a loss without its target: ŷ for ŷ − y",
    "denominator_lost": "the derivative of the cross entropy without its denominator: ŷ − y for (ŷ − y)/(ŷ(1 − ŷ))",
    "function_forgotten": "a function is left out: z − y for σ(z) − y",
    "extra_slope": "σ′ once more beside a loss on logits, which has taken it in: (σ(z) − y)·σ′(z)",
    "sign_flipped": "the sign of all or of one path: y − ŷ for ŷ − y",
    "mean_forgotten": "1/n of a mean is missing: the derivative of the sum",
    "mean_doubled": "1/n of a mean stands there twice",
    "mean_for_sum": "1/n where the function adds up and does not divide",
    "not_summed": "one number for each sample where the input is one number: the contributions are not added",
    "summed": "one number, the sum of the gradient, for a vector",
    "transposed": "a matrix with rows and columns exchanged",
    "reordered": "a vector in another order",
    "graph_cut": "the derivative on paper, where the code takes a value out of the graph",
    "shapes_paired": "the derivative for equal shapes, where the code paired (n, 1) with (n,)",
    "accumulated": "two or three times the gradient: .grad was not cleared",
    "other_input": "the derivative for another input",
    "value": "the value for the derivative",
    "another_point": "the right derivative at another point",
    "one_branch": "right on one branch only: where x > 0, say",
    "given_point_only": "right at the given point and nowhere else",
    "chain_incomplete": "factors given by name, and one on the way is not there",
    "shape": "the numbers have another shape than the input",
    "not_finite": "the answer is nan or infinite, or cannot be computed, where the derivative is a number",
    "blank": "nothing is filled in yet",
    "rounding": "right, within the rounding of float32 or of the digits given",
}


def generate(sight: Sight) -> Iterator[Slip]:
    """Every slip on this run that is made from its chain rule."""
    for one in (
        chain.dropped, chain.dropped_in_matrices, places.branches_forgotten, chain.stopped, chain.local_only, chain.doubled,
        places.misplaced, places.swapped, places.constants_kept, paths.dropped, paths.terms, paths.twice, paths.multiplied,
        products.products, products.crossed, products.quotients, rules.wrong_rules, undifferentiated.steps,
        undifferentiated.values, undifferentiated.integrated, powers.changed_base, powers.written_out, powers.power_of_itself,
        losses.wrong_losses, losses.cross_entropies, losses.logarithms_of_shares, arrays.means, arrays.arranged,
        arrays.matrices_as_they_are, whole.left_whole, whole.as_shapes_were_meant, whole.sign, whole.accumulated,
        whole.other_input, whole.value,
    ):  # fmt: skip
        yield from one(sight)


elsewhere = whole.another_point
