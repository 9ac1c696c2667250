"""Who may do what: sign-in at an OpenID provider for browsers, bearer tokens for scripts, roles by group."""
