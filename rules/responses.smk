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
        source_file("envs/torch.yaml")
    threads: 1
    resources:
        **on_gpu(mem_mb=8000, runtime=60),
    params:
        simulated=lambda wildcards: EXPERIMENT.simulated(wildcards.network),
        code=code_with("synthesise_responses"),
    script:
        source_file("workflow_scripts/synthesise_responses.py")


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
        source_file("envs/torch.yaml")
    threads: 1
    resources:
        **on_gpu(mem_mb=16000, runtime=60),
    params:
        attributes=network_attributes,
        code=code_with("measure_similarity"),
    script:
        source_file("workflow_scripts/measure_similarity.py")
