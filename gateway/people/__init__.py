"""Who may do what: principals, tokens, rights, secrets, and the masking of names."""
