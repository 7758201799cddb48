"""What examples/shapes.tova prints, with complex numbers for the points."""

from math import pi


def circle(centre, radius):
    return "circle", pi * radius**2, lambda p: abs(p - centre) <= radius


def box(corner, size):
    inside = lambda p: 0 <= (p - corner).real <= size.real and 0 <= (p - corner).imag <= size.imag
    return f"box {size.real:g} by {size.imag:g}", size.real * size.imag, inside


def cross(a, b):
    return (a.conjugate() * b).imag


def triangle(a, b, c):
    def inside(p):
        sides = cross(b - a, p - a), cross(c - b, p - b), cross(a - c, p - c)
        return all(s >= 0 for s in sides) or all(s <= 0 for s in sides)

    return "triangle", abs(cross(b - a, c - a)) / 2, inside


shapes = [circle(10 + 6j, 5), box(18 + 2j, 12 + 6j), triangle(2 + 13j, 34 + 13j, 30 + 5j), circle(2.5 + 3j, 2.5)]
for name, area, _ in shapes:
    print(name if name.startswith("box") else f"{name} of area {area:.2f}")
for y in range(14):
    print("".join(next((c for c, s in zip("o#+.", shapes) if s[2](complex(x, y))), " ") for x in range(36)).rstrip())
print(f"circle of area {pi * 100:.2f}")
print("box 6 by 3 - square 3 by 3")
print(f"largest: {max(shapes, key=lambda s: s[1])[0]}, all together {sum(s[1] for s in shapes):.3f}")
print(f"circle of area {pi:.2f}")
