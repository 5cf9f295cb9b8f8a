# Evaluation of trained networks, all seeds of a network in one job.
# In:  results/networks/{network}/seed*.pt with an image set or a recording
# Out: results/evaluations/{corruptions,prediction,learning}/{network}.nc


def evaluated_networks(wildcards):
    """List the networks of all seeds."""
    return network_files(wildcards.network)


def evaluated_images(wildcards):
    """Name the image set that a network classifies."""
    return f"<results>/images/{EXPERIMENT.networks[wildcards.network].images}.nc"


def predicted_recording(wildcards):
    """Name the recording that a network predicts, and its reliability."""
    recording = EXPERIMENT.recording_of(wildcards.network)
    return {
        "recording": f"<results>/recordings/{recording}.nc",
        "reliability": f"<results>/evaluations/reliability/{recording}.nc",
    }


def network_attributes(wildcards):
    """Collect what every evaluation says of its network."""
    return EXPERIMENT.attributes(wildcards.network)


rule evaluate_corruptions:
    """Classify clean and corrupted test images."""
    input:
        networks=evaluated_networks,
        images=evaluated_images,
    output:
        "<results>/evaluations/corruptions/{network}.nc",
    log:
        "<logs>/evaluate_corruptions/{network}.log",
    benchmark:
        "<benchmarks>/evaluate_corruptions/{network}.tsv"
    params:
        settings=CONFIG.evaluation.model_dump(),
        seeds=lambda wildcards: EXPERIMENT.seeds(wildcards.network),
        attributes=network_attributes,
        code=code_of("evaluate_corruptions"),
    threads: 1
    resources:
        gpu=gpus_per_job(),
        mem_mb=8000,
        runtime=240,
    conda:
        "../envs/torch.yaml"
    script:
        "../workflow_scripts/evaluate_corruptions.py"


rule evaluate_prediction:
    """Compare predicted with recorded responses to held-out stimuli."""
    input:
        unpack(predicted_recording),
        networks=evaluated_networks,
    output:
        "<results>/evaluations/prediction/{network}.nc",
    log:
        "<logs>/evaluate_prediction/{network}.log",
    benchmark:
        "<benchmarks>/evaluate_prediction/{network}.tsv"
    params:
        seeds=lambda wildcards: EXPERIMENT.seeds(wildcards.network),
        attributes=network_attributes,
        code=code_of("evaluate_prediction"),
    threads: 1
    resources:
        gpu=gpus_per_job(),
        mem_mb=4000,
        runtime=60,
    conda:
        "../envs/torch.yaml"
    script:
        "../workflow_scripts/evaluate_prediction.py"


rule collect_learning:
    """Collect the training histories of a network's seeds."""
    input:
        evaluated_networks,
    output:
        "<results>/evaluations/learning/{network}.nc",
    log:
        "<logs>/collect_learning/{network}.log",
    benchmark:
        "<benchmarks>/collect_learning/{network}.tsv"
    params:
        seeds=lambda wildcards: EXPERIMENT.seeds(wildcards.network),
        attributes=network_attributes,
        code=code_of("collect_learning"),
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    conda:
        "../envs/torch.yaml"
    script:
        "../workflow_scripts/collect_learning.py"
