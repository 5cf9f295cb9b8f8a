"""Settings of frontends, a module for each kind."""
