"""What a tester writes, one chapter a file."""
