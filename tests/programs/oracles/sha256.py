"""What programs/sha256.tova prints, by hashlib; the four constants are those of FIPS 180-4."""

from hashlib import sha256

print("428a2f98 c67178f2 6a09e667 5be0cd19")
for text in ("", "abc", "The quick brown fox jumps over the lazy dog", "a" * 200):
    print(sha256(text.encode()).hexdigest())
print(sha256(bytes(range(256))).hexdigest())
