"""What examples/vending_machine.tova prints: one object with the money, the wish and the fault."""

PRICES = {"tea": 120, "coffee": 180, "cocoa": 200}
stock = {"tea": 2, "coffee": 1, "cocoa": 0}
COINS = (200, 100, 50, 20, 10)


class Machine:
    paid, wish, broken = 0, None, False

    def change(self, amount):
        coins = []
        for coin in COINS:
            coins += [coin] * (amount // coin)
            amount %= coin
        return ["change " + "+".join(map(str, coins))] if coins else []

    def feed(self, word):
        if self.broken:
            if word == "service":
                self.broken = False
                return ["'ready'"]
            return [f"change {word}"] if word.isdigit() else ["'out of order: somebody kicked me'"]
        if word == "kick":
            back, self.paid, self.wish, self.broken = self.paid, 0, None, True
            return self.change(back)
        if word == "service":
            return []
        if word == "cancel":
            back, self.paid, self.wish = self.paid, 0, None
            return self.change(back)
        if word.isdigit():
            if int(word) not in COINS:
                return [f"change {word}"]
            self.paid += int(word)
            return self.choose(self.wish) if self.wish else [f"'{self.paid}'"]
        if not self.paid:
            return [f"'{word} costs {PRICES.get(word, 'nothing, there is none')}'"]
        return self.choose(word)

    def choose(self, drink):
        self.wish = None
        if drink not in PRICES:
            return [f"'no {drink} here'"]
        if not stock[drink]:
            return [f"'{drink} is sold out'"]
        if self.paid < PRICES[drink]:
            self.wish = drink
            return [f"'{PRICES[drink] - self.paid} more for {drink}'"]
        stock[drink] -= 1
        back, self.paid = self.paid - PRICES[drink], 0
        return [f"*{drink}*", *self.change(back)]

    def state(self):
        if self.broken:
            return "broken"
        return f"{self.wish} at {self.paid}" if self.wish else f"collecting {self.paid}" if self.paid else "idle"


machine = Machine()
for session in (
    "tea 100 50 tea", "200 cocoa coffee", "50 tea 20 20 20 20", "100 100 coffee cancel", "3 10 cancel cancel",
    "100 tea 7 cancel", "200 kick 50 tea service 50 tea coffee juice 200 juice cancel", "juice 100 tea 100", "tea",
):  # fmt: skip
    said = [text for word in session.split() for text in machine.feed(word)]
    print(f"{session:24} {' '.join(said)} [{machine.state()}]")
print(*(f"{drink}={n}" for drink, n in stock.items()))
