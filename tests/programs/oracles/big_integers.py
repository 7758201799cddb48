"""What programs/big_integers.tova prints, by Python's integers."""

from math import factorial

a, b = 0, 1
for _ in range(300):
    a, b = b, a + b
print(factorial(30))
print(a)
print(2**256)
print("digits of 100! add up to", sum(map(int, str(factorial(100)))))
a, b = -123456789012345678901234567890, 987654321098765432109876543210
print(a + b, a - b, b - a)
print(a * b)
print(0, (-7) ** 5, 0)
print(*divmod(b, 97))
print(10**24 - 1, 3)
print(sum(factorial(20) // i for i in range(1, 21)), "/", factorial(20))
