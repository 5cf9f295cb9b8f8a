# Response synthesis: what a trained predictor answers to a whole image set.
# In:  a network with a readout, an image set or its recording
# Out: results/responses/{network}/{images}.nc, results/similarity/{network}.nc


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
        jobs_per_gpu=jobs_per_gpu(),
        mem_mb=per_attempt(8000),
        runtime=per_attempt(60),
    params:
        simulated=lambda wildcards: EXPERIMENT.simulated(wildcards.network),
        code=code_of("synthesise_responses"),
    script:
        "../workflow_scripts/synthesise_responses.py"


rule measure_similarity:
    """Measure how similar images are for a population, from the responses predicted to them."""
    input:
        network=lambda wildcards: first_network_file(wildcards.network),
        recording=lambda wildcards: predicted_recording(wildcards)["recording"],
    output:
        "<results>/similarity/{network}.nc",
    log:
        "<logs>/measure_similarity/{network}.log",
    benchmark:
        "<benchmarks>/measure_similarity/{network}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=gpus_per_job(),
        jobs_per_gpu=jobs_per_gpu(),
        mem_mb=per_attempt(16000),
        runtime=per_attempt(60),
    params:
        attributes=network_attributes,
        code=code_of("measure_similarity"),
    script:
        "../workflow_scripts/measure_similarity.py"
