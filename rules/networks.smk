# Training: one rule for every network, whatever its recipe.
# In:  the image set, recordings, synthesised responses and start network that the recipe names
# Out: results/networks/{network}/seed{seed}.pt


rule train_network:
    """Train the network of a recipe from one seed."""
    input:
        unpack(training_files),
    output:
        "<results>/networks/{network}/seed{seed}.pt",
    log:
        "<logs>/train_network/{network}/seed{seed}.log",
    benchmark:
        "<benchmarks>/train_network/{network}/seed{seed}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=gpus_per_job(),
        jobs_per_gpu=jobs_per_gpu(),
        mem_mb=per_attempt(8000),
        runtime=per_attempt(1440),
    params:
        recipe=recipe_of,
        schedules=schedules_of,
        code=code_of("train_network"),
    script:
        "../workflow_scripts/train_network.py"
