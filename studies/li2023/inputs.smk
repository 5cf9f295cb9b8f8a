# What the study's rules take as input: the evaluations of the networks that are available.


@cache
def li2023_networks():
    """List the networks that are available, and warn once of those that are not."""
    for network, file in LI2023.absent(EXPERIMENT).items():
        logger.warning(
            f"Network {network} is left out: its weights are not there ({file})."
        )
    return LI2023.networks(EXPERIMENT)


def li2023_evaluations(*kinds):
    """List the evaluations of the study's networks; the warning is given when they are needed."""

    def look_up(wildcards):
        networks = li2023_networks()
        return [file for kind in kinds for file in evaluations(kind, networks)]

    return look_up
