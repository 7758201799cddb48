"""What programs/type_inference.tova prints: the types are those of the textbooks, written down by hand."""

print(
    """identity : a -> a
constant : a -> b -> a
compose  : (a -> b) -> (c -> a) -> c -> b
twice    : number -> number
both     : <number, bool>
mono     ! number is not bool
s        : (a -> b -> c) -> (a -> b) -> a -> c
self     ! a type would contain itself
choose   : number -> number
wrong    ! number is not bool
lost     ! nowhere is not known
sum      : number -> number
left     : <a, b> -> <number, a>"""
)
