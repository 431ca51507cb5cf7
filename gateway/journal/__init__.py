"""The journal: durable, ordered, tamper-evident events, the cursors behind them and desired state (DESIGN §9)."""
