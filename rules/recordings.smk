# Neural recordings.
# In:  recordings under resources/, or the image set that a simulated population is shown
# Out: results/recordings/{recording}.nc, one labelled form for every source, and its reliability


rule simulate_recording:
    """Simulate a population of V1 cells and write it as a BrainIO assembly."""
    input:
        shown_images,
    output:
        **SIMULATED,
    log:
        "<logs>/simulate_recording/{recording}.log",
    benchmark:
        "<benchmarks>/simulate_recording/{recording}.tsv"
    conda:
        source_file("envs/data.yaml")
    threads: 1
    resources:
        **on_cpu(mem_mb=4000, runtime=30),
    params:
        settings=recording_settings,
        code=code_of("simulate_recording"),
    script:
        source_file("workflow_scripts/simulate_recording.py")


rule import_recording:
    """Read a recording into the labelled form and check every value."""
    input:
        unpack(recording_files),
    output:
        "<results>/recordings/{recording}.nc",
    log:
        "<logs>/import_recording/{recording}.log",
    benchmark:
        "<benchmarks>/import_recording/{recording}.tsv"
    conda:
        source_file("envs/data.yaml")
    threads: 1
    resources:
        **on_cpu(mem_mb=8000, runtime=60),
    params:
        settings=recording_settings,
        code=recording_code,
    script:
        source_file("workflow_scripts/import_recording.py")


rule measure_reliability:
    """Measure explainable variance and split-half reliability of each neuroid."""
    input:
        "<results>/recordings/{recording}.nc",
    output:
        "<results>/evaluations/reliability/{recording}.nc",
    log:
        "<logs>/measure_reliability/{recording}.log",
    benchmark:
        "<benchmarks>/measure_reliability/{recording}.tsv"
    conda:
        source_file("envs/data.yaml")
    threads: 1
    resources:
        **on_cpu(mem_mb=4000, runtime=30),
    params:
        seed=CONFIG.reliability.seed,
        code=code_of("measure_reliability"),
    script:
        source_file("workflow_scripts/measure_reliability.py")
