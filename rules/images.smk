# Image sets.
# In:  the photographs that foolbox ships, or Tiny ImageNet, CIFAR-10, a folder under resources/
# Out: results/images/{images}.nc, one labelled netCDF per image set


rule retrieve_tiny_imagenet:
    """Fetch the official zip of Tiny ImageNet, unless it is there already."""
    output:
        ensure(
            protected(TINY_IMAGENET),
            sha256="6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821",
        ),
    log:
        "<logs>/retrieve_tiny_imagenet.log",
    benchmark:
        "<benchmarks>/retrieve_tiny_imagenet.tsv"
    retries: 3
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(500),
        runtime=per_attempt(60),
    params:
        url="http://cs231n.stanford.edu/tiny-imagenet-200.zip",
        sha256="6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821",
        n_bytes=248_100_043,
    script:
        "../workflow_scripts/retrieve_tiny_imagenet.py"


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
