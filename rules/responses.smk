# Response synthesis: what a trained predictor answers to a whole image set.
# In:  a network with a readout, an image set
# Out: results/responses/{network}/{images}.nc


rule synthesise_responses:
    """Predict the responses of all neuroids to every image."""
    input:
        network=lambda wildcards: first_network_file(wildcards.network),
        images="<results>/images/{images}.nc",
    output:
        "<results>/responses/{network}/{images}.nc",
    log:
        "<logs>/synthesise_responses/{network}/{images}.log",
    benchmark:
        "<benchmarks>/synthesise_responses/{network}/{images}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=gpus_per_job(),
        mem_mb=8000,
        runtime=60,
    params:
        simulated=lambda wildcards: EXPERIMENT.simulated(wildcards.network),
        code=code_of("synthesise_responses"),
    script:
        "../workflow_scripts/synthesise_responses.py"
