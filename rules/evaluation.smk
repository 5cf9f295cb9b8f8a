# Evaluation of trained networks, all seeds of a network in one job.
# In:  results/networks/{network}/seed*.pt with an image set or a recording
# Out: results/evaluations/{corruptions,prediction,attacks,hybrids}/{network}.nc,
#      {predictivity,behaviour}/{benchmark}/{network}.nc, learning/safarani2021.nc,
#      and the corrupted example examples/{images}.nc


EVALUATED_TOGETHER = {}  # rule: its networks
LEARNERS = {"monkey-predictor": STUDY.predictor, **STUDY.roles}


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
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=gpus_per_job(),
        jobs_per_gpu=jobs_per_gpu(),
        mem_mb=per_attempt(8000),
        runtime=per_attempt(240),
    params:
        settings=CONFIG.evaluation.model_dump(),
        attributes=named_attributes,
        code=code_of("evaluate_corruptions"),
    script:
        "../workflow_scripts/evaluate_corruptions.py"


# Rules without wildcards are preferred to the one above.
for number, together in enumerate(EXPERIMENT.evaluated_together(), start=1):
    EVALUATED_TOGETHER[f"evaluate_corruptions_together_{number}"] = together
    shown = EXPERIMENT.networks[together[0]].images

    rule:
        """Classify clean and corrupted test images with several networks."""
        name:
            f"evaluate_corruptions_together_{number}"
        input:
            networks=[file for network in together for file in network_files(network)],
            images=f"<results>/images/{shown}.nc",
        output:
            expand("<results>/evaluations/corruptions/{network}.nc", network=together),
        log:
            f"<logs>/evaluate_corruptions/together/{number}.log",
        benchmark:
            f"<benchmarks>/evaluate_corruptions/together/{number}.tsv"
        conda:
            "../envs/torch.yaml"
        threads: 1
        resources:
            gpu=gpus_per_job(),
            jobs_per_gpu=jobs_per_gpu(shown),
            mem_mb=per_attempt(8000 + 1000 * len(together)),
            runtime=per_attempt(240 * len(together)),
        params:
            settings=CONFIG.evaluation.model_dump(),
            attributes={network: EXPERIMENT.attributes(network) for network in together},
            code=code_of("evaluate_corruptions"),
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
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=gpus_per_job(),
        jobs_per_gpu=jobs_per_gpu(),
        mem_mb=per_attempt(4000),
        runtime=per_attempt(60),
    params:
        attributes=network_attributes,
        code=code_of("evaluate_prediction"),
    script:
        "../workflow_scripts/evaluate_prediction.py"


rule evaluate_predictivity:
    """Score how well features predict a recording, as Brain-Score does."""
    input:
        networks=evaluated_networks,
        recording=scored_recording,
    output:
        "<results>/evaluations/predictivity/{predictivity}/{network}.nc",
    log:
        "<logs>/evaluate_predictivity/{predictivity}/{network}.log",
    benchmark:
        "<benchmarks>/evaluate_predictivity/{predictivity}/{network}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=gpus_per_job(),
        jobs_per_gpu=jobs_per_gpu(),
        mem_mb=per_attempt(16000),
        runtime=per_attempt(120),
    params:
        settings=lambda wildcards: CONFIG.predictivity[
            wildcards.predictivity
        ].model_dump(exclude={"recording"}),
        attributes=network_attributes,
        code=code_of("evaluate_predictivity"),
    script:
        "../workflow_scripts/evaluate_predictivity.py"


rule evaluate_behaviour:
    """Compare a network's choices between objects with those of observers (i2n)."""
    input:
        unpack(behaviour_files),
        networks=evaluated_networks,
    output:
        "<results>/evaluations/behaviour/{behaviour}/{network}.nc",
    log:
        "<logs>/evaluate_behaviour/{behaviour}/{network}.log",
    benchmark:
        "<benchmarks>/evaluate_behaviour/{behaviour}/{network}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=gpus_per_job(),
        jobs_per_gpu=jobs_per_gpu(),
        mem_mb=per_attempt(8000),
        runtime=per_attempt(60),
    params:
        settings=lambda wildcards: CONFIG.behaviour[wildcards.behaviour].model_dump(
            mode="json"
        ),
        attributes=network_attributes,
        code=code_of("evaluate_behaviour"),
    script:
        "../workflow_scripts/evaluate_behaviour.py"


rule evaluate_attacks:
    """Find the smallest perturbations that make a network answer a target."""
    input:
        networks=evaluated_networks,
        images=evaluated_images,
    output:
        "<results>/evaluations/attacks/{network}.nc",
    log:
        "<logs>/evaluate_attacks/{network}.log",
    benchmark:
        "<benchmarks>/evaluate_attacks/{network}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=gpus_per_job(),
        jobs_per_gpu=jobs_per_gpu(),
        mem_mb=per_attempt(8000),
        runtime=per_attempt(480),
    params:
        settings=CONFIG.attacks.model_dump(),
        attributes=network_attributes,
        code=code_of("evaluate_attacks"),
    script:
        "../workflow_scripts/evaluate_attacks.py"


rule evaluate_hybrids:
    """Classify hybrids of one image's low and another's high frequencies."""
    input:
        networks=evaluated_networks,
        images=evaluated_images,
    output:
        "<results>/evaluations/hybrids/{network}.nc",
    log:
        "<logs>/evaluate_hybrids/{network}.log",
    benchmark:
        "<benchmarks>/evaluate_hybrids/{network}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=gpus_per_job(),
        jobs_per_gpu=jobs_per_gpu(),
        mem_mb=per_attempt(8000),
        runtime=per_attempt(120),
    params:
        settings=CONFIG.hybrids.model_dump(),
        attributes=network_attributes,
        code=code_of("evaluate_hybrids"),
    script:
        "../workflow_scripts/evaluate_hybrids.py"


rule collect_learning:
    """Collect the training histories of the study's networks."""
    input:
        [file for network in LEARNERS.values() for file in network_files(network)],
    output:
        "<results>/evaluations/learning/safarani2021.nc",
    log:
        "<logs>/collect_learning/safarani2021.log",
    benchmark:
        "<benchmarks>/collect_learning/safarani2021.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(10),
    params:
        networks={
            role: {
                "seeds": EXPERIMENT.seeds(name),
                "attributes": EXPERIMENT.attributes(name),
            }
            for role, name in LEARNERS.items()
        },
        code=code_of("collect_learning"),
    script:
        "../workflow_scripts/collect_learning.py"


rule corrupt_example:
    """Show one test image under every corruption."""
    input:
        "<results>/images/{images}.nc",
    output:
        "<results>/evaluations/examples/{images}.nc",
    log:
        "<logs>/corrupt_example/{images}.log",
    benchmark:
        "<benchmarks>/corrupt_example/{images}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(10),
    params:
        number=STUDY.example_image,
        severity=2,  # Safarani 2021, Fig. 9
        seed=CONFIG.evaluation.seed,
        code=code_of("corrupt_example"),
    script:
        "../workflow_scripts/corrupt_example.py"
