"""What programs/ini_config.tova prints, written down by hand: the rules are those of the program's first line."""

print(
    """[]
  name = "Turner; and son"
  open = yes
[machine]
  width = 7
  empty = ""
[lathe]
  width = 120
  height = 100
  tags = ["fast" 3 no]
  label = "old"
[drill]
  width = "ten"
line 9: the key is missing
line 15: there is no section press
line 17: section machine comes twice
line 19: a section is not closed
line 20: 'just words' has no =
name is "Turner; and son"
lathe.height is 100
lathe.tags is ["fast" 3 no]
saw.width: no section saw
drill.height: no height in drill
depth: no depth in the beginning
lathe covers 12000
machine has no area
drill has no area
while measuring \N{RIGHTWARDS ARROW} caused by: drill.width is "ten", not a number"""
)
