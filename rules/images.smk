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
        source_file("envs/data.yaml")
    threads: 1
    resources:
        **on_cpu(mem_mb=8000, runtime=60),
    params:
        settings=lambda wildcards: CONFIG.images[wildcards.images].identity(),
        code=image_set_code,
    script:
        source_file("workflow_scripts/build_image_set.py")
