# Image sets.
# In:  the photographs that foolbox ships, or Tiny ImageNet, CIFAR-10, a folder under resources/
# Out: results/images/{images}.nc, one labelled netCDF per image set


# What is there is not fetched again, however old it is.
if not Path(TINY_IMAGENET).exists():

    include: "retrieve.smk"


rule build_image_set:
    """Decode, check and label an image set."""
    input:
        image_set_files,
    output:
        "<results>/images/{images}.nc",
    log:
        "<logs>/build_image_set/{images}.log",
    benchmark:
        "<benchmarks>/build_image_set/{images}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(8000),
        runtime=per_attempt(60),
    params:
        settings=lambda wildcards: CONFIG.images[wildcards.images].model_dump(
            mode="json"
        ),
        code=code_of("build_image_set"),
    script:
        "../workflow_scripts/build_image_set.py"
