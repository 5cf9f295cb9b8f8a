# Rules that others inherit: `use rule draw as NAME with` its own input, output, log, benchmark and
# parameters. A base alone makes nothing.


rule draw:
    """Draw a figure; the function that `call` names takes the named inputs and parameters."""
    log:
        "<logs>/draw.log",
    benchmark:
        "<benchmarks>/draw.tsv"
    conda:
        source_file("envs/analysis.yaml")
    threads: 1
    resources:
        **on_cpu(mem_mb=1000, runtime=10),
    script:
        source_file("workflow_scripts/draw.py")


rule measure:
    """Compute a study's numbers; the function that `call` names takes inputs and parameters."""
    log:
        "<logs>/measure.log",
    benchmark:
        "<benchmarks>/measure.tsv"
    conda:
        source_file("envs/analysis.yaml")
    threads: 1
    resources:
        **on_cpu(mem_mb=4000, runtime=30),
    script:
        source_file("workflow_scripts/measure.py")


rule measure_on_device:
    """Compute what takes a GPU where there is one, with the function that `call` names."""
    log:
        "<logs>/measure_on_device.log",
    benchmark:
        "<benchmarks>/measure_on_device.tsv"
    conda:
        source_file("envs/torch.yaml")
    threads: 1
    resources:
        **on_gpu(mem_mb=8000, runtime=60, images="none"),
    script:
        source_file("workflow_scripts/measure_on_device.py")


rule evaluate:
    """Evaluate all seeds of a network; the function that `call` names takes inputs and settings."""
    log:
        "<logs>/evaluate.log",
    benchmark:
        "<benchmarks>/evaluate.tsv"
    conda:
        source_file("envs/torch.yaml")
    threads: 1
    resources:
        **on_gpu(mem_mb=8000, runtime=120, images="none"),
    script:
        source_file("workflow_scripts/evaluate.py")


rule check_results:
    """Check what must be true of any run of a study: ranges, intervals, ceilings, controls."""
    log:
        "<logs>/check_results.log",
    benchmark:
        "<benchmarks>/check_results.tsv"
    conda:
        source_file("envs/analysis.yaml")
    threads: 1
    resources:
        **on_cpu(mem_mb=2000, runtime=10),
    script:
        source_file("workflow_scripts/check_results.py")
