"""ZKTeco access controllers and terminals that push: Security PUSH and Attendance PUSH."""
