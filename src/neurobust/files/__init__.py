"""Files: whole or absent, with the record of what made them."""
