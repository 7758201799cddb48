"""What programs/resources.tova prints, worked out by hand from sections 4 and 9 of the language's definition."""

print(
    """copy: open out.txt, 2 lines, close out.txt
bad copy: open bad.txt, close bad.txt, caught nothing to write
bottom
layers: third, leave 0, leave 1, leave 2, leave 3, leave 4
-2 none
loop: 3, seen, seen, 5, seen, seen, 1, seen
quarters: tried 12, quarter 12, = 3, tried 6, quarter 6, 3 is odd, tried 3, quarter 3, 3 is odd
value 42 | panic Called unwrap on None | panic Called unwrap on Err: no
nested: inner index out of range, inner end, outer second
30 after 3 | gave up: never
2
panic late is closed
end: close late"""
)
