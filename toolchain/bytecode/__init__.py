"""Register bytecode for the VM: the instruction table, the assembler, the VM itself, and how a program holds both."""
