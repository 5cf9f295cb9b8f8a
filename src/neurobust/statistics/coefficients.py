"""What correlations are called in tables and figures, and how a p is written."""

METHODS = (PEARSON, SPEARMAN) = ("pearson", "spearman")
KENDALL = "kendall"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def write_p(p: float) -> str:
    """Write a p-value with two digits, such as ``0.049`` or ``1.4 × 10⁻⁵``."""
    if p >= 0.001 or p == 0:
        return f"{p:#.2g}"
    digits, exponent = f"{p:.1e}".split("e")
    return f"{digits} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
