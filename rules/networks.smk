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
        source_file("envs/torch.yaml")
    threads: 1
    resources:
        **on_gpu(mem_mb=8000, runtime=1440),
    params:
        recipe=training_key_of,
        schedules=schedules_of,
        code=training_code_of,
    script:
        source_file("workflow_scripts/train_network.py")


# Studies inherit this rule. Their inputs name the files of each network; the parameter `attributes`
# has those of each name.
rule collect_histories:
    """Collect the training histories of networks, a group of the file for each named input."""
    log:
        "<logs>/collect_histories.log",
    benchmark:
        "<benchmarks>/collect_histories.tsv"
    conda:
        source_file("envs/torch.yaml")
    threads: 1
    resources:
        **on_cpu(mem_mb=4000, runtime=10),
    script:
        source_file("workflow_scripts/collect_histories.py")
