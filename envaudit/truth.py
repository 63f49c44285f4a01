"""Three-valued truth, and one shade between: what the engine knows of a condition.

The order makes `min` the conjunction and `max` the disjunction: a false part decides, then an unknown one, then one
that holds for some of the possible versions only.
"""

FALSE = 0
UNKNOWN = 1  # the fact is not known
SOME = 2  # holds for some of the possible values, or rests on a stated assumption
TRUE = 3


def negate(value: int) -> int:
    """`not`: what is unknown or partly so stays that way."""
    return {FALSE: TRUE, TRUE: FALSE}.get(value, value)
