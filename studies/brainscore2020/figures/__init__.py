"""The figures of the study, one a file, named as the paper numbers them."""
