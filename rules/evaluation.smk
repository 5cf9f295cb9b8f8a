# Evaluation of trained networks, all seeds of a network in one job.
# In:  results/networks/{network}/seed*.pt with an image set or a recording
# Out: results/evaluations/{corruptions,readouts,attacks,hybrids}/{network}.nc,
#      {predictivity,behaviour}/{benchmark}/{network}.nc


EVALUATED_TOGETHER = {}  # rule: its networks


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
        source_file("envs/torch.yaml")
    threads: 1
    resources:
        **on_gpu(mem_mb=8000, runtime=240),
    params:
        settings=CONFIG.corruptions.model_dump(),
        attributes=named_attributes,
        code=code_with("evaluate_corruptions"),
    script:
        source_file("workflow_scripts/evaluate_corruptions.py")


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
            evaluations("corruptions", together),
        log:
            f"<logs>/evaluate_corruptions/together/{number}.log",
        benchmark:
            f"<benchmarks>/evaluate_corruptions/together/{number}.tsv"
        conda:
            source_file("envs/torch.yaml")
        threads: 1
        resources:
            **on_gpu(8000 + 1000 * len(together), 240 * len(together), shown),
        params:
            settings=CONFIG.corruptions.model_dump(),
            attributes={network: EXPERIMENT.attributes(network) for network in together},
            code=code_of("evaluate_corruptions", *parts_of_networks(together)),
        script:
            source_file("workflow_scripts/evaluate_corruptions.py")


use rule evaluate as evaluate_readout with:
    """Compare the responses that a readout predicts with recorded ones to held-out stimuli."""
    input:
        unpack(predicted_recording),
        networks=evaluated_networks,
    output:
        "<results>/evaluations/readouts/{network}.nc",
    log:
        "<logs>/evaluate_readout/{network}.log",
    benchmark:
        "<benchmarks>/evaluate_readout/{network}.tsv"
    resources:
        **on_gpu(mem_mb=4000, runtime=60),
    params:
        **evaluated_by("neurobust.evaluation.readouts:evaluate_readout"),
        settings={},
        attributes=network_attributes,


use rule evaluate as evaluate_predictivity with:
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
    resources:
        **on_gpu(mem_mb=16000, runtime=120),
    params:
        **evaluated_by(
            "neurobust.evaluation.predictivity.evaluate:evaluate_predictivity"
        ),
        settings=lambda wildcards: CONFIG.predictivity[
            wildcards.predictivity
        ].model_dump(exclude={"recording"}),
        attributes=network_attributes,


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
        source_file("envs/torch.yaml")
    threads: 1
    resources:
        **on_gpu(mem_mb=8000, runtime=60),
    params:
        settings=lambda wildcards: CONFIG.behaviour[wildcards.behaviour].model_dump(
            mode="json"
        ),
        attributes=network_attributes,
        code=code_with("evaluate_behaviour"),
    script:
        source_file("workflow_scripts/evaluate_behaviour.py")


use rule evaluate as evaluate_attacks with:
    """Find the smallest perturbations that make a network answer a target."""
    input:
        networks=evaluated_networks,
        image_set=evaluated_images,
    output:
        "<results>/evaluations/attacks/{network}.nc",
    log:
        "<logs>/evaluate_attacks/{network}.log",
    benchmark:
        "<benchmarks>/evaluate_attacks/{network}.tsv"
    resources:
        **on_gpu(mem_mb=8000, runtime=480),
    params:
        **evaluated_by("neurobust.evaluation.attacks.evaluate:evaluate_attacks"),
        settings=CONFIG.attacks.model_dump(),
        attributes=network_attributes,


use rule evaluate as evaluate_hybrids with:
    """Classify hybrids of one image's low and another's high frequencies."""
    input:
        networks=evaluated_networks,
        image_set=evaluated_images,
    output:
        "<results>/evaluations/hybrids/{network}.nc",
    log:
        "<logs>/evaluate_hybrids/{network}.log",
    benchmark:
        "<benchmarks>/evaluate_hybrids/{network}.tsv"
    resources:
        **on_gpu(mem_mb=8000, runtime=120),
    params:
        **evaluated_by("neurobust.evaluation.hybrids.evaluate:evaluate_hybrids"),
        settings=CONFIG.hybrids.model_dump(),
        attributes=network_attributes,
