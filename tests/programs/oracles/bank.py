"""What examples/bank.tova prints: the same orders carried out with exceptions and decimals."""

import re
from decimal import Decimal


class Refused(Exception):
    pass


accounts: dict[str, list[Decimal]] = {}
frozen: set[str] = set()
log: list[str] = []


def changes(name: str) -> list[Decimal]:
    if name not in accounts:
        raise Refused(f"there is no account of {name}")
    return accounts[name]


def amount(text: str) -> Decimal:
    if not re.fullmatch(r"-?\d+(\.\d\d)?", text):
        raise Refused(f"wrong amount {text}")
    return Decimal(text)


def change(name: str, by: Decimal) -> Decimal:
    history = changes(name)
    if name in frozen:
        raise Refused(f"the account of {name} is frozen")
    if sum(history) + by < 0:
        raise Refused(f"{name} is {-sum(history) - by:.2f} short")
    history.append(by)
    return sum(history)


def obey(line: str) -> str:
    match line.split():
        case ["open", name]:
            accounts[name] = []
            return f"welcome {name}"
        case ["put", name, text]:
            changes(name)
            if amount(text) <= 0:
                raise Refused(f"wrong amount {amount(text) * 100:.0f}")
            return f"{change(name, amount(text)):.2f}"
        case ["take", name, text]:
            return f"{change(name, -amount(text)):.2f}"
        case ["pay", source, target, text]:
            changes(source), changes(target)
            change(source, -amount(text))
            try:
                change(target, amount(text))
            except Refused:
                accounts[source].pop()
                raise
            log.append(f"{source} -> {target}: {amount(text):.2f}")
            return f"paid {amount(text):.2f}"
        case ["freeze", name]:
            frozen.add(name)
            return f"{name} is frozen"
    raise Refused(f"wrong order '{line}'")


ORDERS = """open ann, open bob, put ann 100, put bob 20.50, pay ann bob 30.25, pay bob ann 99, pay ann eve 1,
open eve, pay ann eve 0.05, freeze eve, pay ann eve 12, take ann 69.70, take ann 0.01, put bob 1.5,
put bob x, put bob -3, dance, put ann 0.07"""
failed = 0
for order in re.split(r",\s+", ORDERS):
    try:
        print(f"{order:18}  {obey(order)}")
    except Refused as reason:
        failed += 1
        print(f"{order:18}  refused: {reason}")
print(failed, "refused")
for name, history in accounts.items():
    print(f"{name}: {sum(history):.2f} by", *(f"{cents * 100:+.0f}" for cents in history))
print(", ".join(log))
print(f"in all {sum(map(sum, accounts.values())):.2f}")
