# What can be fetched and is not there.
# Out: resources/tiny-imagenet-200.zip


rule retrieve_tiny_imagenet:
    """Fetch the official zip of Tiny ImageNet and check it."""
    output:
        TINY_IMAGENET,
    log:
        "<logs>/retrieve_tiny_imagenet.log",
    benchmark:
        "<benchmarks>/retrieve_tiny_imagenet.tsv"
    retries: 3
    conda:
        source_file("envs/data.yaml")
    threads: 1
    resources:
        **on_cpu(mem_mb=500, runtime=60),
    params:
        url="http://cs231n.stanford.edu/tiny-imagenet-200.zip",
        sha256="6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821",
        n_bytes=248_100_043,
    script:
        source_file("workflow_scripts/retrieve_tiny_imagenet.py")
