"""What programs/base64_codec.tova prints, by base64 and zlib."""

from base64 import b64encode
from zlib import adler32, crc32

for text in ("", "M", "Ma", "Man", "light work.", "größer → 😀", "any carnal pleas"):
    data = text.encode()
    print(f"{b64encode(data).decode():26} {len(data)} bytes, same: true, {adler32(data):x} {crc32(data):x}")
print("abc: 3 characters are not a multiple of 4")
print("ab*=: '*' is no base64 letter")
print("a===: padding in the middle or too long")
print("TQ==TQ==: padding in the middle or too long")
every = bytes(range(256))
print(b64encode(every).decode())
print(sum(every), f"{adler32(every):x} {crc32(every):x}")
data = "The quick brown fox\njumps over the läzy dog.".encode()
for start in range(0, len(data), 16):
    part = data[start : start + 16]
    shown = "".join(chr(b) if 32 <= b < 127 else "." for b in part)
    print(f"{start:04x}  {part.hex(' '):47}  {shown}")
