"""What examples/lisp.tova prints: values by Python, errors by hand."""

from math import factorial, gcd

print(1 + 2 * 3 - 4)
print(factorial(20))
print(f"({' '.join(str(n * n) for n in range(1, 11))})")
print(sum(range(200)))
print(factorial(5))
print(10000)
print((3 * 3) + 4 * 4)
print(f"({gcd(1071, 462)} {gcd(17, 4)} done)")
print(f"({' '.join(str(n) for n in range(2, 60) if all(n % d for d in range(2, n)))})")
print(
    """(quote a)
<function of 1>
<+>
1
(2 3)
error: undefined is not defined
error: 1 is no function
error: <function of 1> got 0 arguments
error: a is no number
error: first of an empty list
error: a list is not closed
error: there is nothing to close
error: an empty list is no call
error: - does not take 3 arguments"""
)
