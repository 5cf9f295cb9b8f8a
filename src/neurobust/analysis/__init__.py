"""From evaluations to scores, intervals, tests and checked claims."""
