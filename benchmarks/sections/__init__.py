"""What is measured, a file each: `measure(bench)` prints its tables; its docstring goes along."""
