"""What examples/virtual_machine.tova prints: results from mathematics, numbers of steps from counting by hand."""

from math import factorial, gcd


def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def fib_steps(n: int) -> int:
    if n == 0:
        return 3
    if n == 1:
        return 7
    # dup jz dup push sub jz / dup push sub call / swap push sub call / add ret
    return 16 + fib_steps(n - 1) + fib_steps(n - 2)


def gcd_steps(b: int, a: int) -> int:
    if b == 0:
        return 4  # dup jz drop ret
    return 7 + gcd_steps(a % b, b)  # dup jz swap over mod call / ret


print(f"factorial: {factorial(12)} in {4 + 12 * 11 + 2 + 3} steps of 18 instructions, 0 left")
print(f"gcd: {gcd(3528, 3780)} in {3 + gcd_steps(3780, 3528) + 2} steps of 14 instructions, 0 left")
print(f"fib: {fib(14)} in {2 + fib_steps(14) + 2} steps of 20 instructions, 0 left")
print("squares:", *(n * n for n in range(1, 11)), f"in {1 + 10 * 10 + 9 + 1} steps of 13 instructions, 1 left")
print("typo: instruction 1: what is 'pirnt'?")
print("lost: instruction 0: no label nowhere")
