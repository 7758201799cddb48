"""What programs/brainfuck.tova prints: what the famous programs are known to print, and counts by regular expressions."""

import re
import string

HELLO = "++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.>>.<-.<.+++.------.--------.>>+.>++."
REVERSE = ">,[>,]<[.<]"
ALPHABET = "++++++++[>+++>++++++++<<-]>++>+<[>.+<-]>[-]++++++[>+++++++<-]>[<<+>>-]<<."
for source, text in (
    (HELLO, "Hello World!"),
    (REVERSE, "stressed"[::-1]),
    (ALPHABET, string.ascii_uppercase + "*"),
):
    ops = re.findall(r"\[[+-]\]|[<>]+|[+-]+|[][.,]", source)
    print(text)
    print(f"{len(source)} letters, {len(ops)} instructions, {sum(op in ('[-]', '[+]') for op in ops)} clearings")
print(
    """tape[at] += 3
while tape[at] != 0 {
  tape[at] += -1
  at += 1
  tape[at] += 2
  at += -1
}
at += 1
tape[at] = 0
tape[at] = get()
put(tape[at])
1 [ not closed and a ] too many and 0
true ab"""
)
