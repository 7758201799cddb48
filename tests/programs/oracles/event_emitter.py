"""What programs/event_emitter.tova prints, worked out line by line."""

print("a1 a2 a3 third:3 a4 third:6 stopped at 7 | 1,1,1 0")
print("15 30 15 10 false true 15 14 false")
print(3 * 9 + 2 * 16 + 25, len({3, 4, 5}), 3 + 4 + 5)
print(70123, 7, 10123 % 1000)
print("1 103 201")
